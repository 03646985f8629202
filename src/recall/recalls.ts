// The recall service as the faces see it: everything a person can ask of a recall, in one place.

import type { Logger } from '../mail/log.ts';
import { policyOf } from '../mail/policy.ts';
import { Refusal } from '../mail/errors.ts';
import type { Ids } from '../store/ids.ts';
import { isDelivered, previewCounts, type PreviewCounts } from '../store/outcomes.ts';
import type { Store } from '../store/postgres.ts';
import { recallById, type RecallProgress } from '../store/recalls.ts';
import { checkReplacement, sendReplacement, type Replacement } from './apply/replace.ts';
import { requestRestore } from './apply/restore.ts';
import { previewAsAdministrator, type AdminPreview } from './admin-preview.ts';
import { acknowledgeAlert } from './acknowledge.ts';
import {
  approveRecall,
  cancelAsAdministrator,
  denyRecall,
  recallAsAdministrator,
  type AdminRecallRequest,
  type AdminRecallResult,
} from './administer.ts';
import { isMarkOf, readMark } from './draft.ts';
import { listedDeliveries } from './listed.ts';
import { composeNotice } from './notice.ts';
import type { AccountInfo, People, SubmitMail } from './ports.ts';
import { createProgress, type Progress } from './progress.ts';
import { listRecipients, type RecallRecipient, type RecipientsRequest } from './recipients.ts';
import { mailReport } from './report.ts';
import { cancelRecall } from './cancel.ts';
import { checkRate } from './pace.ts';
import { checkAge, findSubmission, requestRecall, type RecallRequest } from './request.ts';
import { tellAlerts } from './alerts.ts';
import { undoRecalls, type Undone, type UndoRequest } from './undo.ts';
import { createRecallWorker, type RecallWorker } from './worker.ts';
import type { Activity } from '../store/courtesy.ts';
import type { Transaction } from '../store/postgres.ts';

export interface RecallDeps {
  store: Store;
  ids: Ids;
  people: People;
  submit: SubmitMail;
  /** Stores a message that is nobody's submission; answers its number. See store/messages.ts. */
  storeMessage: (tx: Transaction, tenant: number, bytes: Buffer, now: Date) => Promise<number>;
  clock: () => Date;
  log: Logger;
  /** Told of each recall that this process has ended; again only if it died before its work was done. */
  ended?: (recall: RecallProgress) => void;
  pause?: (point: string) => Promise<void>;
  /** Of people, to whom its batches give way. See store/courtesy.ts. */
  neighbours?: Activity;
}

export interface RecallPreview {
  inside: number;
  outside: number;
  held: number;
  /** Those of `held` that will leave the organisation. */
  heldOutside: number;
  /** Milliseconds until the first of `held` goes; null: nothing is held, or not for a time. */
  heldForMs: number | null;
  queued: number;
  total: number;
  /** Why policy would refuse, as a reason and a sentence; null: it would not. */
  refusal: { reason: string; description: string } | null;
  /** May the sender ask for read copies too? */
  readCopiesAllowed: boolean;
}

export interface Recalls {
  request(request: RecallRequest): Promise<RecallProgress>;
  cancel(actor: AccountInfo, account: number, id: number): Promise<void>;
  /** `account` null: as an administrator. */
  restore(actor: AccountInfo, account: number | null, id: number): Promise<void>;
  /** What administrators do: administer.ts. */
  readonly administrators: {
    preview(request: Pick<AdminRecallRequest, 'actor' | 'message' | 'recipients' | 'forwards'>): Promise<AdminPreview>;
    request(request: AdminRecallRequest): Promise<AdminRecallResult>;
    approve(actor: AccountInfo, id: number): Promise<{ recall: RecallProgress; forwards: RecallProgress[] }>;
    deny(actor: AccountInfo, id: number): Promise<'denied' | 'withdrawn'>;
    cancel(actor: AccountInfo, id: number): Promise<void>;
    undo(request: UndoRequest): Promise<Undone>;
    acknowledge(actor: AccountInfo, id: number): Promise<void>;
  };
  /** Before a recall is asked for: could this replace what it takes back? Throws what accept would refuse. */
  checkReplacement(tenant: number, mail: Replacement): Promise<void>;
  replace(actor: AccountInfo, account: number, id: number, mail: Replacement): Promise<number>;
  /** The recall that a message was drafted to complete (draft.ts), and the message as it is to be sent; null: none. */
  completedBy(tenant: number, bytes: Buffer): Promise<{ id: number; account: number; bytes: Buffer } | null>;
  preview(request: Pick<RecallRequest, 'actor' | 'account' | 'message' | 'recipients'>): Promise<RecallPreview>;
  /** Whom the message went to, one page. See recipients.ts. */
  recipients(request: RecipientsRequest): Promise<{ total: number; list: RecallRecipient[] }>;
  readonly worker: RecallWorker;
  readonly progress: Progress;
}

export function createRecalls(deps: RecallDeps): Recalls {
  const { store, people, submit, clock, log } = deps;
  const progress = createProgress({
    store,
    clock,
    log,
    writeNotice: async (tx, tenant, recall) => {
      const by = recall.by_administrator ? recall.requested_by : recall.account_id;
      const from = (await people.account(tenant, by)) ?? { tenant, id: by, name: '', address: 'postmaster@invalid' };
      return deps.storeMessage(tx, tenant, composeNotice(recall, from, policyOf(recall.policy)), clock());
    },
    onDone: async (tenant, recall) => {
      deps.ended?.(recall);
      await mailReport({ store, people, submit, clock }, tenant, recall);
    },
  });
  const counted = new Map<string, PreviewCounts>();
  const worker = createRecallWorker({
    store,
    progress,
    clock,
    log,
    tell: () => tellAlerts({ store, people, submit, clock }),
    ...(deps.pause ? { pause: deps.pause } : {}),
    ...(deps.neighbours ? { neighbours: deps.neighbours } : {}),
  });
  return {
    worker,
    progress,
    request: (request) => requestRecall(deps, request),
    cancel: (actor, account, id) => cancelRecall(deps, actor, account, id),
    restore: (actor, account, id) => requestRestore(deps, actor, account, id),
    administrators: {
      preview: (request) => previewAsAdministrator(deps, request),
      request: (request) => recallAsAdministrator(deps, request),
      approve: (actor, id) => approveRecall(deps, actor, id),
      deny: (actor, id) => denyRecall(deps, actor, id),
      cancel: (actor, id) => cancelAsAdministrator(deps, actor, id),
      undo: (request) => undoRecalls(deps, request),
      acknowledge: (actor, id) => acknowledgeAlert(deps, actor, id),
    },
    checkReplacement: (tenant, mail) => checkReplacement(people, tenant, mail),
    replace: (actor, account, id, mail) => sendReplacement({ ...deps, open: progress.open }, actor, account, id, mail),
    async completedBy(tenant, bytes) {
      const marked = readMark(bytes);
      const recall = marked && (await recallById(store, tenant, marked.id));
      if (!recall || !isMarkOf(marked.mark, recall)) return null;
      return { id: recall.id, account: recall.account_id, bytes: marked.bytes };
    },
    preview: (request) => preview(deps, counted, request),
    recipients: (request) => listRecipients(deps, request),
  };
}

/** Counts of that many messages are remembered. */
const COUNTED = 1000;

/** Of all recipients: a million are counted once, and again only while the message is on its way. */
async function countsOfAll(
  store: Store,
  counted: Map<string, PreviewCounts>,
  tenant: number,
  message: number,
): Promise<PreviewCounts> {
  const key = `${tenant} ${message}`;
  const known = counted.get(key);
  if (known) return known;
  // Asked first: what ends in between is counted, and not remembered.
  const isDone = await isDelivered(store, tenant, message);
  const counts = await previewCounts(store, { tenant, message }, null);
  if (!isDone) return counts;
  for (const oldest of counted.keys()) {
    if (counted.size < COUNTED) break;
    counted.delete(oldest);
  }
  counted.set(key, counts);
  return counts;
}

async function preview(
  deps: RecallDeps,
  counted: Map<string, PreviewCounts>,
  request: Pick<RecallRequest, 'actor' | 'account' | 'message' | 'recipients'>,
): Promise<RecallPreview> {
  const { store, people, clock } = deps;
  const { tenant } = request.actor;
  const policy = await people.policy(tenant, request.account);
  const none = {
    inside: 0,
    outside: 0,
    held: 0,
    heldOutside: 0,
    heldForMs: null,
    queued: 0,
    total: 0,
    readCopiesAllowed: policy.readCopies === 'sender-chooses',
  };
  try {
    if (!policy.enabled) throw new Refusal('disabled', 'Your organisation has turned recall off.');
    if (!(await people.may(tenant, request.actor.id, request.account, 'recall'))) {
      throw new Refusal('notSender', 'You may not recall for this account.');
    }
    const { submission } = await findSubmission(store, tenant, request);
    const numbers =
      request.recipients && (await listedDeliveries(store, people, request.actor, submission, request.recipients));
    const { heldUntil, ...counts } = await (numbers === null
      ? countsOfAll(store, counted, tenant, submission.id)
      : previewCounts(store, { tenant, message: submission.id }, numbers));
    const heldForMs = heldUntil && Math.max(0, heldUntil.getTime() - clock().getTime());
    const total = numbers === null ? submission.total : numbers.length;
    const known = { ...none, ...counts, heldForMs, total };
    try {
      checkAge(submission, policy, clock());
      await checkRate(store, request.actor, await people.policy(tenant, request.actor.id), clock());
      return { ...known, refusal: null };
    } catch (error) {
      if (error instanceof Refusal) return { ...known, refusal: { reason: error.reason, description: error.message } };
      throw error;
    }
  } catch (error) {
    if (error instanceof Refusal && error.reason !== 'notFound')
      return { ...none, refusal: { reason: error.reason, description: error.message } };
    throw error;
  }
}
