// Acceptance as rows: submissions, their deliveries, and what delivering needs to remember.

import { addWork } from './work.ts';
import type { Reader, Transaction } from './postgres.ts';

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
  envelope: object | null;
  /** Of the submitting account, which is locked. */
  modseq: number;
}

export async function insertSubmissions(tx: Transaction, tenant: number, submissions: NewSubmission[], now: Date): Promise<void> {
  if (submissions.length === 0) return;
  await tx.run(
    `INSERT INTO submission (tenant_id, accepted_at, id, account_id, submitted_by, message_id_header, mail_from, identity_id, email_id, thread_id, source,
       send_at, undo_status, total, outside, envelope, created_modseq, modseq)
     SELECT $1, $2, s.id, s.account_id, s.submitted_by, s.message_id_header, s.mail_from, s.identity_id, s.email_id, s.thread_id, s.source,
       s.send_at, s.undo_status, s.total, s.outside, s.envelope, s.modseq, s.modseq
     FROM unnest($3::bigint[], $4::int[], $5::int[], $6::text[], $7::text[], $8::int[], $9::bigint[], $10::bigint[], $11::text[], $12::timestamptz[],
       $13::text[], $14::int[], $15::int[], $16::jsonb[], $17::bigint[])
       AS s (id, account_id, submitted_by, message_id_header, mail_from, identity_id, email_id, thread_id, source, send_at, undo_status, total, outside,
         envelope, modseq)`,
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
    ],
  );
}

export interface NewDelivery {
  messageId: number;
  n: number;
  accountId: number | null;
  state: 'held' | 'queued' | 'delivered';
  dueAt: Date | null;
  recipient: string;
  via: string | null;
  notify: number;
  originalRecipient: string | null;
}

export async function insertDeliveries(tx: Transaction, tenant: number, deliveries: NewDelivery[], now: Date): Promise<void> {
  await tx.run(
    `INSERT INTO delivery (tenant_id, message_id, n, account_id, state, due_at, recipient, via, notify, original_recipient, finished_at)
     SELECT $1, d.message_id, d.n, d.account_id, d.state, d.due_at, d.recipient, d.via, d.notify, d.original_recipient,
       CASE WHEN d.state = 'delivered' THEN $2::timestamptz END
     FROM unnest($3::bigint[], $4::int[], $5::int[], $6::delivery_state[], $7::timestamptz[], $8::text[], $9::text[], $10::smallint[], $11::text[])
       AS d (message_id, n, account_id, state, due_at, recipient, via, notify, original_recipient)`,
    [
      tenant,
      now,
      deliveries.map((d) => d.messageId),
      deliveries.map((d) => d.n),
      deliveries.map((d) => d.accountId),
      deliveries.map((d) => d.state),
      deliveries.map((d) => d.dueAt),
      deliveries.map((d) => d.recipient),
      deliveries.map((d) => d.via),
      deliveries.map((d) => d.notify),
      deliveries.map((d) => d.originalRecipient),
    ],
  );
}

export interface Expansion {
  messageId: number;
  direct: { account: number; via: string | null; notify: number; originalRecipient: string | null }[];
  groups: { group: number; address: string; notify: number }[];
  outside: { address: string; notify: number; originalRecipient: string | null }[];
  local: { state: 'held' | 'queued'; dueAt: Date | null };
  away: { state: 'held' | 'queued'; dueAt: Date | null };
}

/**
 * One delivery an account and outside address, however many ways led there (directly before alias before group), with
 * groups expanded as they are now, in the database: a million members never pass through here. Answers how many.
 */
export async function insertExpanded(tx: Transaction, tenant: number, of: Expansion): Promise<{ total: number; outside: number }> {
  const total = await tx.run(
    `WITH RECURSIVE reached (group_id, via, notify) AS (
       SELECT * FROM unnest($7::int[], $8::text[], $9::smallint[])
       UNION
       SELECT a.group_id, r.via, r.notify FROM reached r
         JOIN group_member m ON m.tenant_id = $1 AND m.group_id = r.group_id
         JOIN address a ON a.address = m.address AND a.tenant_id = $1 AND a.group_id IS NOT NULL
     ), ways (account_id, outside, via, notify, original, rank) AS (
       SELECT account, NULL, via, notify, original, CASE WHEN via IS NULL THEN 0 ELSE 1 END
         FROM unnest($3::int[], $4::text[], $5::smallint[], $6::text[]) AS d (account, via, notify, original)
       UNION ALL
       SELECT NULL, address, NULL, notify, original, 0 FROM unnest($10::text[], $11::smallint[], $12::text[]) AS o (address, notify, original)
       UNION ALL
       SELECT p.id, NULL, r.via, r.notify, NULL, 2 FROM reached r
         JOIN mail_group g ON g.tenant_id = $1 AND g.id = r.group_id AND g.everybody
         JOIN account p ON p.tenant_id = $1 AND p.kind = 'person'
       UNION ALL
       SELECT a.account_id, CASE WHEN a.address IS NULL THEN m.address END, r.via, r.notify, NULL, 2 FROM reached r
         JOIN group_member m ON m.tenant_id = $1 AND m.group_id = r.group_id
         LEFT JOIN address a ON a.address = m.address AND a.tenant_id = $1
         WHERE a.group_id IS NULL
     ), one (account_id, outside, via, notify, original) AS (
       SELECT DISTINCT ON (account_id, outside) account_id, outside, via, notify, original FROM ways
       ORDER BY account_id, outside, rank, via
     )
     INSERT INTO delivery (tenant_id, message_id, n, account_id, state, due_at, recipient, via, notify, original_recipient)
     SELECT $1, $2, row_number() OVER (ORDER BY o.account_id NULLS LAST, o.outside), o.account_id,
       CASE WHEN o.account_id IS NULL THEN $15::delivery_state ELSE $13::delivery_state END,
       CASE WHEN o.account_id IS NULL THEN $16::timestamptz ELSE $14::timestamptz END,
       coalesce(p.address, o.outside), o.via, o.notify, o.original
     FROM one o LEFT JOIN account p ON p.tenant_id = $1 AND p.id = o.account_id
     WHERE o.outside IS NOT NULL OR p.id IS NOT NULL`,
    [
      tenant,
      of.messageId,
      of.direct.map((d) => d.account),
      of.direct.map((d) => d.via),
      of.direct.map((d) => d.notify),
      of.direct.map((d) => d.originalRecipient),
      of.groups.map((g) => g.group),
      of.groups.map((g) => g.address),
      of.groups.map((g) => g.notify),
      of.outside.map((o) => o.address),
      of.outside.map((o) => o.notify),
      of.outside.map((o) => o.originalRecipient),
      of.local.state,
      of.local.dueAt,
      of.away.state,
      of.away.dueAt,
    ],
  );
  const row = await tx.row<{ outside: number }>(
    `SELECT count(*)::int AS outside FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND account_id IS NULL`,
    [tenant, of.messageId],
  );
  return { total, outside: row?.outside ?? 0 };
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
export async function insertEnvelopes(tx: Transaction, tenant: number, envelopes: NewEnvelope[], now: Date): Promise<void> {
  if (envelopes.length === 0) return;
  await tx.run(
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

/** Deliveries a range of fan-out. */
export const FANOUT_BATCH = 2000;

/** Local deliveries 1 … `local` are to be fanned out from `notBefore` on. */
export async function addFanout(tx: Transaction, tenant: number, message: number, local: number, notBefore: Date | null, kind: 'fanout' | 'replace'): Promise<void> {
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
     WHERE s.tenant_id = $1 AND s.account_id = $2 AND s.message_id_header = $4 AND s.source = 'smtp' AND c.mailbox_id = $3 AND c.delivery_n IS NULL
     ORDER BY s.id DESC LIMIT 1`,
    [at.tenant, at.account, at.mailbox, at.messageIdHeader],
  );
  return row?.email_id;
}
