// Email/import (RFC 8621 §4.8).

import type { Account } from '../../directory/directory.ts';
import type { ParsedMessage } from '../../mail/message.ts';
import { asDate, headerFields } from '../../mail/mime/headers.ts';
import { parseMessage } from '../../mail/mime/parse.ts';
import { lockAccount } from '../../store/held-copies.ts';
import { hasRoom, overQuota } from '../../store/quota.ts';
import type { Transaction } from '../../store/postgres.ts';
import { supersedeSentCopy } from '../../store/sent-copy.ts';
import { IN_MEMORY } from '../../store/spool.ts';
import { openBlob } from '../blob.ts';
import {
  discardAll,
  putNewEmails,
  sizeOf,
  spooled,
  tooLarge,
  type Coming,
  type CreatedEmail,
  type NewEmail,
} from '../email/new-messages.ts';
import { isWritable } from '../dates.ts';
import { boxesOf, readKeywords, readMailbox, readReceivedAt } from '../email/settings.ts';
import { errorReply, invalidArguments, invalidProperties, MethodError, SetFault, type SetError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  accountOf,
  attempt,
  idMap,
  isObject,
  onlyArguments,
  optionalString,
  orNull,
  resolveId,
  type Args,
} from '../standard.ts';
import { showsRecall } from '../recall-boxes.ts';
import type { Method, MethodContext } from '../wire.ts';

/** Octets of messages that are put in in one transaction. */
const TOGETHER = 16 << 20;

const PROPERTIES = ['blobId', 'mailboxIds', 'keywords', 'receivedAt'];

/** What was put in before a fault is answered as created, and the rest as not. */
export const emailImport: Method = async (args, context) => {
  const account = accountOf(args, context);
  onlyArguments(args, ['accountId', 'ifInState', 'emails']);
  const ifInState = optionalString(args, 'ifInState');
  const asked = args['emails'];
  if (!isObject(asked) || !Object.values(asked).every(isObject))
    throw invalidArguments('"emails" is a map of objects.');
  if (Object.keys(asked).length > LIMITS.maxObjectsInSet)
    throw new MethodError('requestTooLarge', `At most ${LIMITS.maxObjectsInSet} Emails.`);
  const notCreated = idMap<SetError>();
  const created = idMap<CreatedEmail['shown']>();
  let states: { old: number; new: number } | undefined;
  const put = async (messages: Map<string, Brought>): Promise<void> => {
    const done = await importTogether(context, account, messages, states ? null : ifInState);
    Object.assign(notCreated, done.notCreated);
    states = { old: states?.old ?? done.oldState, new: done.newState };
    for (const [key, shown] of done.created) {
      created[key] = shown;
      context.createdIds.set(key, shown.id);
    }
  };
  let held = new Map<string, Brought>();
  const importAll = async (): Promise<void> => {
    let size = 0;
    for (const [key, email] of Object.entries(asked) as [string, Args][]) {
      await attempt(key, notCreated, async () => {
        const brought = await bring(context, account, email);
        held.set(key, brought);
        size += sizeOf(brought);
      });
      if (size < TOGETHER) continue;
      await put(held);
      await discardAll(held.values());
      [held, size] = [new Map(), 0];
    }
    if (held.size > 0 || !states) await put(held);
  };
  try {
    await importAll();
  } catch (error) {
    if (!states) throw error;
    // What was put in before is there: who is told of an error alone brings it again.
    const [, why] = errorReply('Email/import', error, context);
    for (const key of Object.keys(asked))
      if (!(key in created) && !(key in notCreated)) notCreated[key] = why as SetError;
  } finally {
    await discardAll(held.values());
  }
  return {
    accountId: args['accountId'],
    oldState: String(states?.old),
    newState: String(states?.new),
    created: orNull(created),
    notCreated: orNull(notCreated),
  };
};

type Brought = Coming & { email: Args };

/** Reads the blob: recorded as downloaded, if it is of somebody's message. */
async function bring(context: MethodContext, account: Account, email: Args): Promise<Brought> {
  const unknown = Object.keys(email).filter((property) => !PROPERTIES.includes(property));
  if (unknown.length > 0) throw invalidProperties(unknown);
  const { blobId } = email;
  if (typeof blobId !== 'string') throw invalidProperties(['blobId']);
  const { maxMessageSize } = await context.directory.policy(account.tenant, account.id);
  const user = { tenant: account.tenant, account: account.id, actor: context.user.id, program: context.program };
  const blob = await openBlob(context, user, resolveId(blobId, context));
  if (!blob) throw invalidProperties(['blobId'], 'There is no such blob.');
  if (blob.size > maxMessageSize) throw tooLarge(maxMessageSize);
  const large = blob.size > IN_MEMORY;
  const bytes = await blob.read(large ? [0, IN_MEMORY] : undefined);
  if (headerFields(bytes).length === 0)
    throw new SetFault('invalidEmail', 'It begins with no header field: it is no message.');
  if (!large) return { email, bytes, parsed: parseMessage(bytes) };
  return { email, ...(await spooled(context, account.tenant, blob.stream(), maxMessageSize)) };
}

interface Imported {
  oldState: number;
  newState: number;
  created: [key: string, shown: CreatedEmail['shown']][];
  notCreated: Record<string, SetError>;
}

async function importTogether(
  context: MethodContext,
  account: Account,
  messages: Map<string, Brought>,
  ifInState: string | null,
): Promise<Imported> {
  const at = { tenant: account.tenant, account: account.id };
  const shows = await showsRecall(context, account);
  return context.store.inTurn(at, async (tx) => {
    const oldState = await lockAccount(tx, at);
    if (ifInState !== null && ifInState !== String(oldState)) throw new MethodError('stateMismatch');
    await context.pause?.('locked');
    const boxes = await boxesOf(tx, at, shows, (id) => resolveId(id, context));
    const notCreated = idMap<SetError>();
    const keys: string[] = [];
    const emails: NewEmail[] = [];
    const octets = [...messages.values()].reduce((sum, one) => sum + sizeOf(one), 0);
    const room = messages.size === 0 || (await hasRoom(tx, at, octets));
    for (const [key, { email, bytes, parsed, stored }] of messages) {
      await attempt(key, notCreated, async () => {
        if (!room) throw overQuota();
        const mailbox = readMailbox(email['mailboxIds'], boxes);
        const keywords = readKeywords(email['keywords']);
        emails.push({
          bytes,
          parsed,
          ...(stored ? { stored } : {}),
          mailbox,
          keywords,
          receivedAt: readReceivedAt(email['receivedAt'], receivedDate(bytes) ?? context.clock()),
        });
        keys.push(key);
      });
    }
    const created = await putNewEmails(tx, context, at, emails);
    for (const [i, { emailId }] of created.entries()) {
      const { mailbox, parsed } = emails[i] ?? {};
      if (mailbox !== undefined && boxes.roles.get(mailbox) === 'sent')
        await supersede(tx, { ...at, mailbox }, parsed, emailId);
    }
    await context.pause?.('applied');
    return {
      oldState,
      newState: await lockAccount(tx, at),
      created: created.map(({ shown }, i) => [keys[i] ?? '', shown]),
      notCreated,
    };
  });
}

async function supersede(
  tx: Transaction,
  at: { tenant: number; account: number; mailbox: number },
  parsed: ParsedMessage | undefined,
  emailId: number,
): Promise<void> {
  const messageIdHeader = parsed?.envelope.messageId?.[0];
  if (messageIdHeader !== undefined) await supersedeSentCopy(tx, at, { messageIdHeader, emailId });
}

/** RFC 8621 §4.8: of the most recent Received field, which is the first. */
function receivedDate(bytes: Buffer): Date | null {
  const received = headerFields(bytes).find((field) => field.name.toLowerCase() === 'received')?.value;
  const written = asDate(received?.slice(received.lastIndexOf(';') + 1) ?? '');
  const date = written === null ? null : new Date(written);
  return date && isWritable(date) ? date : null;
}
