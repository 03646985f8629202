// How many recalls a tenant has, how quick they are and what came of them, over periods.

import type { Outcome } from '../mail/recall.ts';
import type { Reader } from './postgres.ts';
import { RECALLS } from './recalls.ts';

/** Milliseconds; null: of none. */
export interface Quantiles {
  p50: number | null;
  p95: number | null;
}

export interface RecallStatistics {
  recalls: number;
  /** Of those, administrators'; not done yet. */
  byAdministrator: number;
  underWay: number;
  recipients: number;
  counts: Partial<Record<Outcome, number>>;
  /** From asking to the gate; to the last outcome, of those that came to their end without being cancelled. */
  gateMs: Quantiles;
  doneMs: Quantiles;
}

interface Row extends Omit<RecallStatistics, 'counts' | 'gateMs' | 'doneMs'> {
  /** Null: all periods together. */
  period: number | null;
  gate50: number | null;
  gate95: number | null;
  done50: number | null;
  done95: number | null;
}

/**
 * `bounds`: ascending; between each two is a period, the first bound included. Answers as many statistics as there are
 * periods, and those of all together.
 */
export async function recallStatistics(
  reader: Reader,
  tenant: number,
  bounds: Date[],
): Promise<{ periods: RecallStatistics[]; total: RecallStatistics }> {
  const params = [tenant, bounds, bounds[0], bounds.at(-1)];
  const rows = await reader.rows<Row>(
    `SELECT period, count(*)::int AS recalls, (count(*) FILTER (WHERE by_administrator))::int AS "byAdministrator",
       (count(*) FILTER (WHERE status = 'sweeping'))::int AS "underWay", coalesce(sum(total), 0) AS recipients,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY gate_ms) AS gate50, percentile_cont(0.95) WITHIN GROUP (ORDER BY gate_ms) AS gate95,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY done_ms) AS done50, percentile_cont(0.95) WITHIN GROUP (ORDER BY done_ms) AS done95
     FROM (
       SELECT width_bucket(r.created_at, $2::timestamptz[]) AS period, r.total, r.by_administrator, coalesce(s.status, 'sweeping') AS status,
         (extract(epoch FROM r.gated_at - r.created_at) * 1000)::float8 AS gate_ms,
         CASE WHEN s.status = 'done' THEN (extract(epoch FROM s.done_at - r.created_at) * 1000)::float8 END AS done_ms
       FROM ${RECALLS} WHERE r.tenant_id = $1 AND r.created_at >= $3 AND r.created_at < $4) x
     GROUP BY GROUPING SETS ((period), ())`,
    params,
  );
  const outcomes = await reader.rows<{ period: number; outcome: Outcome; count: number }>(
    `SELECT width_bucket(r.created_at, $2::timestamptz[]) AS period, c.key AS outcome, sum(c.value::bigint)::bigint AS count
     FROM ${RECALLS}, jsonb_each_text(coalesce(s.counts, '{}')) AS c WHERE r.tenant_id = $1 AND r.created_at >= $3 AND r.created_at < $4
     GROUP BY 1, 2`,
    params,
  );
  const of = (period: number | null): RecallStatistics => {
    const row = rows.find((one) => one.period === period);
    const counts: Partial<Record<Outcome, number>> = {};
    for (const { outcome, count, period: its } of outcomes)
      if (period === null || its === period) counts[outcome] = (counts[outcome] ?? 0) + count;
    return {
      recalls: row?.recalls ?? 0,
      byAdministrator: row?.byAdministrator ?? 0,
      underWay: row?.underWay ?? 0,
      recipients: row?.recipients ?? 0,
      counts,
      gateMs: { p50: row?.gate50 ?? null, p95: row?.gate95 ?? null },
      doneMs: { p50: row?.done50 ?? null, p95: row?.done95 ?? null },
    };
  };
  return { periods: bounds.slice(1).map((_, i) => of(i + 1)), total: of(null) };
}
