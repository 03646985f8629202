// Deliveries: each is somewhere on its way, and somebody has it to do; what was accepted is not lost.

import type { Check } from './check.ts';

/** Delivery `d` is in scope of a recall that is under way and has not decided it: the sweep has it to do. */
const UNDECIDED = `EXISTS (
  SELECT FROM recall r LEFT JOIN recall_state s ON s.tenant_id = $1 AND s.recall_id = r.id
  WHERE r.tenant_id = $1 AND r.message_id = d.message_id AND coalesce(s.status, 'sweeping') = 'sweeping'
    AND (r.all_recipients OR EXISTS (SELECT FROM recall_scope x WHERE x.tenant_id = $1 AND x.recall_id = r.id AND x.n = d.n))
    AND NOT EXISTS (SELECT FROM outcome o WHERE o.tenant_id = $1 AND o.recall_id = r.id AND o.n = d.n))`;

const WAITING = `d.tenant_id = $1 AND d.state IN ('held', 'queued', 'sending')`;

export const DELIVERY_CHECKS: Check[] = [
  {
    name: 'delivery-of-message',
    says: 'what waits to be delivered is of a message that is there, with the envelope that it takes',
    sql: `SELECT d.message_id, d.n, d.recipient, d.state, m.id IS NOT NULL AS message, e.message_id IS NOT NULL AS envelope FROM delivery d
      LEFT JOIN message m ON m.tenant_id = $1 AND m.id = d.message_id LEFT JOIN envelope e ON e.tenant_id = $1 AND e.message_id = d.message_id
      WHERE ${WAITING} AND (m.id IS NULL OR e.message_id IS NULL)`,
  },
  {
    name: 'delivery-to-do-inside',
    says: 'whatever waits for an account here is in a range of work, or a recall under way has it to decide',
    sql: `SELECT d.message_id, d.n, d.recipient, d.state FROM delivery d WHERE ${WAITING} AND d.account_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM work w WHERE w.tenant_id = $1 AND w.kind IN ('fanout', 'replace') AND w.of_id = d.message_id AND d.n BETWEEN w.from_n AND w.to_n)
      AND NOT ${UNDECIDED}`,
  },
  {
    name: 'delivery-to-do-outside',
    says: 'whatever waits for another server has a date, or an attempt with a lease; a replacement may wait for its recall',
    sql: `SELECT d.message_id, d.n, d.recipient, d.state, d.due_at, d.lease_until FROM delivery d WHERE ${WAITING} AND d.account_id IS NULL
      AND NOT (d.state = 'sending' AND d.lease_until IS NOT NULL AND d.due_at IS NULL)
      AND NOT (d.state <> 'sending' AND d.lease_until IS NULL AND d.due_at IS NOT NULL)
      AND NOT (d.state = 'held' AND d.lease_until IS NULL
        AND EXISTS (SELECT FROM recall_state s WHERE s.tenant_id = $1 AND s.replacement_message_id = d.message_id))`,
  },
  {
    name: 'delivery-local-never-sent',
    says: 'no attempt is made at another server for an account here',
    sql: `SELECT d.message_id, d.n, d.recipient, d.state, d.maybe_sent, d.attempts FROM delivery d
      WHERE d.tenant_id = $1 AND d.account_id IS NOT NULL AND (d.state = 'sending' OR d.maybe_sent OR d.attempts > 0)`,
  },
  {
    name: 'delivery-ended',
    says: 'what has ended has the time when it did, and nothing more is due',
    sql: `SELECT d.message_id, d.n, d.recipient, d.state, d.finished_at, d.due_at, d.lease_until FROM delivery d
      WHERE d.tenant_id = $1 AND d.state IN ('delivered', 'failed', 'stopped')
        AND (d.finished_at IS NULL OR d.lease_until IS NOT NULL OR (d.account_id IS NULL AND d.due_at IS NOT NULL))`,
  },
  {
    name: 'delivery-once',
    says: 'an account has one delivery of a message, however many ways led there',
    sql: `SELECT message_id, account_id, array_agg(n ORDER BY n) AS n FROM delivery WHERE tenant_id = $1 AND account_id IS NOT NULL
      GROUP BY message_id, account_id HAVING count(*) > 1`,
  },
  {
    name: 'submission-deliveries',
    says: 'a submission has as many deliveries as it counts',
    sql: `SELECT s.id AS message_id, s.account_id, s.total, s.outside, coalesce(d.total, 0) AS deliveries, coalesce(d.outside, 0) AS deliveries_outside
      FROM submission s LEFT JOIN (
        SELECT message_id, count(*)::int AS total, (count(*) FILTER (WHERE account_id IS NULL))::int AS outside FROM delivery WHERE tenant_id = $1 GROUP BY message_id
      ) d ON d.message_id = s.id
      WHERE s.tenant_id = $1 AND (s.total <> coalesce(d.total, 0) OR s.outside <> coalesce(d.outside, 0))`,
  },
  {
    name: 'submission-unsent',
    says: 'what its sender has unsent has gone nowhere',
    sql: `SELECT s.id AS message_id, d.n, d.recipient, d.state FROM submission s JOIN delivery d ON d.tenant_id = $1 AND d.message_id = s.id
      WHERE s.tenant_id = $1 AND s.undo_status = 'canceled' AND d.state <> 'stopped'`,
  },
  {
    name: 'copy-of-delivery',
    says: 'a delivered copy is where its delivery went, and its delivery says so',
    // What is forgotten after its time goes from the last delivery of a message to the first.
    sql: `SELECT c.account_id, c.mailbox_id, c.uid, c.email_id, c.message_id, c.delivery_n, d.account_id AS delivered_to, d.state
      FROM copy c LEFT JOIN delivery d ON d.tenant_id = $1 AND d.message_id = c.message_id AND d.n = c.delivery_n
      WHERE c.tenant_id = $1 AND c.delivery_n IS NOT NULL AND CASE WHEN d.n IS NOT NULL THEN d.account_id IS DISTINCT FROM c.account_id OR d.state <> 'delivered'
        ELSE EXISTS (SELECT FROM delivery x WHERE x.tenant_id = $1 AND x.message_id = c.message_id AND x.n > c.delivery_n) END`,
  },
  {
    name: 'delivered-somewhere',
    says: 'P6: of what was delivered here something is somewhere: a copy, the vault, or the trace of a copy that left',
    sql: `SELECT d.message_id, d.n, d.recipient FROM delivery d
      JOIN message m ON m.tenant_id = $1 AND m.id = d.message_id
      JOIN account_state a ON a.tenant_id = $1 AND a.account_id = d.account_id
      WHERE d.tenant_id = $1 AND d.account_id IS NOT NULL AND d.state = 'delivered'
        AND NOT EXISTS (SELECT FROM copy c WHERE c.tenant_id = $1 AND c.message_id = d.message_id AND c.account_id = d.account_id AND c.delivery_n = d.n)
        AND NOT EXISTS (SELECT FROM vault v WHERE v.tenant_id = $1 AND v.message_id = d.message_id AND v.n = d.n)
        -- A replacement that was put in place stands in the original's thread.
        AND NOT EXISTS (SELECT FROM tombstone x WHERE x.tenant_id = $1 AND x.account_id = d.account_id AND x.email_id IS NOT NULL
          AND (x.thread_id = m.thread_id OR EXISTS (SELECT FROM recall_state s WHERE s.tenant_id = $1 AND s.replacement_message_id = d.message_id)))`,
  },
  {
    name: 'work-of-something',
    says: 'every range of work is of a message or a recall that has it to do',
    sql: `SELECT w.kind, w.of_id, w.from_n, w.to_n FROM work w WHERE w.tenant_id = $1 AND CASE w.kind
        WHEN 'fanout' THEN NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = $1 AND m.id = w.of_id)
        WHEN 'replace' THEN NOT EXISTS (SELECT FROM recall_state s WHERE s.tenant_id = $1 AND s.replacement_message_id = w.of_id)
        WHEN 'sweep' THEN NOT EXISTS (SELECT FROM recall r LEFT JOIN recall_state s ON s.tenant_id = $1 AND s.recall_id = r.id
          WHERE r.tenant_id = $1 AND r.id = w.of_id AND coalesce(s.status, 'sweeping') = 'sweeping')
        ELSE NOT EXISTS (SELECT FROM recall_restore x WHERE x.tenant_id = $1 AND x.recall_id = w.of_id AND x.done_at IS NULL) END`,
  },
];
