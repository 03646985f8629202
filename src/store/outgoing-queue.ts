// The outgoing queue as an administrator sees and changes it.

import type { DeliveryState } from '../mail/recall.ts';
import { raise } from './account-state.ts';
import { finalizeSubmission, wakeSweep } from './outgoing.ts';
import type { Reader, Transaction } from './postgres.ts';
import { pendingSender, tellStatus } from './submissions.ts';

export interface QueuedMessage {
  tenant: number;
  message_id: number;
  mail_from: string;
  subject: string | null;
  message_id_header: string | null;
  size: number;
  received_at: Date;
  held: number;
  queued: number;
  sending: number;
  /** When the next attempt is due. */
  next: Date | null;
}

/** Deliveries of a tenant ($1) to other servers that are not done, by the indexes of what is due and of what is under way. */
const WAITING = `SELECT message_id, state, due_at FROM delivery WHERE tenant_id = $1 AND account_id IS NULL AND due_at IS NOT NULL AND state IN ('held', 'queued')
       UNION ALL
       SELECT message_id, state, due_at FROM delivery WHERE tenant_id = $1 AND account_id IS NULL AND lease_until IS NOT NULL AND state = 'sending'`;

/**
 * Messages of a tenant with deliveries to other servers that are not done, oldest first: all, those of `messages`, or those
 * that bear a Message-ID. It costs as much as waits, however many envelopes there are.
 */
export async function queuedMessages(
  reader: Reader,
  tenant: number,
  of: { messages: number[] } | { messageIdHeader: string } | null,
  limit: number,
): Promise<QueuedMessage[]> {
  const [messages, header] =
    of === null ? [null, null] : 'messages' in of ? [of.messages, null] : [null, of.messageIdHeader];
  // Two statements, so that each has its own plan: of one message is read what is its own.
  const named = messages === null ? '$2::bigint[] IS NULL' : 'message_id = ANY ($2::bigint[])';
  return reader.rows(
    `SELECT e.tenant_id AS tenant, e.message_id, e.mail_from, m.subject, m.message_id_header, m.size, e.received_at, d.held, d.queued, d.sending, d.next
     FROM (
       SELECT message_id, (count(*) FILTER (WHERE state = 'held'))::int AS held, (count(*) FILTER (WHERE state = 'queued'))::int AS queued,
         (count(*) FILTER (WHERE state = 'sending'))::int AS sending, min(due_at) AS next
       FROM (${WAITING}) AS w WHERE ${named} GROUP BY message_id) AS d
     JOIN envelope e ON e.tenant_id = $1 AND e.message_id = d.message_id
     JOIN message m ON m.tenant_id = $1 AND m.id = d.message_id
     WHERE $4::text IS NULL OR m.message_id_header = $4
     ORDER BY e.received_at, e.message_id LIMIT $3`,
    [tenant, messages, limit, header],
  );
}

/** All that waits to go to other servers. */
export async function queueTotals(
  reader: Reader,
  tenant: number,
): Promise<{ messages: number; held: number; queued: number; sending: number }> {
  const row = await reader.row<{ messages: number; held: number; queued: number; sending: number }>(
    `SELECT count(DISTINCT message_id)::int AS messages, (count(*) FILTER (WHERE state = 'held'))::int AS held,
       (count(*) FILTER (WHERE state = 'queued'))::int AS queued, (count(*) FILTER (WHERE state = 'sending'))::int AS sending
     FROM (${WAITING}) AS w`,
    [tenant],
  );
  return row ?? { messages: 0, held: 0, queued: 0, sending: 0 };
}

export interface QueuedDelivery {
  n: number;
  recipient: string;
  via: string | null;
  state: DeliveryState;
  attempts: number;
  maybe_sent: boolean;
  due_at: Date | null;
  lease_until: Date | null;
  finished_at: Date | null;
  remote_host: string | null;
  remote_reply: string | null;
}

/** A message's deliveries to other servers, done or not. */
export async function outsideDeliveries(
  reader: Reader,
  tenant: number,
  message: number,
  limit: number,
): Promise<QueuedDelivery[]> {
  return reader.rows(
    `SELECT n, recipient, via, state, attempts, maybe_sent, due_at, lease_until, finished_at,
       remote_host, remote_reply
     FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND account_id IS NULL ORDER BY n LIMIT $3`,
    [tenant, message, limit],
  );
}

/** Makes queued deliveries due now: of one message, or all. What is held waits for its sender. Answers how many. */
export async function makeDue(tx: Transaction, tenant: number, message: number | null, now: Date): Promise<number> {
  const due = await tx.run(
    `UPDATE delivery SET due_at = $3 WHERE tenant_id = $1 AND ($2::bigint IS NULL OR message_id = $2)
       AND account_id IS NULL AND state = 'queued' AND due_at > $3`,
    [tenant, message, now],
  );
  if (due > 0) tx.changes.wake.add('outgoing');
  return due;
}

/**
 * Ends a message's waiting deliveries to other servers as failed, for an administrator's reason; the worker tells the
 * sender. An attempt under way ends by itself. Answers the recipients.
 */
export async function dropWaiting(
  tx: Transaction,
  tenant: number,
  message: number,
  recipient: string | null,
  reason: string,
  now: Date,
): Promise<string[]> {
  // Accounts are locked before deliveries.
  const sender = await pendingSender(tx, tenant, message);
  if (sender === undefined) await tellStatus(tx, tenant, message);
  else await raise(tx, tenant, sender, 0);
  const locked = await tx.rows<{ n: number; recipient: string }>(
    `SELECT n, recipient FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND account_id IS NULL AND state IN ('held', 'queued')
       AND ($3::text IS NULL OR lower(recipient) = lower($3)) ORDER BY n FOR UPDATE`,
    [tenant, message, recipient],
  );
  await tx.run(
    `UPDATE delivery SET state = 'failed', due_at = NULL, untold_at = $4, finished_at = $4, remote_host = NULL, remote_reply = $5
     WHERE tenant_id = $1 AND message_id = $2 AND n = ANY ($3::int[])`,
    [tenant, message, locked.map((row) => row.n), now, reason],
  );
  const isLeft = await tx.row(
    `SELECT 1 FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND state IN ('held', 'queued', 'sending') LIMIT 1`,
    [tenant, message],
  );
  if (sender !== undefined && !isLeft) await finalizeSubmission(tx, tenant, message, sender);
  tx.changes.wake.add('outgoing');
  await wakeSweep(tx, tenant, message);
  return locked.map((row) => row.recipient);
}
