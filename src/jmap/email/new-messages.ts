// Messages that clients make or bring, on their way into mailboxes: understood before the account is locked, put in
// after.

import type { Keywords } from '../../mail/keywords.ts';
import type { ParsedMessage } from '../../mail/message.ts';
import { parseMessage } from '../../mail/mime/parse.ts';
import { appendCopies } from '../../store/copies.ts';
import { insertMessages, type NewMessage } from '../../store/messages.ts';
import type { Transaction } from '../../store/postgres.ts';
import { createSpool } from '../../store/spool.ts';
import { SetFault } from '../errors.ts';
import type { MethodContext } from '../wire.ts';
import { emailBlobId, emailIdOf, threadIdOf } from './ids.ts';

export interface NewEmail {
  bytes: Buffer;
  parsed: ParsedMessage;
  /** See store/messages.ts. */
  stored?: NewMessage['stored'];
  mailbox: number;
  keywords: Keywords;
  receivedAt: Date;
}

export interface CreatedEmail {
  emailId: number;
  /** RFC 8621 §4.6: what the `created` response says. */
  shown: { id: string; blobId: string; threadId: string; size: number };
}

/** One that is not in the store yet, or is there under an upload that nobody knows of. */
export type Coming = Pick<NewEmail, 'bytes' | 'parsed' | 'stored'> & {
  /** Forgets a large one that was not put in. */
  discard?(): Promise<void>;
};

/** Octets of a message. */
export function sizeOf({ bytes, stored }: Coming): number {
  return stored?.size ?? bytes.length;
}

export async function discardAll(messages: Iterable<Coming>): Promise<void> {
  for (const { discard } of messages) await discard?.();
}

export function tooLarge(limit: number): SetFault {
  return new SetFault('tooLarge', `A message may have ${limit} octets.`);
}

/** A large one, into the store as it comes. Throws SetFault `tooLarge`, and what `pieces` throws. */
export async function spooled(
  context: MethodContext,
  tenant: number,
  pieces: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Coming> {
  const spool = createSpool(context, tenant);
  try {
    let size = 0;
    for await (const piece of pieces) {
      if ((size += piece.length) > limit) throw tooLarge(limit);
      await spool.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length));
    }
    await spool.end();
    const stored = spool.result();
    const { kept, cuts } = stored;
    return { bytes: kept, parsed: parseMessage(kept, cuts), stored, discard: () => spool.discard() };
  } catch (error) {
    await spool.discard();
    throw error;
  }
}

/** Puts messages into existing mailboxes of the locked account, a copy each; in the order given. */
export async function putNewEmails(
  tx: Transaction,
  { ids, blobs, clock }: Pick<MethodContext, 'ids' | 'blobs' | 'clock'>,
  at: { tenant: number; account: number },
  emails: NewEmail[],
): Promise<CreatedEmail[]> {
  if (emails.length === 0) return [];
  const numbers = await ids.take('message_id', emails.length, tx);
  const messages = emails.map(({ bytes, parsed, stored }, i) => ({
    id: numbers[i] ?? 0,
    bytes,
    parsed,
    ...(stored ? { stored } : {}),
  }));
  const inserted = await insertMessages(tx, blobs, at.tenant, messages, clock());
  const created = new Map<NewEmail, CreatedEmail>();
  const made = emails.map((email, i) => ({
    email,
    messageId: inserted[i]?.id ?? 0,
    threadId: inserted[i]?.threadId ?? 0,
  }));
  for (const [mailbox, list] of Map.groupBy(made, ({ email }) => email.mailbox)) {
    const placed = await appendCopies(
      tx,
      { ...at, mailbox },
      list.map(({ email, messageId, threadId }) => ({
        messageId,
        threadId,
        receivedAt: email.receivedAt,
        savedAt: clock(),
        keywords: email.keywords,
      })),
    );
    list.forEach(({ email, threadId }, i) => {
      const emailId = placed[i]?.emailId ?? 0;
      created.set(email, {
        emailId,
        shown: {
          id: emailIdOf(emailId),
          blobId: emailBlobId(emailId),
          threadId: threadIdOf(threadId),
          size: email.stored?.size ?? email.bytes.length,
        },
      });
    });
  }
  return emails.flatMap((email) => created.get(email) ?? []);
}
