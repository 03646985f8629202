// The audit log: append-only (a trigger refuses anything else) and hash-chained within the tenant, so that a line
// cannot be changed, dropped or put in afterwards without every later hash being wrong.

import { createHash } from 'node:crypto';
import type { Reader, Transaction } from './postgres.ts';

export interface AuditEntry {
  at: Date;
  /** Who: an address, or "homing" for the server itself. */
  actor: string;
  /** What: "recall.created", "recall.refused", "policy.changed", … */
  action: string;
  /** To what: an id or an address. */
  subject: string;
  detail: Record<string, unknown>;
}

export interface AuditRecord extends AuditEntry {
  seq: number;
  hash: Buffer;
}

/** The hash before the first entry. */
export const GENESIS = Buffer.alloc(32);

/**
 * Appends one entry, as the last thing its transaction does. The head's lock is the last in the lock order, and it is
 * every other writer's too: it is taken with the commit, by one statement that makes the link by itself.
 */
export function appendAudit(tx: Transaction, tenant: number, entry: AuditEntry): void {
  const { at, actor, action, subject, detail } = entry;
  void tx.last.run(
    `WITH head AS (
       INSERT INTO audit_head AS h VALUES ($1, 1, sha256($2::bytea || int8send(1) || $3))
       ON CONFLICT (tenant_id) DO UPDATE SET seq = h.seq + 1, hash = sha256(h.hash || int8send(h.seq + 1) || $3)
       RETURNING seq, hash)
     INSERT INTO audit (tenant_id, seq, at, actor, action, subject, detail, hash)
     SELECT $1, head.seq, $4, $5, $6, $7, $8, head.hash FROM head`,
    [tenant, GENESIS, digestOf(tenant, entry), at, actor, action, subject, JSON.stringify(detail)],
  );
}

/** SHA-256 over an entry in a canonical form (keys sorted, time in milliseconds). */
function digestOf(tenant: number, { at, actor, action, subject, detail }: AuditEntry): Buffer {
  const text = JSON.stringify([tenant, at.getTime(), actor, action, subject, canonical(detail)]);
  return createHash('sha256').update(text).digest();
}

/** The chain's link: SHA-256 over the hash before it, the number (8 octets, most significant first) and the entry's. */
function linkOf(previous: Buffer, seq: number, digest: Buffer): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigInt64BE(BigInt(seq));
  return createHash('sha256').update(previous).update(number).update(digest).digest();
}

/** As PostgreSQL's jsonb gives it back, in an order of ours. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => canonical(item ?? null));
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, canonical(item)]);
}

const COLUMNS = 'seq, at, actor, action, subject, detail, hash';

/** Entries after `after`, oldest first. */
export async function auditPage(reader: Reader, tenant: number, after: number, limit: number): Promise<AuditRecord[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM audit WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`, [
    tenant,
    after,
    limit,
  ]);
}

/** All entries of these subjects, oldest first. */
export async function auditOfSubjects(reader: Reader, tenant: number, subjects: string[]): Promise<AuditRecord[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM audit WHERE tenant_id = $1 AND subject = ANY ($2::text[]) ORDER BY seq`, [
    tenant,
    subjects,
  ]);
}

/** Does an entry follow from the hash before it? For a log that was exported. */
export function followsFrom(previous: Buffer, tenant: number, record: AuditRecord): boolean {
  return linkOf(previous, record.seq, digestOf(tenant, record)).equals(record.hash);
}

export interface AuditFilter {
  /** Part of who, any case; the beginning of what ("recall."); part of to what, any case. */
  actor: string | null;
  action: string | null;
  subject: string | null;
  /** At or after; before. */
  after: Date | null;
  before: Date | null;
  /** Numbers, both included. */
  minSeq: number | null;
  maxSeq: number | null;
}

/** Numbers of entries, newest first or oldest first. */
export async function auditFound(
  reader: Reader,
  tenant: number,
  filter: AuditFilter,
  page: { ascending: boolean; limit: number },
): Promise<number[]> {
  const rows = await reader.rows<{ seq: number }>(
    `SELECT seq FROM audit WHERE tenant_id = $1 AND ($2::text IS NULL OR strpos(lower(actor), lower($2)) > 0)
       AND ($3::text IS NULL OR starts_with(action, $3)) AND ($4::text IS NULL OR strpos(lower(subject), lower($4)) > 0)
       AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
       AND seq >= coalesce($7::bigint, 0) AND ($8::bigint IS NULL OR seq <= $8)
     ORDER BY seq ${page.ascending ? 'ASC' : 'DESC'} LIMIT $9`,
    [
      tenant,
      filter.actor,
      filter.action,
      filter.subject,
      filter.after,
      filter.before,
      filter.minSeq,
      filter.maxSeq,
      page.limit,
    ],
  );
  return rows.map((row) => row.seq);
}

export async function auditByNumbers(reader: Reader, tenant: number, numbers: number[]): Promise<AuditRecord[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM audit WHERE tenant_id = $1 AND seq = ANY ($2::bigint[])`, [
    tenant,
    numbers,
  ]);
}

/** How far each tenant's log goes. */
export async function auditHeads(reader: Reader): Promise<Map<number, number>> {
  const rows = await reader.rows<{ tenant_id: number; seq: number }>(`SELECT tenant_id, seq FROM audit_head`, []);
  return new Map(rows.map((row) => [row.tenant_id, row.seq]));
}

/** Is there an entry after `seq` whose action is not of the pattern `others`? */
export async function isAuditedBeside(reader: Reader, tenant: number, seq: number, others: string): Promise<boolean> {
  const row = await reader.row<{ is: boolean }>(
    `SELECT EXISTS (SELECT FROM audit WHERE tenant_id = $1 AND seq > $2 AND action !~ $3) AS is`,
    [tenant, seq, others],
  );
  return row?.is ?? false;
}

export type AuditVerdict =
  | { intact: true; entries: number }
  | { intact: false; entries: number; brokenAt: number; why: string };

/** Walks the whole chain of a tenant and compares its end with the head. */
export async function verifyAudit(reader: Reader, tenant: number): Promise<AuditVerdict> {
  const head = await reader.row<{ seq: number; hash: Buffer }>(
    `SELECT seq, hash FROM audit_head WHERE tenant_id = $1`,
    [tenant],
  );
  let previous: Buffer = GENESIS;
  let entries = 0;
  for (;;) {
    const page = await auditPage(reader, tenant, entries, 1000);
    for (const record of page) {
      if (record.seq > (head?.seq ?? 0)) return { intact: true, entries }; // appended while we walked
      const broken = (why: string): AuditVerdict => ({ intact: false, entries, brokenAt: entries + 1, why });
      if (record.seq !== entries + 1) return broken(`entry ${entries + 1} is missing`);
      if (!linkOf(previous, record.seq, digestOf(tenant, record)).equals(record.hash))
        return broken('its content was changed, or it does not follow from the entry before it');
      previous = record.hash;
      entries++;
    }
    if (page.length === 0) break;
  }
  if (entries !== (head?.seq ?? 0) || (head && !head.hash.equals(previous))) {
    return { intact: false, entries, brokenAt: entries + 1, why: 'the end of the log is missing' };
  }
  return { intact: true, entries };
}
