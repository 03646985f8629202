// What APPENDs store. Small ones that come at the same time share a transaction, whoever they are of: the price of a commit is
// paid once for all of them.

import { gatherAnswers } from '../delivery/gather.ts';
import type { Keywords } from '../mail/keywords.ts';
import { raiseEach } from '../store/account-state.ts';
import { appendTogether, noMailbox } from '../store/copies.ts';
import type { AccountKey } from '../store/exposure.ts';
import type { MailboxKey } from '../store/mailbox-view.ts';
import { mailboxesNamed, type NamedMailbox } from '../store/mailboxes.ts';
import { findThreads, writeMessages, type NewMessage } from '../store/messages.ts';
import type { Transaction } from '../store/postgres.ts';
import { fullAmong, overQuota } from '../store/quota.ts';
import { supersedeSentCopy } from '../store/sent-copy.ts';
import { together } from '../store/together.ts';
import { rowAt } from './mailboxes.ts';
import type { ImapDeps } from './session.ts';

/** Messages for one mailbox, all or none, in order. */
export interface Appended {
  at: AccountKey;
  /** The mailbox's name, and before it those that it lies in, from the root down. The Inbox is "INBOX". */
  path: readonly string[];
  messages: (NewMessage & {
    receivedAt: Date;
    keywords: Keywords;
  })[];
  now: Date;
  /** Its account has a limit, which others may have come up to since. */
  limited: boolean;
}

interface Stored {
  uids: number[];
  uidValidity: number;
}

/** Durable when it resolves. Throws Refusal `noMailbox`, `overQuota`. */
export type Append = (one: Appended) => Promise<Stored>;

type Deps = Pick<ImapDeps, 'store' | 'blobs' | 'pause'>;

/** Octets of an APPEND that shares a transaction. */
const SMALL = 256 << 10;

/** APPENDs a transaction. */
const TOGETHER = 64;

export function createAppend(deps: Deps): Append {
  const queues = new Map<number, Append>();
  const queueOf = (tenant: number): Append => {
    let queue = queues.get(tenant);
    if (!queue) {
      queue = gatherAnswers({ atMost: TOGETHER, run: (batch) => appendAll(deps, tenant, batch) });
      queues.set(tenant, queue);
    }
    return queue;
  };
  return async (one) => {
    const { at } = one;
    if (sizeOf(one) <= SMALL) return queueOf(at.tenant)(one);
    const [stored] = await appendAll(deps, at.tenant, [one]);
    if (!stored) throw new Error('nothing was appended');
    return stored;
  };
}

function sizeOf({ messages }: Appended): number {
  return messages.reduce((sum, { bytes, stored }) => sum + (stored?.size ?? bytes.length), 0);
}

/** Accounts that have no room for all that comes into them. */
function fullOf(tx: Transaction, tenant: number, batch: Appended[]): Promise<Set<number>> {
  const octets = new Map<number, number>();
  for (const one of batch) octets.set(one.at.account, (octets.get(one.at.account) ?? 0) + sizeOf(one));
  return fullAmong(tx, tenant, [...octets.keys()], [...octets.values()]);
}

/** Of one tenant, all or none. Two waits: for the locks with what is read under them, and for all writes with the COMMIT. */
function appendAll({ store, blobs, pause }: Deps, tenant: number, batch: Appended[]): Promise<Stored[]> {
  return store.transact(async (tx) => {
    const messages = batch.flatMap((one) => one.messages);
    const counts = new Map<number, number>();
    for (const { at, messages: own } of batch) counts.set(at.account, (counts.get(at.account) ?? 0) + own.length);
    const accounts = [...counts.keys()];
    const names = [...new Set(batch.flatMap(({ path }) => path))];
    // On the wire one after the other: so the locks come first.
    const [raised, threads, rows, full] = await together(
      raiseEach(tx, tenant, accounts, [...counts.values()]),
      findThreads(tx, tenant, messages),
      mailboxesNamed(tx, tenant, accounts, names),
      fullOf(
        tx,
        tenant,
        batch.filter(({ limited }) => limited),
      ),
    );
    if (full.size > 0) throw overQuota();
    const boxes = batch.map((one) => boxOf(one, rows));
    const threadOf = new Map(messages.map(({ id }, i) => [id, threads.ids[i] ?? id]));
    const [now = new Date()] = batch.map((one) => one.now);
    // In Sent Items each takes the place of the copy that acceptance made there: then there is more to be done with them.
    const writer = boxes.some(({ role }) => role === 'sent') ? tx : tx.last;
    const { placed, written } = appendTogether(
      tx,
      writer,
      tenant,
      raised,
      batch.map(({ at: { account }, messages: own, now: savedAt }, i) => ({
        account,
        mailbox: boxes[i] as NamedMailbox,
        copies: own.map(({ id, receivedAt, keywords }) => ({
          messageId: id,
          threadId: threadOf.get(id) ?? id,
          receivedAt,
          savedAt,
          keywords,
        })),
      })),
    );
    await together(written, writeMessages(tx, blobs, tenant, messages, threads, now, writer));
    for (const [i, { at, messages: own }] of batch.entries()) {
      const box = boxes[i];
      if (box?.role === 'sent') await supersede(tx, { ...at, mailbox: box.id }, own, placed[i] ?? []);
    }
    await pause?.('applied');
    return placed.map((copies) => ({ uids: copies.map(({ uid }) => uid), uidValidity: copies[0]?.uidValidity ?? 0 }));
  });
}

/** As it is called now that its account is locked. */
function boxOf({ at, path }: Appended, rows: NamedMailbox[]): NamedMailbox {
  const own = rows.filter(({ account }) => account === at.account);
  const box = rowAt(own, path);
  if (!box) throw noMailbox();
  return box;
}

async function supersede(
  tx: Transaction,
  at: MailboxKey,
  messages: Appended['messages'],
  placed: { emailId: number }[],
): Promise<void> {
  for (const [i, { emailId }] of placed.entries()) {
    const messageIdHeader = messages[i]?.parsed.envelope.messageId?.[0];
    if (messageIdHeader !== undefined) await supersedeSentCopy(tx, at, { messageIdHeader, emailId });
  }
}
