// Putting delivered copies into mailboxes of locked accounts: at acceptance, in fan-out, in a recall's replacement.

import type { Reader, Transaction } from './postgres.ts';

export interface Placement {
  account: number;
  message: number;
  thread: number;
  receivedAt: Date;
  /** delivery.n. */
  n: number;
  /** The account's modseq for it, of those the caller raised: the Email's id. */
  modseq: number;
}

/** Every account's Inbox. */
const INBOX = 1;

/** Places copies, unread, in Inboxes. The accounts are locked and raised. */
export async function placeCopies(tx: Transaction, tenant: number, placements: Placement[]): Promise<void> {
  if (placements.length === 0) return;
  const counts = new Map<number, { count: number; modseq: number }>();
  for (const { account, modseq } of placements) {
    const box = counts.get(account);
    if (box) [box.count, box.modseq] = [box.count + 1, Math.max(box.modseq, modseq)];
    else counts.set(account, { count: 1, modseq });
  }
  const boxes = [...counts];
  const rows = await tx.rows<{ account_id: number; uid: number }>(
    `UPDATE mailbox m SET uid_next = m.uid_next + b.n, total = m.total + b.n, unread = m.unread + b.n, modseq = b.modseq
     FROM unnest($2::int[], $3::int[], $4::bigint[]) AS b (account_id, n, modseq)
     WHERE m.tenant_id = $1 AND m.account_id = b.account_id AND m.id = ${INBOX} RETURNING m.account_id, m.uid_next - b.n AS uid`,
    [tenant, boxes.map(([account]) => account), boxes.map(([, box]) => box.count), boxes.map(([, box]) => box.modseq)],
  );
  const next = new Map(rows.map((row) => [row.account_id, row.uid]));
  const uids = placements.map(({ account }) => {
    const uid = next.get(account) ?? 0;
    next.set(account, uid + 1);
    return uid;
  });
  await tx.run(
    `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, delivery_n)
     SELECT $1, c.account_id, ${INBOX}, c.uid, c.modseq, c.modseq, c.message_id, c.thread_id, c.received_at, c.n
     FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::int[])
       AS c (account_id, uid, modseq, message_id, thread_id, received_at, n)`,
    [
      tenant,
      placements.map((copy) => copy.account),
      uids,
      placements.map((copy) => copy.modseq),
      placements.map((copy) => copy.message),
      placements.map((copy) => copy.thread),
      placements.map((copy) => copy.receivedAt),
      placements.map((copy) => copy.n),
    ],
  );
}

export interface WaitingDelivery {
  n: number;
  account_id: number;
}

/** Accounts of local deliveries of a range that wait, ascending. */
export async function waitingAccounts(reader: Reader, at: { tenant: number; message: number; from: number; to: number }): Promise<number[]> {
  const rows = await reader.rows<{ account_id: number }>(
    `SELECT account_id FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND n BETWEEN $3 AND $4
       AND account_id IS NOT NULL AND state IN ('held', 'queued') ORDER BY account_id`,
    [at.tenant, at.message, at.from, at.to],
  );
  return rows.map((row) => row.account_id);
}

/** Those of them that no gate covers: read after the accounts' locks, in a statement of its own. */
export async function uncoveredWaiting(reader: Reader, at: { tenant: number; message: number; from: number; to: number }): Promise<WaitingDelivery[]> {
  return reader.rows(
    `SELECT n, account_id FROM uncovered_delivery WHERE tenant_id = $1 AND message_id = $2 AND n BETWEEN $3 AND $4
       AND account_id IS NOT NULL AND state IN ('held', 'queued') ORDER BY account_id`,
    [at.tenant, at.message, at.from, at.to],
  );
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
  const row = await tx.row<{ thread_id: number; received_at: Date | null }>(
    `SELECT m.thread_id, e.received_at FROM message m LEFT JOIN envelope e ON e.tenant_id = m.tenant_id AND e.message_id = m.id
     WHERE m.tenant_id = $1 AND m.id = $2`,
    [tenant, message],
  );
  if (!row) throw new Error(`message ${message} is not there`);
  const there = deliveries.filter((delivery) => modseqs.has(delivery.account_id));
  await placeCopies(
    tx,
    tenant,
    there.map(({ account_id: account, n }) => ({
      account,
      message,
      thread: row.thread_id,
      receivedAt: row.received_at ?? now,
      n,
      modseq: modseqs.get(account) ?? 0,
    })),
  );
  await finishLocal(tx, at, there.map(({ n }) => n), 'delivered', null);
  const gone = deliveries.filter((delivery) => !modseqs.has(delivery.account_id)).map(({ n }) => n);
  if (gone.length > 0) await finishLocal(tx, at, gone, 'failed', 'The account is gone.');
}

async function finishLocal(
  tx: Transaction,
  { tenant, message, now }: { tenant: number; message: number; now: Date },
  deliveries: number[],
  state: 'delivered' | 'failed',
  reply: string | null,
): Promise<void> {
  await tx.run(
    `UPDATE delivery SET state = $4, finished_at = $5, due_at = NULL, remote_reply = $6 WHERE tenant_id = $1 AND message_id = $2 AND n = ANY ($3::int[])`,
    [tenant, message, deliveries, state, now, reply],
  );
}
