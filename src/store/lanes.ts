// A worker's loop: some lanes side by side, each doing step after step while there is something to do, woken by news
// and by a clock of its own (news can be missed; work can have a date).

import type { Logger } from '../mail/log.ts';
import { createCourtesy, type Activity, type Manners } from './courtesy.ts';
import type { Wake } from './notify.ts';
import type { Store } from './postgres.ts';

export interface Lanes {
  start(): void;
  /** Ends after the steps under way. */
  stop(): Promise<void>;
}

export function createLanes(options: {
  store: Store;
  log: Logger;
  lanes: number;
  wakes: readonly Wake[];
  tickMs: number;
  /** Does one piece of work; false: nothing is due. What it throws is logged, and tried again a second later. */
  step: () => Promise<boolean>;
  /** Each lane gives way to whoever is counted here: see courtesy.ts. */
  activity?: Activity;
  manners?: Manners;
  /** It does not, for now. */
  hurries?: () => boolean;
}): Lanes {
  const { store, log, step, activity } = options;
  let running = false;
  let woken = Promise.withResolvers<void>();
  let lanes: Promise<void>[] = [];
  let stopped = Promise.withResolvers<void>();

  const wake = (): void => {
    const before = woken;
    woken = Promise.withResolvers<void>();
    before.resolve();
  };
  const onWake = (worker: Wake): void => {
    if (options.wakes.includes(worker)) wake();
  };
  const lane = async (): Promise<void> => {
    const courtesy = activity && createCourtesy(activity, options.manners, (ms) => withTimeout(stopped.promise, ms));
    while (running) {
      const news = woken.promise;
      try {
        const began = performance.now();
        if (await step()) {
          if (options.hurries?.() !== true) await courtesy?.rest(performance.now() - began);
          continue;
        }
        await withTimeout(news, options.tickMs);
        courtesy?.idle();
      } catch (error) {
        log.warn({ err: error }, 'a worker waits for the database');
        await withTimeout(news, 1000);
      }
    }
  };
  return {
    start() {
      running = true;
      stopped = Promise.withResolvers();
      store.notifier.on('wake', onWake).on('resync', wake);
      lanes = Array.from({ length: options.lanes }, lane);
    },
    async stop() {
      running = false;
      store.notifier.off('wake', onWake).off('resync', wake);
      wake();
      stopped.resolve(); // nobody waits for one that rests
      await Promise.all(lanes);
    },
  };
}

async function withTimeout(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([promise, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
