// Asking for a recall: authorised, then gated, in one transaction that waits on no reader, worker, batch or sweep.

import { Refusal } from '../mail/errors.ts';
import { policyOf, type Policy } from '../mail/policy.ts';
import type { RecallMode } from '../mail/recall.ts';
import { appendAudit } from '../store/audit.ts';
import type { Ids } from '../store/ids.ts';
import { recallChanged } from '../store/notify.ts';
import type { Reader, Store, Transaction } from '../store/postgres.ts';
import {
  holdPace,
  insertCancel,
  insertGate,
  insertRecall,
  openRecallOf,
  recallById,
  recallsSince,
  scopeHolds,
  submissionsByMessageId,
  submissionsOfCopy,
  type RecallableSubmission,
  type RecallProgress,
  type RecallRow,
} from '../store/recalls.ts';
import { together } from '../store/together.ts';
import { addWork } from '../store/work.ts';
import { insertAlert, numberAlert } from '../store/recall-alerts.ts';
import { unusual } from './alerts.ts';
import { listedDeliveries } from './listed.ts';
import type { AccountInfo, People } from './ports.ts';

export interface RequestDeps {
  store: Store;
  ids: Ids;
  people: People;
  clock: () => Date;
  /** Barrier tests stop here: 'before-gate', 'gated' (before the commit). */
  pause?: (point: string) => Promise<void>;
}

export interface RecallRequest {
  /** Who is signed in. */
  actor: AccountInfo;
  /** Whose sent message: the actor's own account, or one it may recall for. */
  account: number;
  /** Any copy of the sender's that bears the submission's Message-ID, or that Message-ID itself. */
  message: { emailId: number } | { messageId: string };
  mode: RecallMode;
  /** Addresses, at most 10,000; a group's stands for all who got it through the group; null: everyone. */
  recipients: string[] | null;
  includeRead: boolean;
  notifyMe: boolean;
  /** Plain text, at most 200 characters, no links. */
  reason: string | null;
}

/** Addresses that one ticked list may hold. */
const MAX_LISTED = 10_000;

/** Deliveries of a ticked list that one range of work covers. */
const LISTED_A_RANGE = 2000;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * Recalls; answers once the gate has committed. Throws Refusal, with nothing changed but the audit log: `notFound`,
 * `notSender`, `ambiguous`, `disabled`, `tooOld`, `rateLimit`, `readCopies`, `badReason`, `unknownRecipient`,
 * `tooManyRecipients`, `alreadyExists` (detail.existingId), `underWay`.
 */
export async function requestRecall(deps: RequestDeps, request: RecallRequest): Promise<RecallProgress> {
  const { store, ids, clock, people } = deps;
  const { tenant } = request.actor;
  const began = clock();
  return audited(deps, request.actor, subjectOf(request), request.account, async () => {
    const policy = await people.policy(tenant, request.account);
    checkForm(request, policy);
    if (!(await people.may(tenant, request.actor.id, request.account, 'recall'))) {
      throw new Refusal('notSender', 'You may not recall for this account.');
    }
    return store.transact(async (tx) => {
      const [id = 0] = await ids.take('recall_id', 1, tx);
      const found = await findSubmission(tx, tenant, request);
      const now = clock();
      checkAge(found.submission, policy, now);
      const pace = await people.policy(tenant, request.actor.id);
      await checkRate(tx, request.actor, pace, now);
      const scope =
        request.recipients && (await listedDeliveries(tx, people, request.actor, found.submission, request.recipients));
      const recall: RecallRow = {
        id,
        message_id: found.submission.id,
        message_id_header: found.submission.message_id_header,
        account_id: request.account,
        requested_by: request.actor.id,
        by_administrator: false,
        email_id: found.emailId,
        subject: found.submission.subject,
        mode: request.mode,
        include_read: request.includeRead,
        all_recipients: scope === null,
        notify_me: request.notifyMe,
        reason: request.reason,
        policy,
        total: scope === null ? found.submission.total : scope.length,
        created_at: began,
        gated_at: now,
        forward_of: null,
        approved_by: null,
      };
      return setGate(deps, tx, request.actor, { recall, scope, sent: found.submission, pace });
    }, 'gate');
  });
}

/**
 * The gate itself, with recall, scope, work and audit entry: Gate protocol 2. Throws Refusal `alreadyExists`, `underWay`
 * where another recall of the message is under way, `rateLimit` where `pace` is given and has no more room; `detail` goes
 * into the audit log.
 */
export async function setGate(
  deps: Pick<RequestDeps, 'pause'>,
  tx: Transaction,
  actor: AccountInfo,
  asked: {
    recall: RecallRow;
    scope: number[] | null;
    sent: { under_way: boolean; accepted_at: Date };
    detail?: Record<string, unknown>;
    /** Policy of a person who is held to a rate limit. */
    pace?: Policy;
  },
): Promise<RecallProgress> {
  const { recall, scope, sent, pace } = asked;
  const { tenant } = actor;
  await deps.pause?.('before-gate');
  if (sent.under_way) await refuseSecond(tx, tenant, recall, scope);
  const policy = policyOf(recall.policy);
  // One round trip: where somebody else's gate is there already, the rest is rolled back.
  const [gated, , , , events] = await together(
    insertGate(tx, tenant, recall),
    insertRecall(tx, tenant, recall, scope),
    addSweepWork(tx, tenant, recall, scope),
    pace && pace.rateLimit > 0 ? holdPace(tx, tenant, actor.id) : Promise.resolve(),
    recallsSince(tx, tenant, recall.requested_by, hourBefore(recall.gated_at), most(policy, pace)),
  );
  if (!gated) await refuseSecond(tx, tenant, recall, scope);
  // Counted before too, but others may have committed since: now this one is among them, and nobody else is on the way.
  if (pace) refuseBeyond(events, pace, recall.gated_at, 0);
  const recent = events.filter(({ weight }) => weight === 1).length;
  const causes = unusual(recall, policy, { acceptedAt: sent.accepted_at, recent });
  // What its administrators should hear of is told by the worker, and by their pages.
  if (causes.length > 0) insertAlert(tx, tenant, recall.id, causes, recall.gated_at);
  const made = announce(tx, actor, recall, asked.detail);
  if (causes.length > 0) numberAlert(tx, tenant, recall.id);
  await deps.pause?.('gated');
  return made;
}

/** The gate of a forward, which goes with its original: undefined where its sender is taking it back just now. */
export async function setForwardsGate(
  tx: Transaction,
  actor: AccountInfo,
  recall: RecallRow,
  detail: Record<string, unknown>,
): Promise<RecallProgress | undefined> {
  const { tenant } = actor;
  if (!(await insertGate(tx, tenant, recall))) return undefined;
  await together(insertRecall(tx, tenant, recall, null), addSweepWork(tx, tenant, recall, null));
  return announce(tx, actor, recall, detail);
}

/** Wakes the sweep, and leaves an audit entry. */
function announce(
  tx: Transaction,
  actor: AccountInfo,
  recall: RecallRow,
  detail: Record<string, unknown> = {},
): RecallProgress {
  const { tenant } = actor;
  recallChanged(tx.changes, tenant, recall.id);
  tx.changes.wake.add('sweep');
  appendAudit(tx, tenant, {
    at: recall.gated_at,
    actor: actor.address,
    action: 'recall.created',
    subject: `r${recall.id}`,
    detail: {
      messageId: recall.message_id_header,
      mode: recall.mode,
      total: recall.total,
      includeRead: recall.include_read,
      reason: recall.reason,
      ...detail,
    },
  });
  return {
    ...recall,
    status: 'sweeping',
    counts: {},
    replacement_message_id: null,
    notice_message_id: null,
    done_at: null,
    reported_at: null,
    cancel_requested: false,
    restore_requested_at: null,
    modseq: null,
  };
}

function checkForm(request: RecallRequest, policy: Policy): void {
  if (request.includeRead && policy.readCopies !== 'sender-chooses') {
    throw new Refusal('readCopies', 'Your organisation does not let senders take back copies that were read.');
  }
  checkWords(request, policy);
}

/** What any recall is held to, whoever asks for it. */
export function checkWords(request: Pick<RecallRequest, 'reason' | 'recipients'>, policy: Policy): void {
  const { reason, recipients } = request;
  if (!policy.enabled) throw new Refusal('disabled', 'Your organisation has turned recall off.');
  if (reason !== null && (reason.length > 200 || /\p{Cc}/u.test(reason))) {
    throw new Refusal('badReason', 'A reason is plain text of at most 200 characters.');
  }
  if (reason !== null && /\b(?:https?|ftp|mailto|javascript|data):|\bwww\.|<[a-z/!]/i.test(reason)) {
    throw new Refusal('badReason', 'A reason holds no links.');
  }
  if (recipients?.length === 0) throw new Refusal('unknownRecipient', 'No recipient was named.');
  if (recipients && recipients.length > MAX_LISTED) {
    throw new Refusal('tooManyRecipients', `At most ${MAX_LISTED} recipients can be named; recall from all instead.`);
  }
}

/** The submission by (account, Message-ID), never by From or Message-ID alone. */
export async function findSubmission(
  reader: Reader,
  tenant: number,
  request: Pick<RecallRequest, 'account' | 'message'>,
): Promise<{ submission: RecallableSubmission; emailId: number | null }> {
  const { account, message } = request;
  const found =
    'emailId' in message
      ? await submissionsOfCopy(reader, { tenant, account, emailId: message.emailId })
      : await submissionsByMessageId(reader, {
          tenant,
          account,
          messageId: message.messageId.trim().replace(/^<(.*)>$/s, '$1'),
        });
  if (!found) throw new Refusal('notFound', 'There is no such message.');
  const [submission] = found;
  if (!submission)
    throw new Refusal('notSender', 'Only its sender can recall a message, and this one was not sent from here.');
  if (found.length > 1)
    throw new Refusal('ambiguous', 'Two sent messages bear this Message-ID, so it is not certain which one is meant.');
  return { submission, emailId: 'emailId' in message ? message.emailId : null };
}

export function checkAge(submission: RecallableSubmission, policy: Policy, now: Date): void {
  const days = Math.floor((now.getTime() - submission.accepted_at.getTime()) / DAY_MS);
  if (now.getTime() - submission.accepted_at.getTime() > policy.maxAgeDays * DAY_MS) {
    throw new Refusal('tooOld', `Sent ${days} days ago; your organisation allows ${policy.maxAgeDays}.`, {
      days,
      allowed: policy.maxAgeDays,
    });
  }
}

/**
 * A recall counts once; a cancel or restore counts double, so that recall–look–restore is no free read receipt. Throws
 * Refusal `rateLimit`. A preview asks by this; who does something asks by `keepPace`.
 */
export async function checkRate(reader: Reader, actor: AccountInfo, policy: Policy, now: Date): Promise<void> {
  if (policy.rateLimit === 0) return;
  refuseBeyond(await recallsSince(reader, actor.tenant, actor.id, hourBefore(now), most(policy)), policy, now, 1);
}

/** The same of a cancel or restore, and exact: from here to the commit nobody else counts or adds. */
export async function keepPace(tx: Transaction, actor: AccountInfo, policy: Policy, now: Date): Promise<void> {
  if (policy.rateLimit === 0) return;
  const [, events] = await together(
    holdPace(tx, actor.tenant, actor.id),
    recallsSince(tx, actor.tenant, actor.id, hourBefore(now), most(policy)),
  );
  refuseBeyond(events, policy, now, 2);
}

/** How many of an hour's recalls tell whether it is one too many, or many enough to be unusual, however many there were. */
function most(policy: Policy, pace = policy): number {
  return Math.max(pace.rateLimit + 1, policy.alertPerHour);
}

function hourBefore(now: Date): Date {
  return new Date(now.getTime() - HOUR_MS);
}

/** `events`: of the hour before `now`, oldest first; `weight`: of what is not among them yet. */
function refuseBeyond(events: { at: Date; weight: number }[], policy: Policy, now: Date, weight: number): void {
  let sum = events.reduce((total, event) => total + event.weight, 0);
  if (policy.rateLimit === 0 || sum + weight <= policy.rateLimit) return;
  let next = now;
  for (const event of events) {
    sum -= event.weight;
    next = new Date(event.at.getTime() + HOUR_MS);
    if (sum + weight <= policy.rateLimit) break;
  }
  const at = next.toISOString().slice(11, 16);
  throw new Refusal('rateLimit', `${policy.rateLimit} recalls this hour; the next at ${at} UTC.`, {
    next: next.toISOString(),
  });
}

/** The same or a narrower request is the recall that is there already; a wider one is refused. */
async function refuseSecond(
  tx: Transaction,
  tenant: number,
  recall: RecallRow,
  scope: number[] | null,
): Promise<never> {
  const open = await openRecallOf(tx, tenant, recall.message_id, recall.id);
  if (!open || open.cancel_requested)
    throw new Refusal('underWay', 'A recall of this message is just ending; try again.');
  // An administrator's asks nobody for consent: a sender's that is under way is not as wide.
  const narrower =
    (open.by_administrator || !recall.by_administrator) &&
    (open.include_read || !recall.include_read) &&
    open.mode === recall.mode &&
    (open.all_recipients || (scope !== null && (await scopeHolds(tx, tenant, open.id, scope))));
  if (narrower) throw new Refusal('alreadyExists', 'Already being recalled.', { existingId: `r${open.id}` });
  throw new Refusal('underWay', 'Already being recalled, with other recipients or options; wait for its end.', {
    existingId: `r${open.id}`,
  });
}

/** One row when all are in scope, however many they are: the sweep cuts it. A list is cut here. */
async function addSweepWork(tx: Transaction, tenant: number, recall: RecallRow, scope: number[] | null): Promise<void> {
  if (scope === null) {
    const from = 1;
    if (recall.total > 0) await addWork(tx, 'sweep', { tenant, of: recall.id, from, to: recall.total }, recall.total);
    return;
  }
  for (let i = 0; i < scope.length; i += LISTED_A_RANGE) {
    const part = scope.slice(i, i + LISTED_A_RANGE);
    const [from = 0, to = 0] = [part[0], part.at(-1)];
    await addWork(tx, 'sweep', { tenant, of: recall.id, from, to }, to - from + 1);
  }
}

/** P8: whatever is refused is in the audit log, too. `account` null: it is an administrator's. */
export async function audited<T>(
  deps: Pick<RequestDeps, 'store' | 'clock'>,
  actor: AccountInfo,
  subject: string,
  account: number | null,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) {
      const { reason } = error;
      await deps.store.transact(async (tx) =>
        appendAudit(tx, actor.tenant, {
          at: deps.clock(),
          actor: actor.address,
          action: 'recall.refused',
          subject,
          detail: { reason, ...(account === null ? {} : { account }) },
        }),
      );
    }
    throw error;
  }
}

function subjectOf({ message }: RecallRequest): string {
  return 'emailId' in message ? `m${message.emailId}` : message.messageId.slice(0, 200);
}

/**
 * Stops the sweep where it is: what is not decided yet stays. Throws Refusal `notFound`, `byAdministrator`, `done`,
 * `rateLimit`. Asking again changes nothing.
 */
export async function cancelRecall(deps: RequestDeps, actor: AccountInfo, account: number, id: number): Promise<void> {
  const { store, people, clock } = deps;
  const { tenant } = actor;
  const policy = await people.policy(tenant, actor.id);
  await audited(deps, actor, `r${id}`, account, () =>
    store.transact(async (tx) => {
      const recall = await recallById(tx, tenant, id);
      if (!recall || !(await isTheirs(people, actor, account, recall)))
        throw new Refusal('notFound', 'There is no such recall.');
      refuseAdministrators(recall);
      await cancelUnderWay(tx, actor, recall, clock(), () => keepPace(tx, actor, policy, clock()));
    }),
  );
}

/** Is it the account's: of a message that it sent, or one that its owner asked for in somebody's place and still may? */
export async function isTheirs(
  people: People,
  actor: AccountInfo,
  account: number,
  recall: Pick<RecallRow, 'account_id' | 'requested_by' | 'by_administrator'>,
): Promise<boolean> {
  const isOf = recall.account_id === account || (recall.requested_by === account && !recall.by_administrator);
  return isOf && people.may(actor.tenant, actor.id, recall.account_id, 'recall');
}

/** What an administrator has taken back is no longer its sender's to decide. Throws Refusal `byAdministrator`. */
export function refuseAdministrators(recall: Pick<RecallRow, 'by_administrator'>): void {
  if (recall.by_administrator)
    throw new Refusal(
      'byAdministrator',
      'An administrator took this message back; only an administrator can change that.',
    );
}

/** Throws Refusal `done`, and what `check` throws. */
export async function cancelUnderWay(
  tx: Transaction,
  actor: AccountInfo,
  recall: RecallProgress,
  now: Date,
  check: () => Promise<void>,
): Promise<void> {
  const { tenant } = actor;
  if (recall.status !== 'sweeping')
    throw new Refusal('done', 'This recall has ended; what it took back can be restored.');
  await check();
  if (!(await insertCancel(tx, tenant, recall.id, actor.id, now))) return;
  tx.changes.wake.add('sweep');
  recallChanged(tx.changes, tenant, recall.id);
  appendAudit(tx, tenant, {
    at: now,
    actor: actor.address,
    action: 'recall.cancel-requested',
    subject: `r${recall.id}`,
    detail: {},
  });
}
