// Recalls as administrators read them: a tenant's, whoever asked for them.

import type { RecallStatus } from '../mail/recall.ts';
import type { Reader } from './postgres.ts';
import { PROGRESS, RECALLS, type RecallProgress } from './recalls.ts';

/** All of a tenant, newest first, for administrators. */
export async function recallsOfTenant(reader: Reader, tenant: number, limit: number): Promise<RecallProgress[]> {
  return reader.rows(
    `SELECT ${PROGRESS} FROM ${RECALLS} WHERE r.tenant_id = $1 ORDER BY r.created_at DESC, r.id DESC LIMIT $2`,
    [tenant, limit],
  );
}

/** What an account asked for since `since` and nobody has asked to be restored, oldest first. */
export async function recallsToUndo(
  reader: Reader,
  tenant: number,
  account: number,
  since: Date,
): Promise<{ id: number; message_id: number; subject: string | null; created_at: Date; status: RecallStatus }[]> {
  return reader.rows(
    `SELECT r.id, r.message_id, r.subject, r.created_at, coalesce(s.status, 'sweeping') AS status FROM ${RECALLS}
     WHERE r.tenant_id = $1 AND r.requested_by = $2 AND r.created_at >= $3
       AND NOT EXISTS (SELECT FROM recall_restore x WHERE x.tenant_id = $1 AND x.recall_id = r.id) ORDER BY r.created_at, r.id`,
    [tenant, account, since],
  );
}

/** Of a tenant, whoever asked for them. */
export async function tenantRecallsByIds(reader: Reader, tenant: number, ids: number[]): Promise<RecallProgress[]> {
  return reader.rows(`SELECT ${PROGRESS} FROM ${RECALLS} WHERE r.tenant_id = $1 AND r.id = ANY ($2::bigint[])`, [
    tenant,
    ids,
  ]);
}

/** Recalls of messages that forward another's, taken along with it. */
export async function recallsForwarding(reader: Reader, tenant: number, id: number): Promise<RecallProgress[]> {
  return reader.rows(
    `SELECT ${PROGRESS} FROM ${RECALLS} WHERE r.tenant_id = $1 AND r.created_at >= (
       SELECT o.created_at FROM recall o WHERE o.tenant_id = $1 AND o.id = $2) AND r.forward_of = $2 ORDER BY r.id`,
    [tenant, id],
  );
}

/** The recalls that each of these took along. */
export async function forwardsTaken(reader: Reader, tenant: number, ids: number[]): Promise<Map<number, number[]>> {
  const rows = await reader.rows<{ of: number; ids: number[] }>(
    `SELECT forward_of AS of, array_agg(id ORDER BY id) AS ids FROM recall
     WHERE tenant_id = $1 AND forward_of = ANY ($2::bigint[]) GROUP BY forward_of`,
    [tenant, ids],
  );
  return new Map(rows.map((row) => [row.of, row.ids.map(Number)]));
}

export interface TenantRecallFilter {
  /** Of recalls, or of requests that have not become one. */
  status: string | null;
  byAdministrator: boolean | null;
  messageId: string | null;
  /** Whose sent message. */
  account: number | null;
  /** Who asked for it. */
  requestedBy: number | null;
  after: Date | null;
  before: Date | null;
}

/**
 * Numbers of a tenant's recalls, and of administrators' requests that have not become one (a request has its recall's
 * number), newest first, a page.
 */
export async function tenantRecallIds(
  reader: Reader,
  tenant: number,
  filter: TenantRecallFilter,
  page: { now: Date; position: number; limit: number },
): Promise<number[]> {
  const rows = await reader.rows<{ id: number }>(
    `SELECT id FROM (
       SELECT r.id, r.created_at, coalesce(s.status, 'sweeping') AS status, r.by_administrator, r.message_id_header, r.account_id, r.requested_by
       FROM ${RECALLS} WHERE r.tenant_id = $1
       UNION ALL
       SELECT q.id, q.created_at, CASE WHEN q.status <> 'pending' THEN q.status WHEN q.expires_at <= $9 THEN 'expired' ELSE 'waiting' END,
         true, m.message_id_header, coalesce(o.account_id, 0), q.requested_by
       FROM recall_request q LEFT JOIN message m ON m.tenant_id = $1 AND m.id = q.message_id
         LEFT JOIN submission o ON o.tenant_id = $1 AND o.id = q.message_id
       WHERE q.tenant_id = $1 AND q.status <> 'approved') x
     WHERE ($2::text IS NULL OR status = $2) AND ($3::boolean IS NULL OR by_administrator = $3) AND ($4::text IS NULL OR message_id_header = $4)
       AND ($5::int IS NULL OR account_id = $5) AND ($6::int IS NULL OR requested_by = $6)
       AND ($7::timestamptz IS NULL OR created_at >= $7) AND ($8::timestamptz IS NULL OR created_at < $8)
     ORDER BY created_at DESC, id DESC OFFSET $10 LIMIT $11`,
    [
      tenant,
      filter.status,
      filter.byAdministrator,
      filter.messageId,
      filter.account,
      filter.requestedBy,
      filter.after,
      filter.before,
      page.now,
      page.position,
      page.limit,
    ],
  );
  return rows.map((row) => row.id);
}
