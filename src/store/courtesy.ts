// Batches give way to people. What a gate covers is out of reach already, and what is fanned out comes within seconds in any
// case; somebody's ordinary mail beside them is to take as long as ever. Priority alone does not do it: their commits wait
// for the same disk, behind the batches' own.

import { setTimeout as sleep } from 'node:timers/promises';

/** Counts what people's transactions have committed; shared by the threads of a process. */
export type Activity = Int32Array<SharedArrayBuffer>;

export function createActivity(): Activity {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** One lane's manners. */
export interface Courtesy {
  /** It had nothing to do, and looks again: what people committed until now is what calls it, not what it is in the way of. */
  idle(): void;
  /** To be awaited after a batch that took so long, milliseconds. */
  rest(tookMs: number): Promise<void>;
}

/** How long a lane rests: so many times what its batch took, and no longer than so many milliseconds. */
export interface Manners {
  share: number;
  mostMs: number;
}

/** With three times what it took others take a tenth longer, where they took three quarters longer without (bench load). */
const PROMPT: Manners = { share: 3, mostMs: 300 };

/** Smaller batches than this are in nobody's way. */
const SHORT_MS = 15;

/** A lane does not rest while nobody else is at work. */
export function createCourtesy(
  activity: Activity,
  { share, mostMs }: Manners = PROMPT,
  wait: (ms: number) => Promise<void> = sleep,
): Courtesy {
  let seen = Atomics.load(activity, 0);
  return {
    idle: () => void (seen = Atomics.load(activity, 0)),
    async rest(tookMs) {
      const before = seen;
      seen = Atomics.load(activity, 0);
      if (seen === before || tookMs < SHORT_MS) return;
      await wait(Math.min(mostMs, share * tookMs));
    },
  };
}
