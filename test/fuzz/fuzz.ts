// Runs a property on input after input, each made from a number of its own, so that any one of them can be made again.
//
//   in the suite                      a fixed seed, a fixed number of inputs: seconds, and the same every time
//   npm run fuzz -- --minutes N       other seeds each time, for as long as it is told
//   HOMING_FUZZ=SEED:N node --test …  the one input that a failure names

import { test } from 'node:test';

/** Random numbers of one input (mulberry32): the same ones from the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Below `n`, from 0. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }

  chance(of: number): boolean {
    return this.below(of) === 0;
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  /** Small ones more often than large ones, up to `most`. */
  size(most: number): number {
    return this.below(1 + this.below(1 + this.below(most + 1)));
  }
}

export interface FuzzOptions {
  /** Inputs in the suite. */
  runs: number;
  /** Before the first and after the last. */
  before?: () => Promise<void>;
  after?: () => Promise<void>;
}

const MINUTES = Number(process.env['HOMING_FUZZ_MINUTES'] ?? 0);
const SUITE_SEED = 20_261_128;
/** What the heap may gain over a long run, once it is warm: whatever an input leaves behind adds up. */
const GROWTH = 160 << 20;

/** A test that gives `property` one Random after another. What it throws is told with the seed and number to repeat it by. */
export function fuzz(name: string, options: FuzzOptions, property: (random: Random) => Promise<void> | void): void {
  const [only, nth] = (process.env['HOMING_FUZZ'] ?? '').split(':').map(Number);
  const seed = only || (MINUTES > 0 ? Date.now() % 2 ** 31 : SUITE_SEED);
  test(name, { timeout: (MINUTES + 3) * 60_000 }, async (context) => {
    await options.before?.();
    const until = performance.now() + MINUTES * 60_000;
    let warm = 0;
    let n = nth ?? 0;
    try {
      for (; ; n++) {
        await property(new Random(Math.imul(seed, 2_654_435_761) ^ Math.imul(n + 1, 40_503)));
        if (nth !== undefined && !Number.isNaN(nth)) break;
        if (MINUTES > 0 ? performance.now() > until : n + 1 >= options.runs) break;
        if (n === 2 * options.runs) warm = process.memoryUsage().heapUsed;
      }
    } catch (error) {
      throw new Error(`input ${n} of seed ${seed} (HOMING_FUZZ=${seed}:${n})`, { cause: error });
    } finally {
      await options.after?.();
    }
    const grown = process.memoryUsage().heapUsed - warm;
    if (warm > 0 && grown > GROWTH) throw new Error(`the heap grew by ${grown >> 20} MB over ${n} inputs`);
    context.diagnostic(`${n + 1} inputs, seed ${seed}`);
  });
}

/** Octets with what mutations do: some few, one after the other. */
export function mutate(random: Random, bytes: Buffer, tokens: readonly string[], others: readonly Buffer[]): Buffer {
  let now = bytes;
  for (let i = 1 + random.size(12); i > 0; i--) now = mutation(random, now, tokens, others);
  return now;
}

function mutation(random: Random, bytes: Buffer, tokens: readonly string[], others: readonly Buffer[]): Buffer {
  const at = random.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + random.size(64));
  const put = (middle: Buffer, from = at, until = at): Buffer =>
    Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(until)]);
  switch (random.below(9)) {
    case 0:
      return put(Buffer.from([random.below(256)]), at, Math.min(bytes.length, at + 1));
    case 1:
      return put(Buffer.alloc(0), at, to);
    case 2:
      return put(Buffer.from(random.pick(tokens), 'latin1'));
    case 3:
      return put(Buffer.from(random.pick(tokens), 'latin1'), at, to);
    case 4: // a piece again, some times over
      return put(Buffer.concat(Array.from({ length: 1 + random.size(40) }, () => bytes.subarray(at, to))));
    case 5: // a line again elsewhere
      return put(lineOf(bytes, random.below(bytes.length + 1)));
    case 6:
      return bytes.subarray(0, at);
    case 7: {
      const other = random.pick(others);
      return put(other.subarray(random.below(other.length + 1)), at, bytes.length);
    }
    default:
      return put(Buffer.from(Array.from({ length: random.size(16) }, () => random.below(256))));
  }
}

function lineOf(bytes: Buffer, at: number): Buffer {
  const from = bytes.lastIndexOf('\n', at) + 1;
  const end = bytes.indexOf('\n', at);
  return bytes.subarray(from, end < 0 ? bytes.length : end + 1);
}
