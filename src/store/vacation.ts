// Vacation responses: what accounts have set, the answers that are due, and who has had one.

import type { Envelope } from '../mail/message.ts';
import type { AccountKey } from './exposure.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface VacationRow {
  enabled: boolean;
  from_date: Date | null;
  to_date: Date | null;
  subject: string | null;
  text_body: string | null;
  html_body: string | null;
  modseq: number;
}

const COLUMNS = 'enabled, from_date, to_date, subject, text_body, html_body, modseq';

/** Undefined: nobody has ever set one. */
export async function vacationOf(reader: Reader, at: AccountKey): Promise<VacationRow | undefined> {
  return reader.row(`SELECT ${COLUMNS} FROM vacation_response WHERE tenant_id = $1 AND account_id = $2`, [
    at.tenant,
    at.account,
  ]);
}

/** The account is locked and raised to its modseq. */
export async function putVacation(tx: Transaction, at: AccountKey, row: VacationRow): Promise<void> {
  await tx.run(
    `INSERT INTO vacation_response (tenant_id, account_id, ${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (tenant_id, account_id)
     DO UPDATE SET enabled = $3, from_date = $4, to_date = $5, subject = $6, text_body = $7, html_body = $8, modseq = $9`,
    [
      at.tenant,
      at.account,
      row.enabled,
      row.from_date,
      row.to_date,
      row.subject,
      row.text_body,
      row.html_body,
      row.modseq,
    ],
  );
}

/** A new absence: everybody hears of it once more. */
export async function forgetAnswered(tx: Transaction, at: AccountKey): Promise<void> {
  await tx.run(`DELETE FROM vacation_sent WHERE tenant_id = $1 AND account_id = $2`, [at.tenant, at.account]);
}

/** A message to one account that may be answered. */
export interface Answerable {
  message: number;
  account: number;
  /** Return path. */
  replyTo: string;
  /** When it is to be delivered. */
  at: Date;
}

/** Puts down those whose account has a response switched on. Answers how many. */
export async function addDue(tx: Transaction, tenant: number, messages: Answerable[]): Promise<number> {
  return tx.run(
    `INSERT INTO vacation_due (tenant_id, message_id, account_id, reply_to, not_before)
     SELECT $1, a.message_id, a.account_id, a.reply_to, a.at
     FROM unnest($2::bigint[], $3::int[], $4::text[], $5::timestamptz[]) AS a (message_id, account_id, reply_to, at)
     JOIN vacation_response v ON v.tenant_id = $1 AND v.account_id = a.account_id AND v.enabled
     ON CONFLICT DO NOTHING`,
    [
      tenant,
      messages.map((one) => one.message),
      messages.map((one) => one.account),
      messages.map((one) => one.replyTo),
      messages.map((one) => one.at),
    ],
  );
}

export interface Due extends AccountKey {
  message: number;
  replyTo: string;
}

/** Claims one that is due until `until`: whoever has it and dies does not keep it longer. */
export async function takeDue(tx: Transaction, now: Date, until: Date): Promise<Due | undefined> {
  const due = await tx.row<Due>(
    `SELECT tenant_id AS tenant, account_id AS account, message_id AS message, reply_to AS "replyTo" FROM vacation_due
     WHERE not_before <= $1 ORDER BY not_before LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [now],
  );
  if (due) await putOff(tx, due, until);
  return due;
}

export async function putOff(tx: Transaction, due: Due, until: Date): Promise<void> {
  await tx.run(`UPDATE vacation_due SET not_before = $4 WHERE tenant_id = $1 AND message_id = $2 AND account_id = $3`, [
    due.tenant,
    due.message,
    due.account,
    until,
  ]);
}

export async function dropDue(tx: Transaction, due: Due): Promise<void> {
  await tx.run(`DELETE FROM vacation_due WHERE tenant_id = $1 AND message_id = $2 AND account_id = $3`, [
    due.tenant,
    due.message,
    due.account,
  ]);
}

/** What is to be answered, and with what. */
export interface Answering extends VacationRow {
  /** Of the delivery. */
  state: 'held' | 'queued' | 'sending' | 'delivered' | 'failed' | 'stopped';
  /** A copy is there that no gate covers: what was taken back is not answered. */
  visible: boolean;
  received_at: Date;
  envelope: Envelope;
}

/** Undefined: the account, its response, the message or its delivery is gone. */
export async function answering(reader: Reader, due: Due): Promise<Answering | undefined> {
  return reader.row(
    `SELECT v.enabled, v.from_date, v.to_date, v.subject, v.text_body, v.html_body, v.modseq, d.state, m.created_at AS received_at, m.envelope,
       EXISTS (SELECT FROM visible_copy c WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.message_id = $3) AS visible
     FROM vacation_response v
     JOIN delivery d ON d.tenant_id = $1 AND d.message_id = $3 AND d.account_id = $2
     JOIN message m ON m.tenant_id = $1 AND m.id = $3
     WHERE v.tenant_id = $1 AND v.account_id = $2`,
    [due.tenant, due.account, due.message],
  );
}

/** Says that this sender is answered now. False: they were since `since`, for another message. */
export async function markAnswered(
  tx: Transaction,
  due: Due,
  sender: string,
  { now, since }: { now: Date; since: Date },
): Promise<boolean> {
  const marked = await tx.run(
    `INSERT INTO vacation_sent AS s (tenant_id, account_id, sender, at, message_id) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (tenant_id, account_id, sender) DO UPDATE SET at = $4, message_id = $5 WHERE s.at <= $6 OR s.message_id = $5`,
    [due.tenant, due.account, sender, now, due.message, since],
  );
  return marked > 0;
}

/** Forgets who was answered before `before`. */
export async function expireAnswered(tx: Transaction, tenant: number, before: Date): Promise<number> {
  return tx.run(`DELETE FROM vacation_sent WHERE tenant_id = $1 AND at < $2`, [tenant, before]);
}
