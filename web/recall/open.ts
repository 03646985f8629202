// Which message the dialog is open for.

import { useSyncExternalStore } from 'react';

export interface RecallRequest {
  accountId: string;
  emailId: string;
}

let asked: RecallRequest | null = null;
const listeners = new Set<() => void>();

function set(next: RecallRequest | null): void {
  asked = next;
  for (const listener of listeners) listener();
}

/** Opens *Recall This Message* for a sent message. */
export const openRecallDialog = (request: RecallRequest): void => set(request);

export const closeRecallDialog = (): void => set(null);

export function useRecallRequest(): RecallRequest | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => asked,
  );
}
