// Recall/get, /query, /changes, /set, /preview, /recipients, /restore: the extension urn:x-homing:recall (docs/jmap-recall.md).

import type { RecallProgress } from '../../store/recalls.ts';
import {
  accountModseq,
  recallIdsOf,
  recallsByIds,
  recallsChangedSince,
  recallsOfMessages,
} from '../../store/recalls-read.ts';
import { policyOf } from '../../mail/policy.ts';
import { countsFor } from '../../recall/report.ts';
import type { RecallRequest } from '../../recall/request.ts';
import { emailToSubmit } from '../../store/submissions-read.ts';
import { invalidArguments, invalidProperties, MethodError, SetFault } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { pageOf, sortArguments } from '../query.ts';
import {
  accountOf,
  attempt,
  changesArguments,
  emptySetResult,
  getArguments,
  isObject,
  isText,
  numberOf,
  onlyArguments,
  optionalInteger,
  optionalString,
  pick,
  resolveId,
  setArguments,
  setResponse,
  refuseEach,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import { readReplacement } from './recall-replacement.ts';
import type { Account } from '../../directory/directory.ts';

const PROPERTIES = [
  'id',
  'emailId',
  'messageId',
  'subject',
  'mode',
  'status',
  'includeRead',
  'reason',
  'createdAt',
  'gatedAt',
  'doneAt',
  'total',
  'counts',
  'replacementSubmissionId',
  'cancelRequested',
  'restoreRequestedAt',
  'restorableUntil',
  'byAdministrator',
];

/** As its sender sees it: an administrator's reason is for administrators, and for notices where policy says so. */
function toRecall(recall: RecallProgress): Record<string, unknown> {
  const policy = policyOf(recall.policy);
  return {
    id: `r${recall.id}`,
    emailId: recall.email_id === null ? null : `m${recall.email_id}`,
    messageId: recall.message_id_header,
    subject: recall.subject,
    mode: recall.mode,
    status: recall.status,
    includeRead: recall.include_read,
    reason: recall.by_administrator && !policy.reasonInNotices ? null : recall.reason,
    createdAt: recall.created_at.toISOString(),
    gatedAt: recall.gated_at.toISOString(),
    doneAt: recall.done_at?.toISOString() ?? null,
    total: recall.total,
    counts: countsFor(recall),
    replacementSubmissionId: recall.replacement_message_id === null ? null : `s${recall.replacement_message_id}`,
    cancelRequested: recall.cancel_requested,
    restoreRequestedAt: recall.restore_requested_at?.toISOString() ?? null,
    restorableUntil: new Date(recall.created_at.getTime() + policy.restoreWindowSeconds * 1000).toISOString(),
    byAdministrator: recall.by_administrator,
  };
}

export const recallGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const state = await accountModseq(context.store, account.tenant, account.id);
  const numbers = ids
    ? ids.map((id) => numberOf(id, 'r') ?? 0)
    : (await recallIdsOf(context.store, account.tenant, account.id))
        .slice(0, LIMITS.maxObjectsInGet)
        .map((row) => row.id);
  const rows = await recallsByIds(context.store, account.tenant, account.id, numbers);
  const all = new Map(rows.map((row) => [`r${row.id}`, toRecall(row)]));
  const wanted = ids ?? numbers.map((number) => `r${number}`);
  return {
    accountId: args['accountId'],
    state: String(state),
    list: wanted.flatMap((id) => (all.has(id) ? [pick(all.get(id) ?? {}, properties)] : [])),
    notFound: wanted.filter((id) => !all.has(id)),
  };
};

/** Filter: emailId (any copy of the sender's with the same Message-ID), status. Newest first. */
export const recallQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'sort', 'position', 'anchor', 'anchorOffset', 'limit', 'calculateTotal']);
  const account = accountOf(args, context);
  const filter = args['filter'] ?? {};
  if (!isObject(filter)) throw invalidArguments('"filter" is a filter.');
  const unknown = Object.keys(filter).find((name) => !['emailId', 'status'].includes(name));
  if (unknown !== undefined) throw new MethodError('unsupportedFilter', `"${unknown}" cannot be filtered by.`);
  const sorts = sortArguments(args, ['createdAt']);
  const state = await accountModseq(context.store, account.tenant, account.id);
  let rows = await recallIdsOf(context.store, account.tenant, account.id);
  if (filter['emailId'] !== undefined) {
    const email = await emailToSubmit(
      context.store,
      { tenant: account.tenant, account: account.id },
      numberOf(filter['emailId'], 'm') ?? 0,
    );
    const messageId = email?.envelope.messageId?.[0];
    const of =
      messageId === undefined ? [] : await recallsOfMessages(context.store, account.tenant, account.id, [messageId]);
    rows = rows.filter((row) => of.some((recall) => recall.id === row.id));
  }
  if (filter['status'] !== undefined) rows = rows.filter((row) => row.status === filter['status']);
  if (sorts[0]?.ascending === true) rows = rows.toReversed();
  return {
    accountId: args['accountId'],
    queryState: String(state),
    canCalculateChanges: false,
    ...pageOf(
      rows.map((row) => `r${row.id}`),
      args,
      LIMITS.maxQuery,
    ),
  };
};

export const recallChanges: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { since, max } = changesArguments(args);
  const state = await accountModseq(context.store, account.tenant, account.id);
  if (since > state) throw new MethodError('cannotCalculateChanges');
  const rows = await recallsChangedSince(
    context.store,
    account.tenant,
    account.id,
    since,
    (max ?? LIMITS.maxQuery) + 1,
  );
  const taken = rows.slice(0, max ?? LIMITS.maxQuery);
  const more = rows.length > taken.length;
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(more ? (taken.at(-1)?.modseq ?? state) : state),
    hasMoreChanges: more,
    created: taken.filter((row) => row.created).map((row) => `r${row.id}`),
    updated: taken.filter((row) => !row.created).map((row) => `r${row.id}`),
    destroyed: [],
  };
};

const CREATABLE = [
  'emailId',
  'sender',
  'messageId',
  'mode',
  'replacementEmailId',
  'recipients',
  'includeRead',
  'notifyMe',
  'reason',
];

/** Answers once the gate has committed. */
export const recallSet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const before = String(await accountModseq(context.store, account.tenant, account.id));
  const { create, update, destroy } = setArguments(args, before);
  const result = emptySetResult();
  for (const [key, object] of create) {
    await attempt(key, result.notCreated, async () => {
      const made = await createRecall(context, account, object);
      result.created[key] = made;
      context.createdIds.set(key, made['id'] as string);
    });
  }
  for (const [given, patch] of update) {
    const id = resolveId(given, context);
    await attempt(given, result.notUpdated, async () => {
      await updateRecall(context, account, id, patch);
      result.updated[id] = null;
    });
  }
  refuseEach(result, [], destroy, { type: 'forbidden', description: 'What was recalled stays on record.' });
  // What a recall changes of the state comes after the gate, with its sweep.
  const after = update.size > 0 ? String(await accountModseq(context.store, account.tenant, account.id)) : before;
  return setResponse(args['accountId'], before, after, result);
};

async function createRecall(
  context: MethodContext,
  account: Account,
  object: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const began = performance.now();
  const {
    mode = 'delete',
    replacementEmailId = null,
    recipients = null,
    includeRead = false,
    notifyMe = false,
    reason = null,
  } = object;
  const wrong = Object.keys(object).filter((name) => !CREATABLE.includes(name));
  const of = await messageOf(object, context, account);
  if (of === undefined) wrong.push('emailId');
  if (mode !== 'delete' && mode !== 'replace') wrong.push('mode');
  if (recipients !== null && !(Array.isArray(recipients) && recipients.every((one) => isText(one, 1000, 'line'))))
    wrong.push('recipients');
  if (typeof includeRead !== 'boolean') wrong.push('includeRead');
  if (typeof notifyMe !== 'boolean') wrong.push('notifyMe');
  if (reason !== null && !isText(reason, 10_000, 'text')) wrong.push('reason');
  if (replacementEmailId !== null && (typeof replacementEmailId !== 'string' || mode !== 'replace'))
    wrong.push('replacementEmailId');
  if (wrong.length > 0 || of === undefined) throw invalidProperties(wrong);
  const replacement =
    replacementEmailId === null ? null : await readReplacement(context, account, replacementEmailId as string);
  const recall = await context.recalls.request({
    actor: context.user,
    ...of,
    mode: mode as 'delete' | 'replace',
    recipients: recipients as string[] | null,
    includeRead: includeRead as boolean,
    notifyMe: notifyMe as boolean,
    reason: reason as string | null,
  });
  const gateMs = performance.now() - began;
  const sent = replacement && (await context.recalls.replace(context.user, of.account, recall.id, replacement));
  return { ...toRecall(recall), ...(sent === null ? {} : { replacementSubmissionId: `s${sent}` }), gateMs };
}

/**
 * Whose sent message: a copy in this account; or, for a delegate, by the sender's address and Message-ID. Of an address
 * that is nobody's here no more is said than of one the reader may not recall for. Undefined: neither is named.
 */
async function messageOf(
  given: Record<string, unknown>,
  context: MethodContext,
  account: Account,
): Promise<Pick<RecallRequest, 'account' | 'message'> | undefined> {
  const { emailId, sender, messageId } = given;
  if (sender === undefined && messageId === undefined) {
    const number = numberOf(typeof emailId === 'string' ? resolveId(emailId, context) : null, 'm');
    return number === undefined ? undefined : { account: account.id, message: { emailId: number } };
  }
  if (emailId !== undefined || !isText(sender, 1000, 'line') || !isText(messageId, 1000, 'line')) return undefined;
  const target = await context.directory.resolve(sender);
  const isHere = target.kind === 'account' && target.tenant === account.tenant;
  return { account: isHere ? target.account : 0, message: { messageId } };
}

/** { status: "cancelled" } or { replacementEmailId } once. */
async function updateRecall(
  context: MethodContext,
  account: Account,
  id: string,
  patch: Record<string, unknown>,
): Promise<void> {
  const number = numberOf(id, 'r');
  if (number === undefined) throw new SetFault('notFound');
  const names = Object.keys(patch);
  if (names.length !== 1 || !['status', 'replacementEmailId'].includes(names[0] ?? '')) {
    throw invalidProperties(
      names.filter((name) => !['status', 'replacementEmailId'].includes(name)),
      'Either "status" or "replacementEmailId" can be set.',
    );
  }
  if (names[0] === 'status') {
    if (patch['status'] !== 'cancelled') throw invalidProperties(['status']);
    return context.recalls.cancel(context.user, account.id, number);
  }
  const mail = await readReplacement(
    context,
    account,
    typeof patch['replacementEmailId'] === 'string' ? patch['replacementEmailId'] : '',
  );
  await context.recalls.replace(context.user, account.id, number, mail);
}

/** What can be expected, from delivery state alone. */
export const recallPreview: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'emailId', 'sender', 'messageId', 'recipients']);
  const account = accountOf(args, context);
  const recipients = args['recipients'] ?? null;
  const of = await messageOf(args, context, account);
  if (of === undefined) throw invalidArguments('"emailId" is required, or "sender" and "messageId".');
  if (recipients !== null && !(Array.isArray(recipients) && recipients.every((one) => isText(one, 1000, 'line'))))
    throw invalidArguments('"recipients" is a list of addresses or null.');
  const preview = await context.recalls.preview({
    actor: context.user,
    ...of,
    recipients: recipients,
  });
  return { accountId: args['accountId'], emailId: args['emailId'] ?? null, ...preview };
};

/** Whom the message went to, a page at a time, from delivery state alone. */
export const recallRecipients: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'emailId', 'sender', 'messageId', 'text', 'position', 'limit']);
  const account = accountOf(args, context);
  const of = await messageOf(args, context, account);
  if (of === undefined) throw invalidArguments('"emailId" is required, or "sender" and "messageId".');
  const position = optionalInteger(args, 'position', 0) ?? 0;
  const page = await context.recalls.recipients({
    actor: context.user,
    ...of,
    text: optionalString(args, 'text'),
    position,
    limit: Math.min(optionalInteger(args, 'limit', 0) ?? LIMITS.maxObjectsInGet, LIMITS.maxObjectsInGet),
  });
  return { accountId: args['accountId'], emailId: args['emailId'] ?? null, position, ...page };
};

/** Brings back what a recall took. */
export const recallRestore: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'recallId']);
  const account = accountOf(args, context);
  const id = numberOf(args['recallId'], 'r');
  if (id === undefined) throw invalidArguments('"recallId" is required.');
  await context.recalls.restore(context.user, account.id, id);
  return { accountId: args['accountId'], recallId: args['recallId'] };
};
