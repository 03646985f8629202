// What EmailSubmission/query looks for, as SQL (RFC 8621 §7.3). An account may have sent for years.

import type { AccountKey } from './exposure.ts';
import type { Reader } from './postgres.ts';

/** Ids as the store has them. */
export type SubmissionFilter =
  | { kind: 'and' | 'or' | 'not'; of: SubmissionFilter[] }
  | { kind: 'identity' | 'email' | 'thread'; ids: number[] }
  | { kind: 'undoStatus'; value: string }
  | { kind: 'before' | 'after'; date: Date };

export interface SubmissionSort {
  by: 'email' | 'thread' | 'sendAt';
  ascending: boolean;
}

const COLUMN = { identity: 'identity_id', email: 'email_id', thread: 'thread_id', sendAt: 'send_at' } as const;

/** Ids in order, and the state they are of. Without a sort: oldest first. */
export async function querySubmissions(
  reader: Reader,
  at: AccountKey,
  filter: SubmissionFilter,
  sorts: SubmissionSort[],
): Promise<{ state: number; ids: number[] }> {
  const params: unknown[] = [at.tenant, at.account];
  const order = [...sorts.map(({ by, ascending }) => `${COLUMN[by]} ${ascending ? 'ASC' : 'DESC'} NULLS LAST`), 'id'];
  const rows = await reader.unprepared<{ state: number; ids: number[] | null }>(
    `SELECT coalesce(max(modseq), 0) AS state, array_agg(id ORDER BY ${order.join(', ')}) FILTER (WHERE ${sqlOf(filter, params)}) AS ids
     FROM submission WHERE tenant_id = $1 AND account_id = $2`,
    params,
  );
  return { state: rows[0]?.state ?? 0, ids: (rows[0]?.ids ?? []).map(Number) };
}

/** True or false, never null, so that NOT may stand before it. */
function sqlOf(filter: SubmissionFilter, params: unknown[]): string {
  const value = (one: unknown, type: string): string => `$${params.push(one)}::${type}`;
  switch (filter.kind) {
    case 'and':
      return filter.of.length === 0 ? 'true' : `(${filter.of.map((one) => sqlOf(one, params)).join(' AND ')})`;
    case 'or':
      return filter.of.length === 0 ? 'false' : `(${filter.of.map((one) => sqlOf(one, params)).join(' OR ')})`;
    case 'not':
      return filter.of.length === 0 ? 'true' : `NOT (${filter.of.map((one) => sqlOf(one, params)).join(' OR ')})`;
    case 'identity':
    case 'email':
    case 'thread':
      return `coalesce(${COLUMN[filter.kind]} = ANY (${value(filter.ids, 'bigint[]')}), false)`;
    case 'undoStatus':
      return `undo_status = ${value(filter.value, 'text')}`;
    case 'before':
      return `send_at < ${value(filter.date, 'timestamptz')}`;
    case 'after':
      return `send_at >= ${value(filter.date, 'timestamptz')}`;
  }
}
