// What APPENDs store. Small ones that come at the same time share a transaction, whoever they are of: the price of a commit is
// paid once for all of them.

import { gatherAnswers } from '../delivery/gather.ts';
import { SENT } from '../mail/mailbox.ts';
import { appendMessages, isNowhere, type AppendedTo, type Appending } from '../store/appending.ts';
import { noMailbox } from '../store/copies.ts';
import type { AccountKey } from '../store/exposure.ts';
import { mailboxesNamed } from '../store/mailboxes.ts';
import type { Transaction } from '../store/postgres.ts';
import { overQuota } from '../store/quota.ts';
import { supersedeSentCopy } from '../store/sent-copy.ts';
import { rowAt } from './mailboxes.ts';
import type { ImapDeps } from './session.ts';

/** Messages for one mailbox, all or none, in order. */
export interface Appended extends Pick<Appending, 'path' | 'messages' | 'limited'> {
  at: AccountKey;
  now: Date;
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

/**
 * Of one tenant, all or none. Whether it goes to Sent Items, where there is more to do, shows only under the lock; it is
 * guessed by the name, and done again where that was wrong.
 */
async function appendAll(
  deps: Deps,
  tenant: number,
  batch: Appended[],
  sent = batch.some(({ path }) => path.some((name) => /sent/i.test(name))),
): Promise<Stored[]> {
  try {
    return await appendNow(deps, tenant, batch, sent);
  } catch (error) {
    const [one] = batch;
    if (!isNowhere(error) || !one || batch.length > 1) throw error; // each is tried alone
    const { at, path, limited } = one;
    const box = rowAt(await mailboxesNamed(deps.store, tenant, [at.account], [...path]), path);
    if (box?.id === SENT && !sent) return appendAll(deps, tenant, batch, true);
    throw box && limited ? overQuota() : noMailbox();
  }
}

async function appendNow(
  { store, blobs, pause }: Deps,
  tenant: number,
  batch: Appended[],
  sent: boolean,
): Promise<Stored[]> {
  const groups = batch.map(({ at: { account }, now, ...one }) => ({ ...one, account, savedAt: now }));
  const { answer } = await store.transact(async (tx) => {
    const [now = new Date()] = batch.map((one) => one.now);
    const appended = await appendMessages(tx, blobs, groups, { tenant, now, sent });
    if (sent) await supersede(tx, tenant, groups, await appended.answer);
    await pause?.('applied');
    return appended;
  });
  return (await answer).map(({ uidValidity, copies }) => ({ uidValidity, uids: copies.map(({ uid }) => uid) }));
}

/** In Sent Items each takes the place of the copy that acceptance made there. */
async function supersede(tx: Transaction, tenant: number, groups: Appending[], places: AppendedTo[]): Promise<void> {
  for (const [i, { account, messages }] of groups.entries()) {
    const { mailbox = 0, copies = [] } = places[i] ?? {};
    if (mailbox !== SENT) continue;
    for (const [j, { emailId }] of copies.entries()) {
      const messageIdHeader = messages[j]?.parsed.envelope.messageId?.[0];
      if (messageIdHeader !== undefined)
        await supersedeSentCopy(tx, { tenant, account, mailbox }, { messageIdHeader, emailId });
    }
  }
}
