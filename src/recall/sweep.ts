// The sweep: after the gate, every delivery in scope is decided, batch by batch, each in one transaction with what it
// changes. Resumable: what is left to do is rows of work. Gate protocol, step 5.

import { Unavailable } from '../mail/errors.ts';
import { policyOf } from '../mail/policy.ts';
import type { Logger } from '../mail/log.ts';
import { lockAndRaise } from '../store/account-state.ts';
import { accountChanged, recallChanged } from '../store/notify.ts';
import type { Store, Transaction } from '../store/postgres.ts';
import { together } from '../store/together.ts';
import { isCancelled } from '../store/recalls.ts';
import {
  accountsInScope,
  decliningAccounts,
  deliveriesInScope,
  lockCopies,
  lockUndelivered,
  vaultedDeliveries,
  type Scope,
  type SweptCopy,
  type SweptDelivery,
} from '../store/sweep.ts';
import { applyDecisions, insertOutcomes, stopDeliveries } from '../store/sweep-apply.ts';
import { addWork, halveWork, takeWork, toRanges, type Range } from '../store/work.ts';
import { failBatch, planBatch, type BatchPlan } from './apply/plan.ts';
import { SWEEP_BATCH, type OpenRecall, type Progress } from './progress.ts';
import { termsOf } from './terms.ts';

/** How long after an undecided look a delivery in flight is looked at again. */
const AGAIN_MS = 100;

/** Accounts that are named in the news of a batch; past that, their tenant is. */
const NAMED = 200;

export interface SweepDeps {
  store: Store;
  progress: Progress;
  clock: () => Date;
  log: Logger;
  /** Barrier tests stop here: 'accounts-locked', 'copies-locked', 'applied'. */
  pause?: (point: string) => Promise<void>;
}

/** Thrown out of a batch to undo its claim: the recall is to be opened first, outside the batch's locks. */
class NotOpen extends Error {}

/** Does one batch, of whatever recall; false: nothing is due. */
export async function sweepStep(deps: SweepDeps): Promise<boolean> {
  const { store, progress, clock, log } = deps;
  let taken: Range | undefined;
  try {
    const done = await store.transact(async (tx) => {
      taken = await takeWork(tx, 'sweep', clock());
      if (!taken) return undefined;
      const open = progress.isOpen(taken.tenant, taken.of);
      if (!open) throw new NotOpen();
      if (open.recall.all_recipients && taken.to - taken.from >= SWEEP_BATCH) {
        await addWork(tx, 'sweep', taken, SWEEP_BATCH);
        tx.changes.wake.add('sweep');
        return {};
      }
      return (await sweepRange(deps, tx, open, taken)).counts;
    }, 'batch');
    if (!done || !taken) return false;
    await progress.advance(taken.tenant, taken.of, done);
    return true;
  } catch (error) {
    if (!taken || error instanceof Unavailable) throw error;
    if (error instanceof NotOpen) {
      await progress.open(taken.tenant, taken.of);
      return true;
    }
    log.error({ err: error, recall: taken.of, from: taken.from, to: taken.to }, 'a sweep batch failed');
    const range = taken;
    await store.transact((tx) => halveWork(tx, 'sweep', range, new Date(clock().getTime() + 1000)), 'batch');
    return true;
  }
}

/** One batch, in the locks' order. */
async function sweepRange(deps: SweepDeps, tx: Transaction, open: OpenRecall, range: Range): Promise<BatchPlan> {
  const { tenant } = range;
  const { recall, notice } = open;
  const now = deps.clock();
  const scope: Scope = {
    tenant,
    recall: recall.id,
    message: recall.message_id,
    all: recall.all_recipients,
    from: range.from,
    to: range.to,
  };
  const modseqs = await lockAndRaise(tx, tenant, await accountsInScope(tx, scope));
  await deps.pause?.('accounts-locked');

  const accounts = [...modseqs.keys()];
  const { protectedRecipients } = policyOf(recall.policy);
  // One after the other on the wire, without waiting in between: each sees what committed while the one before waited.
  const [cancelled, , deliveries, copies] = await together(
    isCancelled(tx, tenant, recall.id),
    lockUndelivered(tx, scope),
    deliveriesInScope(tx, scope, protectedRecipients),
    lockCopies(tx, tenant, recall.message_id, accounts),
  );
  const terms = termsOf(recall, cancelled, now);
  await deps.pause?.('copies-locked');

  const asked = !terms.byAdministrator && terms.policy.recipientConsent === 'recipient-decides';
  const missing = withoutCopies(deliveries, copies);
  const facts = {
    deliveries,
    copies,
    existing: modseqs,
    declining: asked ? await decliningAccounts(tx, tenant, accounts) : new Set<number>(),
    vaulted: missing.length > 0 ? await vaultedDeliveries(tx, tenant, recall.message_id, missing) : new Map(),
  };
  const plan =
    terms.deadlinePassed && range.from === range.to
      ? failBatch(facts, terms)
      : planBatch(facts, terms, notice ? open.notices : 'none');
  await together(
    applyDecisions(tx, { tenant, recall: recall.id, notice, now }, modseqs, plan),
    stopDeliveries(tx, tenant, recall.message_id, plan.stop, now),
    insertOutcomes(tx, tenant, recall.id, now, plan.plain, plan.outcomes),
  );

  const again = new Date(now.getTime() + AGAIN_MS);
  for (const [from, to] of toRanges(plan.undecided)) {
    await addWork(tx, 'sweep', { ...range, from, to }, SWEEP_BATCH, { notBefore: again, inFlight: true });
  }
  for (const [from, to] of toRanges(plan.release))
    await addWork(tx, 'fanout', { tenant, of: recall.message_id, from, to }, SWEEP_BATCH, {
      notBefore: plan.releaseAt,
    });
  if (plan.release.length > 0) tx.changes.wake.add('fanout');
  const changed = new Set<number>();
  for (const copies of [plan.noticed, plan.gone, plan.passed])
    for (const copy of copies) if (changed.size <= NAMED) changed.add(copy.account_id);
  if (changed.size > NAMED) tx.changes.tenants.add(tenant);
  else for (const account of changed) accountChanged(tx.changes, tenant, account);
  recallChanged(tx.changes, tenant, recall.id);
  await deps.pause?.('applied');
  return plan;
}

/** Local, delivered, and nothing there: deleted by the owner, or taken by an earlier recall. */
function withoutCopies(deliveries: SweptDelivery[], copies: SweptCopy[]): number[] {
  const there = new Set(copies.map((copy) => copy.delivery_n));
  return deliveries.filter((d) => d.account_id !== null && d.state === 'delivered' && !there.has(d.n)).map((d) => d.n);
}
