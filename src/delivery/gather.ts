// Group commit in the application: what comes while a transaction runs waits for the next, which takes all of it.

import { Unavailable } from '../mail/errors.ts';

/** A transaction that lasts longer is held up, by a sweep of somebody's account, say: what waits goes by it. */
const HELD_UP_MS = 25;

/** Transactions side by side, at most. */
const SIDE_BY_SIDE = 4;

/**
 * Answers a function that adds one to what waits. `run` is called with what has gathered, at most `atMost` at a time, and
 * never throws. One runs at a time while none is held up: the fewer there are, the more share one.
 */
export function gather<T>({ atMost, run }: { atMost: number; run: (batch: T[]) => Promise<void> }): (one: T) => void {
  const waiting: T[] = [];
  /** Each with when its present batch began (performance.now()). */
  const running = new Set<{ since: number }>();
  let check: NodeJS.Timeout | undefined;

  const work = async (): Promise<void> => {
    const own = { since: performance.now() };
    running.add(own);
    await new Promise((resolve) => setImmediate(resolve)); // whoever comes in this moment comes along
    while (waiting.length > 0) {
      own.since = performance.now();
      await run(waiting.splice(0, atMost));
    }
    running.delete(own);
  };

  const attend = (): void => {
    if (waiting.length === 0) return;
    const latest = Math.max(-Infinity, ...[...running].map(({ since }) => since));
    if (performance.now() - latest >= HELD_UP_MS && running.size < SIDE_BY_SIDE) return void work();
    check ??= setTimeout(() => {
      check = undefined;
      attend();
    }, HELD_UP_MS);
  };

  return (one) => {
    waiting.push(one);
    attend();
  };
}

/**
 * As gather, with an answer for each of a batch. One that fails does not take the others with it: they are tried again, each
 * alone.
 */
export function gatherAnswers<T, R>(options: {
  atMost: number;
  run: (batch: T[]) => Promise<R[]>;
}): (one: T) => Promise<R> {
  type Waiting = { one: T; resolve: (answer: R) => void; reject: (error: unknown) => void };
  const run = async (batch: Waiting[]): Promise<void> => {
    try {
      const answers = await options.run(batch.map(({ one }) => one));
      batch.forEach(({ resolve }, i) => resolve(answers[i] as R));
    } catch (error) {
      if (batch.length === 1 || error instanceof Unavailable) return batch.forEach(({ reject }) => reject(error));
      for (const waiting of batch) await run([waiting]);
    }
  };
  const add = gather({ atMost: options.atMost, run });
  return (one) => new Promise((resolve, reject) => add({ one, resolve, reject }));
}
