// Recalling by mail (docs/recall.md, recallMailbox): a message to recall@ one's own domain, from somebody signed in, with the
// original attached or its Message-ID in the subject.

import { canonicalAddress, domainOf } from '../mail/address.ts';
import type { Part } from '../mail/message.ts';
import { asMessageIds } from '../mail/mime/headers.ts';
import { parsePieces } from '../mail/mime/parse.ts';
import type { AccountInfo, People } from './ports.ts';
import type { Recalls } from './recalls.ts';

/** recall@ a domain of theirs, where policy has it and nobody has that address. */
export async function isRecallAddress(
  people: Pick<People, 'policy' | 'resolve'>,
  tenant: number,
  given: string,
): Promise<boolean> {
  const address = canonicalAddress(given);
  if (address === null || address !== `recall@${domainOf(address)}`) return false;
  const { enabled, recallMailbox } = await people.policy(tenant);
  if (!enabled || !recallMailbox) return false;
  const target = await people.resolve(address);
  return target.kind === 'unknown' && target.tenant === tenant;
}

/** Said on every face where a message to that address names none. */
export const NAMES_NONE = 'Attach the message that is to be taken back, or put its Message-ID into the subject.';
/** And where it goes to others too. */
export const NOT_ALONE = 'What takes a message back goes to that address alone.';

/** Takes back what the message names. Answers the recall's number; null: it names none. Throws what requestRecall refuses. */
export async function recallByMail(
  recalls: Pick<Recalls, 'request'>,
  who: { actor: AccountInfo; account: number },
  { bytes, rest }: { bytes: Buffer; rest?: AsyncIterable<Buffer> },
): Promise<number | null> {
  async function* pieces(): AsyncGenerator<Buffer, void> {
    yield bytes;
    if (rest) yield* rest;
  }
  const { envelope, root } = await parsePieces(pieces());
  const messageId = attachedId(root) ?? subjectId(envelope.subject);
  if (messageId === null) return null;
  const { id } = await recalls.request({
    ...who,
    message: { messageId },
    mode: 'delete',
    recipients: null,
    includeRead: false,
    notifyMe: true,
    reason: null,
  });
  return id;
}

/** The first message that is attached. */
function attachedId(part: Part): string | null {
  if (part.message) return part.message.envelope.messageId?.[0] ?? null;
  for (const child of part.parts ?? []) {
    const found = attachedId(child);
    if (found !== null) return found;
  }
  return null;
}

/** RFC 5322 §3.6.4, with or without its brackets. */
function subjectId(subject: string | null): string | null {
  return asMessageIds((subject ?? '').replace(/^\s*(?:recall|message-id)\s*:\s*/i, ''))?.[0] ?? null;
}
