// Whether the navigation pane lies over the page, where there is no room for it beside.

import { useSyncExternalStore } from 'react';

let open = false;
const listeners = new Set<() => void>();

export function setDrawer(next: boolean): void {
  open = next;
  for (const listener of listeners) listener();
}

export function useDrawer(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
  );
}
