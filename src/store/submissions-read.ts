// Submissions as JMAP shows them.

import type { Envelope } from '../mail/message.ts';
import type { AccountKey } from './exposure.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface SubmissionRow {
  id: number;
  identity_id: number | null;
  email_id: number | null;
  thread_id: number;
  envelope: object | null;
  send_at: Date;
  undo_status: 'pending' | 'final' | 'canceled';
  modseq: number;
}

const COLUMNS = 'id, identity_id, email_id, thread_id, envelope, send_at, undo_status, modseq';

const OF_ACCOUNT = 'WHERE tenant_id = $1 AND account_id = $2';

/** Of the last change of any submission of the account; 0: there is none. */
export async function submissionState(reader: Reader, at: AccountKey): Promise<number> {
  const sql = `SELECT coalesce(max(modseq), 0) AS modseq FROM submission ${OF_ACCOUNT}`;
  return (await reader.row<{ modseq: number }>(sql, [at.tenant, at.account]))?.modseq ?? 0;
}

export async function submissionsByIds(reader: Reader, at: AccountKey, ids: number[]): Promise<SubmissionRow[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM submission ${OF_ACCOUNT} AND id = ANY ($3::bigint[])`, [
    at.tenant,
    at.account,
    ids,
  ]);
}

/** Newest first, at most `limit`. */
export async function newestSubmissions(reader: Reader, at: AccountKey, limit: number): Promise<SubmissionRow[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM submission ${OF_ACCOUNT} ORDER BY id DESC LIMIT $3`, [
    at.tenant,
    at.account,
    limit,
  ]);
}

export interface SubmissionChange {
  id: number;
  /** Where in the account's history it is told: where it came into being, if that is after the state asked for. */
  modseq: number;
  created: boolean;
}

export async function submissionsChanged(reader: Reader, at: AccountKey, since: number): Promise<SubmissionChange[]> {
  return reader.rows(
    `SELECT id, CASE WHEN created_modseq > $3 THEN created_modseq ELSE modseq END AS modseq, created_modseq > $3 AS created
     FROM submission ${OF_ACCOUNT} AND modseq > $3`,
    [at.tenant, at.account, since],
  );
}

/** What a submission was addressed to, as its sender wrote it: how its delivering stands. */
export interface AddresseeRow {
  message_id: number;
  address: string;
  /** Through a group or an alias. */
  many: boolean;
  /** Of its deliveries: any still to come, handed over to another server, refused for good, stopped here. */
  waiting: boolean;
  outside: boolean;
  failed: boolean;
  stopped: boolean;
  delivered: boolean;
  /** Of an address outside: the last answer it got. */
  reply: string | null;
}

/** One row an address that the sender wrote: a group is one, and its members are nobody's business. */
export async function addressees(reader: Reader, tenant: number, submissions: number[]): Promise<AddresseeRow[]> {
  return reader.rows(
    `SELECT message_id, coalesce(via, recipient) AS address, bool_or(via IS NOT NULL) AS many, bool_or(state IN ('held', 'queued', 'sending')) AS waiting,
       bool_or(account_id IS NULL) AS outside, bool_or(state = 'failed') AS failed, bool_or(state = 'stopped') AS stopped,
       bool_or(state = 'delivered') AS delivered, min(remote_reply) FILTER (WHERE via IS NULL) AS reply
     -- Where a recipient's rule sent it on is not what the sender wrote.
     FROM delivery WHERE tenant_id = $1 AND message_id = ANY ($2::bigint[]) AND redirect_of IS NULL
     GROUP BY message_id, coalesce(via, recipient) ORDER BY message_id, min(n)`,
    [tenant, submissions],
  );
}

/** undo_status under the account's lock. */
export async function undoStatus(
  tx: Transaction,
  at: AccountKey,
  id: number,
): Promise<SubmissionRow['undo_status'] | undefined> {
  const sql = `SELECT undo_status FROM submission ${OF_ACCOUNT} AND id = $3`;
  return (await tx.row<Pick<SubmissionRow, 'undo_status'>>(sql, [at.tenant, at.account, id]))?.undo_status;
}

export async function markCanceled(tx: Transaction, at: AccountKey, id: number, modseq: number): Promise<void> {
  await tx.run(`UPDATE submission SET undo_status = 'canceled', modseq = $4 ${OF_ACCOUNT} AND id = $3`, [
    at.tenant,
    at.account,
    id,
    modseq,
  ]);
}

/** A message that is visible as an Email of the account: where its bytes are, and its fields, for the server alone. */
export async function emailToSubmit(
  reader: Reader,
  at: AccountKey,
  emailId: number,
): Promise<{ message_id: number; blob_id: number; thread_id: number; envelope: Envelope } | undefined> {
  return reader.row(
    `SELECT c.message_id, m.blob_id, c.thread_id, m.envelope FROM visible_copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.email_id = $3`,
    [at.tenant, at.account, emailId],
  );
}
