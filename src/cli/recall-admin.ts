// An administrator's recall from a shell: of messages found across the organisation. The administrator is named: what is
// done has a name in the audit log, and where two have to agree they are two.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Account } from '../directory/directory.ts';
import { Refusal } from '../mail/errors.ts';
import { requireDuty } from '../recall/administer.ts';
import type { AdminPreview } from '../recall/admin-preview.ts';
import { appendAudit } from '../store/audit.ts';
import { findMessages, messagesFound, type FoundMessage, type MessageFilter } from '../store/messages-found.ts';
import { print, table } from './output.ts';
import { showOutcomes, watch } from './recall-outcomes.ts';
import { accountNamed, Usage, type Session } from './session.ts';

export const ADMIN_OPTIONS = {
  by: { type: 'string' },
  'message-id': { type: 'string' },
  subject: { type: 'string' },
  after: { type: 'string' },
  before: { type: 'string' },
  'attachment-name': { type: 'string' },
  'attachment-sha256': { type: 'string' },
  attachment: { type: 'string' },
  'read-copies': { type: 'boolean', default: false },
  forwards: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
} as const;

export interface AdminValues {
  by?: string | undefined;
  'message-id'?: string | undefined;
  from?: string | undefined;
  subject?: string | undefined;
  after?: string | undefined;
  before?: string | undefined;
  'attachment-name'?: string | undefined;
  'attachment-sha256'?: string | undefined;
  /** A file: all that carry it. */
  attachment?: string | undefined;
  to?: string | undefined;
  reason?: string | undefined;
  'read-copies': boolean;
  'include-read': boolean;
  forwards: boolean;
  'dry-run': boolean;
  all: boolean;
  notify: boolean;
  wait: boolean;
  json: boolean;
}

/** Messages that one command takes back. */
const MOST = 1000;

export async function recallFound(session: Session, messageId: string | undefined, values: AdminValues): Promise<void> {
  const actor = await accountNamed(session, values.by ?? '');
  const filter = await filterOf(messageId, values);
  if (!values['dry-run'] && (values.reason ?? '') === '') throw new Usage('Why? Say --reason TEXT, or --dry-run.');
  const found = await search(session, actor, filter);
  if (found.length === 0) throw new Refusal('notFound', 'There is no such message that went to somebody.');
  if (values['dry-run']) return dryRun(session, actor, found, values);
  if (found.length > 1 && !values.all) {
    const known = found.map((message) => `${message.message_id_header} of ${message.accepted_at.toISOString()}`);
    const sentence = `${found.length} messages are found; say more, or --all: ${known.slice(0, 5).join(', ')}`;
    throw new Refusal('ambiguous', `${sentence}${known.length > 5 ? ', …' : '.'}`);
  }
  const made: object[] = [];
  for (const message of found) made.push(await recallOne(session, actor, message, values));
  print(values.json, made, () => made.map((one) => (one as { said: string }).said).join('\n'));
}

async function filterOf(messageId: string | undefined, values: AdminValues): Promise<MessageFilter> {
  const date = (name: 'after' | 'before'): Date | undefined => {
    const given = values[name];
    if (given === undefined) return undefined;
    const at = new Date(given);
    if (Number.isNaN(at.getTime()))
      throw new Usage(`--${name} takes a date, as in 2026-11-23T12:00:00Z, not "${given}".`);
    return at;
  };
  const sha256 = values.attachment === undefined ? values['attachment-sha256'] : await sha256Of(values.attachment);
  if (sha256 !== undefined && !/^[\da-f]{64}$/i.test(sha256))
    throw new Usage('--attachment-sha256 takes 64 hexadecimal digits.');
  const id = messageId ?? values['message-id'];
  const all = {
    messageId: id?.trim().replace(/^<(.*)>$/s, '$1'),
    from: values.from,
    subject: values.subject,
    after: date('after'),
    before: date('before'),
    attachmentName: values['attachment-name'],
    attachmentSha256: sha256,
  };
  const filter = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as MessageFilter;
  if (Object.keys(filter).length === 0)
    throw new Usage('Which message? Say --message-id, --from, --subject …; --help says more.');
  return filter;
}

async function sha256Of(file: string): Promise<string> {
  const bytes = await readFile(file).catch(() => {
    throw new Refusal('notFound', `${file} cannot be read.`);
  });
  return createHash('sha256').update(bytes).digest('hex');
}

async function search(session: Session, actor: Account, filter: MessageFilter): Promise<FoundMessage[]> {
  const { store, clock } = session.services;
  const { tenant } = actor;
  await requireDuty(store, actor, 'recall');
  await store.transact(async (tx) =>
    appendAudit(tx, tenant, {
      at: clock(),
      actor: actor.address,
      action: 'messages.searched',
      subject: (filter.messageId ?? '').slice(0, 200),
      detail: { filter, commandLine: true },
    }),
  );
  const ids = await findMessages(store, tenant, filter, { position: 0, limit: MOST + 1 });
  if (ids.length > MOST) throw new Refusal('tooMany', `More than ${MOST} messages are found; say more.`);
  const rows = await messagesFound(store, tenant, ids);
  return ids.flatMap((id) => rows.filter((row) => row.id === id));
}

const recipientsOf = ({ to }: AdminValues): string[] | null =>
  to === undefined ? null : to.split(',').map((one) => one.trim());

async function dryRun(session: Session, actor: Account, found: FoundMessage[], values: AdminValues): Promise<void> {
  const { administrators } = session.services.recalls;
  const rows: (Omit<AdminPreview, 'forwards'> & { forwards: number | null; messageId: string | null })[] = [];
  for (const message of found) {
    const asked = { actor, message: message.id, recipients: recipientsOf(values), forwards: values.forwards };
    const { forwards, ...preview } = await administrators.preview(asked);
    rows.push({ ...of(message), ...preview, forwards: forwards?.length ?? null });
  }
  print(values.json, rows, () => {
    const columns = [
      'subject',
      'from',
      'acceptedAt',
      'total',
      'inside',
      'outside',
      'held',
      'queued',
      'protected',
      'exposure',
    ];
    const approval = rows.some((row) => row.needsApproval) ? ['A second administrator has to approve it.'] : [];
    return [table(rows, values.forwards ? [...columns, 'forwards'] : columns), ...approval, 'Nothing was done.'].join(
      '\n',
    );
  });
}

function of(message: FoundMessage): {
  messageId: string | null;
  subject: string | null;
  from: string;
  acceptedAt: Date;
} {
  const from = message.sender ?? message.from?.[0]?.email ?? '';
  return { messageId: message.message_id_header, subject: message.subject, from, acceptedAt: message.accepted_at };
}

async function recallOne(
  session: Session,
  actor: Account,
  message: FoundMessage,
  values: AdminValues,
): Promise<object> {
  const { recalls, store } = session.services;
  const made = await recalls.administrators.request({
    actor,
    message: message.id,
    recipients: recipientsOf(values),
    includeRead: values['read-copies'] || values['include-read'],
    forwards: values.forwards,
    notifyMe: values.notify,
    reason: values.reason ?? '',
  });
  await store.notifier.flushed();
  if (made.kind === 'waiting') {
    const { id, expires_at: expiresAt } = made.request;
    const said = `r${id}: waits for a second administrator, until ${expiresAt.toISOString().slice(0, 16)}.`;
    return { id: `r${id}`, ...of(message), status: 'waiting', expiresAt, said };
  }
  const { recall, forwards } = made;
  if (values.wait) {
    const done = await watch(session, actor.tenant, recall.id, !values.json && process.stderr.isTTY);
    await showOutcomes(session, actor.tenant, done, values.json);
  }
  const along = forwards.length === 0 ? '' : ` and ${forwards.length} forwards`;
  return {
    id: `r${recall.id}`,
    ...of(message),
    status: recall.status,
    total: recall.total,
    gatedAt: recall.gated_at,
    forwards: forwards.map((one) => `r${one.id}`),
    said: `r${recall.id}: taking back from ${recall.total}${along}; no ${recall.include_read ? '' : 'unread '}copy can be opened any more.`,
  };
}

export type AdminVerb = 'approve' | 'deny' | 'cancel' | 'restore';

/** What an administrator says of a recall, or of a request for one. */
export async function decide(session: Session, verb: AdminVerb, id: number, values: AdminValues): Promise<void> {
  const actor = await accountNamed(session, values.by ?? '');
  const { recalls } = session.services;
  const acts: Record<AdminVerb, () => Promise<string>> = {
    approve: async () => {
      const { recall, forwards } = await recalls.administrators.approve(actor, id);
      return `taking back from ${recall.total}${forwards.length === 0 ? '' : ` and ${forwards.length} forwards`}.`;
    },
    deny: async () => `${await recalls.administrators.deny(actor, id)}.`,
    cancel: async () => {
      await recalls.administrators.cancel(actor, id);
      return 'what is not decided yet stays.';
    },
    restore: async () => {
      await recalls.restore(actor, null, id);
      return 'what was taken back returns.';
    },
  };
  const said = await acts[verb]();
  print(values.json, { id: `r${id}`, asked: verb }, () => `r${id}: ${said}`);
}
