// What administrators are to be told of, by mail and in their pages: an unusual recall; by mail alone, one that waits for a
// second of them.

import type { Reader, Transaction } from './postgres.ts';

/** Why administrators are told of a recall. */
export type AlertCause = 'old' | 'large' | 'many' | 'read-copies' | 'waiting';

/** With the commit. Once a recall; a request that becomes a recall is told of again where that is unusual. */
export function insertAlert(tx: Transaction, tenant: number, recall: number, causes: AlertCause[], at: Date): void {
  void tx.last.run(
    `INSERT INTO recall_alert (tenant_id, recall_id, causes, created_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant_id, recall_id) DO UPDATE SET causes = excluded.causes, created_at = excluded.created_at, told_at = NULL`,
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

export interface AlertRow {
  recall: number;
  causes: Exclude<AlertCause, 'waiting'>[];
  created_at: Date;
  /** Null: nobody has. */
  acknowledged_by: number | null;
  acknowledged_at: Date | null;
  created_modseq: number;
  modseq: number;
}

const COLUMNS = 'recall_id AS recall, causes, created_at, acknowledged_by, acknowledged_at, created_modseq, modseq';

/** A request that waits is none of these: AdminRecall has it. */
const UNUSUAL = `tenant_id = $1 AND NOT 'waiting' = ANY (causes)`;

/**
 * To be called behind appendAudit: an alert's modseq is the number of the entry that its transaction made, and those are
 * given in the order of commits.
 */
export function numberAlert(tx: Transaction, tenant: number, recall: number): void {
  void tx.last.run(
    `UPDATE recall_alert a SET modseq = h.seq, created_modseq = CASE WHEN a.created_modseq = 0 THEN h.seq ELSE a.created_modseq END
     FROM audit_head h WHERE a.tenant_id = $1 AND a.recall_id = $2 AND h.tenant_id = $1`,
    [tenant, recall],
  );
}

/** Those of these recalls, in no order. */
export async function alertsOf(reader: Reader, tenant: number, recalls: number[]): Promise<AlertRow[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM recall_alert WHERE ${UNUSUAL} AND recall_id = ANY ($2::bigint[])`, [
    tenant,
    recalls,
  ]);
}

/** Made or acknowledged since. */
export async function alertsSince(reader: Reader, tenant: number, modseq: number): Promise<AlertRow[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM recall_alert WHERE ${UNUSUAL} AND modseq > $2`, [tenant, modseq]);
}

/** Their recalls' numbers, newest first, a page; and how many there are. */
export async function alertsFound(
  reader: Reader,
  tenant: number,
  filter: { acknowledged: boolean | null },
  page: { position: number; limit: number },
): Promise<{ recalls: number[]; total: number }> {
  const found = `FROM recall_alert WHERE ${UNUSUAL} AND ($2::boolean IS NULL OR (acknowledged_at IS NOT NULL) = $2)`;
  const rows = await reader.rows<{ recall: number }>(
    `SELECT recall_id AS recall ${found} ORDER BY created_at DESC, recall_id DESC OFFSET $3 LIMIT $4`,
    [tenant, filter.acknowledged, page.position, page.limit],
  );
  const count = await reader.row<{ total: number }>(`SELECT count(*)::int AS total ${found}`, [
    tenant,
    filter.acknowledged,
  ]);
  return { recalls: rows.map((row) => row.recall), total: count?.total ?? 0 };
}

/** How far a tenant's alerts have come. */
export async function alertState(reader: Reader, tenant: number): Promise<number> {
  const row = await reader.row<{ modseq: number | null }>(
    `SELECT max(modseq) AS modseq FROM recall_alert WHERE ${UNUSUAL}`,
    [tenant],
  );
  return row?.modseq ?? 0;
}

/** Whoever acknowledges it holds it. */
export async function lockAlert(tx: Transaction, tenant: number, recall: number): Promise<AlertRow | undefined> {
  return tx.row(`SELECT ${COLUMNS} FROM recall_alert WHERE ${UNUSUAL} AND recall_id = $2 FOR UPDATE`, [tenant, recall]);
}

export async function markAcknowledged(
  tx: Transaction,
  tenant: number,
  recall: number,
  by: { account: number; at: Date },
): Promise<void> {
  await tx.run(
    `UPDATE recall_alert SET acknowledged_by = $3, acknowledged_at = $4 WHERE tenant_id = $1 AND recall_id = $2`,
    [tenant, recall, by.account, by.at],
  );
}
