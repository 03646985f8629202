// Ranges of deliveries that wait to be worked through. A worker claims one with SKIP LOCKED and deletes it in the
// transaction that has done it: whatever crashes, each range is done exactly once, and by as many workers as there are.

import type { Reader, Transaction } from './postgres.ts';
import { together } from './together.ts';

export type WorkKind = 'fanout' | 'sweep' | 'replace' | 'restore';

export interface Range {
  tenant: number;
  /** message_id for fanout and replace, recall_id for sweep and restore. */
  of: number;
  /** Deliveries `from` to `to`, both included. */
  from: number;
  to: number;
}

/** Adds deliveries `from` to `to`, cut into ranges of at most `size`. */
export async function addWork(
  tx: Transaction,
  kind: WorkKind,
  range: Range,
  size: number,
  { notBefore = null, inFlight = false }: { notBefore?: Date | null; inFlight?: boolean } = {},
): Promise<void> {
  await tx.run(
    `INSERT INTO work (tenant_id, kind, of_id, from_n, to_n, not_before, in_flight)
     SELECT $1, $2, $3, n, least(n::bigint + $6 - 1, $5)::int, $7, $8 FROM generate_series($4::int, $5::int, $6::int) AS n`,
    [range.tenant, kind, range.of, range.from, range.to, size, notBefore, inFlight],
  );
}

/** Cuts what waits of a message or recall into ranges of at most `size`; a range that somebody is at stays as it is. */
export async function cutWork(
  tx: Transaction,
  kind: WorkKind,
  tenant: number,
  of: number,
  size: number,
): Promise<void> {
  const long = await tx.rows<{ id: number; from: number; to: number }>(
    `SELECT id, from_n AS from, to_n AS to FROM work
     WHERE tenant_id = $1 AND kind = $2 AND of_id = $3 AND to_n - from_n >= $4 AND not_before IS NULL FOR UPDATE SKIP LOCKED`,
    [tenant, kind, of, size],
  );
  for (const { id, from, to } of long) {
    await together(
      tx.run(`DELETE FROM work WHERE tenant_id = $1 AND kind = $2 AND of_id = $3 AND id = $4`, [tenant, kind, of, id]),
      addWork(tx, kind, { tenant, of, from, to }, size),
    );
  }
}

/** A range whose transaction failed comes back later as two halves: what is at fault is soon alone. */
export async function halveWork(tx: Transaction, kind: WorkKind, range: Range, notBefore: Date): Promise<void> {
  const taken = await tx.row<{ id: number; in_flight: boolean }>(
    `SELECT id, in_flight FROM work WHERE tenant_id = $1 AND kind = $2 AND of_id = $3 AND from_n = $4 AND to_n = $5 LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [range.tenant, kind, range.of, range.from, range.to],
  );
  if (!taken) return; // another worker has it
  await tx.run(`DELETE FROM work WHERE tenant_id = $1 AND kind = $2 AND of_id = $3 AND id = $4`, [
    range.tenant,
    kind,
    range.of,
    taken.id,
  ]);
  await addWork(tx, kind, range, Math.ceil((range.to - range.from + 1) / 2), {
    notBefore,
    inFlight: taken.in_flight,
  });
}

/** Nothing of this kind is left to do for a message or recall. */
export async function isWorkDone(reader: Reader, kind: WorkKind, tenant: number, of: number): Promise<boolean> {
  const left = await reader.row(`SELECT 1 FROM work WHERE tenant_id = $1 AND kind = $2 AND of_id = $3 LIMIT 1`, [
    tenant,
    kind,
    of,
  ]);
  return left === undefined;
}

/** What is due of some kinds, each message or recall once, at most 100: for a look before any transaction is begun. */
export async function dueWork(
  reader: Reader,
  kinds: WorkKind[],
  now: Date,
): Promise<{ kind: WorkKind; tenant: number; of: number }[]> {
  return reader.rows(
    `SELECT DISTINCT kind, tenant_id AS tenant, of_id AS of FROM work
     WHERE kind = ANY ($1::work_kind[]) AND (not_before IS NULL OR not_before <= $2) LIMIT 100`,
    [kinds, now],
  );
}

/**
 * Claims and removes one due range; it comes back if the transaction fails. Half of the time the first ranges go first,
 * so that a small recall does not wait for a large one to end; half of the time the longest, so that many small ones do
 * not keep a large one from beginning.
 */
export async function takeWork(
  tx: Transaction,
  kind: WorkKind,
  now: Date,
  longest = Math.random() < 0.5,
): Promise<Range | undefined> {
  const range = await tx.row<Range & { id: number }>(
    `SELECT tenant_id AS tenant, of_id AS of, from_n AS from, to_n AS to, id FROM work
     WHERE kind = $1 AND (not_before IS NULL OR not_before <= $2)
     ORDER BY CASE WHEN $3 THEN from_n - to_n ELSE from_n END, id LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [kind, now, longest],
  );
  if (range) {
    await tx.run(`DELETE FROM work WHERE tenant_id = $1 AND kind = $2 AND of_id = $3 AND id = $4`, [
      range.tenant,
      kind,
      range.of,
      range.id,
    ]);
  }
  return range;
}

/** Consecutive numbers of an ascending list as ranges: 1 2 3 7 → [1, 3], [7, 7]. */
export function toRanges(numbers: number[]): [from: number, to: number][] {
  const ranges: [number, number][] = [];
  for (const n of numbers) {
    const last = ranges.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return ranges;
}
