// Acceptance as rows: submissions, and what delivering them needs to remember. Their deliveries: store/deliveries.ts.

import { raise } from './account-state.ts';
import { accountChanged } from './notify.ts';
import { addWork } from './work.ts';
import type { Reader, Transaction, Writer } from './postgres.ts';

export interface NewSubmission {
  id: number;
  accountId: number;
  submittedBy: number;
  messageIdHeader: string;
  mailFrom: string;
  identityId: number | null;
  emailId: number | null;
  threadId: number;
  source: 'smtp' | 'jmap';
  sendAt: Date;
  pending: boolean;
  total: number;
  outside: number;
  /** Of `total`, the local deliveries that rules made. */
  redirected: number;
  envelope: object | null;
  /** Of the submitting account, which is locked. */
  modseq: number;
}

export async function insertSubmissions(
  writer: Writer,
  tenant: number,
  submissions: NewSubmission[],
  now: Date,
): Promise<void> {
  if (submissions.length === 0) return;
  await writer.run(
    `INSERT INTO submission (tenant_id, accepted_at, id, account_id, submitted_by, message_id_header, mail_from, identity_id, email_id, thread_id, source,
       send_at, undo_status, total, outside, envelope, created_modseq, modseq, redirected)
     SELECT $1, $2, s.id, s.account_id, s.submitted_by, s.message_id_header, s.mail_from, s.identity_id, s.email_id, s.thread_id, s.source,
       s.send_at, s.undo_status, s.total, s.outside, s.envelope, s.modseq, s.modseq, s.redirected
     FROM unnest($3::bigint[], $4::int[], $5::int[], $6::text[], $7::text[], $8::int[], $9::bigint[], $10::bigint[], $11::text[], $12::timestamptz[],
       $13::text[], $14::int[], $15::int[], $16::jsonb[], $17::bigint[], $18::int[])
       AS s (id, account_id, submitted_by, message_id_header, mail_from, identity_id, email_id, thread_id, source, send_at, undo_status, total, outside,
         envelope, modseq, redirected)`,
    [
      tenant,
      now,
      submissions.map((s) => s.id),
      submissions.map((s) => s.accountId),
      submissions.map((s) => s.submittedBy),
      submissions.map((s) => s.messageIdHeader),
      submissions.map((s) => s.mailFrom),
      submissions.map((s) => s.identityId),
      submissions.map((s) => s.emailId),
      submissions.map((s) => s.threadId),
      submissions.map((s) => s.source),
      submissions.map((s) => s.sendAt),
      submissions.map((s) => (s.pending ? 'pending' : 'final')),
      submissions.map((s) => s.total),
      submissions.map((s) => s.outside),
      submissions.map((s) => (s.envelope === null ? null : JSON.stringify(s.envelope))),
      submissions.map((s) => s.modseq),
      submissions.map((s) => s.redirected),
    ],
  );
}

export interface NewEnvelope {
  messageId: number;
  mailFrom: string;
  senderId: number | null;
  body: string;
  smtputf8: boolean;
  ret: string | null;
  envid: string | null;
}

/** What delivering later needs. */
export async function insertEnvelopes(
  writer: Writer,
  tenant: number,
  envelopes: NewEnvelope[],
  now: Date,
): Promise<void> {
  if (envelopes.length === 0) return;
  await writer.run(
    `INSERT INTO envelope (tenant_id, received_at, message_id, mail_from, sender_id, body, smtputf8, ret, envid)
     SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::int[], $6::text[], $7::boolean[], $8::text[], $9::text[])`,
    [
      tenant,
      now,
      envelopes.map((e) => e.messageId),
      envelopes.map((e) => e.mailFrom),
      envelopes.map((e) => e.senderId),
      envelopes.map((e) => e.body),
      envelopes.map((e) => e.smtputf8),
      envelopes.map((e) => e.ret),
      envelopes.map((e) => e.envid),
    ],
  );
}

/** Whose submission it is, if it can still be unsent; undefined: it cannot, or it is none. */
export async function pendingSender(reader: Reader, tenant: number, message: number): Promise<number | undefined> {
  const row = await reader.row<{ account_id: number }>(
    `SELECT account_id FROM submission WHERE tenant_id = $1 AND id = $2 AND undo_status = 'pending'`,
    [tenant, message],
  );
  return row?.account_id;
}

/**
 * What became of a submission's deliveries is to be told to its sender's programs (RFC 8621 §7 deliveryStatus). Locks the
 * sender's account, so it comes before any delivery is locked. One that can still be unsent is told of when it is final.
 */
export async function tellStatus(tx: Transaction, tenant: number, message: number): Promise<void> {
  const row = await tx.row<{ account_id: number }>(
    `SELECT account_id FROM submission WHERE tenant_id = $1 AND id = $2 AND undo_status = 'final'`,
    [tenant, message],
  );
  if (!row) return;
  const modseq = await raise(tx, tenant, row.account_id);
  if (modseq === undefined) return; // the account is gone
  await statusAt(tx, tenant, message, modseq);
  accountChanged(tx.changes, tenant, row.account_id);
}

/** The same, where the sender's account is locked and raised to `modseq`. */
export async function statusAt(tx: Transaction, tenant: number, message: number, modseq: number): Promise<void> {
  await tx.run(`UPDATE submission SET modseq = $3 WHERE tenant_id = $1 AND id = $2`, [tenant, message, modseq]);
}

/** What was still to be sent, and is taken back from everyone, is unsent: nothing is left that could make it final. */
export async function unsendStopped(tx: Transaction, tenant: number, message: number): Promise<void> {
  await tx.run(
    `UPDATE submission SET undo_status = 'canceled' WHERE tenant_id = $1 AND id = $2 AND undo_status = 'pending'
       AND NOT EXISTS (SELECT FROM delivery d WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.state <> 'stopped')`,
    [tenant, message],
  );
}

/** Deliveries a range of fan-out. */
export const FANOUT_BATCH = 1000;

/** Local deliveries 1 … `local` are to be fanned out from `notBefore` on. */
export async function addFanout(
  tx: Transaction,
  tenant: number,
  message: number,
  local: number,
  notBefore: Date | null,
  kind: 'fanout' | 'replace',
): Promise<void> {
  await addWork(tx, kind, { tenant, of: message, from: 1, to: local }, FANOUT_BATCH, { notBefore });
}

/**
 * The Sent copy that acceptance made, if the account submitted this Message-ID and it is still where it was put: the
 * client's own copy of the same message takes its place, so that there are never two.
 */
export async function automaticSentCopy(
  reader: Reader,
  at: { tenant: number; account: number; mailbox: number; messageIdHeader: string },
): Promise<number | undefined> {
  const row = await reader.row<{ email_id: number }>(
    `SELECT c.email_id FROM submission s
     JOIN copy c ON c.tenant_id = s.tenant_id AND c.account_id = s.account_id AND c.email_id = s.email_id
     -- Made by acceptance itself; the client's own, once it has taken the place, stays.
     JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id AND m.created_at = s.accepted_at
     WHERE s.tenant_id = $1 AND s.account_id = $2 AND s.message_id_header = $4 AND s.source = 'smtp' AND c.mailbox_id = $3 AND c.delivery_n IS NULL
     ORDER BY s.id DESC LIMIT 1`,
    [at.tenant, at.account, at.mailbox, at.messageIdHeader],
  );
  return row?.email_id;
}
