// Turns: those who write for the same account, in this process, come one after the other before any of them takes a
// connection. They would wait for the account's lock anyway; here that costs nobody else anything. Nothing depends on it
// but speed: what is true is decided by the lock in the database, which other processes and batches take too.

import { Unavailable } from '../mail/errors.ts';

export interface Turns {
  /**
   * Runs `work` when all that came before it under this key have ended. Throws Unavailable, without having begun, if that
   * takes longer than anybody waits.
   */
  inTurn<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** How many wait. */
  waiting(): number;
}

/** Longer than any one writer takes that is not stuck itself. */
const PATIENCE_MS = 30_000;

export function createTurns(patience = PATIENCE_MS): Turns {
  /** Key → who waits, first come first; absent: nobody is at work under it. */
  const queues = new Map<string, Set<() => void>>();
  let waiting = 0;

  const wait = async (queue: Set<() => void>): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    queue.add(resolve);
    waiting++;
    const timer = setTimeout(() => {
      queue.delete(resolve);
      reject(new Unavailable('The mailbox is busy.'));
    }, patience);
    try {
      await promise;
    } finally {
      waiting--;
      clearTimeout(timer);
    }
  };
  return {
    async inTurn(key, work) {
      const queue = queues.get(key);
      if (queue) await wait(queue);
      else queues.set(key, new Set());
      try {
        return await work();
      } finally {
        pass(key);
      }
    },
    waiting: () => waiting,
  };

  function pass(key: string): void {
    const queue = queues.get(key);
    const [next] = queue ?? [];
    if (!next) return void queues.delete(key);
    queue?.delete(next);
    next();
  }
}
