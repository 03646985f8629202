// What went wrong and belongs to no field or dialog: one line at the foot of the page, until it is closed or overtaken.

import { useSyncExternalStore } from 'react';
import { JmapError } from '../jmap/client.ts';
import { sentenceOfError } from '../parts/sentence.ts';

let line: string | null = null;
const listeners = new Set<() => void>();

function set(next: string | null): void {
  line = next;
  for (const listener of listeners) listener();
}

export function tell(error: unknown): void {
  const missing = error instanceof JmapError && error.type === 'notFound';
  set(missing ? 'This message is not here any more.' : sentenceOfError(error));
}

export const hush = (): void => set(null);

export function useTold(): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => line,
  );
}
