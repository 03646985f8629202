// What is counted across all tenants for whoever watches over the server.

import type { Reader } from './postgres.ts';

export interface Figures {
  databaseBytes: number;
  /** Deliveries to other servers, by state. */
  outgoing: { state: 'held' | 'queued' | 'sending'; count: number }[];
  /** When the queued delivery that has waited longest was due. */
  overdueSince: Date | null;
  work: { kind: 'fanout' | 'sweep' | 'replace' | 'restore'; count: number }[];
  gates: number;
  recallsOpen: number;
  recallOpenSince: Date | null;
}

/** By partial indexes that hold only what waits: no table is read that grows with the mail. */
export async function figures(reader: Reader): Promise<Figures> {
  const [outgoing, sending, work, open] = await Promise.all([
    reader.rows<{ state: 'held' | 'queued'; count: number; since: Date | null }>(
      `SELECT state, count(*)::int AS count, min(due_at) AS since FROM delivery
       WHERE account_id IS NULL AND due_at IS NOT NULL AND state IN ('held', 'queued') GROUP BY state`,
    ),
    reader.row<{ count: number }>(
      `SELECT count(*)::int AS count FROM delivery WHERE lease_until IS NOT NULL AND state = 'sending'`,
    ),
    reader.rows<Figures['work'][number]>(`SELECT kind, count(*)::int AS count FROM work GROUP BY kind`),
    reader.row<{ bytes: number; gates: number; count: number; since: Date | null }>(
      `SELECT pg_database_size(current_database()) AS bytes, (SELECT count(*)::int FROM gate) AS gates,
         count(*)::int AS count, min(r.gated_at) AS since
       FROM recall_state s JOIN recall r ON r.tenant_id = s.tenant_id AND r.id = s.recall_id WHERE s.status = 'sweeping'`,
    ),
  ]);
  const count = <K extends string>(rows: { count: number }[], key: string, words: readonly K[]): [K, number][] =>
    words.map((word) => [word, rows.find((row) => (row as Record<string, unknown>)[key] === word)?.count ?? 0]);
  return {
    databaseBytes: open?.bytes ?? 0,
    outgoing: [
      ...count(outgoing, 'state', ['held', 'queued'] as const).map(([state, n]) => ({ state, count: n })),
      { state: 'sending', count: sending?.count ?? 0 },
    ],
    overdueSince: outgoing.find((row) => row.state === 'queued')?.since ?? null,
    work: count(work, 'kind', ['fanout', 'sweep', 'replace', 'restore'] as const).map(([kind, n]) => ({
      kind,
      count: n,
    })),
    gates: open?.gates ?? 0,
    recallsOpen: open?.count ?? 0,
    recallOpenSince: open?.since ?? null,
  };
}
