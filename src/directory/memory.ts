// Answers that are asked for all the time, remembered until they may have changed.

export interface Memory {
  /** One question to the database, however many ask it at once; what failed is asked again. */
  readonly remember: <T>(key: string, ask: () => Promise<T>, maxAgeMs?: number) => Promise<T>;
  readonly forget: () => void;
}

interface Entry {
  answer: Promise<unknown>;
  until: number;
}

/** Keeps the `limit` answers that were used last. `now` is in milliseconds. */
export function createMemory(limit: number, now: () => number = () => performance.now()): Memory {
  const entries = new Map<string, Entry>();
  return {
    remember<T>(key: string, ask: () => Promise<T>, maxAgeMs = Infinity): Promise<T> {
      const known = entries.get(key);
      if (known) entries.delete(key); // and in again at the end: the order is that of use
      const entry = known && known.until > now() ? known : { answer: ask(), until: now() + maxAgeMs };
      entries.set(key, entry);
      if (entry === known) return entry.answer as Promise<T>;
      const [oldest] = entries.keys();
      if (entries.size > limit && oldest !== undefined) entries.delete(oldest);
      entry.answer.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      return entry.answer as Promise<T>;
    },
    forget: () => entries.clear(),
  };
}
