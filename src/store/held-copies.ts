// Copies held for a change: the account locked, then their rows, as everybody locks them; and the counters that go with
// every change.

import { Refusal } from '../mail/errors.ts';
import { SEEN } from '../mail/keywords.ts';
import type { Exposure } from '../mail/recall.ts';
import { accountKey, lockAccounts } from './account-state.ts';
import { EXPOSURE, emailIdsAre, type AccountKey } from './exposure.ts';
import type { Transaction } from './postgres.ts';

/** Copies of one account, as JMAP or IMAP names them. */
export type Which = { emailIds: number[] } | { mailbox: number; uids: number[] } | { mailbox: number; all: true };

/** A copy whose row is locked until the transaction ends. */
export interface HeldCopy {
  mailbox_id: number;
  uid: number;
  email_id: number;
  modseq: number;
  thread_id: number;
  message_id: number;
  received_at: Date;
  delivery_n: number | null;
  exposure: Exposure;
  downloaded_at: Date | null;
  downloaded_by: string | null;
  flags: number;
  keywords: string[] | null;
}

/**
 * Statement one of a mutator. Answers the account's modseq as it is now; where the transaction has the lock, without asking.
 * Throws Refusal `noAccount`.
 */
export async function lockAccount(tx: Transaction, { tenant, account }: AccountKey): Promise<number> {
  const modseq = tx.locked.get(accountKey(tenant, account)) ?? (await lockAccounts(tx, tenant, [account])).get(account);
  if (modseq === undefined) throw new Refusal('noAccount', 'There is no such account.');
  return modseq;
}

const HELD = `c.mailbox_id, c.uid, c.email_id, c.modseq, c.thread_id, c.message_id, c.received_at, c.delivery_n, ${EXPOSURE} AS exposure, c.downloaded_at, c.downloaded_by,
  c.flags, c.keywords`;

/**
 * Locks the account, then those of the copies that are visible, and reads them. In the order in which everybody locks
 * copies: programs that record what they were given do so without the account lock.
 */
export async function holdCopies(tx: Transaction, at: AccountKey, which: Which): Promise<HeldCopy[]> {
  await lockAccount(tx, at);
  if ('emailIds' in which) {
    const { is, value } = emailIdsAre(which.emailIds);
    return tx.rows<HeldCopy>(
      `SELECT ${HELD} FROM visible_copy c WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.email_id ${is}
       ORDER BY c.mailbox_id, c.uid FOR UPDATE`,
      [at.tenant, at.account, value],
    );
  }
  if ('all' in which) {
    return tx.rows<HeldCopy>(
      `SELECT ${HELD} FROM visible_copy c WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = $3
       ORDER BY c.mailbox_id, c.uid FOR UPDATE`,
      [at.tenant, at.account, which.mailbox],
    );
  }
  // The range says nothing new; but by it, every plan goes to where they stand, and looks each of these up among those asked for.
  const [low, high] = which.uids.reduce(
    ([low, high], uid) => [Math.min(low, uid), Math.max(high, uid)],
    [which.uids[0] ?? 0, which.uids[0] ?? 0],
  );
  return tx.rows<HeldCopy>(
    `SELECT ${HELD} FROM visible_copy c
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = $3 AND c.uid BETWEEN $5 AND $6
       AND (c.uid IN (SELECT unnest($4::bigint[]))) IS TRUE
     ORDER BY c.mailbox_id, c.uid FOR UPDATE`,
    [at.tenant, at.account, which.mailbox, which.uids, low, high],
  );
}

/** Change of one mailbox's counters. */
interface BoxChange {
  mailbox: number;
  arrived: number;
  total: number;
  unread: number;
}

/** What happens to the counters of mailboxes while copies come and go. */
export class Boxes {
  readonly #boxes = new Map<number, BoxChange>();

  at(mailbox: number): BoxChange {
    let box = this.#boxes.get(mailbox);
    if (!box) this.#boxes.set(mailbox, (box = { mailbox, arrived: 0, total: 0, unread: 0 }));
    return box;
  }

  leave(copy: HeldCopy): void {
    const box = this.at(copy.mailbox_id);
    box.total--;
    if (isUnread(copy)) box.unread--;
  }

  arrive(copy: HeldCopy, mailbox: number): void {
    const box = this.at(mailbox);
    box.arrived++;
    box.total++;
    if (isUnread(copy)) box.unread++;
  }

  /** Applies the changes; answers the first UID of what arrives, by mailbox. Throws Refusal `noMailbox`. */
  async apply(tx: Transaction, { tenant, account }: AccountKey, modseq: number): Promise<Map<number, number>> {
    const boxes = [...this.#boxes.values()];
    if (boxes.length === 0) return new Map();
    const rows = await tx.rows<{ id: number; uid: number }>(
      `UPDATE mailbox m SET uid_next = m.uid_next + b.arrived, total = m.total + b.total, unread = m.unread + b.unread, modseq = $3
       FROM unnest($4::int[], $5::int[], $6::int[], $7::int[]) AS b (id, arrived, total, unread)
       WHERE m.tenant_id = $1 AND m.account_id = $2 AND m.id = b.id RETURNING m.id, m.uid_next - b.arrived AS uid`,
      [
        tenant,
        account,
        modseq,
        boxes.map((box) => box.mailbox),
        boxes.map((box) => box.arrived),
        boxes.map((box) => box.total),
        boxes.map((box) => box.unread),
      ],
    );
    if (rows.length < boxes.length) throw new Refusal('noMailbox', 'There is no such mailbox.');
    return new Map(rows.map((row) => [row.id, row.uid]));
  }
}

export const isUnread = (copy: Pick<HeldCopy, 'flags'>): boolean => (copy.flags & SEEN) === 0;
