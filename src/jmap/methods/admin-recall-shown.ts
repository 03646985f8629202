// A recall, and a request that has not become one, as administrators see them: an AdminRecall.

import { addressesById } from '../../store/directory-accounts.ts';
import { recallableMessage, type RecallableMessage } from '../../store/messages-found.ts';
import { recallRequests, type RecallRequestRow } from '../../store/recall-requests.ts';
import type { RecallProgress } from '../../store/recalls.ts';
import { forwardsTaken } from '../../store/tenant-recalls.ts';
import type { MethodContext } from '../wire.ts';

export const ADMIN_RECALL: readonly string[] = [
  'id',
  'message',
  'messageId',
  'subject',
  'sender',
  'mode',
  'status',
  'includeRead',
  'includeForwards',
  'recipients',
  'reason',
  'byAdministrator',
  'requestedBy',
  'decidedBy',
  'decidedAt',
  'forwards',
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

/** What is shown of recalls beside their own rows. */
interface Beside {
  addressOf(account: number | null): string | null;
  /** The recalls that it took along. */
  forwards: ReadonlyMap<number, number[]>;
  /** Requests that became recalls, too. */
  requests: ReadonlyMap<number, RecallRequestRow>;
}

/** Everything: nothing of a recall is hidden from administrators. */
function toAdminRecall(recall: RecallProgress, { addressOf, forwards, requests }: Beside): Record<string, unknown> {
  const taken = forwards.get(recall.id) ?? [];
  return {
    id: `r${recall.id}`,
    message: `mg${recall.message_id}`,
    messageId: recall.message_id_header,
    subject: recall.subject,
    sender: addressOf(recall.account_id),
    mode: recall.mode,
    status: recall.status,
    includeRead: recall.include_read,
    includeForwards: requests.get(recall.id)?.forwards ?? taken.length > 0,
    recipients: null,
    reason: recall.reason,
    byAdministrator: recall.by_administrator,
    requestedBy: addressOf(recall.requested_by),
    decidedBy: addressOf(recall.approved_by),
    decidedAt: recall.approved_by === null ? null : recall.gated_at.toISOString(),
    forwards: taken.map((id) => `r${id}`),
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
function toWaiting(
  request: RecallRequestRow,
  message: RecallableMessage | undefined,
  { addressOf }: Beside,
  now: Date,
): Record<string, unknown> {
  const isOver = request.expires_at <= now;
  return {
    id: `r${request.id}`,
    message: `mg${request.message_id}`,
    messageId: message?.message_id_header ?? null,
    subject: message?.subject ?? null,
    sender: addressOf(message?.account_id ?? null),
    mode: 'delete',
    status: request.status !== 'pending' ? request.status : isOver ? 'expired' : 'waiting',
    includeRead: request.include_read,
    includeForwards: request.forwards,
    recipients: request.recipients,
    reason: request.reason,
    byAdministrator: true,
    requestedBy: addressOf(request.requested_by),
    decidedBy: addressOf(request.decided_by),
    decidedAt: request.decided_at?.toISOString() ?? null,
    forwards: [],
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

/** AdminRecalls by id. */
export async function shown(
  { store, user, clock }: MethodContext,
  recalls: RecallProgress[],
  requests: RecallRequestRow[],
): Promise<Map<string, Record<string, unknown>>> {
  const { tenant } = user;
  const waiting = requests.filter(({ status }) => status !== 'approved');
  const messages = new Map<number, RecallableMessage | undefined>();
  for (const { message_id: id } of waiting) messages.set(id, await recallableMessage(store, tenant, id));
  const accounts = [
    ...recalls.flatMap((one) => [one.account_id, one.requested_by, one.approved_by]),
    ...waiting.flatMap((one) => [messages.get(one.message_id)?.account_id, one.requested_by, one.decided_by]),
  ].filter((id) => id !== null && id !== undefined);
  const addresses = await addressesById(store, tenant, accounts);
  const ids = recalls.map(({ id }) => id);
  const beside: Beside = {
    addressOf: (account) => addresses.get(account ?? 0) ?? null,
    forwards: await forwardsTaken(store, tenant, ids),
    requests: new Map(requests.map((request) => [request.id, request])),
  };
  return new Map([
    ...waiting.map((one) => [`r${one.id}`, toWaiting(one, messages.get(one.message_id), beside, clock())] as const),
    ...recalls.map((one) => [`r${one.id}`, toAdminRecall(one, beside)] as const),
  ]);
}

/** The one that was just made or decided. */
export async function shownOne(
  context: MethodContext,
  made: { recall: RecallProgress } | { request: RecallRequestRow },
): Promise<Record<string, unknown>> {
  const { store, user } = context;
  if ('request' in made) return [...(await shown(context, [], [made.request])).values()][0] ?? {};
  const requests = await recallRequests(store, user.tenant, [made.recall.id], 1);
  return [...(await shown(context, [made.recall], requests)).values()][0] ?? {};
}
