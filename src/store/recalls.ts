// Recalls as rows: asking for one, its gate, its cancellation, reading it. Its progress is in store/recall-progress.ts,
// deciding copies in store/sweep.ts.

import type { Policy } from '../mail/policy.ts';
import type { Outcome, RecallMode, RecallStatus } from '../mail/recall.ts';
import type { Reader, Transaction } from './postgres.ts';

/** A submission that a recall may be asked for. */
export interface RecallableSubmission {
  id: number;
  account_id: number;
  message_id_header: string;
  accepted_at: Date;
  total: number;
  outside: number;
  /** Of `total`, the local deliveries that rules made. */
  redirected: number;
  subject: string | null;
  /** A recall of it is not done. */
  under_way: boolean;
}

export interface RecallRow {
  id: number;
  message_id: number;
  message_id_header: string | null;
  /** The sender's account; 0: it was not sent from here. */
  account_id: number;
  requested_by: number;
  by_administrator: boolean;
  email_id: number | null;
  subject: string | null;
  mode: RecallMode;
  include_read: boolean;
  all_recipients: boolean;
  notify_me: boolean;
  reason: string | null;
  policy: Policy;
  total: number;
  created_at: Date;
  gated_at: Date;
  /** The recall of the message that this one's is a forward of. */
  forward_of: number | null;
  /** The second administrator, where two had to agree. */
  approved_by: number | null;
}

/** A recall with its progress. */
export interface RecallProgress extends RecallRow {
  status: RecallStatus;
  counts: Partial<Record<Outcome, number>>;
  replacement_message_id: number | null;
  notice_message_id: number | null;
  done_at: Date | null;
  reported_at: Date | null;
  cancel_requested: boolean;
  restore_requested_at: Date | null;
  modseq: number | null;
}

const RECALL = `r.id, r.message_id, r.message_id_header, r.account_id, r.requested_by, r.by_administrator, r.email_id, r.subject,
  r.mode, r.include_read, r.all_recipients, r.notify_me, r.reason, r.policy, r.total, r.created_at, r.gated_at, r.forward_of, r.approved_by`;

/** Columns of a RecallProgress, of RECALLS. */
export const PROGRESS = `${RECALL}, coalesce(s.status, 'sweeping') AS status, coalesce(s.counts, '{}') AS counts,
  s.replacement_message_id, s.notice_message_id, s.done_at, s.reported_at, s.modseq,
  EXISTS (SELECT FROM recall_cancel c WHERE c.tenant_id = r.tenant_id AND c.recall_id = r.id) AS cancel_requested,
  (SELECT x.created_at FROM recall_restore x WHERE x.tenant_id = r.tenant_id AND x.recall_id = r.id) AS restore_requested_at`;

/** Recalls with their progress, which may not be there yet. */
export const RECALLS = `recall r LEFT JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id`;

const SUBMISSION = `s.id, s.account_id, s.message_id_header, s.accepted_at, s.total, s.outside, s.redirected, sm.subject,
  EXISTS (SELECT FROM recall r LEFT JOIN recall_state x ON x.tenant_id = r.tenant_id AND x.recall_id = r.id
    WHERE r.tenant_id = s.tenant_id AND r.message_id = s.id AND coalesce(x.status, 'sweeping') = 'sweeping') AS under_way`;

/**
 * Submissions of an account that bear the Message-ID of one of its copies; more than one is ambiguous. Undefined: there
 * is no such copy, or it may not be seen.
 */
export async function submissionsOfCopy(
  reader: Reader,
  at: { tenant: number; account: number; emailId: number },
): Promise<RecallableSubmission[] | undefined> {
  const rows = await reader.rows<RecallableSubmission | { id: null }>(
    `SELECT ${SUBMISSION} FROM visible_copy c
     JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
     LEFT JOIN submission s ON s.tenant_id = c.tenant_id AND s.account_id = c.account_id AND s.message_id_header = m.message_id_header
     LEFT JOIN message sm ON sm.tenant_id = s.tenant_id AND sm.id = s.id
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.email_id = $3 LIMIT 2`,
    [at.tenant, at.account, at.emailId],
  );
  if (rows.length === 0) return undefined;
  return rows.filter((row) => row.id !== null);
}

/** Submissions of an account that bear this Message-ID; more than one is ambiguous. */
export async function submissionsByMessageId(
  reader: Reader,
  at: { tenant: number; account: number; messageId: string },
): Promise<RecallableSubmission[]> {
  return reader.rows(
    `SELECT ${SUBMISSION} FROM submission s LEFT JOIN message sm ON sm.tenant_id = s.tenant_id AND sm.id = s.id
     WHERE s.tenant_id = $1 AND s.account_id = $2 AND s.message_id_header = $3 LIMIT 2`,
    [at.tenant, at.account, at.messageId],
  );
}

/**
 * What the rate limit counts: recalls once, cancels and restores twice more. Times of those since `since`, oldest
 * first; of each sort the newest `most` at the most: who counts to a limit need not know how many more there were.
 */
export async function recallsSince(
  reader: Reader,
  tenant: number,
  requestedBy: number,
  since: Date,
  most: number,
): Promise<{ at: Date; weight: number }[]> {
  const newest = (table: string, weight: number): string =>
    `(SELECT created_at AS at, ${weight} AS weight FROM ${table} WHERE tenant_id = $1 AND requested_by = $2 AND created_at > $3
      ORDER BY created_at DESC LIMIT $4)`;
  return reader.rows(
    `${newest('recall', 1)} UNION ALL ${newest('recall_cancel', 2)} UNION ALL ${newest('recall_restore', 2)} ORDER BY at`,
    [tenant, requestedBy, since, most],
  );
}

/**
 * Until the transaction ends, nobody else counts or adds to what this person has asked for: each statement after this one
 * sees all of it. Of persons under a rate limit only; a gate takes it last of all, so that it is held for no round trip
 * but the commit's.
 */
export async function holdPace(tx: Transaction, tenant: number, person: number): Promise<void> {
  await tx.rows('SELECT pg_advisory_xact_lock($1::int, $2::int)', [tenant, person]);
}

/** A recall of the message that is not done. */
export async function openRecallOf(
  reader: Reader,
  tenant: number,
  message: number,
  except: number,
): Promise<RecallProgress | undefined> {
  return reader.row(
    `SELECT ${PROGRESS} FROM ${RECALLS}
     WHERE r.tenant_id = $1 AND r.message_id = $2 AND r.id <> $3 AND coalesce(s.status, 'sweeping') = 'sweeping' LIMIT 1`,
    [tenant, message, except],
  );
}

/**
 * Deliveries (n) that a list of recipients names: by account, by outside address, by the group they came through. In lower case: an
 * address outside is kept as its sender wrote it.
 */
export async function deliveriesNamed(
  reader: Reader,
  of: { tenant: number; message: number; total: number; outside: number; redirected: number },
  named: { accounts: number[]; addresses: string[]; groups: string[] },
): Promise<{ n: number; account_id: number | null; recipient: string; via: string | null }[]> {
  return reader.rows(
    `SELECT n, account_id, lower(recipient) AS recipient, via FROM delivery
     WHERE tenant_id = $1 AND message_id = $2 AND account_id = ANY ($3::int[])
     UNION
     SELECT n, account_id, lower(recipient) AS recipient, via FROM delivery
     WHERE tenant_id = $1 AND message_id = $2 AND n > $4 AND account_id IS NULL AND lower(recipient) = ANY ($5::text[])
     UNION
     SELECT n, account_id, lower(recipient) AS recipient, via FROM delivery
     WHERE tenant_id = $1 AND message_id = $2 AND cardinality($6::text[]) > 0 AND via = ANY ($6::text[])
     UNION
     -- What rules of those named sent on goes with them.
     SELECT n, account_id, lower(recipient) AS recipient, via FROM delivery
     WHERE tenant_id = $1 AND message_id = $2 AND n > $4 AND redirect_of IN (
       SELECT n FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND account_id = ANY ($3::int[]))
     ORDER BY n`,
    // Those outside, and those of rules, have the last numbers.
    [of.tenant, of.message, named.accounts, of.total - of.outside - of.redirected, named.addresses, named.groups],
  );
}

/** Accounts that the message went to under these addresses, whatever these are now. Looks through all of its deliveries. */
export async function accountsAt(
  reader: Reader,
  of: { tenant: number; message: number },
  addresses: string[],
): Promise<number[]> {
  const rows = await reader.rows<{ account_id: number }>(
    `SELECT account_id FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND account_id IS NOT NULL AND recipient = ANY ($3::text[])`,
    [of.tenant, of.message, addresses],
  );
  return rows.map((row) => row.account_id);
}

/** Does the scope of recall `id` hold all of these deliveries? */
export async function scopeHolds(reader: Reader, tenant: number, id: number, deliveries: number[]): Promise<boolean> {
  const row = await reader.row<{ missing: number }>(
    `SELECT count(*)::int AS missing FROM unnest($3::int[]) AS d (n)
     WHERE NOT EXISTS (SELECT FROM recall_scope s WHERE s.tenant_id = $1 AND s.recall_id = $2 AND s.n = d.n)`,
    [tenant, id, deliveries],
  );
  return row?.missing === 0;
}

/**
 * Inserts the gate (Gate protocol 2): constant cost when all are in scope. Waits on nothing but another gate of the same
 * message. Answers false, having done nothing, if one is there.
 */
export async function insertGate(tx: Transaction, tenant: number, recall: RecallRow): Promise<boolean> {
  const gated = await tx.run(
    `INSERT INTO gate (tenant_id, message_id, recall_id, all_recipients, include_read) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [tenant, recall.message_id, recall.id, recall.all_recipients, recall.include_read],
  );
  return gated > 0;
}

/** Inserts the recall and, where it is not for all, its scope. */
export async function insertRecall(
  tx: Transaction,
  tenant: number,
  recall: RecallRow,
  scope: number[] | null,
): Promise<void> {
  await tx.run(
    `INSERT INTO recall (tenant_id, id, message_id, message_id_header, account_id, requested_by, by_administrator, email_id, subject, mode,
       include_read, all_recipients, notify_me, reason, policy, total, created_at, gated_at, forward_of, approved_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
    [
      tenant,
      recall.id,
      recall.message_id,
      recall.message_id_header,
      recall.account_id,
      recall.requested_by,
      recall.by_administrator,
      recall.email_id,
      recall.subject,
      recall.mode,
      recall.include_read,
      recall.all_recipients,
      recall.notify_me,
      recall.reason,
      JSON.stringify(recall.policy),
      recall.total,
      recall.created_at,
      recall.gated_at,
      recall.forward_of,
      recall.approved_by,
    ],
  );
  if (scope) {
    await tx.run(`INSERT INTO recall_scope SELECT $1, $2, n FROM unnest($3::int[]) AS n`, [tenant, recall.id, scope]);
  }
}

export async function recallById(reader: Reader, tenant: number, id: number): Promise<RecallProgress | undefined> {
  return reader.row(`SELECT ${PROGRESS} FROM ${RECALLS} WHERE r.tenant_id = $1 AND r.id = $2`, [tenant, id]);
}

/** Has an administrator recalled the message after recall `id`? Then what that took is not its sender's to give back. */
export async function recalledByAdministratorSince(reader: Reader, tenant: number, id: number): Promise<boolean> {
  const row = await reader.row(
    `SELECT 1 FROM recall r JOIN recall o ON o.tenant_id = $1 AND o.message_id = r.message_id AND o.by_administrator AND o.id <> r.id
     WHERE r.tenant_id = $1 AND r.id = $2 AND o.gated_at >= r.gated_at LIMIT 1`,
    [tenant, id],
  );
  return row !== undefined;
}

/** False: it was there already. */
export async function insertCancel(
  tx: Transaction,
  tenant: number,
  id: number,
  by: number,
  at: Date,
): Promise<boolean> {
  return (
    (await tx.run(`INSERT INTO recall_cancel VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, [tenant, id, by, at])) ===
    1
  );
}

export async function isCancelled(reader: Reader, tenant: number, id: number): Promise<boolean> {
  return (
    (await reader.row(`SELECT 1 FROM recall_cancel WHERE tenant_id = $1 AND recall_id = $2`, [tenant, id])) !==
    undefined
  );
}
