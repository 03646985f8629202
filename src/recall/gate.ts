// The gate: one transaction of constant cost that waits on no reader, worker, batch or sweep. Gate protocol, step 2.

import { Refusal } from '../mail/errors.ts';
import { policyOf, type Policy } from '../mail/policy.ts';
import { appendAudit } from '../store/audit.ts';
import { recallChanged } from '../store/notify.ts';
import type { Transaction } from '../store/postgres.ts';
import { insertAlert, numberAlert } from '../store/recall-alerts.ts';
import {
  holdPace,
  insertGate,
  insertRecall,
  openRecallOf,
  scopeHolds,
  type RecallProgress,
  type RecallRow,
} from '../store/recalls.ts';
import { together } from '../store/together.ts';
import { addWork } from '../store/work.ts';
import { unusual } from './alerts.ts';
import { most, recallsOfHour, refuseBeyond } from './pace.ts';
import type { AccountInfo } from './ports.ts';
import type { RequestDeps } from './request.ts';

/** Deliveries of a ticked list that one range of work covers. */
const LISTED_A_RANGE = 2000;

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
    recallsOfHour(tx, { tenant, id: recall.requested_by }, recall.gated_at, most(policy, pace)),
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
