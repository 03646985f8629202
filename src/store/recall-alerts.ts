// What administrators are to be told of by mail: an unusual recall, or one that waits for a second of them.

import type { Transaction } from './postgres.ts';

/** Why administrators are told of a recall. */
export type AlertCause = 'old' | 'large' | 'many' | 'read-copies' | 'waiting';

/** With the commit. Once a recall; a request that becomes a recall is told of again where that is unusual. */
export function insertAlert(tx: Transaction, tenant: number, recall: number, causes: AlertCause[], at: Date): void {
  tx.atCommit(
    `INSERT INTO recall_alert (tenant_id, recall_id, causes, created_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant_id, recall_id) DO UPDATE SET causes = excluded.causes, told_at = NULL`,
    [tenant, recall, causes, at],
  );
}

/** The oldest that nobody has been told of, of any tenant; no other process gets it while this transaction lasts. */
export async function takeAlert(
  tx: Transaction,
): Promise<{ tenant: number; recall: number; causes: AlertCause[] } | undefined> {
  return tx.row(
    `SELECT tenant_id AS tenant, recall_id AS recall, causes FROM recall_alert WHERE told_at IS NULL
     ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
  );
}

export async function markTold(tx: Transaction, tenant: number, recall: number, at: Date): Promise<void> {
  await tx.run(`UPDATE recall_alert SET told_at = $3 WHERE tenant_id = $1 AND recall_id = $2`, [tenant, recall, at]);
}
