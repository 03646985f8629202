// Runs sweeps, replacements and restores, and takes up what other processes left.

import type { Logger } from '../mail/log.ts';
import type { Activity } from '../store/courtesy.ts';
import { createLanes } from '../store/lanes.ts';
import type { Store } from '../store/postgres.ts';
import { dueWork } from '../store/work.ts';
import { replaceStep } from './apply/replace.ts';
import { endLeftRestores, restoreStep } from './apply/restore.ts';
import type { Progress } from './progress.ts';
import { sweepStep } from './sweep.ts';

export interface RecallWorker {
  start(): void;
  /** Ends after the batches under way. */
  stop(): Promise<void>;
  /** Works until nothing is due, in the caller's time: for tests. */
  drain(): Promise<void>;
}

export interface WorkerDeps {
  store: Store;
  progress: Progress;
  clock: () => Date;
  log: Logger;
  /** Mails what is to be told to administrators. */
  tell: () => Promise<void>;
  pause?: (point: string) => Promise<void>;
  /** Of people, to whom its batches give way. See store/courtesy.ts. */
  neighbours?: Activity;
}

/** Attempts in flight are looked at this often; they are rows with a date of their own. */
const TICK_MS = 100;

/** Left-overs of other processes are looked for this often. */
const RECOVER_MS = 5000;

export function createRecallWorker(deps: WorkerDeps): RecallWorker {
  const { store, progress, log } = deps;
  const step = async (): Promise<boolean> => {
    const due = await dueWork(store, ['sweep', 'replace', 'restore'], deps.clock());
    const kinds = new Set(due.map((work) => work.kind));
    // Before a batch holds any lock: opening takes the sender's. One a step: after a restart there may be a hundred.
    const closed = due.find(({ kind, tenant, of }) => kind === 'sweep' && !progress.isOpen(tenant, of));
    if (closed) await progress.open(closed.tenant, closed.of);
    const swept = kinds.has('sweep') && (await sweepStep(deps));
    const replaced = kinds.has('replace') && (await replaceStep(deps));
    const restored = kinds.has('restore') && (await restoreStep(deps));
    return swept || replaced || restored;
  };
  const lanes = createLanes({
    store,
    log,
    lanes: 2,
    wakes: ['sweep', 'restore'],
    tickMs: TICK_MS,
    step,
    ...(deps.neighbours ? { activity: deps.neighbours } : {}),
  });
  let running = false;
  const takeUp = async (isOver?: () => boolean): Promise<void> => {
    await progress.recover(isOver);
    await endLeftRestores(deps);
    await deps.tell();
  };
  let takingUp: Promise<void> | undefined;
  /** One round at a time: with many recalls under way it may last longer than there is between two. */
  const recover = (): void => {
    takingUp ??= takeUp(() => !running)
      .catch((error: Error) => log.warn({ err: error }, 'open recalls could not be looked at'))
      .finally(() => (takingUp = undefined));
  };
  let recovering: NodeJS.Timeout | undefined;
  return {
    start() {
      running = true;
      lanes.start();
      recover();
      recovering = setInterval(recover, RECOVER_MS);
    },
    async stop() {
      running = false;
      clearInterval(recovering);
      await lanes.stop();
      await takingUp;
      await progress.settle();
    },
    async drain() {
      while (await step());
      await progress.settle();
      await takeUp();
    },
  };
}
