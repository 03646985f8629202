// Administrators' recalls that wait for another administrator. Each row is decided once, under its own lock.

import type { Reader, Transaction } from './postgres.ts';

export interface RecallRequestRow {
  id: number;
  message_id: number;
  requested_by: number;
  recipients: string[] | null;
  include_read: boolean;
  forwards: boolean;
  notify_me: boolean;
  reason: string;
  created_at: Date;
  expires_at: Date;
  status: 'pending' | 'approved' | 'denied' | 'withdrawn';
  decided_by: number | null;
  decided_at: Date | null;
}

const COLUMNS = `id, message_id, requested_by, recipients, include_read, forwards, notify_me, reason, created_at, expires_at, status, decided_by, decided_at`;

export async function insertRecallRequest(
  tx: Transaction,
  tenant: number,
  request: Omit<RecallRequestRow, 'status' | 'decided_by' | 'decided_at'>,
): Promise<void> {
  await tx.run(
    `INSERT INTO recall_request (tenant_id, id, message_id, requested_by, recipients, include_read, forwards, notify_me, reason, created_at, expires_at, status)
     VALUES ($1, $2, $3, $4, $5::text[], $6, $7, $8, $9, $10, $11, 'pending')`,
    [
      tenant,
      request.id,
      request.message_id,
      request.requested_by,
      request.recipients,
      request.include_read,
      request.forwards,
      request.notify_me,
      request.reason,
      request.created_at,
      request.expires_at,
    ],
  );
}

/** Whoever decides it holds it: approving, denying and withdrawing come one after the other. */
export async function lockRecallRequest(
  tx: Transaction,
  tenant: number,
  id: number,
): Promise<RecallRequestRow | undefined> {
  return tx.row(`SELECT ${COLUMNS} FROM recall_request WHERE tenant_id = $1 AND id = $2 FOR UPDATE`, [tenant, id]);
}

export async function decideRecallRequest(
  tx: Transaction,
  tenant: number,
  id: number,
  decision: { status: 'approved' | 'denied' | 'withdrawn'; by: number; at: Date },
): Promise<void> {
  await tx.run(
    `UPDATE recall_request SET status = $3, decided_by = $4, decided_at = $5 WHERE tenant_id = $1 AND id = $2 AND status = 'pending'`,
    [tenant, id, decision.status, decision.by, decision.at],
  );
}

/** Newest first; of these ids where given. */
export async function recallRequests(
  reader: Reader,
  tenant: number,
  ids: number[] | null,
  limit: number,
): Promise<RecallRequestRow[]> {
  return reader.rows(
    `SELECT ${COLUMNS} FROM recall_request WHERE tenant_id = $1 AND ($2::bigint[] IS NULL OR id = ANY ($2::bigint[]))
     ORDER BY created_at DESC, id DESC LIMIT $3`,
    [tenant, ids, limit],
  );
}

/** Those that an account asked for since `since` and that still wait. */
export async function pendingRequestsOf(
  reader: Reader,
  tenant: number,
  account: number,
  since: Date,
): Promise<number[]> {
  const rows = await reader.rows<{ id: number }>(
    `SELECT id FROM recall_request WHERE tenant_id = $1 AND requested_by = $2 AND created_at >= $3 AND status = 'pending' ORDER BY id`,
    [tenant, account, since],
  );
  return rows.map((row) => row.id);
}
