// A recall's progress: its own row, written outside the gate's and the batches' transactions.

import type { Outcome, RecallStatus } from '../mail/recall.ts';
import type { Reader, Store, Transaction } from './postgres.ts';
import { PROGRESS, RECALLS, type RecallProgress } from './recalls.ts';

/** Recalls that no process has finished: looked at on start, on resync and by the sweep's timer. */
export async function openRecalls(reader: Reader): Promise<{ tenant: number; id: number }[]> {
  return reader.rows(
    `SELECT r.tenant_id AS tenant, r.id FROM ${RECALLS} WHERE s.status IS NULL OR s.status = 'sweeping' ORDER BY r.created_at`,
  );
}

/** Recalls that ended before `before` and whose report was not mailed, or whose replacement still waits for their end. */
export async function owedRecalls(reader: Reader, before: Date): Promise<{ tenant: number; id: number }[]> {
  return reader.rows(
    `SELECT r.tenant_id AS tenant, r.id FROM recall r JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id
     WHERE r.notify_me AND s.reported_at IS NULL AND s.done_at < $1
     UNION
     SELECT s.tenant_id, s.recall_id FROM delivery d
       JOIN recall_state s ON s.tenant_id = d.tenant_id AND s.replacement_message_id = d.message_id
     WHERE d.account_id IS NULL AND d.state = 'held' AND d.due_at IS NULL AND s.done_at < $1`,
    [before],
  );
}

/** Creates the progress row; the sender's account lock is held. False: it was there. */
export async function insertState(
  tx: Transaction,
  tenant: number,
  recall: { id: number; account: number; notice: number | null; modseq: number },
): Promise<boolean> {
  const inserted = await tx.run(
    `INSERT INTO recall_state (tenant_id, recall_id, account_id, status, notice_message_id, created_modseq, modseq)
     VALUES ($1, $2, $3, 'sweeping', $4, $5, $5) ON CONFLICT DO NOTHING`,
    [tenant, recall.id, recall.account, recall.notice, recall.modseq],
  );
  return inserted === 1;
}

/** Adds to the running counts; the sender's account lock is held. */
export async function addCounts(
  tx: Transaction,
  tenant: number,
  id: number,
  modseq: number,
  counts: Partial<Record<Outcome, number>>,
): Promise<void> {
  await tx.run(
    `UPDATE recall_state s SET modseq = $3, counts = (
       SELECT coalesce(jsonb_object_agg(k, coalesce((s.counts ->> k)::int, 0) + coalesce(($4::jsonb ->> k)::int, 0)), '{}')
       FROM jsonb_object_keys(s.counts || $4::jsonb) AS k)
     WHERE tenant_id = $1 AND recall_id = $2 AND status = 'sweeping'`,
    [tenant, id, modseq, JSON.stringify(counts)],
  );
}

/** Counted from the outcomes themselves. */
export async function countOutcomes(
  reader: Reader,
  tenant: number,
  id: number,
): Promise<Partial<Record<Outcome, number>>> {
  const rows = await reader.rows<{ outcome: Outcome; count: number }>(
    `SELECT outcome, count(*)::int AS count FROM outcome WHERE tenant_id = $1 AND recall_id = $2 GROUP BY outcome`,
    [tenant, id],
  );
  return Object.fromEntries(rows.map((row) => [row.outcome, row.count]));
}

/** Ends a recall once; the sender's account lock is held. False: it had ended. */
export async function finishState(
  tx: Transaction,
  tenant: number,
  done: { id: number; modseq: number; status: RecallStatus; counts: Partial<Record<Outcome, number>>; at: Date },
): Promise<boolean> {
  const updated = await tx.run(
    `UPDATE recall_state SET status = $3, counts = $4, done_at = $5, modseq = $6 WHERE tenant_id = $1 AND recall_id = $2 AND status = 'sweeping'`,
    [tenant, done.id, done.status, JSON.stringify(done.counts), done.at, done.modseq],
  );
  return updated === 1;
}

export async function markReported(tx: Transaction, tenant: number, id: number, at: Date): Promise<boolean> {
  return (
    (await tx.run(
      `UPDATE recall_state SET reported_at = $3 WHERE tenant_id = $1 AND recall_id = $2 AND reported_at IS NULL`,
      [tenant, id, at],
    )) === 1
  );
}

/**
 * The gate goes as soon as nothing but attempts in flight is undecided, in a transaction of its own. False: there is
 * work left, or it is gone.
 */
export async function removeGate(store: Store, tenant: number, id: number): Promise<boolean> {
  const removed = await store.single(
    `DELETE FROM gate g USING recall r
     WHERE r.tenant_id = $1 AND r.id = $2 AND g.tenant_id = r.tenant_id AND g.message_id = r.message_id AND g.recall_id = r.id
       AND NOT EXISTS (SELECT FROM work w WHERE w.tenant_id = $1 AND w.kind = 'sweep' AND w.of_id = $2 AND NOT w.in_flight)
     RETURNING 1`,
    [tenant, id],
  );
  return removed.length === 1;
}

/** Ranges of the sweep that are left, and of them those that only wait for attempts in flight. */
export async function sweepWorkLeft(
  reader: Reader,
  tenant: number,
  id: number,
): Promise<{ ranges: number; inFlight: number }> {
  const row = await reader.row<{ ranges: number; in_flight: number }>(
    `SELECT count(*)::int AS ranges, (count(*) FILTER (WHERE in_flight))::int AS in_flight
     FROM work WHERE tenant_id = $1 AND kind = 'sweep' AND of_id = $2`,
    [tenant, id],
  );
  return { ranges: row?.ranges ?? 0, inFlight: row?.in_flight ?? 0 };
}

/** Outcomes gained something that a client may want to fetch; the sender's account lock is held. */
export async function touchState(tx: Transaction, tenant: number, id: number, modseq: number): Promise<void> {
  await tx.run(`UPDATE recall_state SET modseq = $3 WHERE tenant_id = $1 AND recall_id = $2`, [tenant, id, modseq]);
}

/** The recall that a message is the replacement of. */
export async function recallOfReplacement(
  reader: Reader,
  tenant: number,
  message: number,
): Promise<RecallProgress | undefined> {
  return reader.row(`SELECT ${PROGRESS} FROM ${RECALLS} WHERE s.tenant_id = $1 AND s.replacement_message_id = $2`, [
    tenant,
    message,
  ]);
}
