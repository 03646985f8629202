// Recalls: the promises of the specification (docs/recall.md), read off the tables.

import type { Check, Moment } from './check.ts';

const DAY_MS = 86_400_000;

const daysBefore = ({ now }: Moment, days: number): Date => new Date(now.getTime() - days * DAY_MS);

/** What ended before is being forgotten, or has been: upkeep's rule. */
const remembered = (at: Moment): Date =>
  daysBefore(at, Math.max(at.policy.trackingRetentionDays, at.policy.maxAgeDays + 1));

/** Recalls `r` with their progress `s`, which a recall just asked for has not yet. */
const RECALLS = `recall r LEFT JOIN recall_state s ON s.tenant_id = $1 AND s.recall_id = r.id`;

const UNDER_WAY = `coalesce(s.status, 'sweeping') = 'sweeping'`;

/** Number `n` is in scope of recall `r`. */
const inScope = (n: string): string =>
  `(r.all_recipients OR EXISTS (SELECT FROM recall_scope x WHERE x.tenant_id = $1 AND x.recall_id = r.id AND x.n = ${n}))`;

/** Deliveries `d` in scope of recalls under way that are not decided. */
const UNDECIDED = `${RECALLS} JOIN delivery d ON d.tenant_id = $1 AND d.message_id = r.message_id
  WHERE r.tenant_id = $1 AND ${UNDER_WAY} AND ${inScope('d.n')}
    AND NOT EXISTS (SELECT FROM outcome o WHERE o.tenant_id = $1 AND o.recall_id = r.id AND o.n = d.n)`;

export const RECALL_CHECKS: Check[] = [
  {
    name: 'gate-hides',
    says: 'P1: what a gate covers is in no program’s sight',
    // Written the other way round than the view is.
    sql: `SELECT c.account_id, c.email_id, g.recall_id FROM visible_copy c JOIN gate g ON g.tenant_id = $1 AND g.message_id = c.message_id
      LEFT JOIN outcome o ON o.tenant_id = $1 AND o.recall_id = g.recall_id AND o.n = c.delivery_n
      WHERE c.tenant_id = $1 AND c.delivery_n IS NOT NULL AND o.n IS NULL AND (c.opened_at IS NULL OR g.include_read)
        AND (g.all_recipients OR c.delivery_n IN (SELECT n FROM recall_scope s WHERE s.tenant_id = $1 AND s.recall_id = g.recall_id))`,
  },
  {
    name: 'gate-of-recall',
    says: 'every gate is of a recall under way, and as wide as that',
    sql: `SELECT g.message_id, g.recall_id, r.message_id AS recalled, s.status FROM gate g
      LEFT JOIN recall r ON r.tenant_id = $1 AND r.id = g.recall_id LEFT JOIN recall_state s ON s.tenant_id = $1 AND s.recall_id = g.recall_id
      WHERE g.tenant_id = $1 AND (r.message_id IS DISTINCT FROM g.message_id OR r.all_recipients <> g.all_recipients
        OR r.include_read <> g.include_read OR NOT ${UNDER_WAY})`,
  },
  {
    name: 'gate-stands',
    says: 'P1: while a recall has an account here undecided, its gate stands',
    sql: `SELECT r.id AS recall_id, r.message_id, d.n, d.recipient FROM ${UNDECIDED} AND d.account_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM gate g WHERE g.tenant_id = $1 AND g.message_id = r.message_id AND g.recall_id = r.id)`,
  },
  {
    name: 'recall-to-do',
    says: 'P2: each delivery in scope of a recall under way has its outcome, or is in a range of the sweep',
    sql: `SELECT r.id AS recall_id, r.message_id, d.n, d.recipient FROM ${UNDECIDED}
      AND NOT EXISTS (SELECT FROM work w WHERE w.tenant_id = $1 AND w.kind = 'sweep' AND w.of_id = r.id AND d.n BETWEEN w.from_n AND w.to_n)`,
  },
  {
    name: 'recall-once',
    says: 'a message has at most one recall under way',
    sql: `SELECT r.message_id, array_agg(r.id ORDER BY r.id) AS recalls FROM ${RECALLS} WHERE r.tenant_id = $1 AND ${UNDER_WAY}
      GROUP BY r.message_id HAVING count(*) > 1`,
  },
  {
    name: 'outcomes-complete',
    says: 'P2: a recall that has ended has one outcome for each delivery in scope, and counts them',
    sql: `SELECT r.id AS recall_id, s.status, r.total, coalesce(o.total, 0) AS outcomes, s.counts, o.counts AS counted FROM ${RECALLS}
      LEFT JOIN (SELECT recall_id, sum(n)::int AS total, jsonb_object_agg(outcome, n) AS counts
        FROM (SELECT recall_id, outcome, count(*)::int AS n FROM outcome WHERE tenant_id = $1 GROUP BY recall_id, outcome) x GROUP BY recall_id) o ON o.recall_id = r.id
      WHERE r.tenant_id = $1 AND NOT ${UNDER_WAY} AND s.done_at >= $2 AND (coalesce(o.total, 0) <> r.total OR coalesce(o.counts, '{}') <> s.counts)`,
    since: remembered,
  },
  {
    name: 'outcomes-in-scope',
    says: 'P2: no outcome is of another delivery than those in scope of its recall',
    sql: `SELECT o.recall_id, o.n, o.outcome, r.message_id FROM outcome o
      LEFT JOIN recall r ON r.tenant_id = $1 AND r.id = o.recall_id
      LEFT JOIN delivery d ON d.tenant_id = $1 AND d.message_id = r.message_id AND d.n = o.n
      WHERE o.tenant_id = $1 AND (r.id IS NULL OR d.n IS NULL OR (r.all_recipients AND o.n > r.total) OR NOT ${inScope('o.n')})`,
  },
  {
    name: 'scope-counted',
    says: 'a recall counts the deliveries in its scope',
    sql: `SELECT r.id AS recall_id, r.total, x.listed FROM recall r, LATERAL (
        SELECT count(*)::int AS listed FROM recall_scope x WHERE x.tenant_id = $1 AND x.recall_id = r.id) x
      WHERE r.tenant_id = $1 AND x.listed <> CASE WHEN r.all_recipients THEN 0 ELSE r.total END`,
  },
  {
    name: 'recall-rows',
    says: 'progress, scope, cancellation and restore are of a recall that is there',
    sql: ['recall_state', 'recall_scope', 'recall_cancel', 'recall_restore']
      .map(
        (table) =>
          `SELECT DISTINCT '${table}' AS what, x.recall_id FROM ${table} x
           WHERE x.tenant_id = $1 AND NOT EXISTS (SELECT FROM recall r WHERE r.tenant_id = $1 AND r.id = x.recall_id)`,
      )
      .join(' UNION ALL '),
  },
  {
    name: 'outcome-of-exposure',
    says: 'P3: recalled is said of what was not opened, or with read copies in scope; kept-read of what was opened',
    sql: `SELECT o.recall_id, o.n, o.outcome, o.exposure, r.include_read FROM outcome o JOIN recall r ON r.tenant_id = $1 AND r.id = o.recall_id
      WHERE o.tenant_id = $1 AND ((o.outcome = 'recalled' AND o.exposure = 'opened' AND NOT r.include_read)
        OR (o.outcome = 'kept-read' AND (o.exposure <> 'opened' OR r.include_read)))`,
  },
  {
    name: 'outcome-of-delivery',
    says: 'P4: an outcome is what its delivery bears out; intercepted is never said of what went out or may have',
    sql: `SELECT o.recall_id, o.n, o.outcome, d.state, d.maybe_sent, d.account_id FROM outcome o
      JOIN recall r ON r.tenant_id = $1 AND r.id = o.recall_id
      JOIN delivery d ON d.tenant_id = $1 AND d.message_id = r.message_id AND d.n = o.n
      WHERE o.tenant_id = $1 AND NOT CASE
        WHEN o.outcome = 'intercepted' THEN d.state = 'stopped' AND NOT d.maybe_sent
        WHEN o.outcome = 'not-delivered' THEN d.state = 'failed' AND NOT d.maybe_sent
        WHEN o.outcome = 'outside' THEN d.state = 'delivered' AND d.account_id IS NULL
        WHEN o.outcome = 'outside-unknown' THEN d.maybe_sent
        WHEN o.outcome IN ('cancelled', 'failed') THEN true
        ELSE d.state = 'delivered' AND d.account_id IS NOT NULL END`,
  },
  {
    name: 'recalled-is-gone',
    says: 'P5: no copy is left of a delivery where the last word on it is recalled',
    sql: `SELECT c.account_id, c.mailbox_id, c.uid, c.email_id, c.message_id, c.delivery_n, last.recall_id FROM copy c JOIN LATERAL (
        SELECT o.recall_id, o.outcome, o.restored_at FROM outcome o JOIN recall r ON r.tenant_id = $1 AND r.id = o.recall_id
        WHERE o.tenant_id = $1 AND o.n = c.delivery_n AND r.message_id = c.message_id ORDER BY r.gated_at DESC, o.recall_id DESC LIMIT 1) AS last ON true
      WHERE c.tenant_id = $1 AND c.delivery_n IS NOT NULL AND last.outcome = 'recalled' AND last.restored_at IS NULL
        -- Given back by a restore that was asked for after all recalls.
        AND NOT EXISTS (SELECT FROM recall_restore x JOIN recall r ON r.tenant_id = $1 AND r.id = x.recall_id
          WHERE x.tenant_id = $1 AND r.message_id = c.message_id AND x.known_recalls = (
            SELECT count(*) FROM recall q WHERE q.tenant_id = $1 AND q.message_id = r.message_id))`,
  },
  {
    name: 'vault-of-recall',
    says: 'P5: what a recall put into the vault is of its own message and of a delivery that it took back, and is nowhere else',
    sql: `SELECT v.recall_id, v.n, v.email_id, v.account_id, v.message_id, r.message_id AS recalled, o.outcome, o.restored_at, c.mailbox_id AS still_in
      FROM vault v LEFT JOIN recall r ON r.tenant_id = $1 AND r.id = v.recall_id
        LEFT JOIN outcome o ON o.tenant_id = $1 AND o.recall_id = v.recall_id AND o.n = v.n
        LEFT JOIN delivery d ON d.tenant_id = $1 AND d.message_id = v.message_id AND d.n = v.n
        LEFT JOIN copy c ON c.tenant_id = $1 AND c.account_id = v.account_id AND c.email_id = v.email_id
      WHERE v.tenant_id = $1 AND (r.message_id IS DISTINCT FROM v.message_id OR o.outcome IS DISTINCT FROM 'recalled' OR o.restored_at IS NOT NULL
        OR d.account_id IS DISTINCT FROM v.account_id OR c.email_id IS NOT NULL)`,
  },
  {
    name: 'vault-keeps',
    says: 'P6: what a recall took is in the vault for as long as the policy says, unless it was given back',
    // Not where the time was changed since, nor what an earlier recall had taken: that counts from then.
    sql: `SELECT o.recall_id, o.n, o.decided_at FROM outcome o JOIN recall r ON r.tenant_id = $1 AND r.id = o.recall_id
      WHERE o.tenant_id = $1 AND o.outcome = 'recalled' AND o.restored_at IS NULL AND o.reason IS NULL AND o.decided_at > $2
        AND NOT EXISTS (SELECT FROM vault v WHERE v.tenant_id = $1 AND v.message_id = r.message_id AND v.n = o.n)
        AND NOT EXISTS (SELECT FROM audit a WHERE a.tenant_id = $1 AND a.action = 'policy.changed' AND a.detail ? 'vaultRetentionDays' AND a.at >= o.decided_at)
        AND NOT EXISTS (SELECT FROM recall_restore x JOIN recall q ON q.tenant_id = $1 AND q.id = x.recall_id
          WHERE x.tenant_id = $1 AND q.message_id = r.message_id AND x.known_recalls >= (
            SELECT count(*) FROM recall e WHERE e.tenant_id = $1 AND e.message_id = r.message_id AND (e.gated_at, e.id) <= (r.gated_at, r.id)))`,
    since: (at) => daysBefore(at, at.policy.vaultRetentionDays),
  },
  {
    name: 'notice-is-no-delivery',
    says: 'a notice is no delivery of anything',
    sql: `SELECT account_id, mailbox_id, uid, email_id, notice_of, delivery_n FROM copy
      WHERE tenant_id = $1 AND notice_of IS NOT NULL AND delivery_n IS NOT NULL`,
  },
  {
    name: 'recall-audited',
    says: 'P8: every recall, its end, its cancellation and its restore are in the audit log',
    sql: `SELECT x.recall_id, x.action FROM (
        SELECT id AS recall_id, 'recall.created' AS action FROM recall WHERE tenant_id = $1
        UNION ALL SELECT recall_id, 'recall.' || status FROM recall_state WHERE tenant_id = $1 AND status <> 'sweeping'
        UNION ALL SELECT recall_id, 'recall.cancel-requested' FROM recall_cancel WHERE tenant_id = $1
        UNION ALL SELECT recall_id, 'recall.restore-requested' FROM recall_restore WHERE tenant_id = $1
        UNION ALL SELECT recall_id, 'recall.restored' FROM recall_restore WHERE tenant_id = $1 AND done_at IS NOT NULL) x
      WHERE NOT EXISTS (SELECT FROM audit a WHERE a.tenant_id = $1 AND a.action = x.action AND a.subject = 'r' || x.recall_id)`,
  },
  {
    name: 'approved-by-another',
    says: 'a recall that two had to agree on is of two administrators, and its request says so',
    sql: `SELECT r.id AS recall_id, r.requested_by, r.approved_by, q.requested_by AS asked_by, q.decided_by, q.status FROM recall r
      LEFT JOIN recall_request q ON q.tenant_id = $1 AND q.id = r.id
      WHERE r.tenant_id = $1 AND r.forward_of IS NULL AND (r.approved_by IS NOT NULL OR q.id IS NOT NULL) AND NOT (r.by_administrator AND r.approved_by <> r.requested_by
        AND q.status = 'approved' AND q.requested_by = r.requested_by AND q.decided_by = r.approved_by) IS TRUE`,
  },
  {
    name: 'restore-ends',
    says: 'a restore of which nothing is left to do has ended',
    sql: `SELECT x.recall_id, x.created_at FROM recall_restore x WHERE x.tenant_id = $1 AND x.done_at IS NULL AND x.created_at < $2
      AND NOT EXISTS (SELECT FROM work w WHERE w.tenant_id = $1 AND w.kind = 'restore' AND w.of_id = x.recall_id)`,
    // Its last batch and its end are two transactions, and somebody else may have to take up the end.
    since: ({ now }) => new Date(now.getTime() - 600_000),
  },
];
