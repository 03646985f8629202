// An administrator's recall: of any message of the tenant, also one that came from outside. Authorised by role, in the
// transaction that sets the gate; where policy says `dualControl`, by two administrators, neither of whom is the other.

import { Refusal } from '../mail/errors.ts';
import { isSameSubject } from '../mail/mime/carried.ts';
import type { Policy } from '../mail/policy.ts';
import { hasDuty, type Duty } from '../mail/roles.ts';
import { appendAudit } from '../store/audit.ts';
import { forwardsOf } from '../store/carried.ts';
import { rolesOf } from '../store/directory.ts';
import { recallableMessage, type RecallableMessage } from '../store/messages-found.ts';
import { recallChanged } from '../store/notify.ts';
import type { Reader, Transaction } from '../store/postgres.ts';
import {
  decideRecallRequest,
  insertRecallRequest,
  lockRecallRequest,
  type RecallRequestRow,
} from '../store/recall-requests.ts';
import { insertAlert } from '../store/recall-alerts.ts';
import { recallById, type RecallProgress, type RecallRow } from '../store/recalls.ts';
import { listedDeliveries } from './listed.ts';
import type { AccountInfo } from './ports.ts';
import { cancelUnderWay } from './cancel.ts';
import { setForwardsGate, setGate } from './gate.ts';
import { audited, checkWords, type RequestDeps } from './request.ts';

export interface AdminRecallRequest {
  /** The administrator. */
  actor: AccountInfo;
  /** The message's number. */
  message: number;
  /** As RecallRequest has it; null: everyone. */
  recipients: string[] | null;
  includeRead: boolean;
  /** Take what people inside have forwarded of it along: see forwardsToTake. */
  forwards: boolean;
  notifyMe: boolean;
  /** Required; plain text, at most 200 characters, no links. */
  reason: string;
}

export type AdminRecallResult =
  /** The gate has committed. `forwards`: of messages that forward it, each a recall of its own. */
  | { kind: 'recalled'; recall: RecallProgress; forwards: RecallProgress[] }
  /** Policy wants a second administrator; nothing has happened yet. */
  | { kind: 'waiting'; request: RecallRequestRow };

/** How long a request waits for the second administrator. */
const APPROVAL_MS = 24 * 3_600_000;

/** Forwards that one recall takes along, those of forwards among them. */
const MAX_FORWARDS = 1000;

/** Throws Refusal `forbidden` unless the actor's role has the duty at this moment. */
export async function requireDuty(reader: Reader, actor: AccountInfo, duty: Duty): Promise<void> {
  if (!hasDuty(await rolesOf(reader, actor.tenant, actor.id), duty))
    throw new Refusal('forbidden', 'Your role does not include this.');
}

/**
 * Recalls, or asks the other administrators to let it. Throws Refusal, with nothing changed but the audit log: `forbidden`,
 * `notFound`, `disabled`, `badReason`, `unknownRecipient`, `tooManyRecipients`, `alreadyExists`, `underWay`.
 */
export async function recallAsAdministrator(
  deps: RequestDeps,
  request: AdminRecallRequest,
): Promise<AdminRecallResult> {
  const { store, ids, clock, people } = deps;
  const { actor } = request;
  const began = clock();
  return audited(deps, actor, `message ${request.message}`, null, async () => {
    const policy = await people.policy(actor.tenant);
    checkRequest(request, policy);
    const [id = 0] = await ids.take('recall_id');
    return store.transact(async (tx) => {
      await requireDuty(tx, actor, 'recall');
      if (policy.dualControl) return { kind: 'waiting', request: await putForward(deps, tx, id, request) };
      const made = await gateAll(deps, tx, { ...request, id, began, policy, approver: null });
      return { kind: 'recalled', ...made };
    });
  });
}

function checkRequest(request: AdminRecallRequest, policy: Policy): void {
  if (request.reason.trim() === '') throw new Refusal('badReason', 'An administrator says why.');
  checkWords(request, policy);
}

async function messageToRecall(reader: Reader, tenant: number, id: number): Promise<RecallableMessage> {
  const found = await recallableMessage(reader, tenant, id);
  if (!found) throw new Refusal('notFound', 'There is no such message, or nobody was to get it.');
  return found;
}

async function putForward(
  { clock, people }: RequestDeps,
  tx: Transaction,
  id: number,
  request: AdminRecallRequest,
): Promise<RecallRequestRow> {
  const { actor, recipients } = request;
  const { tenant } = actor;
  const message = await messageToRecall(tx, tenant, request.message);
  // What would be refused later is refused now.
  if (recipients) await listedDeliveries(tx, people, actor, message, recipients, true);
  const now = clock();
  const row = {
    id,
    message_id: message.id,
    requested_by: actor.id,
    recipients,
    include_read: request.includeRead,
    forwards: request.forwards,
    notify_me: request.notifyMe,
    reason: request.reason,
    created_at: now,
    expires_at: new Date(now.getTime() + APPROVAL_MS),
  };
  await insertRecallRequest(tx, tenant, row);
  insertAlert(tx, tenant, id, ['waiting'], now);
  recallChanged(tx.changes, tenant, id);
  appendAudit(tx, tenant, {
    at: now,
    actor: actor.address,
    action: 'recall.requested',
    subject: `r${id}`,
    detail: {
      messageId: message.message_id_header,
      includeRead: row.include_read,
      forwards: row.forwards,
      recipients: recipients?.length ?? null,
      reason: row.reason,
    },
  });
  return { ...row, status: 'pending', decided_by: null, decided_at: null };
}

interface Gating extends AdminRecallRequest {
  id: number;
  began: Date;
  policy: Policy;
  approver: AccountInfo | null;
}

/** The message's gate, and one for each forward, in one transaction: all of it or nothing. */
async function gateAll(
  deps: RequestDeps,
  tx: Transaction,
  asked: Gating,
): Promise<{ recall: RecallProgress; forwards: RecallProgress[] }> {
  const { actor, policy, approver } = asked;
  const { tenant } = actor;
  const message = await messageToRecall(tx, tenant, asked.message);
  const now = deps.clock();
  const rowOf = (id: number, of: RecallableMessage, scope: number[] | null, forwardOf: number | null): RecallRow => ({
    id,
    message_id: of.id,
    message_id_header: of.message_id_header,
    account_id: of.account_id,
    requested_by: actor.id,
    by_administrator: true,
    email_id: null,
    subject: of.subject,
    mode: 'delete',
    include_read: asked.includeRead,
    all_recipients: scope === null,
    notify_me: asked.notifyMe && forwardOf === null,
    reason: asked.reason,
    policy,
    total: scope === null ? of.total : scope.length,
    created_at: asked.began,
    gated_at: now,
    forward_of: forwardOf,
    approved_by: approver?.id ?? null,
  });
  const detail = { byAdministrator: true, ...(approver ? { approvedBy: approver.address } : {}) };
  const scope = asked.recipients && (await listedDeliveries(tx, deps.people, actor, message, asked.recipients, true));
  const taken = asked.forwards ? await forwardsToTake(tx, tenant, message) : [];
  const recall = await setGate(deps, tx, actor, {
    recall: rowOf(asked.id, message, scope, null),
    scope,
    sent: message,
    detail: asked.forwards ? { ...detail, forwards: taken.length } : detail,
  });
  const numbers = await deps.ids.take('recall_id', taken.length, tx);
  const forwards: RecallProgress[] = [];
  for (const [i, forward] of taken.entries()) {
    // Its sender is taking it back just now: what that keeps is for a second look.
    if (forward.under_way) continue;
    const row = rowOf(numbers[i] ?? 0, forward, null, asked.id);
    const made = await setForwardsGate(tx, actor, row, { ...detail, forwardOf: `r${asked.id}` });
    if (made) forwards.push(made);
  }
  return { recall, forwards };
}

/**
 * What people inside have forwarded of a message, and forwards of those, by ascending number. One is a forward of it only
 * if an account that got the message (or sent it) submitted it afterwards and it carries the message whole, names it in
 * X-Forwarded-Message-Id, or answers to it under the same subject marked as a forward's; and if no other message of that
 * Message-ID went to that account. What is a forward in a person's eyes alone is left where it is.
 */
export async function forwardsToTake(
  reader: Reader,
  tenant: number,
  message: RecallableMessage,
): Promise<RecallableMessage[]> {
  const found = new Map<number, RecallableMessage>();
  const look = [message];
  for (const of of look) {
    if (of.message_id_header === '') continue;
    for (const row of await forwardsOf(reader, tenant, { id: of.id, header: of.message_id_header })) {
      if (row.id === message.id || found.has(row.id) || found.size >= MAX_FORWARDS) continue;
      if (row.same_subject && !isSameSubject(row.subject, of.subject)) continue;
      const forward = await recallableMessage(reader, tenant, row.id);
      if (!forward) continue;
      found.set(row.id, forward);
      look.push(forward);
    }
  }
  return [...found.values()].toSorted((a, b) => a.id - b.id);
}

/**
 * The second administrator lets it: the gate has committed when it answers. Throws Refusal `forbidden`, `notFound`,
 * `decided`, `expired`, `samePerson`, `requesterGone`, and what recallAsAdministrator throws.
 */
export async function approveRecall(
  deps: RequestDeps,
  actor: AccountInfo,
  id: number,
): Promise<{ recall: RecallProgress; forwards: RecallProgress[] }> {
  const { store, clock, people } = deps;
  const { tenant } = actor;
  const began = clock();
  return audited(deps, actor, `r${id}`, null, async () => {
    const policy = await people.policy(tenant);
    return store.transact(async (tx) => {
      const request = await lockPending(tx, actor, id, began);
      if (request.requested_by === actor.id)
        throw new Refusal('samePerson', 'Another administrator has to approve it, not the one who asks for it.');
      const requester = await people.account(tenant, request.requested_by);
      if (!requester || !hasDuty(await rolesOf(tx, tenant, requester.id), 'recall'))
        throw new Refusal('requesterGone', 'Who asked for it is no administrator any more.');
      const asked = {
        actor: requester,
        message: request.message_id,
        recipients: request.recipients,
        includeRead: request.include_read,
        forwards: request.forwards,
        notifyMe: request.notify_me,
        reason: request.reason,
      };
      checkRequest(asked, policy);
      await deps.pause?.('request-locked');
      await decideRecallRequest(tx, tenant, id, { status: 'approved', by: actor.id, at: began });
      appendAudit(tx, tenant, {
        at: began,
        actor: actor.address,
        action: 'recall.approved',
        subject: `r${id}`,
        detail: {},
      });
      return gateAll(deps, tx, { ...asked, id, began, policy, approver: actor });
    });
  });
}

/** The request is not to be carried out: withdrawn by who asked for it, denied by another. Throws as approveRecall. */
export async function denyRecall(deps: RequestDeps, actor: AccountInfo, id: number): Promise<'denied' | 'withdrawn'> {
  const { store, clock } = deps;
  const { tenant } = actor;
  return audited(deps, actor, `r${id}`, null, () =>
    store.transact(async (tx) => {
      const at = clock();
      const request = await lockPending(tx, actor, id, at);
      const status = request.requested_by === actor.id ? 'withdrawn' : 'denied';
      await deps.pause?.('request-locked');
      await decideRecallRequest(tx, tenant, id, { status, by: actor.id, at });
      recallChanged(tx.changes, tenant, id);
      appendAudit(tx, tenant, { at, actor: actor.address, action: `recall.${status}`, subject: `r${id}`, detail: {} });
      return status;
    }),
  );
}

async function lockPending(tx: Transaction, actor: AccountInfo, id: number, now: Date): Promise<RecallRequestRow> {
  await requireDuty(tx, actor, 'recall');
  const request = await lockRecallRequest(tx, actor.tenant, id);
  if (!request) throw new Refusal('notFound', 'There is no such request.');
  if (request.status !== 'pending') throw new Refusal('decided', `It was ${request.status} before.`);
  if (request.expires_at <= now) throw new Refusal('expired', 'It has waited too long; it can be asked for again.');
  return request;
}

/** Stops any recall of the tenant. Throws Refusal `forbidden`, `notFound`, `done`. */
export async function cancelAsAdministrator(deps: RequestDeps, actor: AccountInfo, id: number): Promise<void> {
  await audited(deps, actor, `r${id}`, null, () =>
    deps.store.transact(async (tx) => {
      await requireDuty(tx, actor, 'recall');
      const recall = await recallById(tx, actor.tenant, id);
      if (!recall) throw new Refusal('notFound', 'There is no such recall.');
      await cancelUnderWay(tx, actor, recall, deps.clock(), async () => undefined);
    }),
  );
}
