// What is kept for a time and then goes: copies in the vault, tracking, and messages that nothing refers to any more.
// Each function does one bounded batch; src/upkeep.ts says when.

import { lockAccounts } from './account-state.ts';
import type { Blobs } from './blobs.ts';
import { deleteCarried } from './carried.ts';
import type { Reader, Transaction } from './postgres.ts';
import { deleteWords, lockWords } from './words.ts';

/** Rows in one transaction. */
const AT_ONCE = 1000;

/** A restore of recall `recall` was asked for and is not done: what it is to bring back stays. */
const restoring = (recall: string): string =>
  `EXISTS (SELECT FROM recall_restore x WHERE x.tenant_id = $1 AND x.recall_id = ${recall} AND x.done_at IS NULL)`;

/** Entries `v` that are old enough (`$2`) and under no legal hold, neither of their owner's nor of the sender's. */
const EXPIRED = `v.tenant_id = $1 AND v.removed_at < $2 AND NOT EXISTS (
  SELECT FROM account a JOIN recall h ON h.tenant_id = $1 AND h.id = v.recall_id
  WHERE a.tenant_id = $1 AND a.id IN (v.account_id, h.account_id) AND a.legal_hold)`;

/** Recalls that have ended, and of which the vault holds something that was taken before `before`. */
export async function recallsToExpire(reader: Reader, tenant: number, before: Date): Promise<number[]> {
  const rows = await reader.rows<{ id: number }>(
    `SELECT s.recall_id AS id FROM recall_state s WHERE s.tenant_id = $1 AND s.status <> 'sweeping' AND NOT ${restoring('s.recall_id')}
       AND EXISTS (SELECT FROM vault v WHERE v.recall_id = s.recall_id AND ${EXPIRED}) ORDER BY s.recall_id`,
    [tenant, before],
  );
  return rows.map((row) => row.id);
}

/**
 * Forgets some of what a recall took before `before`. A restore, or another recall of the message, works under the locks of
 * the same accounts: it has either done with an entry or finds it gone. Answers how many; 0: nothing is left.
 */
export async function expireVault(tx: Transaction, tenant: number, recall: number, before: Date): Promise<number> {
  const due = await tx.rows<{ n: number; email_id: number; account_id: number }>(
    `SELECT v.n, v.email_id, v.account_id FROM vault v WHERE v.recall_id = $3 AND ${EXPIRED} ORDER BY v.n LIMIT ${AT_ONCE}`,
    [tenant, before, recall],
  );
  if (due.length === 0) return 0;
  await lockAccounts(tx, tenant, [...new Set(due.map((entry) => entry.account_id))]);
  return tx.run(
    `DELETE FROM vault v USING unnest($4::int[], $5::bigint[]) AS x (n, email_id)
     WHERE v.recall_id = $3 AND v.n = x.n AND v.email_id = x.email_id AND ${EXPIRED} AND NOT ${restoring('$3')}`,
    [tenant, before, recall, due.map((entry) => entry.n), due.map((entry) => entry.email_id)],
  );
}

/** Recalls that ended before `before`, owe nobody anything and have nothing in the vault. */
const FORGETTABLE = `s.tenant_id = $1 AND s.status <> 'sweeping' AND s.done_at < $2
  AND NOT EXISTS (SELECT FROM vault v WHERE v.tenant_id = $1 AND v.recall_id = s.recall_id)
  AND NOT EXISTS (SELECT FROM recall_restore x WHERE x.tenant_id = $1 AND x.recall_id = s.recall_id AND (x.done_at IS NULL OR x.created_at >= $2))
  AND NOT EXISTS (SELECT FROM work w WHERE w.tenant_id = $1 AND w.kind IN ('sweep', 'restore') AND w.of_id = s.recall_id)
  AND NOT EXISTS (SELECT FROM envelope e WHERE e.tenant_id = $1 AND e.message_id = s.replacement_message_id)`;

export async function recallsToForget(reader: Reader, tenant: number, before: Date): Promise<number[]> {
  const rows = await reader.rows<{ id: number }>(
    `SELECT s.recall_id AS id FROM recall_state s WHERE ${FORGETTABLE} ORDER BY s.recall_id`,
    [tenant, before],
  );
  return rows.map((row) => row.id);
}

/** Forgets some outcomes of such a recall; once there are none, the recall itself. Answers whether it is gone. */
export async function forgetRecall(tx: Transaction, tenant: number, recall: number): Promise<boolean> {
  const outcomes = await tx.run(
    `DELETE FROM outcome WHERE tenant_id = $1 AND recall_id = $2 AND n IN (
       SELECT n FROM outcome WHERE tenant_id = $1 AND recall_id = $2 ORDER BY n LIMIT ${AT_ONCE})`,
    [tenant, recall],
  );
  if (outcomes === AT_ONCE) return false;
  for (const table of ['recall_scope', 'recall_cancel', 'recall_restore', 'recall_alert', 'recall_state'])
    await tx.run(`DELETE FROM ${table} WHERE tenant_id = $1 AND recall_id = $2`, [tenant, recall]);
  await tx.run(`DELETE FROM recall_request WHERE tenant_id = $1 AND id = $2`, [tenant, recall]);
  await tx.run(`DELETE FROM recall WHERE tenant_id = $1 AND id = $2`, [tenant, recall]);
  return true;
}

/** Requests for an administrator's recall that never became one and ran out before `before`. */
export async function forgetRequests(tx: Transaction, tenant: number, before: Date): Promise<number> {
  return tx.run(`DELETE FROM recall_request WHERE tenant_id = $1 AND status <> 'approved' AND expires_at < $2`, [
    tenant,
    before,
  ]);
}

/** Deliveries of message `id` that are still under way, or a recall whose report names them. */
const tracked = (id: string): string =>
  `EXISTS (SELECT FROM envelope e WHERE e.tenant_id = $1 AND e.message_id = ${id})
   OR EXISTS (SELECT FROM recall r WHERE r.tenant_id = $1 AND r.message_id = ${id})
   OR EXISTS (SELECT FROM work w WHERE w.tenant_id = $1 AND w.kind IN ('fanout', 'replace') AND w.of_id = ${id})`;

/** Forgets some submissions that were accepted and sent before `before`: from then on nobody can recall them. */
export async function forgetSubmissions(tx: Transaction, tenant: number, before: Date): Promise<number> {
  return tx.run(
    `DELETE FROM submission s WHERE s.tenant_id = $1 AND s.id IN (
       SELECT o.id FROM submission o WHERE o.tenant_id = $1 AND o.accepted_at < $2 AND o.send_at < $2 AND o.undo_status <> 'pending'
         AND NOT (${tracked('o.id')}) ORDER BY o.id LIMIT ${AT_ONCE})`,
    [tenant, before],
  );
}

/**
 * Of the messages after `after`, a page of those that have deliveries, and whether all that is known of them may go: the
 * submission is gone (upkeep's last round has done that), no recall is left, and the first delivery ended before `before`.
 */
export async function trackedMessages(
  reader: Reader,
  tenant: number,
  after: number,
  before: Date,
): Promise<{ message: number; due: boolean }[]> {
  return reader.rows(
    `WITH RECURSIVE page (id, nth) AS (
       SELECT (SELECT min(message_id) FROM delivery WHERE tenant_id = $1 AND message_id > $2), 1
       UNION ALL
       SELECT (SELECT min(message_id) FROM delivery d WHERE d.tenant_id = $1 AND d.message_id > p.id), p.nth + 1 FROM page p
       WHERE p.id IS NOT NULL AND p.nth < ${AT_ONCE})
     SELECT p.id AS message, NOT EXISTS (SELECT FROM submission s WHERE s.tenant_id = $1 AND s.id = p.id) AND NOT (${tracked('p.id')})
       AND coalesce((SELECT d.finished_at FROM delivery d WHERE d.tenant_id = $1 AND d.message_id = p.id ORDER BY d.n LIMIT 1) < $3, false) AS due
     FROM page p WHERE p.id IS NOT NULL ORDER BY p.id`,
    [tenant, after, before],
  );
}

/** Forgets some deliveries of such a message, the last ones first; each for itself ended before `before`. */
export async function forgetDeliveries(
  tx: Transaction,
  tenant: number,
  message: number,
  before: Date,
): Promise<number> {
  return tx.run(
    `DELETE FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND n IN (
       SELECT n FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND state IN ('delivered', 'failed', 'stopped') AND finished_at < $3
       ORDER BY n DESC LIMIT ${AT_ONCE})`,
    [tenant, message, before],
  );
}

/** Nothing refers to message `m`: nobody has it, the vault neither, nothing is still to be done with it. */
const LOOSE = `NOT EXISTS (SELECT FROM copy c WHERE c.tenant_id = m.tenant_id AND c.message_id = m.id)
  AND NOT EXISTS (SELECT FROM envelope e WHERE e.tenant_id = m.tenant_id AND e.message_id = m.id)
  AND NOT EXISTS (SELECT FROM work w WHERE w.tenant_id = m.tenant_id AND w.kind IN ('fanout', 'replace') AND w.of_id = m.id)
  AND NOT EXISTS (SELECT FROM recall r LEFT JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id
    WHERE r.tenant_id = m.tenant_id AND r.message_id = m.id AND (coalesce(s.status, 'sweeping') = 'sweeping'
      OR EXISTS (SELECT FROM vault v WHERE v.tenant_id = r.tenant_id AND v.recall_id = r.id)))
  AND NOT EXISTS (SELECT FROM recall_state s WHERE s.tenant_id = m.tenant_id AND s.status = 'sweeping'
    AND m.id IN (s.notice_message_id, s.replacement_message_id))
  AND NOT EXISTS (SELECT FROM submission s WHERE s.tenant_id = m.tenant_id AND s.id = m.id AND s.undo_status = 'pending')`;

/** A page of messages after `after`, and whether nothing refers to them. None younger than `before` is said to be loose. */
export async function messagesPage(
  reader: Reader,
  tenant: number,
  after: number,
  before: Date,
): Promise<{ id: number; loose: boolean }[]> {
  return reader.rows(
    `SELECT m.id, m.created_at < $3 AND ${LOOSE} AS loose FROM (
       SELECT tenant_id, id, created_at FROM message WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT ${AT_ONCE}) m ORDER BY m.id`,
    [tenant, after, before],
  );
}

/** Forgets those of these messages that nothing refers to, and their bytes. Answers how many. */
export async function forgetMessages(
  tx: Transaction,
  blobs: Pick<Blobs, 'remove'>,
  tenant: number,
  messages: number[],
): Promise<number> {
  await lockWords(tx, tenant);
  const rows = await tx.rows<{ id: number; blob_id: number }>(
    `DELETE FROM message m WHERE m.tenant_id = $1 AND m.id = ANY ($2::bigint[]) AND ${LOOSE} RETURNING m.id, m.blob_id`,
    [tenant, messages],
  );
  if (rows.length > 0) {
    await blobs.remove(
      tx,
      tenant,
      rows.map((row) => row.blob_id),
    );
    const ids = rows.map((row) => row.id);
    await deleteCarried(tx, tenant, ids);
    await deleteWords(tx, tenant, ids);
  }
  return rows.length;
}
