// Scales of charts. Pure.

import { duration } from '../recall/words.ts';

/** The least of 1, 2, 4, 10, 20, 40, 100 … that is no less. */
export function niceMost(value: number): number {
  for (let ten = 1; ; ten *= 10) for (const one of [1, 2, 4]) if (one * ten >= value) return one * ten;
}

/** Milliseconds on a scale of tens: its lines, and where a value lies between the lowest (0) and the highest (1). */
export function logTicks(values: readonly number[]): {
  ticks: { at: number; label: string }[];
  place(value: number): number;
} {
  const logs = values.map((value) => Math.log10(Math.max(1, value)));
  const least = values.length === 0 ? 0 : Math.floor(Math.min(...logs));
  const most = Math.max(least + 1, values.length === 0 ? 0 : Math.ceil(Math.max(...logs)));
  const place = (value: number): number => (Math.log10(Math.max(1, value)) - least) / (most - least);
  // More than four lines are too many.
  const every = Math.ceil((most - least) / 4);
  const powers = Array.from({ length: most - least + 1 }, (_, i) => least + i).filter((_, i) => i % every === 0);
  return {
    ticks: powers.map((power) => ({ at: (power - least) / (most - least), label: duration(10 ** power) })),
    place,
  };
}

export interface Period {
  from: Date;
  label: string;
}

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/**
 * The last `days` days, today included, by the reader's own midnights: a period a day, or a week where they are many.
 * `bounds` has one more than there are periods.
 */
export function periodsOf(days: number, now: Date): { bounds: Date[]; periods: Period[] } {
  const each = days > 100 ? 7 : 1;
  const count = Math.ceil(days / each);
  const midnight = (daysAgo: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
  const bounds = Array.from({ length: count + 1 }, (_, i) => midnight((count - i) * each - 1));
  const periods = bounds.slice(0, -1).map((from) => ({ from, label: DAY.format(from) }));
  return { bounds, periods };
}
