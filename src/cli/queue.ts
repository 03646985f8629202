import { parseArgs } from 'node:util';
import { Refusal } from '../mail/errors.ts';
import { appendAudit } from '../store/audit.ts';
import { tenantsAll } from '../store/directory.ts';
import {
  dropWaiting,
  makeDue,
  outsideDeliveries,
  queuedMessages,
  type QueuedMessage,
} from '../store/outgoing-queue.ts';
import type { Store } from '../store/postgres.ts';
import { print, table, tenantOf, Usage, withSession, type Session } from './session.ts';

export const help = `list, show, retry or drop mail that waits to go to other servers
  homing queue list [--tenant NAME] [--limit N]
  homing queue show ID
  homing queue retry [ID] [--tenant NAME]    due now: one message, or all; what is held waits for its sender
  homing queue drop ID [--to ADDRESS]        given up: its sender is told
  ID is the list's, or a Message-ID.  --json for programs.`;

/** Recipients that are shown of one message. */
const SHOWN = 10_000;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: {
      tenant: { type: 'string' },
      limit: { type: 'string', default: '100' },
      to: { type: 'string' },
      json: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  const [verb = '', id = '', ...more] = positionals;
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new Usage(`--limit takes a number, not "${values.limit}".`);
  const verbs: Record<string, (session: Session) => Promise<void>> = {
    list: async (session) => {
      const found = await Promise.all(
        (await tenants(session, values.tenant)).map((tenant) =>
          queuedMessages(session.services.store, tenant, null, limit),
        ),
      );
      const rows = found.flat().slice(0, limit).map(shownMessage);
      print(values.json, rows, () =>
        rows.length === 0
          ? 'Nothing waits.'
          : table(rows, ['id', 'from', 'subject', 'held', 'queued', 'sending', 'next']),
      );
    },
    show: async ({ services }) => {
      const message = await find(services.store, id);
      const recipients = (await outsideDeliveries(services.store, message.tenant, message.message_id, SHOWN)).map(
        (row) => ({
          recipient: row.recipient,
          via: row.via,
          state: row.state,
          attempts: row.attempts,
          maybeSent: row.maybe_sent,
          dueAt: row.due_at,
          finishedAt: row.finished_at,
          remoteHost: row.remote_host,
          reply: row.remote_reply,
        }),
      );
      const shown = shownMessage(message);
      print(values.json, { ...shown, recipients }, () =>
        [
          `${shown.id}  ${shown.from}  ${shown.subject ?? ''}`,
          table(recipients, ['recipient', 'state', 'attempts', 'maybeSent', 'dueAt', 'remoteHost', 'reply']),
        ].join('\n\n'),
      );
    },
    retry: async (session) => {
      const { store, clock } = session.services;
      const one = id === '' ? undefined : await find(store, id);
      let due = 0;
      for (const tenant of one ? [one.tenant] : await tenants(session, values.tenant)) {
        due += await store.transact((tx) => makeDue(tx, tenant, one?.message_id ?? null, clock()));
      }
      print(values.json, { due }, () => (due === 1 ? '1 delivery is due now.' : `${due} deliveries are due now.`));
    },
    drop: async ({ services: { store, clock } }) => {
      const message = await find(store, id);
      const { to = null } = values;
      const dropped = await store.transact(async (tx) => {
        const recipients = await dropWaiting(
          tx,
          message.tenant,
          message.message_id,
          to,
          'dropped by an administrator',
          clock(),
        );
        if (recipients.length === 0) return recipients;
        appendAudit(tx, message.tenant, {
          at: clock(),
          actor: 'command line',
          action: 'queue.dropped',
          subject: String(message.message_id),
          detail: { messageId: message.message_id_header, recipients: recipients.length, to },
        });
        return recipients;
      });
      if (dropped.length === 0)
        throw new Refusal(
          'notWaiting',
          to === null ? 'Its attempts are under way; nothing else waits.' : `Nothing waits for ${to}.`,
        );
      print(
        values.json,
        { dropped },
        () =>
          `Dropped: ${dropped.slice(0, 10).join(', ')}${dropped.length > 10 ? ` and ${dropped.length - 10} more` : ''}.`,
      );
    },
  };
  const work = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (
    !work ||
    more.length > 0 ||
    (id === '' && (verb === 'show' || verb === 'drop')) ||
    (id !== '' && verb === 'list')
  ) {
    throw new Usage(`homing queue ${Object.keys(verbs).join('|')} …; --help says more.`);
  }
  await withSession(work);
  return 0;
}

async function tenants(session: Session, named: string | undefined): Promise<number[]> {
  if (named !== undefined) return [(await tenantOf(session, named)).id];
  return (await tenantsAll(session.services.store)).map((tenant) => tenant.id);
}

/** A message in the queue, by its number or its Message-ID. Throws Refusal `notFound`, `ambiguous`. */
async function find(store: Store, id: string): Promise<QueuedMessage> {
  const of = /^\d{1,15}$/.test(id) ? { messages: [Number(id)] } : { messageIdHeader: id.replace(/^<(.*)>$/s, '$1') };
  const found: QueuedMessage[] = [];
  for (const tenant of await tenantsAll(store)) {
    found.push(...(await queuedMessages(store, tenant.id, of, 2)));
  }
  const [message, other] = found;
  if (!message) throw new Refusal('notFound', `Nothing waits of ${id}.`);
  if (other)
    throw new Refusal(
      'ambiguous',
      `Two messages bear this Message-ID; name one by its number: ${found.map((one) => one.message_id).join(', ')}.`,
    );
  return message;
}

function shownMessage(row: QueuedMessage): {
  id: number;
  from: string;
  subject: string | null;
  messageId: string | null;
  size: number;
  receivedAt: Date;
  held: number;
  queued: number;
  sending: number;
  next: Date | null;
} {
  const { subject, size, held, queued, sending, next } = row;
  const from = row.mail_from === '' ? '<>' : row.mail_from;
  return {
    id: row.message_id,
    from,
    subject,
    messageId: row.message_id_header,
    size,
    receivedAt: row.received_at,
    held,
    queued,
    sending,
    next,
  };
}
