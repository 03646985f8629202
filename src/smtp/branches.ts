import { reply } from './replies.ts';

/** One of several readers of the same. */
export interface Branch {
  /** To be read once, or not at all; throws if it is read again. */
  pieces: AsyncIterable<Buffer>;
  /** Reads no further: the others need not wait for it. */
  leave(): void;
}

/** What comes once, for several who read it side by side: the slowest sets the pace, so that no more than a piece is kept. */
export function branchesOf(source: AsyncIterable<Buffer>, count: number): Branch[] {
  const from = source[Symbol.asyncIterator]();
  const waiting = new Map<number, (next: Promise<IteratorResult<Buffer>>) => void>();
  const there = new Set(Array.from({ length: count }, (_, i) => i));
  const begun = new Set<number>();
  const goOn = (): void => {
    if (there.size === 0) return void from.return?.();
    if (waiting.size === 0 || waiting.size < there.size) return;
    const next = from.next();
    for (const resolve of waiting.values()) resolve(next);
    waiting.clear();
  };
  return [...there].map((i) => ({
    pieces: {
      [Symbol.asyncIterator]() {
        // It would end at once, as though nothing were missing.
        if (begun.has(i)) throw reply(451, '4.3.0', 'Not delivered; try again.');
        begun.add(i);
        const next = (): Promise<IteratorResult<Buffer>> =>
          new Promise((resolve) => {
            waiting.set(i, resolve);
            goOn();
          });
        return { next };
      },
    },
    leave() {
      there.delete(i);
      waiting.delete(i);
      goOn();
    },
  }));
}
