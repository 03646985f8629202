// The outgoing queue: deliveries to other servers, claimed, sent and settled. The rows are the queue; a claim is committed
// before anything is sent, and only then is the gate looked at (Gate protocol 6).

import { raise } from './account-state.ts';
import { accountChanged } from './notify.ts';
import type { Reader, Store, Transaction } from './postgres.ts';

/**
 * Deliveries that no recall stops: no gate covers them, and none waits for what becomes of an attempt at them. The second
 * outlives the gate: an attempt that is put off must not be made again before its recall has decided it.
 */
const FREE = `uncovered_delivery d WHERE NOT EXISTS (
    SELECT FROM recall r JOIN work w ON w.tenant_id = r.tenant_id AND w.kind = 'sweep' AND w.of_id = r.id AND w.in_flight
    WHERE r.tenant_id = d.tenant_id AND r.message_id = d.message_id AND d.n BETWEEN w.from_n AND w.to_n)`;

/** Tenants, ascending: queues are worked through tenant by tenant. */
export async function tenantIds(reader: Reader): Promise<number[]> {
  return (await reader.rows<{ id: number }>(`SELECT id FROM tenant ORDER BY id`)).map((row) => row.id);
}

export interface DueDelivery {
  message_id: number;
  n: number;
  due_at: Date;
}

/** Deliveries of a tenant that are due by `until` and not of the messages in `busy`, those that waited longest first. */
export async function dueDeliveries(
  reader: Reader,
  tenant: number,
  until: Date,
  busy: number[],
  limit: number,
): Promise<DueDelivery[]> {
  return reader.rows(
    `SELECT d.message_id, d.n, d.due_at FROM ${FREE}
       AND d.tenant_id = $1 AND d.account_id IS NULL AND d.state IN ('held', 'queued') AND d.due_at <= $2 AND d.message_id <> ALL ($3::bigint[])
     ORDER BY d.due_at LIMIT $4`,
    [tenant, until, busy, limit],
  );
}

/** A delivery that an attempt is being made at. Its (n, attempts) tell this attempt from every other. */
export interface Claimed {
  n: number;
  /** This attempt's number, from 1. */
  attempts: number;
  recipient: string;
  via: string | null;
  /** RFC 3461 NOTIFY bits: 1 success, 2 failure, 4 delay, 8 never; 16: the sender gave them. */
  notify: number;
  original_recipient: string | null;
  maybe_sent: boolean;
  /** The account whose rule sends it on: in its name; null: the sender's own recipient. */
  forward_by: string | null;
}

const CLAIMED = `n, attempts, coalesce(forward_to, recipient) AS recipient, forward_by, via, notify, original_recipient, maybe_sent`;

/**
 * Claims those of a message's deliveries that are still due, skipping what others have locked. To be committed before
 * anything is sent.
 */
export async function claimDeliveries(
  tx: Transaction,
  tenant: number,
  message: number,
  deliveries: number[],
  at: { now: Date; leaseUntil: Date },
): Promise<Claimed[]> {
  const locked = await tx.rows<{ n: number }>(
    `SELECT n FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND n = ANY ($3::int[])
       AND account_id IS NULL AND state IN ('held', 'queued') AND due_at <= $4 ORDER BY n FOR UPDATE SKIP LOCKED`,
    [tenant, message, deliveries, at.now],
  );
  if (locked.length === 0) return [];
  const claimed = await tx.rows<Claimed>(
    `UPDATE delivery SET state = 'sending', attempts = attempts + 1, lease_until = $4, due_at = NULL
     WHERE tenant_id = $1 AND message_id = $2 AND n = ANY ($3::int[]) RETURNING ${CLAIMED}`,
    [tenant, message, locked.map((row) => row.n), at.leaseUntil],
  );
  return claimed.toSorted((a, b) => a.n - b.n);
}

/** Those that no recall stops, as of now: asked after the claim's commit, in a statement of its own. */
export async function freeDeliveries(
  reader: Reader,
  tenant: number,
  message: number,
  deliveries: number[],
): Promise<Set<number>> {
  const rows = await reader.rows<{ n: number }>(
    `SELECT d.n FROM ${FREE} AND d.tenant_id = $1 AND d.message_id = $2 AND d.n = ANY ($3::int[])`,
    [tenant, message, deliveries],
  );
  return new Set(rows.map((row) => row.n));
}

/** What became of one attempt. */
export interface AttemptResult {
  n: number;
  /** As claimed: a result of an attempt that was given up for lost, and made again since, changes nothing. */
  attempts: number;
  state: 'delivered' | 'failed' | 'queued';
  /** `queued`: no attempt was made, so none is counted. */
  uncounted?: boolean;
  /** It may have gone through without our knowing; what was once true stays so. */
  maybeSent?: boolean;
  /** `queued`: not before. `failed`, `delivered`: the sender is still to be told, by whoever comes first after this. */
  dueAt: Date | null;
  remoteHost: string | null;
  remoteReply: string | null;
  /** The sender has been told of the delay, and is told once. */
  delayTold?: boolean;
}

/**
 * Records what became of attempts at a message's deliveries, and wakes the sweep if a recall of it may be waiting for
 * that. Answers the deliveries it was true of: not those that a recall or an administrator has ended since.
 */
export async function recordResults(
  tx: Transaction,
  tenant: number,
  message: number,
  results: AttemptResult[],
  now: Date,
): Promise<Set<number>> {
  // Ascending, as the sweep locks them.
  await tx.rows(
    `SELECT 1 FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND n = ANY ($3::int[]) ORDER BY n FOR UPDATE`,
    [tenant, message, results.map((result) => result.n)],
  );
  const written = await tx.rows<{ n: number }>(
    // 'queued': the lease was over, and nobody has tried again yet.
    `UPDATE delivery d SET state = r.state, attempts = d.attempts - r.uncounted, maybe_sent = d.maybe_sent OR r.maybe_sent,
       due_at = CASE WHEN r.state = 'queued' THEN r.due_at END, untold_at = CASE WHEN r.state <> 'queued' THEN r.due_at END,
       lease_until = NULL,
       -- Host and reply of where a rule sends it would tell where that is.
       remote_host = CASE WHEN d.forward_to IS NULL THEN r.remote_host END,
       remote_reply = CASE WHEN d.forward_to IS NULL THEN r.remote_reply ELSE left(r.remote_reply, 3) END,
       notify = CASE WHEN r.delay_told THEN d.notify & ~4 ELSE d.notify END,
       finished_at = CASE WHEN r.state <> 'queued' THEN $3::timestamptz END
     FROM unnest($4::int[], $5::smallint[], $6::delivery_state[], $7::smallint[], $8::boolean[], $9::timestamptz[], $10::text[], $11::text[], $12::boolean[])
       AS r (n, attempts, state, uncounted, maybe_sent, due_at, remote_host, remote_reply, delay_told)
     WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.n = r.n AND d.attempts = r.attempts AND d.state IN ('sending', 'queued')
     RETURNING d.n`,
    [
      tenant,
      message,
      now,
      results.map((result) => result.n),
      results.map((result) => result.attempts),
      results.map((result) => result.state),
      results.map((result) => (result.uncounted ? 1 : 0)),
      results.map((result) => result.maybeSent ?? false),
      results.map((result) => result.dueAt),
      results.map((result) => result.remoteHost),
      results.map((result) => result.remoteReply),
      results.map((result) => result.delayTold ?? false),
    ],
  );
  await wakeSweep(tx, tenant, message);
  return new Set(written.map((row) => row.n));
}

/** A recall of the message may wait for what has just changed. */
export async function wakeSweep(tx: Transaction, tenant: number, message: number): Promise<void> {
  const recall = await tx.row(`SELECT 1 FROM recall WHERE tenant_id = $1 AND message_id = $2 LIMIT 1`, [
    tenant,
    message,
  ]);
  if (recall) tx.changes.wake.add('sweep');
}

/** Puts claimed deliveries that a recall covers back, as though they had never been claimed. */
export async function putBack(
  tx: Transaction,
  tenant: number,
  message: number,
  claimed: Claimed[],
  dueAt: Date,
): Promise<void> {
  await tx.run(
    `UPDATE delivery d SET state = 'queued', attempts = d.attempts - 1, lease_until = NULL, due_at = $3
     FROM unnest($4::int[], $5::smallint[]) AS c (n, attempts)
     WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.n = c.n AND d.attempts = c.attempts AND d.state = 'sending'`,
    [tenant, message, dueAt, claimed.map((delivery) => delivery.n), claimed.map((delivery) => delivery.attempts)],
  );
  tx.changes.wake.add('sweep');
}

/** The attempt goes on: its lease with it. */
export async function extendLease(
  store: Pick<Store, 'single'>,
  tenant: number,
  message: number,
  claimed: Pick<Claimed, 'n' | 'attempts'>[],
  leaseUntil: Date,
): Promise<void> {
  await store.single(
    `UPDATE delivery d SET lease_until = $3 FROM unnest($4::int[], $5::smallint[]) AS c (n, attempts)
     WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.n = c.n AND d.attempts = c.attempts AND d.state = 'sending'`,
    [tenant, message, leaseUntil, claimed.map((delivery) => delivery.n), claimed.map((delivery) => delivery.attempts)],
  );
}

/** Locks deliveries whose worker is gone: what it had got to is not known. One message's at a time. */
export async function lockExpired(
  tx: Transaction,
  tenant: number,
  now: Date,
): Promise<{ message: number; claimed: Claimed[] } | undefined> {
  const first = await tx.row<{ message_id: number }>(
    `SELECT message_id FROM delivery WHERE tenant_id = $1 AND state = 'sending' AND lease_until <= $2 AND account_id IS NULL
     ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [tenant, now],
  );
  if (!first) return undefined;
  const claimed = await tx.rows<Claimed>(
    `SELECT ${CLAIMED} FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND state = 'sending' AND lease_until <= $3 AND account_id IS NULL
     ORDER BY n LIMIT 1000 FOR UPDATE SKIP LOCKED`,
    [tenant, first.message_id, now],
  );
  return { message: first.message_id, claimed };
}

/** What delivering a message needs to know of it. */
export interface OutgoingMessage {
  blob_id: number;
  size: number;
  message_id_header: string | null;
  subject: string | null;
  /** Octets of the header block. */
  header_size: number;
  mail_from: string;
  sender_id: number | null;
  received_at: Date;
  body: string;
  smtputf8: boolean;
  ret: string | null;
  envid: string | null;
  /** Its submission's account, if that still shows as pending. */
  pending_account: number | null;
  /** Since when it is being delivered: acceptance, or the later time it was to be sent at. */
  since: Date;
}

export async function outgoingMessage(
  reader: Reader,
  tenant: number,
  message: number,
): Promise<OutgoingMessage | undefined> {
  return reader.row(
    `SELECT m.blob_id, m.size, m.message_id_header, m.subject, (m.structure #>> '{header,1}')::int AS header_size, e.mail_from, e.sender_id,
       e.received_at, e.body, e.smtputf8, e.ret, e.envid, CASE WHEN s.undo_status = 'pending' THEN s.account_id END AS pending_account,
       greatest(e.received_at, s.send_at) AS since
     FROM message m JOIN envelope e ON e.tenant_id = m.tenant_id AND e.message_id = m.id
       LEFT JOIN submission s ON s.tenant_id = m.tenant_id AND s.id = m.id
     WHERE m.tenant_id = $1 AND m.id = $2`,
    [tenant, message],
  );
}

/** The submission can be unsent no more: RFC 8621 §7 undoStatus. */
export async function finalizeSubmission(
  tx: Transaction,
  tenant: number,
  message: number,
  account: number,
): Promise<void> {
  const modseq = await raise(tx, tenant, account);
  await tx.run(
    `UPDATE submission SET undo_status = 'final', modseq = $3 WHERE tenant_id = $1 AND id = $2 AND undo_status = 'pending'`,
    [tenant, message, modseq ?? 0],
  );
  accountChanged(tx.changes, tenant, account);
}

/**
 * Unsends a message of which nothing has left `held` but what a recall has stopped: every delivery is stopped. False, with nothing changed: something
 * has gone, or is going. The caller has locked the sender's account and sets the submission's undo_status.
 */
export async function cancelHeld(tx: Transaction, tenant: number, message: number, now: Date): Promise<boolean> {
  const left = await tx.row(
    `SELECT 1 FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND state NOT IN ('held', 'stopped') LIMIT 1`,
    [tenant, message],
  );
  if (left) return false;
  // A fan-out that is under way has its range locked; it is not waited for, because it may wait for our account.
  const ranges = await tx.rows<{ id: number }>(
    `SELECT id FROM work WHERE tenant_id = $1 AND kind = 'fanout' AND of_id = $2 FOR UPDATE SKIP LOCKED`,
    [tenant, message],
  );
  const all = await tx.row<{ count: number }>(
    `SELECT count(*)::int AS count FROM work WHERE tenant_id = $1 AND kind = 'fanout' AND of_id = $2`,
    [tenant, message],
  );
  if (all?.count !== ranges.length) return false;
  const held = await tx.row<{ held: number; gone: number }>(
    `SELECT (count(*) FILTER (WHERE state = 'held'))::int AS held, (count(*) FILTER (WHERE state NOT IN ('held', 'stopped')))::int AS gone
     FROM (SELECT state FROM delivery WHERE tenant_id = $1 AND message_id = $2 ORDER BY n FOR UPDATE) AS d`,
    [tenant, message],
  );
  if (!held || held.held === 0 || held.gone > 0) return false;
  await tx.run(`DELETE FROM work WHERE tenant_id = $1 AND kind = 'fanout' AND of_id = $2`, [tenant, message]);
  await tx.run(
    `UPDATE delivery SET state = 'stopped', due_at = NULL, finished_at = $3 WHERE tenant_id = $1 AND message_id = $2 AND state = 'held'`,
    [tenant, message, now],
  );
  await wakeSweep(tx, tenant, message);
  return true;
}

/** Forgets the envelopes of messages that nothing is left to do for, and what rules said of copies that were never made. */
export async function dropEnvelopes(store: Pick<Store, 'single'>, tenant: number): Promise<number> {
  await store.single(
    `DELETE FROM rule_effect x WHERE x.tenant_id = $1 AND NOT EXISTS (
       SELECT FROM delivery d WHERE d.tenant_id = x.tenant_id AND d.message_id = x.message_id AND d.account_id = x.account_id
         AND d.state IN ('held', 'queued'))`,
    [tenant],
  );
  const dropped = await store.single(
    `DELETE FROM envelope e WHERE e.tenant_id = $1 AND NOT EXISTS (
       SELECT FROM delivery d WHERE d.tenant_id = e.tenant_id AND d.message_id = e.message_id
         AND (d.state IN ('held', 'queued', 'sending') OR d.untold_at IS NOT NULL))
     RETURNING e.message_id`,
    [tenant],
  );
  return dropped.length;
}
