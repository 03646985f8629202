// A replacement's deliveries while the recall decides.

import type { Transaction } from './postgres.ts';

/**
 * Makes `message`, whose deliveries are there, the recall's replacement; false: it has one, or is not open. Whichever comes second, this or
 * the recall's end (recall/progress.ts), waits for the other's row lock, sees what it did, and releases what goes outside in its
 * own transaction: no process's death can come between.
 */
export async function claimReplacement(
  tx: Transaction,
  tenant: number,
  recall: number,
  message: number,
  now: Date,
): Promise<boolean> {
  const claimed = await tx.row<{ status: string }>(
    `UPDATE recall_state SET replacement_message_id = $3
     WHERE tenant_id = $1 AND recall_id = $2 AND replacement_message_id IS NULL RETURNING status`,
    [tenant, recall, message],
  );
  if (!claimed) return false;
  if (claimed.status !== 'sweeping') await releaseOutside(tx, tenant, recall, now);
  return true;
}

/**
 * The replacement's deliveries to other servers were made `held` with no date. Once the recall has ended: those whose
 * original is, or may be, outside or never arrived are stopped; the rest is queued, and who sends it told.
 */
export async function releaseOutside(tx: Transaction, tenant: number, recall: number, now: Date): Promise<void> {
  await tx.run(
    `UPDATE delivery d SET state = 'stopped', finished_at = $3
     FROM recall_state s JOIN recall r ON r.tenant_id = s.tenant_id AND r.id = s.recall_id
       JOIN outcome o ON o.tenant_id = r.tenant_id AND o.recall_id = r.id AND o.outcome IN ('outside', 'outside-unknown', 'not-delivered')
       JOIN delivery x ON x.tenant_id = r.tenant_id AND x.message_id = r.message_id AND x.n = o.n
     WHERE s.tenant_id = $1 AND s.recall_id = $2 AND d.tenant_id = $1 AND d.message_id = s.replacement_message_id
       AND d.account_id IS NULL AND d.state = 'held' AND d.due_at IS NULL AND lower(d.recipient) = lower(x.recipient)`,
    [tenant, recall, now],
  );
  const queued = await tx.run(
    `UPDATE delivery d SET state = 'queued', due_at = $3 FROM recall_state s
     WHERE s.tenant_id = $1 AND s.recall_id = $2 AND d.tenant_id = $1 AND d.message_id = s.replacement_message_id
       AND d.account_id IS NULL AND d.state = 'held' AND d.due_at IS NULL`,
    [tenant, recall, now],
  );
  if (queued > 0) tx.changes.wake.add('outgoing');
}
