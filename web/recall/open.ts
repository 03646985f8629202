// Which message the dialog is for, and whether it is open.

import { useSyncExternalStore } from 'react';

export interface RecallRequest {
  accountId: string;
  emailId: string;
}

interface Asked extends RecallRequest {
  /** Counts the openings: each begins anew. */
  time: number;
  open: boolean;
}

let asked: Asked | null = null;
let opener: Element | null = null;
const listeners = new Set<() => void>();

function set(next: Asked | null): void {
  asked = next;
  for (const listener of listeners) listener();
}

/** Opens *Recall This Message* for a sent message. */
export function openRecallDialog(request: RecallRequest): void {
  const { activeElement } = document;
  // A menu goes when something in it is chosen: its button stays.
  opener = activeElement?.closest('[role=menu]')
    ? document.querySelector('[aria-haspopup=menu][aria-expanded=true]')
    : activeElement;
  set({ ...request, time: (asked?.time ?? 0) + 1, open: true });
}

export function closeRecallDialog(): void {
  if (asked?.open) set({ ...asked, open: false });
}

/** Once the dialog has gone: to where the focus was, or to the heading of the page that came instead. */
export function giveFocusBack(): void {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
  else document.querySelector<HTMLElement>('main h1[tabindex]')?.focus({ preventScroll: true });
}

/** Null: it was never opened. */
export function useRecallRequest(): Asked | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => asked,
  );
}
