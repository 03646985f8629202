// A message's own window; where the browser does not open one, the same page lies over this one.

import { createContext, useSyncExternalStore } from 'react';

const WIDTH = 960;
const HEIGHT = 720;

let path: string | null = null;
let opener: Element | null = null;
const listeners = new Set<() => void>();

function set(next: string | null): void {
  path = next;
  for (const listener of listeners) listener();
}

/** Opens `/u/0/message/…` in a window of its own, 960 × 720, or as an overlay. */
export function openWindow(to: string): void {
  const left = Math.max(0, Math.round(screenX + (outerWidth - WIDTH) / 2));
  const top = Math.max(0, Math.round(screenY + (outerHeight - HEIGHT) / 2));
  const opened = open(to, '_blank', `popup,width=${WIDTH},height=${HEIGHT},left=${left},top=${top}`);
  if (opened) return;
  opener = document.activeElement;
  set(to);
}

export const closeOverlay = (): void => set(null);

/** Where the focus was when it opened. */
export const overlayOpener = (): Element | null => opener;

/** The page that lies over this one; null: none. */
export function useOverlay(): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => path,
  );
}

/** Within what lies over the page: keys are for that alone while it is open. */
export const InOverlay = createContext(false);
