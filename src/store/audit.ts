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
  previous: Buffer;
  hash: Buffer;
}

const GENESIS = Buffer.alloc(32);

/** Appends one entry. Takes the head's lock, the last in the lock order: nothing else is to be locked after it. */
export async function appendAudit(tx: Transaction, tenant: number, entry: AuditEntry): Promise<void> {
  const head =
    (await lockHead(tx, tenant)) ??
    (await tx.run(`INSERT INTO audit_head VALUES ($1, 0, $2) ON CONFLICT DO NOTHING`, [tenant, GENESIS]),
    await lockHead(tx, tenant));
  if (head === undefined) throw new Error('no audit head');
  const seq = head.seq + 1;
  const hash = auditHash(tenant, seq, entry, head.hash);
  await tx.rows(
    `WITH head AS (UPDATE audit_head SET seq = $2, hash = $9 WHERE tenant_id = $1)
     INSERT INTO audit (tenant_id, seq, at, actor, action, subject, detail, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [tenant, seq, entry.at, entry.actor, entry.action, entry.subject, JSON.stringify(entry.detail), head.hash, hash],
  );
}

async function lockHead(tx: Transaction, tenant: number): Promise<{ seq: number; hash: Buffer } | undefined> {
  return tx.row(`SELECT seq, hash FROM audit_head WHERE tenant_id = $1 FOR UPDATE`, [tenant]);
}

/** SHA-256 over the previous hash and the entry in a canonical form (keys sorted, time in milliseconds). */
function auditHash(tenant: number, seq: number, entry: AuditEntry, previous: Buffer): Buffer {
  const { at, actor, action, subject, detail } = entry;
  return createHash('sha256')
    .update(previous)
    .update(JSON.stringify([tenant, seq, at.getTime(), actor, action, subject, canonical(detail)]))
    .digest();
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

const COLUMNS = 'seq, at, actor, action, subject, detail, previous, hash';

/** Entries after `after`, oldest first. */
export async function auditPage(reader: Reader, tenant: number, after: number, limit: number): Promise<AuditRecord[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM audit WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`, [
    tenant,
    after,
    limit,
  ]);
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
      if (!record.previous.equals(previous)) return broken('it does not follow from the entry before it');
      if (!auditHash(tenant, record.seq, record, previous).equals(record.hash))
        return broken('its content was changed');
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
