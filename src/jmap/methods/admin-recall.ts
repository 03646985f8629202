// AdminRecall/get, /query, /set, /preview, /restore: every recall of the organisation, and an administrator's own. One that
// waits for a second administrator is an AdminRecall, too, and keeps its id.

import type { Account } from '../../directory/directory.ts';
import type { AdminRecallRequest } from '../../recall/administer.ts';
import { packRecall } from '../../recall/pack/pack.ts';
import { recallRequests, type RecallRequestRow } from '../../store/recall-requests.ts';
import { tenantRecallIds, tenantRecallsByIds } from '../../store/tenant-recalls.ts';
import { type RecallProgress } from '../../store/recalls.ts';
import { recallableMessage } from '../../store/messages-found.ts';
import { invalidArguments, invalidProperties, MethodError, SetFault } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  attempt,
  emptySetResult,
  getArguments,
  isObject,
  isText,
  listed,
  numberOf,
  onlyArguments,
  optionalBoolean,
  optionalInteger,
  resolveId,
  setArguments,
  setResponse,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import { optionalDate, optionalText } from './admin.ts';

const PROPERTIES = [
  'id',
  'message',
  'messageId',
  'subject',
  'sender',
  'mode',
  'status',
  'includeRead',
  'recipients',
  'reason',
  'byAdministrator',
  'requestedBy',
  'decidedBy',
  'decidedAt',
  'forwardOf',
  'createdAt',
  'gatedAt',
  'doneAt',
  'expiresAt',
  'total',
  'counts',
  'cancelRequested',
  'restoreRequestedAt',
];

type People = Pick<MethodContext, 'directory' | 'user'>;

const addressOf = async ({ directory, user }: People, id: number | null): Promise<string | null> =>
  id === null || id === 0 ? null : ((await directory.account(user.tenant, id))?.address ?? null);

/** Everything: nothing of a recall is hidden from administrators. */
async function toAdminRecall(context: People, recall: RecallProgress): Promise<Record<string, unknown>> {
  return {
    id: `r${recall.id}`,
    message: `mg${recall.message_id}`,
    messageId: recall.message_id_header,
    subject: recall.subject,
    sender: await addressOf(context, recall.account_id),
    mode: recall.mode,
    status: recall.status,
    includeRead: recall.include_read,
    recipients: null,
    reason: recall.reason,
    byAdministrator: recall.by_administrator,
    requestedBy: await addressOf(context, recall.requested_by),
    decidedBy: await addressOf(context, recall.approved_by),
    decidedAt: recall.approved_by === null ? null : recall.gated_at.toISOString(),
    forwardOf: recall.forward_of === null ? null : `r${recall.forward_of}`,
    createdAt: recall.created_at.toISOString(),
    gatedAt: recall.gated_at.toISOString(),
    doneAt: recall.done_at?.toISOString() ?? null,
    expiresAt: null,
    total: recall.total,
    counts: recall.counts,
    cancelRequested: recall.cancel_requested,
    restoreRequestedAt: recall.restore_requested_at?.toISOString() ?? null,
  };
}

/** One that has not become a recall. */
async function toWaiting(context: MethodContext, request: RecallRequestRow): Promise<Record<string, unknown>> {
  const message = await recallableMessage(context.store, context.user.tenant, request.message_id);
  const isOver = request.expires_at <= context.clock();
  return {
    id: `r${request.id}`,
    message: `mg${request.message_id}`,
    messageId: message?.message_id_header ?? null,
    subject: message?.subject ?? null,
    sender: await addressOf(context, message?.account_id ?? null),
    mode: 'delete',
    status: request.status !== 'pending' ? request.status : isOver ? 'expired' : 'waiting',
    includeRead: request.include_read,
    recipients: request.recipients,
    reason: request.reason,
    byAdministrator: true,
    requestedBy: await addressOf(context, request.requested_by),
    decidedBy: await addressOf(context, request.decided_by),
    decidedAt: request.decided_at?.toISOString() ?? null,
    forwardOf: null,
    createdAt: request.created_at.toISOString(),
    gatedAt: null,
    doneAt: null,
    expiresAt: request.expires_at.toISOString(),
    total: request.recipients?.length ?? message?.total ?? 0,
    counts: {},
    cancelRequested: false,
    restoreRequestedAt: null,
  };
}

export const adminRecallGet: Method = async (args, context) => {
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  if (ids === null) throw invalidArguments('"ids" is required: all recalls are too many.');
  const numbers = ids.map((id) => numberOf(id, 'r')).filter((id) => id !== undefined);
  const { store, user } = context;
  const all = new Map<string, Record<string, unknown>>();
  for (const row of await recallRequests(store, user.tenant, numbers, numbers.length))
    if (row.status !== 'approved') all.set(`r${row.id}`, await toWaiting(context, row));
  for (const row of await tenantRecallsByIds(store, user.tenant, numbers))
    all.set(`r${row.id}`, await toAdminRecall(context, row));
  return { accountId: args['accountId'], state: '0', ...listed(all, ids, properties) };
};

const FILTERS = ['status', 'byAdministrator', 'messageId', 'sender', 'requestedBy', 'after', 'before'];

/** Newest first. */
export const adminRecallQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'position', 'limit']);
  const given = args['filter'] ?? {};
  if (!isObject(given)) throw invalidArguments('"filter" is a filter.');
  const unknown = Object.keys(given).find((name) => !FILTERS.includes(name));
  if (unknown !== undefined) throw new MethodError('unsupportedFilter', `"${unknown}" cannot be filtered by.`);
  const accountNamed = async (name: string): Promise<number | null> => {
    const address = optionalText(given, name);
    if (address === undefined) return null;
    const target = await context.directory.resolve(address);
    return target.kind === 'account' && target.tenant === context.user.tenant ? target.account : -1;
  };
  const filter = {
    status: optionalText(given, 'status') ?? null,
    byAdministrator: given['byAdministrator'] === undefined ? null : optionalBoolean(given, 'byAdministrator', false),
    messageId: optionalText(given, 'messageId') ?? null,
    account: await accountNamed('sender'),
    requestedBy: await accountNamed('requestedBy'),
    after: optionalDate(given, 'after') ?? null,
    before: optionalDate(given, 'before') ?? null,
  };
  const position = optionalInteger(args, 'position', 0) ?? 0;
  const limit = Math.min(optionalInteger(args, 'limit', 0) ?? 100, LIMITS.maxQuery);
  const page = { now: context.clock(), position, limit };
  const ids = await tenantRecallIds(context.store, context.user.tenant, filter, page);
  return {
    accountId: args['accountId'],
    queryState: '0',
    canCalculateChanges: false,
    position,
    ids: ids.map((id) => `r${id}`),
  };
};

const isAddresses = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => isText(one, 1000, 'line'));

/** Create: recalls, or waits for approval. Update: `{ status: "cancelled" | "approved" | "denied" | "withdrawn" }`. */
export const adminRecallSet: Method = async (args, context) => {
  const { create, update, destroy } = setArguments(args, '0');
  const result = emptySetResult();
  for (const [key, object] of create) {
    await attempt(key, result.notCreated, async () => {
      const made = await createRecall(context, object);
      result.created[key] = made;
      context.createdIds.set(key, made['id'] as string);
    });
  }
  for (const [given, patch] of update) {
    const id = resolveId(given, context);
    await attempt(given, result.notUpdated, async () => {
      result.updated[id] = await updateRecall(context, context.user, id, patch);
    });
  }
  for (const id of destroy)
    result.notDestroyed[id] = { type: 'forbidden', description: 'What was recalled stays on record.' };
  return setResponse(args['accountId'], '0', '0', result);
};

const CREATABLE = ['message', 'recipients', 'includeRead', 'forwards', 'notifyMe', 'reason'];

async function createRecall(context: MethodContext, object: Record<string, unknown>): Promise<Record<string, unknown>> {
  const began = performance.now();
  const { recipients = null, includeRead = false, forwards = false, notifyMe = false, reason = '' } = object;
  const wrong = Object.keys(object).filter((name) => !CREATABLE.includes(name));
  const message = numberOf(object['message'], 'mg');
  if (message === undefined) wrong.push('message');
  if (recipients !== null && !isAddresses(recipients)) wrong.push('recipients');
  if (typeof includeRead !== 'boolean') wrong.push('includeRead');
  if (typeof forwards !== 'boolean') wrong.push('forwards');
  if (typeof notifyMe !== 'boolean') wrong.push('notifyMe');
  if (!isText(reason, 10_000, 'text')) wrong.push('reason');
  if (wrong.length > 0) throw invalidProperties(wrong);
  const asked = { actor: context.user, message, recipients, includeRead, forwards, notifyMe, reason };
  const made = await context.recalls.administrators.request(asked as AdminRecallRequest);
  if (made.kind === 'waiting') return toWaiting(context, made.request);
  return {
    ...(await toAdminRecall(context, made.recall)),
    forwards: made.forwards.map((one) => `r${one.id}`),
    gateMs: performance.now() - began,
  };
}

async function updateRecall(
  context: MethodContext,
  user: Account,
  id: string,
  patch: Record<string, unknown>,
): Promise<Record<string, unknown> | null> {
  const number = numberOf(id, 'r');
  if (number === undefined) throw new SetFault('notFound');
  const other = Object.keys(patch).filter((name) => name !== 'status');
  if (other.length > 0) throw invalidProperties(other, 'Only "status" can be set.');
  const { administrators } = context.recalls;
  switch (patch['status']) {
    case 'cancelled':
      await administrators.cancel(user, number);
      return null;
    case 'approved': {
      const { recall, forwards } = await administrators.approve(user, number);
      return { ...(await toAdminRecall(context, recall)), forwards: forwards.map((one) => `r${one.id}`) };
    }
    case 'denied':
    case 'withdrawn': {
      // Which of the two it is depends on who says it.
      const status = await administrators.deny(user, number);
      return status === patch['status'] ? null : { status };
    }
    default:
      throw invalidProperties(['status']);
  }
}

/** The dry run: what it would meet, and nothing done. */
export const adminRecallPreview: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'message', 'recipients', 'forwards']);
  const message = numberOf(args['message'], 'mg');
  const recipients = args['recipients'] ?? null;
  if (message === undefined) throw invalidArguments('"message" is required.');
  if (recipients !== null && !isAddresses(recipients))
    throw invalidArguments('"recipients" is a list of addresses or null.');
  const { forwards, ...preview } = await context.recalls.administrators.preview({
    actor: context.user,
    message,
    recipients,
    forwards: optionalBoolean(args, 'forwards', false),
  });
  return {
    accountId: args['accountId'],
    message: args['message'],
    ...preview,
    forwards:
      forwards && forwards.map(({ messageId, subject, total }) => ({ message: `mg${messageId}`, subject, total })),
  };
};

/** The incident pack: one signed HTML file, to be saved as it is. */
export const adminRecallPack: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'recallId']);
  const id = numberOf(args['recallId'], 'r');
  if (id === undefined) throw invalidArguments('"recallId" is required.');
  const { store, directory, clock, user } = context;
  const { html, keyId } = await packRecall({ store, people: directory, clock }, user.address, user.tenant, id);
  return { accountId: args['accountId'], recallId: args['recallId'], name: `recall-r${id}.html`, html, keyId };
};

/** Stops and brings back all that an account recalled since a time: { account, since, dryRun }. */
export const adminRecallUndo: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'account', 'since', 'dryRun']);
  const address = optionalText(args, 'account');
  const since = optionalDate(args, 'since');
  if (address === undefined || since === undefined) throw invalidArguments('"account" and "since" are required.');
  const { user, directory, recalls } = context;
  const target = await directory.resolve(address);
  const account = target.kind === 'account' && target.tenant === user.tenant ? target.account : 0;
  const dryRun = optionalBoolean(args, 'dryRun', false);
  const undone = await recalls.administrators.undo({ actor: user, account, since, dryRun });
  return {
    accountId: args['accountId'],
    dryRun,
    recalls: undone.recalls.map(({ id, createdAt, ...rest }) => ({
      id: `r${id}`,
      ...rest,
      createdAt: createdAt.toISOString(),
    })),
    requests: undone.requests.map((id) => `r${id}`),
  };
};

/** Brings back what any recall took, at any time within the retention. */
export const adminRecallRestore: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'recallId']);
  const id = numberOf(args['recallId'], 'r');
  if (id === undefined) throw invalidArguments('"recallId" is required.');
  await context.recalls.restore(context.user, null, id);
  return { accountId: args['accountId'], recallId: args['recallId'] };
};
