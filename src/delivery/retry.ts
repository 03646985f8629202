// When an attempt that was put off is made again, and when it is given up. Pure.

const MINUTE_MS = 60_000;

/** Minutes after the first, second, … attempt; every two hours from then on. RFC 5321 §4.5.4.1. */
const STEPS = [1, 5, 15, 30, 60];
const LAST_STEP = 120;

/** RFC 5321 §4.5.4.1: at least 4–5 days. */
export const GIVE_UP_MS = 5 * 24 * 60 * MINUTE_MS;

/** A sender who asked for it is told of a delay after this long. RFC 3461 §4.1. */
export const DELAYED_MS = 4 * 60 * MINUTE_MS;

/** When to try again after attempt number `attempts`; null: never. `since`: when delivering began. The last try is at the very end. */
export function retryAt(attempts: number, since: Date, now: Date): Date | null {
  const end = since.getTime() + GIVE_UP_MS;
  if (now.getTime() >= end) return null;
  const minutes = STEPS[attempts - 1] ?? LAST_STEP;
  return new Date(Math.min(now.getTime() + minutes * MINUTE_MS, end));
}

/** Is the sender to be told now that it takes longer? `notify`: RFC 3461 NOTIFY bits. */
export function isDelayed(notify: number, since: Date, now: Date): boolean {
  return (notify & 4) !== 0 && (notify & 8) === 0 && now.getTime() - since.getTime() >= DELAYED_MS;
}
