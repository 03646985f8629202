// Waits until nothing is left to do: for as long as it takes, if only it goes on.

import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/server.ts';
import type { Place } from './place.ts';

/** Without any progress for so long, it has come to a stop. More than all leases, ticks and looks for what others left. */
const PATIENCE_MS = 120_000;

/** What is left, each a count; all zero: it is at rest. */
const LEFT = `SELECT (SELECT count(*) FROM work)::int AS work, (SELECT count(*) FROM gate)::int AS gates,
  (SELECT count(*) FROM recall r LEFT JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id
   WHERE s.status IS NULL OR s.status = 'sweeping')::int AS recalls,
  (SELECT count(*) FROM recall r JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id
   WHERE s.done_at IS NOT NULL AND r.notify_me AND s.reported_at IS NULL)::int AS reports,
  (SELECT count(*) FROM delivery WHERE state IN ('held', 'queued', 'sending'))::int AS deliveries,
  (SELECT count(*) FROM recall_restore WHERE done_at IS NULL)::int AS restores`;

/** Changes whenever something is done, and with nothing that only goes round: not by looking again, not by claiming and putting back. */
const DONE = `SELECT (SELECT count(*) FROM outcome)::int AS outcomes, (SELECT coalesce(sum(to_n::bigint - from_n), 0) + count(*) FROM work)::text AS work,
  (SELECT jsonb_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM delivery WHERE state <> 'sending' GROUP BY state) AS x) AS deliveries,
  (SELECT count(*) FROM recall_state WHERE done_at IS NOT NULL)::int AS recalls, (SELECT count(*) FROM recall_state WHERE reported_at IS NOT NULL)::int AS reports,
  (SELECT count(*) FROM recall_restore WHERE done_at IS NOT NULL)::int AS restores, (SELECT count(*) FROM vault)::int AS vault`;

/** What waits for a date need not wait: dates are of clocks that were moved, and of attempts that were put off. */
const DATES = [
  `UPDATE delivery SET due_at = now() WHERE state IN ('held', 'queued') AND account_id IS NULL AND due_at > now()`,
  `UPDATE work SET not_before = now() WHERE not_before > now() + interval '2 seconds'`,
  `UPDATE recall_state SET done_at = now() WHERE done_at > now() AND reported_at IS NULL`,
];

/** One by one, for whoever has to find out why. */
const DETAILS: Record<string, string> = {
  recalls: `SELECT r.id, s.status, r.total, r.all_recipients, now() - r.gated_at AS age,
      (SELECT count(*) FROM outcome o WHERE o.tenant_id = r.tenant_id AND o.recall_id = r.id)::int AS outcomes,
      (SELECT count(*) FROM gate g WHERE g.tenant_id = r.tenant_id AND g.recall_id = r.id)::int AS gates
    FROM recall r LEFT JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id
    WHERE s.status IS NULL OR s.status = 'sweeping' OR (r.notify_me AND s.reported_at IS NULL) ORDER BY r.gated_at LIMIT 10`,
  work: `SELECT *, not_before - now() AS waits FROM work ORDER BY id LIMIT 10`,
  gates: `SELECT * FROM gate LIMIT 10`,
  deliveries: `SELECT message_id, n, account_id, state, attempts, maybe_sent, due_at - now() AS due_in, lease_until - now() AS lease, remote_reply
    FROM delivery WHERE state IN ('held', 'queued', 'sending') ORDER BY message_id, n LIMIT 10`,
  restores: `SELECT *, now() - created_at AS age FROM recall_restore WHERE done_at IS NULL LIMIT 10`,
  sessions: `SELECT pid, state, wait_event_type, wait_event, now() - xact_start AS lasts, pg_blocking_pids(pid) AS waits_for, left(query, 200) AS query
    FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 20`,
};

/** Servers are up and clocks are right. Throws, and says what is left, if nothing goes on any more. Answers how long it took, milliseconds. */
export async function comeToRest(place: Place, say: (line: string) => void, patienceMs = PATIENCE_MS): Promise<number> {
  const began = performance.now();
  await Promise.all(place.servers.map((server) => server.end('SIGTERM')));
  say('servers have ended');
  place.moveClock(0);
  await until('the database is back', async () => (await place.sql('SELECT 1')).length === 1, patienceMs);
  await place.sql(`UPDATE delivery SET lease_until = now() WHERE state = 'sending'`);
  await Promise.all(place.servers.map((server) => server.start()));
  say('servers are back');
  let moved = performance.now();
  let before = '';
  let said = moved;
  for (;;) {
    for (const date of DATES) await place.sql(date);
    const [left = {}] = await place.sql<Record<string, number>>(LEFT);
    if (Object.values(left).every((count) => count === 0)) return performance.now() - began;
    const done = JSON.stringify(await place.sql(DONE));
    const now = performance.now();
    if (done !== before) moved = now;
    before = done;
    if (now - said > 10_000) {
      said = now;
      say(`left to do: ${JSON.stringify(left)}`);
    }
    if (now - moved > patienceMs) throw new Error(await whatIsLeft(place, left));
    await sleep(200);
  }
}

async function whatIsLeft(place: Place, left: object): Promise<string> {
  const found: Record<string, unknown> = { left, now: new Date() };
  for (const [what, sql] of Object.entries(DETAILS)) found[what] = await place.sql(sql);
  return `it does not come to rest: ${JSON.stringify({ ...found, errors: place.errors.slice(-10) }, null, 1)}`;
}
