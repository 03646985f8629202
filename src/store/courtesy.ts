// Batches give way to people. What a gate covers is out of reach already, and what is fanned out comes within seconds in any
// case; somebody's ordinary mail beside them is to take as long as ever. Priority alone does not do it: their commits wait
// for the same disk, behind the batches' own.

/** Counts what people's transactions have committed; shared by the threads of a process. */
export type Activity = Int32Array<SharedArrayBuffer>;

export function createActivity(): Activity {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** To be awaited by a lane after a batch that took so long, milliseconds. */
export type Rest = (tookMs: number) => Promise<void>;

/** Of what a batch took: then others take a tenth longer, where they took three quarters longer without (bench load). */
const SHARE = 3;

/** Smaller batches than this are in nobody's way. */
const SHORT_MS = 15;

const MOST_MS = 300;

/** For lanes that work side by side. None of them rests while nobody else is at work. */
export function createRest(activity: Activity): Rest {
  let seen = Atomics.load(activity, 0);
  let noticed = -Infinity;
  return async (tookMs) => {
    const count = Atomics.load(activity, 0);
    if (count !== seen) noticed = performance.now();
    seen = count;
    if (noticed < performance.now() - tookMs || tookMs < SHORT_MS) return;
    await new Promise((resolve) => setTimeout(resolve, Math.min(MOST_MS, SHARE * tookMs)));
  };
}
