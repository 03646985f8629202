// Fan-out: copies of a large submission follow its acceptance in batches, in account order, by as many workers as run.

import { Unavailable } from '../mail/errors.ts';
import type { Logger } from '../mail/log.ts';
import { lockAndRaise } from '../store/account-state.ts';
import type { Activity } from '../store/courtesy.ts';
import { createLanes, type Lanes } from '../store/lanes.ts';
import { accountChanged } from '../store/notify.ts';
import { finalizeSubmission } from '../store/outgoing.ts';
import type { Store } from '../store/postgres.ts';
import { deliverWaiting, uncoveredWaiting, waitingAccounts } from '../store/placing.ts';
import { pendingSender, tellStatus } from '../store/submissions.ts';
import { together } from '../store/together.ts';
import { halveWork, isWorkDone, takeWork, type Range } from '../store/work.ts';

export interface FanoutDeps {
  store: Store;
  clock: () => Date;
  log: Logger;
  /** Barrier tests stop here: 'accounts-locked', 'placed'. */
  pause?: (point: string) => Promise<void>;
  /** Of people, to whom its batches give way. See store/courtesy.ts. */
  neighbours?: Activity;
}

/** Accounts that are named in the news of a batch; past that, their tenant is. */
const NAMED = 200;

/**
 * Does one batch; false: nothing is due. What a gate covers is left as it is: the recall's sweep decides it, and has it
 * fanned out after all if it lets it go.
 */
export async function fanoutStep(deps: FanoutDeps): Promise<boolean> {
  const { store, clock, log } = deps;
  let taken: Range | undefined;
  try {
    const done = await store.transact(async (tx) => {
      taken = await takeWork(tx, 'fanout', clock());
      if (!taken) return false;
      const { tenant, of: message } = taken;
      const at = { tenant, message, from: taken.from, to: taken.to };
      const [accounts, sender] = await together(waitingAccounts(tx, at), pendingSender(tx, tenant, message));
      const modseqs = await lockAndRaise(
        tx,
        tenant,
        sender === undefined ? accounts : ascending([...accounts, sender]),
      );
      await deps.pause?.('accounts-locked');
      const open = await uncoveredWaiting(tx, at);
      await deliverWaiting(tx, { tenant, message, now: clock() }, modseqs, open);
      // What was held until now can be unsent no more.
      if (sender !== undefined && open.length > 0) await finalizeSubmission(tx, tenant, message, sender);
      if (modseqs.size > NAMED) tx.changes.tenants.add(tenant);
      else for (const account of modseqs.keys()) accountChanged(tx.changes, tenant, account);
      await deps.pause?.('placed');
      return true;
    }, 'batch');
    if (done && taken) await tellEnd(store, taken);
    return done;
  } catch (error) {
    if (!taken || error instanceof Unavailable) throw error;
    log.error({ err: error, message: taken.of, from: taken.from, to: taken.to }, 'a fan-out batch failed');
    const range = taken;
    await store.transact((tx) => halveWork(tx, 'fanout', range, new Date(clock().getTime() + 1000)), 'batch');
    return true;
  }
}

/**
 * The sender's programs hear of it once the last batch is done; of lanes that finish together, each may think it was the
 * last. In a transaction of its own: no batch waits for the sender's account.
 */
async function tellEnd(store: Store, { tenant, of }: Range): Promise<void> {
  if (await isWorkDone(store, 'fanout', tenant, of)) await store.transact((tx) => tellStatus(tx, tenant, of));
}

/** Work with a date, and work of processes that died, is looked for this often. */
const TICK_MS = 500;

function ascending(accounts: number[]): number[] {
  return [...new Set(accounts)].toSorted((a, b) => a - b);
}

/** Two lanes: one a core. */
export function createFanout(deps: FanoutDeps): Lanes {
  const { store, log, neighbours } = deps;
  return createLanes({
    store,
    log,
    lanes: 2,
    wakes: ['fanout'],
    tickMs: TICK_MS,
    step: () => fanoutStep(deps),
    ...(neighbours ? { activity: neighbours } : {}),
  });
}
