// Putting delivered copies into mailboxes of locked accounts: at acceptance, in fan-out, in a recall's replacement.

import { SEEN } from '../mail/keywords.ts';
import { finishLocal } from './deliveries.ts';
import type { Reader, Transaction } from './postgres.ts';
import { takeEffects } from './rules.ts';
import { together } from './together.ts';

export interface Placement {
  account: number;
  /** Inbox by default. */
  mailbox?: number;
  message: number;
  thread: number;
  receivedAt: Date;
  /** When it comes into the mailbox (RFC 8514); at receivedAt by default. */
  savedAt?: Date;
  /** delivery.n; null: a copy of the owner's own making, in no recall's scope. */
  n: number | null;
  /** The account's modseq for it, of those the caller raised: the Email's id. */
  modseq: number;
  /** mail/keywords.ts; none by default. */
  flags?: number;
}

/** Every account's Inbox and Sent Items. */
const INBOX = 1;
export const SENT = 3;

/** Places copies. The accounts are locked and raised. Throws if a mailbox is not there. */
export async function placeCopies(tx: Transaction, tenant: number, placements: Placement[]): Promise<void> {
  if (placements.length === 0) return;
  const boxes = new Map<string, { account: number; mailbox: number; count: number; unread: number; modseq: number }>();
  const nths = placements.map(({ account, mailbox = INBOX, modseq, flags = 0 }) => {
    const key = `${account} ${mailbox}`;
    let box = boxes.get(key);
    if (!box) boxes.set(key, (box = { account, mailbox, count: 0, unread: 0, modseq }));
    if ((flags & SEEN) === 0) box.unread++;
    box.modseq = Math.max(box.modseq, modseq);
    return { box, nth: box.count++ };
  });
  const list = [...boxes.values()];
  // One after the other on the wire, without waiting in between: the second finds what the first wrote.
  const [, placed] = await together(
    tx.run(
      `UPDATE mailbox m SET uid_next = m.uid_next + b.count, total = m.total + b.count, unread = m.unread + b.unread, modseq = b.modseq
       FROM unnest($2::int[], $3::int[], $4::int[], $5::int[], $6::bigint[]) AS b (account_id, id, count, unread, modseq)
       WHERE m.tenant_id = $1 AND m.account_id = b.account_id AND m.id = b.id`,
      [
        tenant,
        list.map((box) => box.account),
        list.map((box) => box.mailbox),
        list.map((box) => box.count),
        list.map((box) => box.unread),
        list.map((box) => box.modseq),
      ],
    ),
    tx.run(
      `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, saved_at, delivery_n, flags)
       SELECT $1, c.account_id, c.mailbox_id, m.uid_next - c.before_next, c.modseq, c.modseq, c.message_id, c.thread_id, c.received_at, nullif(c.saved_at, c.received_at), c.n, c.flags
       FROM unnest($2::int[], $3::int[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::timestamptz[], $10::int[], $11::smallint[])
         AS c (account_id, mailbox_id, before_next, modseq, message_id, thread_id, received_at, saved_at, n, flags)
       JOIN mailbox m ON m.tenant_id = $1 AND m.account_id = c.account_id AND m.id = c.mailbox_id`,
      [
        tenant,
        placements.map((copy) => copy.account),
        placements.map((copy) => copy.mailbox ?? INBOX),
        nths.map(({ box, nth }) => box.count - nth),
        placements.map((copy) => copy.modseq),
        placements.map((copy) => copy.message),
        placements.map((copy) => copy.thread),
        dates(placements.map((copy) => copy.receivedAt)),
        dates(placements.map((copy) => copy.savedAt ?? copy.receivedAt)),
        placements.map((copy) => copy.n),
        placements.map((copy) => copy.flags ?? 0),
      ],
    ),
  );
  if (placed !== placements.length) throw new Error(`${placements.length - placed} copies have no mailbox to go to`);
}

/** As PostgreSQL reads them. Mostly they are one and the same, and to write it out thousands of times takes milliseconds. */
function dates(list: Date[]): string[] {
  let [last, text] = [Number.NaN, ''];
  return list.map((date) => {
    if (date.getTime() !== last) [last, text] = [date.getTime(), date.toISOString()];
    return text;
  });
}

export interface WaitingDelivery {
  n: number;
  account_id: number;
}

type At = { tenant: number; message: number; from: number; to: number };

/**
 * Accounts of local deliveries of a range that wait, ascending: as they are numbered. The order keeps the planner from
 * walking all of the message's deliveries by account, which it thinks cheap while the table is new to it.
 */
export async function waitingAccounts(reader: Reader, at: At): Promise<number[]> {
  const rows = await reader.rows<{ account_id: number | null }>(
    `SELECT account_id FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND n BETWEEN $3 AND $4 AND state IN ('held', 'queued') ORDER BY n`,
    [at.tenant, at.message, at.from, at.to],
  );
  return rows.flatMap((row) => row.account_id ?? []);
}

/** Those of them that no gate covers: read after the accounts' locks, in a statement of its own. */
export async function uncoveredWaiting(reader: Reader, at: At): Promise<WaitingDelivery[]> {
  const rows = await reader.rows<{ n: number; account_id: number | null }>(
    `SELECT n, account_id FROM uncovered_delivery WHERE tenant_id = $1 AND message_id = $2 AND n BETWEEN $3 AND $4 AND state IN ('held', 'queued') ORDER BY n`,
    [at.tenant, at.message, at.from, at.to],
  );
  return rows.flatMap(({ n, account_id }) => (account_id === null ? [] : [{ n, account_id }]));
}

/**
 * Delivers what waits to accounts that are locked and raised to `modseqs`; one without a row there is gone, and its
 * delivery fails. A gate's own work is none of ours: pass only uncovered deliveries.
 */
export async function deliverWaiting(
  tx: Transaction,
  at: { tenant: number; message: number; now: Date },
  modseqs: ReadonlyMap<number, number>,
  deliveries: WaitingDelivery[],
): Promise<void> {
  const { tenant, message, now } = at;
  const row = await tx.row<{ thread_id: number; received_at: Date | null; ruled: boolean }>(
    `SELECT m.thread_id, e.received_at, EXISTS (SELECT FROM rule_effect x WHERE x.tenant_id = $1 AND x.message_id = $2) AS ruled
     FROM message m LEFT JOIN envelope e ON e.tenant_id = m.tenant_id AND e.message_id = m.id
     WHERE m.tenant_id = $1 AND m.id = $2`,
    [tenant, message],
  );
  if (!row) throw new Error(`message ${message} is not there`);
  const there = deliveries.filter((delivery) => modseqs.has(delivery.account_id));
  const gone = deliveries.filter((delivery) => !modseqs.has(delivery.account_id));
  const effects = row.ruled
    ? await takeEffects(
        tx,
        tenant,
        message,
        there.map((delivery) => delivery.account_id),
      )
    : [];
  const effectOf = new Map(effects.map((effect) => [effect.account, effect]));
  await together(
    finishLocal(
      tx,
      at,
      there.map(({ n }) => n),
      'delivered',
    ),
    finishLocal(
      tx,
      at,
      gone.map(({ n }) => n),
      'failed',
    ),
    placeCopies(
      tx,
      tenant,
      there.map(({ account_id: account, n }) => ({
        account,
        mailbox: effectOf.get(account)?.mailbox ?? INBOX,
        flags: effectOf.get(account)?.flags ?? 0,
        message,
        thread: row.thread_id,
        receivedAt: row.received_at ?? now,
        savedAt: now,
        n,
        modseq: modseqs.get(account) ?? 0,
      })),
    ),
  );
}
