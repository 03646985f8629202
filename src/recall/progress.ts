// A recall's life around its batches: opened once (progress row, notice), counted as it goes, its gate removed, ended.
// All of it outside the batches' transactions, and safe to be done by several processes at once.

import { Unavailable } from '../mail/errors.ts';
import type { Logger } from '../mail/log.ts';
import { policyOf, type Policy } from '../mail/policy.ts';
import { raise } from '../store/account-state.ts';
import { appendAudit } from '../store/audit.ts';
import { accountChanged, emptyChanges, recallChanged } from '../store/notify.ts';
import type { Store, Transaction } from '../store/postgres.ts';
import { recallById, type RecallProgress } from '../store/recalls.ts';
import { releaseOutside } from '../store/replacement.ts';
import { statusAt, unsendStopped } from '../store/submissions.ts';
import { together } from '../store/together.ts';
import {
  addCounts,
  countOutcomes,
  finishState,
  insertState,
  openRecalls,
  owedRecalls,
  removeGate,
  sweepWorkLeft,
} from '../store/recall-progress.ts';
import { cutWork } from '../store/work.ts';
import type { Counts } from './apply/plan.ts';

export interface OpenRecall {
  recall: RecallProgress;
  /** The message that stands in recalled copies' places; null: none. */
  notice: number | null;
  notices: Policy['notices'];
}

export interface ProgressDeps {
  store: Store;
  clock: () => Date;
  log: Logger;
  /** Writes the notice of a recall as a message. See notice.ts. */
  writeNotice: (tx: Transaction, tenant: number, recall: RecallProgress) => Promise<number>;
  /**
   * Called by whoever ended a recall, after that has committed: report, replacement. Again only if the process died
   * before its work was done.
   */
  onDone: (tenant: number, recall: RecallProgress) => Promise<void>;
}

export interface Progress {
  /** What open() made, if this process has. */
  isOpen(tenant: number, id: number): OpenRecall | undefined;
  open(tenant: number, id: number): Promise<void>;
  /** After a batch's commit: counts, then gate and end when due. */
  advance(tenant: number, id: number, counts: Counts): Promise<void>;
  /**
   * Takes up what another process left: ends recalls that have nothing left to do, tells the ends that were not told.
   * Stops between two once `isOver`.
   */
  recover(isOver?: () => boolean): Promise<void>;
  /** Waits for counts that are on their way. */
  settle(): Promise<void>;
}

/** Deliveries a batch: large enough for set-based statements, small enough that a gate's commit never waits long. */
export const SWEEP_BATCH = 1000;

/** How often running counts are written: a page shows them move, and the sender's account is not locked all the time. */
const COUNTS_EVERY_MS = 100;

/** A report that is not there so long after its recall's end is not on its way: whoever owed it is gone. */
const OWED_MS = 30_000;

/** Opened recalls that are remembered. */
const REMEMBERED = 1000;

export function createProgress(deps: ProgressDeps): Progress {
  const { store, clock, log } = deps;
  const opened = new Map<string, OpenRecall>();
  const opening = new Map<string, Promise<void>>();
  const pending = new Map<string, { tenant: number; id: number; account: number; counts: Counts }>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  const key = (tenant: number, id: number): string => `${tenant} ${id}`;

  const open = (tenant: number, id: number): Promise<void> => {
    const known = opening.get(key(tenant, id)) ?? openAnew(tenant, id).finally(() => opening.delete(key(tenant, id)));
    opening.set(key(tenant, id), known);
    return known;
  };
  const openAnew = async (tenant: number, id: number): Promise<void> => {
    await store.transact(async (tx) => {
      const found = await recallById(tx, tenant, id);
      if (!found) throw new Error(`recall ${id} is not there`);
      if (found.modseq !== null) return; // another process has opened it: no lock is waited for
      const [modseq, locked] = await together(raise(tx, tenant, found.account_id), recallById(tx, tenant, id));
      // Another process may have opened it while we waited for the lock.
      if (locked?.modseq !== null) return;
      const policy = policyOf(found.policy);
      const wanted = found.mode === 'replace' || policy.notices !== 'none';
      const notice = wanted ? await deps.writeNotice(tx, tenant, found) : null;
      await together(
        insertState(tx, tenant, { id, account: found.account_id, notice, modseq: modseq ?? 0 }),
        found.all_recipients ? cutWork(tx, 'sweep', tenant, id, SWEEP_BATCH) : Promise.resolve(),
      );
      accountChanged(tx.changes, tenant, found.account_id);
      recallChanged(tx.changes, tenant, id);
    });
    const recall = await recallById(store, tenant, id);
    if (!recall) throw new Error(`recall ${id} is not there`);
    const { notices } = policyOf(recall.policy);
    for (const oldest of opened.keys()) {
      if (opened.size < REMEMBERED) break;
      opened.delete(oldest);
    }
    opened.set(key(tenant, id), {
      recall,
      notice: recall.notice_message_id,
      notices: recall.mode === 'replace' ? 'all' : notices,
    });
  };

  const writeCounts = async (): Promise<void> => {
    timer = undefined;
    const batch = [...pending.values()];
    pending.clear();
    for (const { tenant, id, account, counts } of batch) {
      await store.transact(async (tx) => {
        const modseq = await raise(tx, tenant, account);
        await addCounts(tx, tenant, id, modseq ?? 0, counts);
        accountChanged(tx.changes, tenant, account);
        recallChanged(tx.changes, tenant, id);
      });
    }
  };
  const settle = async (): Promise<void> => {
    clearTimeout(timer);
    writing = writing
      .then(writeCounts)
      .catch((error: Error) => log.warn({ err: error }, 'running counts were not written; the end counts again'));
    await writing;
  };

  const addPending = (tenant: number, recall: RecallProgress, counts: Counts): void => {
    const sum = pending.get(key(tenant, recall.id)) ?? {
      tenant,
      id: recall.id,
      account: recall.account_id,
      counts: {},
    };
    for (const [outcome, n] of Object.entries(counts) as [keyof Counts, number][])
      sum.counts[outcome] = (sum.counts[outcome] ?? 0) + n;
    pending.set(key(tenant, recall.id), sum);
    timer ??= setTimeout(() => void settle(), COUNTS_EVERY_MS);
  };

  const finish = async (tenant: number, id: number): Promise<void> => {
    const counts = await countOutcomes(store, tenant, id);
    const ended = await store.transact(async (tx) => {
      const recall = await recallById(tx, tenant, id);
      if (!recall || recall.status !== 'sweeping') return undefined;
      const modseq = await raise(tx, tenant, recall.account_id);
      // A cancel that came once everything was decided has stopped nothing.
      const status = counts.cancelled ? 'cancelled' : 'done';
      // Another lane or process may have been first; the end is then its to tell.
      if (!(await finishState(tx, tenant, { id, modseq: modseq ?? 0, status, counts, at: clock() }))) return undefined;
      if (counts.intercepted) {
        await unsendStopped(tx, tenant, recall.message_id);
        await statusAt(tx, tenant, recall.message_id, modseq ?? 0);
      }
      const audit = { actor: 'homing', action: `recall.${status}`, subject: `r${id}`, detail: { counts } };
      appendAudit(tx, tenant, { at: clock(), ...audit });
      accountChanged(tx.changes, tenant, recall.account_id);
      recallChanged(tx.changes, tenant, id);
      const done = await recallById(tx, tenant, id);
      if (done && done.replacement_message_id !== null) await releaseOutside(tx, tenant, id, clock());
      return done;
    });
    opened.delete(key(tenant, id));
    if (ended) await deps.onDone(tenant, ended);
  };

  /** A fault of one recall's keeps no other waiting. */
  const alone = async (id: number, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      log.error({ err: error, recall: id }, 'a recall could not be taken up');
    }
  };

  const endIfDue = async (tenant: number, id: number): Promise<void> => {
    const left = await sweepWorkLeft(store, tenant, id);
    if (left.ranges > left.inFlight) return;
    if (await removeGate(store, tenant, id)) {
      const changes = emptyChanges();
      changes.wake.add('outgoing').add('restore');
      store.notifier.publish(changes);
    }
    if (left.ranges > 0) return;
    pending.delete(key(tenant, id)); // the end counts for itself
    await finish(tenant, id);
  };

  return {
    isOpen: (tenant, id) => opened.get(key(tenant, id)),
    open,
    async advance(tenant, id, counts) {
      const recall = opened.get(key(tenant, id))?.recall;
      if (recall && Object.keys(counts).length > 0) addPending(tenant, recall, counts);
      await endIfDue(tenant, id);
    },
    async recover(isOver = () => false) {
      for (const { tenant, id } of await openRecalls(store)) {
        if (isOver()) return;
        await alone(id, async () => {
          if (!opened.has(key(tenant, id))) await open(tenant, id);
          await endIfDue(tenant, id);
        });
      }
      for (const { tenant, id } of await owedRecalls(store, new Date(clock().getTime() - OWED_MS))) {
        if (isOver()) return;
        await alone(id, async () => {
          const recall = await recallById(store, tenant, id);
          if (recall) await deps.onDone(tenant, recall);
        });
      }
    },
    settle,
  };
}
