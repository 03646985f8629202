// What the vault holds, recall by recall, for administrators.

import type { Reader } from './postgres.ts';

export interface VaultEntry {
  recall: number;
  subject: string | null;
  /** Own address of the sender's account; null: not sent from here, or gone. */
  sender: string | null;
  copies: number;
  /** Of those, under legal hold: theirs whose copy it was, or the sender's. */
  held: number;
  removed_at: Date;
  /** A restore was asked for. */
  restoring: boolean;
}

/** Recalls that have something in the vault, newest first, a page. */
export async function vaultPage(
  reader: Reader,
  tenant: number,
  page: { position: number; limit: number },
): Promise<VaultEntry[]> {
  return reader.rows(
    `SELECT r.id AS recall, r.subject, h.address AS sender, x.copies, x.held, x.removed_at,
       EXISTS (SELECT FROM recall_restore t WHERE t.tenant_id = $1 AND t.recall_id = r.id) AS restoring
     FROM (
       SELECT id, subject, account_id, created_at FROM recall o WHERE o.tenant_id = $1 AND EXISTS (
         SELECT FROM vault v WHERE v.tenant_id = $1 AND v.recall_id = o.id)
       ORDER BY o.created_at DESC, o.id DESC OFFSET $2 LIMIT $3) r
     LEFT JOIN account h ON h.tenant_id = $1 AND h.id = r.account_id,
     LATERAL (SELECT count(*)::int AS copies, max(v.removed_at) AS removed_at,
         (count(*) FILTER (WHERE a.legal_hold OR h.legal_hold))::int AS held
       FROM vault v LEFT JOIN account a ON a.tenant_id = $1 AND a.id = v.account_id
       WHERE v.tenant_id = $1 AND v.recall_id = r.id) x
     ORDER BY r.created_at DESC, r.id DESC`,
    [tenant, page.position, page.limit],
  );
}
