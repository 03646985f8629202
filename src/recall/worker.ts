// Runs sweeps, replacements and restores: two lanes side by side, woken by news and by a clock of their own.

import type { Logger } from '../mail/log.ts';
import type { Wake } from '../store/notify.ts';
import type { Store } from '../store/postgres.ts';
import { replaceStep } from './apply/replace.ts';
import { restoreStep } from './apply/restore.ts';
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
  pause?: (point: string) => Promise<void>;
}

const LANES = 2;

/** Attempts in flight are looked at this often; they are rows with a date of their own. */
const TICK_MS = 100;

/** Left-overs of other processes are looked for this often. */
const RECOVER_MS = 5000;

export function createRecallWorker(deps: WorkerDeps): RecallWorker {
  const { store, progress, log } = deps;
  let running = false;
  let woken = Promise.withResolvers<void>();
  let lanes: Promise<void>[] = [];
  let recovering: NodeJS.Timeout | undefined;

  const step = async (): Promise<boolean> => {
    const swept = await sweepStep(deps);
    const replaced = await replaceStep(deps);
    const restored = await restoreStep(deps);
    return swept || replaced || restored;
  };

  const lane = async (): Promise<void> => {
    while (running) {
      const news = woken.promise;
      try {
        if (await step()) continue;
      } catch (error) {
        log.warn({ err: error }, 'the sweep waits for the database');
        await after(1000);
        continue;
      }
      await Promise.race([news, after(TICK_MS)]);
    }
  };

  const wake = (): void => {
    const before = woken;
    woken = Promise.withResolvers<void>();
    before.resolve();
  };
  const onWake = (worker: Wake): void => {
    if (worker === 'sweep' || worker === 'restore') wake();
  };
  const recover = (): void => {
    progress.recover().catch((error: Error) => log.warn({ err: error }, 'open recalls could not be looked at'));
  };

  return {
    start() {
      running = true;
      store.notifier.on('wake', onWake).on('resync', wake);
      lanes = Array.from({ length: LANES }, lane);
      recover();
      recovering = setInterval(recover, RECOVER_MS);
    },
    async stop() {
      running = false;
      clearInterval(recovering);
      store.notifier.off('wake', onWake).off('resync', wake);
      wake();
      await Promise.all(lanes);
      await progress.settle();
    },
    async drain() {
      while (await step());
      await progress.settle();
      await progress.recover();
    },
  };
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
