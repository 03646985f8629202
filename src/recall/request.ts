// Asking for a recall: authorised, then gated, in one transaction that waits on no reader, worker, batch or sweep.

import { Refusal } from '../mail/errors.ts';
import type { Policy } from '../mail/policy.ts';
import type { RecallMode } from '../mail/recall.ts';
import { appendAudit } from '../store/audit.ts';
import type { Ids } from '../store/ids.ts';
import type { Reader, Store } from '../store/postgres.ts';
import {
  submissionsByMessageId,
  submissionsOfCopy,
  type RecallableSubmission,
  type RecallProgress,
  type RecallRow,
} from '../store/recalls.ts';
import { setGate } from './gate.ts';
import { listedDeliveries } from './listed.ts';
import { checkRate } from './pace.ts';
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

const DAY_MS = 86_400_000;

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
