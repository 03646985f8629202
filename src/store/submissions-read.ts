// Submissions as JMAP shows them.

import type { Envelope } from '../mail/message.ts';
import type { DeliveryState } from '../mail/recall.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface SubmissionRow {
  id: number;
  identity_id: number | null;
  email_id: number | null;
  thread_id: number;
  mail_from: string;
  envelope: object | null;
  send_at: Date;
  undo_status: 'pending' | 'final' | 'canceled';
  total: number;
  modseq: number;
}

const COLUMNS = 'id, identity_id, email_id, thread_id, mail_from, envelope, send_at, undo_status, total, modseq';

type At = { tenant: number; account: number };

export async function submissionModseq(reader: Reader, at: At): Promise<number> {
  return (await reader.row<{ modseq: number }>(`SELECT modseq FROM account_state WHERE tenant_id = $1 AND account_id = $2`, [at.tenant, at.account]))?.modseq ?? 0;
}

export async function submissionsByIds(reader: Reader, at: At, ids: number[]): Promise<SubmissionRow[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM submission WHERE tenant_id = $1 AND account_id = $2 AND id = ANY ($3::bigint[])`, [at.tenant, at.account, ids]);
}

/** Newest first, at most `limit`. */
export async function submissionsAll(reader: Reader, at: At, limit: number): Promise<SubmissionRow[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM submission WHERE tenant_id = $1 AND account_id = $2 ORDER BY id DESC LIMIT $3`, [at.tenant, at.account, limit]);
}

export async function submissionsChanged(reader: Reader, at: At, since: number): Promise<{ id: number; modseq: number; created: boolean }[]> {
  return reader.rows(`SELECT id, modseq, created_modseq > $3 AS created FROM submission WHERE tenant_id = $1 AND account_id = $2 AND modseq > $3`, [
    at.tenant,
    at.account,
    since,
  ]);
}

export interface DeliveryStatusRow {
  message_id: number;
  recipient: string;
  via: string | null;
  local: boolean;
  state: DeliveryState;
  remote_reply: string | null;
}

/** Deliveries shown of one submission: past that it is the recall's and the queue's business. */
const SHOWN = 1000;

/** Deliveries of submissions; those that came through a group are not listed (its members may be nobody's business). */
export async function deliveryStatuses(reader: Reader, tenant: number, submissions: number[]): Promise<DeliveryStatusRow[]> {
  return reader.rows(
    `SELECT message_id, recipient, via, account_id IS NOT NULL AS local, state, remote_reply FROM delivery d
     WHERE tenant_id = $1 AND message_id = ANY ($2::bigint[]) AND n <= ${SHOWN}
       AND NOT EXISTS (SELECT FROM mail_group g WHERE g.tenant_id = $1 AND g.address = d.via)
     ORDER BY message_id, n`,
    [tenant, submissions],
  );
}

/** Groups a submission was addressed to, with how far its delivering is. */
export async function groupStatuses(reader: Reader, tenant: number, submissions: number[]): Promise<{ message_id: number; via: string; waiting: boolean }[]> {
  return reader.rows(
    `SELECT message_id, via, bool_or(state IN ('held', 'queued', 'sending')) AS waiting FROM delivery d
     WHERE tenant_id = $1 AND message_id = ANY ($2::bigint[]) AND EXISTS (SELECT FROM mail_group g WHERE g.tenant_id = $1 AND g.address = d.via)
     GROUP BY message_id, via`,
    [tenant, submissions],
  );
}

export async function markCanceled(tx: Transaction, at: At, id: number, modseq: number): Promise<void> {
  await tx.run(`UPDATE submission SET undo_status = 'canceled', modseq = $4 WHERE tenant_id = $1 AND account_id = $2 AND id = $3`, [
    at.tenant,
    at.account,
    id,
    modseq,
  ]);
}


/** The bytes' blob and size of a message that is visible as an Email of the account. */
export async function emailToSubmit(
  reader: Reader,
  at: At,
  emailId: number,
): Promise<{ message_id: number; blob_id: number; thread_id: number; envelope: Envelope } | undefined> {
  return reader.row(
    `SELECT c.message_id, m.blob_id, c.thread_id, m.envelope FROM visible_copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.email_id = $3`,
    [at.tenant, at.account, emailId],
  );
}
