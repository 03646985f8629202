// AdminQueue/get, /recipients, /retry, /drop: mail that waits to go to other servers, as `homing queue` has it.

import { Refusal } from '../../mail/errors.ts';
import { appendAudit } from '../../store/audit.ts';
import {
  dropWaiting,
  makeDue,
  outsideDeliveries,
  queuedMessages,
  queueTotals,
  type QueuedMessage,
} from '../../store/outgoing-queue.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { getArguments, listed, numberOf, onlyArguments, optionalInteger } from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import { optionalText, stillHas } from './admin.ts';

const PROPERTIES = [
  'id',
  'messageId',
  'subject',
  'mailFrom',
  'size',
  'receivedAt',
  'held',
  'queued',
  'sending',
  'nextAt',
];

function toQueued(row: QueuedMessage): Record<string, unknown> {
  return {
    id: `mg${row.message_id}`,
    messageId: row.message_id_header,
    subject: row.subject,
    mailFrom: row.mail_from,
    size: row.size,
    receivedAt: row.received_at.toISOString(),
    held: row.held,
    queued: row.queued,
    sending: row.sending,
    nextAt: row.next?.toISOString() ?? null,
  };
}

/** `ids` null: the oldest, as many as a get may have; `totals` counts all that there are. */
export const adminQueueGet: Method = async (args, context) => {
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const { store, user } = context;
  const messages = ids?.map((id) => numberOf(id, 'mg')).filter((id) => id !== undefined);
  const rows = await queuedMessages(store, user.tenant, messages ? { messages } : null, LIMITS.maxObjectsInGet);
  const all = new Map(rows.map((row) => [`mg${row.message_id}`, toQueued(row)]));
  const totals = await queueTotals(store, user.tenant);
  return { accountId: args['accountId'], state: '0', ...listed(all, ids, properties), totals };
};

function messageOf(value: unknown): number {
  const message = numberOf(value, 'mg');
  if (message === undefined) throw invalidArguments('"message" is required.');
  return message;
}

/** A message's recipients outside, done or not. */
export const adminQueueRecipients: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'message', 'limit']);
  const message = messageOf(args['message']);
  const limit = Math.min(optionalInteger(args, 'limit', 0) ?? LIMITS.maxObjectsInGet, LIMITS.maxQuery);
  const rows = await outsideDeliveries(context.store, context.user.tenant, message, limit);
  return {
    accountId: args['accountId'],
    message: args['message'],
    recipients: rows.map((row) => ({
      recipient: row.recipient,
      via: row.via,
      state: row.state,
      attempts: row.attempts,
      maybeSent: row.maybe_sent,
      dueAt: row.due_at?.toISOString() ?? null,
      finishedAt: row.finished_at?.toISOString() ?? null,
      remoteHost: row.remote_host,
      reply: row.remote_reply,
    })),
  };
};

function record(
  tx: Parameters<typeof appendAudit>[0],
  { user, clock }: MethodContext,
  entry: { action: string; subject: string; detail: Record<string, unknown> },
): void {
  appendAudit(tx, user.tenant, { at: clock(), actor: user.address, ...entry });
}

/** `message` null: everything that is queued. What is held waits for its sender. */
export const adminQueueRetry: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'message']);
  const message = (args['message'] ?? null) === null ? null : messageOf(args['message']);
  const { store, user, clock } = context;
  const due = await store.transact(async (tx) => {
    await stillHas(context, 'change-queue')(tx);
    const made = await makeDue(tx, user.tenant, message, clock());
    if (made > 0)
      record(tx, context, { action: 'queue.retried', subject: String(message ?? 'all'), detail: { recipients: made } });
    return made;
  });
  return { accountId: args['accountId'], due };
};

/** Gives up what waits of a message, for one recipient or all; its sender is told. */
export const adminQueueDrop: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'message', 'recipient']);
  const message = messageOf(args['message']);
  const to = optionalText(args, 'recipient') ?? null;
  const { store, user, clock } = context;
  const dropped = await store.transact(async (tx) => {
    await stillHas(context, 'change-queue')(tx);
    const [queued] = await queuedMessages(tx, user.tenant, { messages: [message] }, 1);
    if (!queued) throw new MethodError('notFound', 'Nothing of it waits.');
    const recipients = await dropWaiting(tx, user.tenant, message, to, 'dropped by an administrator', clock());
    if (recipients.length === 0)
      throw new Refusal(
        'notWaiting',
        to === null ? 'Its attempts are under way; nothing else waits.' : `Nothing waits for ${to}.`,
      );
    const detail = { messageId: queued.message_id_header, recipients: recipients.length, to };
    record(tx, context, { action: 'queue.dropped', subject: String(message), detail });
    return recipients;
  });
  return { accountId: args['accountId'], dropped: dropped.length };
};
