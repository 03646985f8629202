// AdminRecall/get, /changes, /query, /set, /preview, /restore: every recall of the organisation, and an administrator's own. One that
// waits for a second administrator is an AdminRecall, too, and keeps its id.

import type { Account } from '../../directory/directory.ts';
import type { AdminRecallRequest } from '../../recall/administer.ts';
import { packRecall } from '../../recall/pack/pack.ts';
import { recallRequests } from '../../store/recall-requests.ts';
import { administrationStates } from '../../store/states.ts';
import { tenantRecallIds, tenantRecallsByIds } from '../../store/tenant-recalls.ts';
import { invalidArguments, invalidProperties, MethodError, SetFault } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  attempt,
  emptySetResult,
  getArguments,
  isText,
  listed,
  numberOf,
  onlyArguments,
  optionalBoolean,
  resolveId,
  setArguments,
  setResponse,
  unchanged,
  refuseEach,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import { booleanOrNull, filterArgument, optionalDate, optionalText, pageArguments, queryResponse } from './admin.ts';
import { ADMIN_RECALL, shown, shownOne } from './admin-recall-shown.ts';

const stateOf = async ({ store, user }: MethodContext): Promise<string> =>
  (await administrationStates(store, user.tenant)).recalls;

export const adminRecallGet: Method = async (args, context) => {
  const { ids, properties } = getArguments(args, (name) => ADMIN_RECALL.includes(name));
  if (ids === null) throw invalidArguments('"ids" is required: all recalls are too many.');
  const numbers = ids.map((id) => numberOf(id, 'r')).filter((id) => id !== undefined);
  const { store, user } = context;
  // Before the rest: what changes meanwhile is told again, and never missed.
  const state = await stateOf(context);
  const requests = await recallRequests(store, user.tenant, numbers, numbers.length);
  const all = await shown(context, await tenantRecallsByIds(store, user.tenant, numbers), requests);
  return { accountId: args['accountId'], state, ...listed(all, ids, properties) };
};

/** What is between two states is not kept: either nothing has changed, or it is to be fetched anew. */
export const adminRecallChanges: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'sinceState', 'maxChanges']);
  const state = await stateOf(context);
  if (typeof args['sinceState'] !== 'string') throw invalidArguments('"sinceState" is required.');
  if (args['sinceState'] !== state) throw new MethodError('cannotCalculateChanges');
  return unchanged(args['accountId'], state);
};

const FILTERS = ['status', 'byAdministrator', 'messageId', 'sender', 'requestedBy', 'after', 'before'];

/** Newest first. */
export const adminRecallQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'position', 'limit']);
  const given = filterArgument(args, FILTERS);
  const accountNamed = async (name: string): Promise<number | null> => {
    const address = optionalText(given, name);
    if (address === undefined) return null;
    const target = await context.directory.resolve(address);
    return target.kind === 'account' && target.tenant === context.user.tenant ? target.account : -1;
  };
  const filter = {
    status: optionalText(given, 'status') ?? null,
    byAdministrator: booleanOrNull(given, 'byAdministrator'),
    messageId: optionalText(given, 'messageId') ?? null,
    account: await accountNamed('sender'),
    requestedBy: await accountNamed('requestedBy'),
    after: optionalDate(given, 'after') ?? null,
    before: optionalDate(given, 'before') ?? null,
  };
  const page = pageArguments(args, LIMITS.maxQuery);
  const state = await stateOf(context);
  const ids = await tenantRecallIds(context.store, context.user.tenant, filter, { now: context.clock(), ...page });
  return queryResponse(args, { ids: ids.map((id) => `r${id}`), position: page.position, state });
};

const isAddresses = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => isText(one, 1000, 'line'));

/** Create: recalls, or waits for approval. Update: `{ status: "cancelled" | "approved" | "denied" | "withdrawn" }`. */
export const adminRecallSet: Method = async (args, context) => {
  const before = await stateOf(context);
  const { create, update, destroy } = setArguments(args, before);
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
  refuseEach(result, [], destroy, { type: 'forbidden', description: 'What was recalled stays on record.' });
  return setResponse(args['accountId'], before, await stateOf(context), result);
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
  if (made.kind === 'waiting') return shownOne(context, made);
  const gateMs = performance.now() - began;
  return { ...(await shownOne(context, made)), gateMs };
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
    case 'approved':
      return shownOne(context, await administrators.approve(user, number));
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
