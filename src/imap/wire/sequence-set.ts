// Sets of sequence numbers or UIDs (RFC 9051 §9, sequence-set), as ranges: 1:1000000 is one pair of numbers.

/** Both ends are in it. STAR stands for "*" until the set is resolved. */
export type Range = readonly [low: number, high: number];

/** Resolved sets are ascending, and no range of them touches the next; parsed ones are as the client wrote them. */
export type SequenceSet = readonly Range[];

/** "*": the largest number in use. */
export const STAR = Infinity;
/** RFC 9051 §9: nz-number is of 32 bits. */
const MAX_NUMBER = 0xffff_ffff;

/** `undefined` if it is none. `limit` is of ranges. */
export function parseSequenceSet(text: string, limit: number): SequenceSet | undefined {
  const ranges: Range[] = [];
  for (const part of text.split(',', limit + 1)) {
    const match = /^(\*|[1-9]\d{0,9})(?::(\*|[1-9]\d{0,9}))?$/.exec(part);
    if (!match || ranges.length === limit) return undefined;
    const low = numberOf(match[1] ?? '');
    const high = match[2] === undefined ? low : numberOf(match[2]);
    if ((low > MAX_NUMBER && low !== STAR) || (high > MAX_NUMBER && high !== STAR)) return undefined;
    ranges.push(low <= high ? [low, high] : [high, low]); // RFC 9051 §9: 4:2 is 2:4
  }
  return ranges;
}

function numberOf(text: string): number {
  return text === '*' ? STAR : Number(text);
}

/**
 * "*" becomes `largest`, and 5:* is 3:5 where that is 3 (RFC 9051 §9). With nothing in use (0), "*" is no number at all, and
 * what it bounds is empty.
 */
export function resolve(set: SequenceSet, largest: number): SequenceSet {
  return normalise(
    set.flatMap(([low, high]): Range[] => {
      if (high !== STAR) return [[low, high]];
      if (largest === 0) return [];
      return low === STAR ? [[largest, largest]] : [[Math.min(low, largest), Math.max(low, largest)]];
    }),
  );
}

/** Ascending, nothing twice, touching ranges joined. */
function normalise(ranges: SequenceSet): SequenceSet {
  const joined: [number, number][] = [];
  for (const [low, high] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else joined.push([low, high]);
  }
  return joined;
}

/** The numbers may come in any order. */
export function setOf(numbers: Iterable<number>): SequenceSet {
  return normalise([...numbers].map((n): Range => [n, n]));
}

export function union(a: SequenceSet, b: SequenceSet): SequenceSet {
  return normalise([...a, ...b]);
}

/** Of two resolved sets. */
export function intersect(a: SequenceSet, b: SequenceSet): SequenceSet {
  const both: Range[] = [];
  for (let i = 0, j = 0; ;) {
    const [x, y] = [a[i], b[j]];
    if (!x || !y) return both;
    const [low, high] = [Math.max(x[0], y[0]), Math.min(x[1], y[1])];
    if (low <= high) both.push([low, high]);
    if (x[1] < y[1]) i++;
    else j++;
  }
}

/** In a resolved set. */
export function has(set: SequenceSet, n: number): boolean {
  let [from, to] = [0, set.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((set[middle] as Range)[1] < n) from = middle + 1;
    else to = middle;
  }
  return n >= (set[from]?.[0] ?? STAR);
}

/** How many numbers a resolved set has. */
export function size(set: SequenceSet): number {
  return set.reduce((sum, [low, high]) => sum + high - low + 1, 0);
}

/** "1:3,5"; the empty set has no form on the wire. */
export function formatSequenceSet(set: SequenceSet): string {
  const shown = (n: number): string => (n === STAR ? '*' : String(n));
  return set.map(([low, high]) => (low === high ? shown(low) : `${shown(low)}:${shown(high)}`)).join(',');
}

/** Numbers in the order given, which says something: COPYUID (RFC 4315 §3), ESORT (RFC 5267 §3). */
export function formatRuns(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last && last[1] + 1 === n) last[1] = n;
    else runs.push([n, n]);
  }
  return formatSequenceSet(runs);
}
