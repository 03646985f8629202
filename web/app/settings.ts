// How the client looks on this device. Kept by the browser; every window of it hears of a change.

import { useSyncExternalStore } from 'react';

export interface Settings {
  theme: 'system' | 'light' | 'dark' | 'contrast';
  density: 'roomy' | 'compact';
  readingPane: 'right' | 'bottom' | 'off';
  /** Pixels; the height where the reading pane is below. */
  listWidth: number;
  listHeight: number;
  navigation: 'open' | 'collapsed';
  /** Accounts and mailboxes whose insides are not shown: "a1", "a1/f7". */
  folded: readonly string[];
  /** Accounts of others whose insides are shown. */
  unfolded: readonly string[];
  conversations: boolean;
  /** New mail is told of by the system, while a window is open. */
  notify: boolean;
}

const DEFAULTS: Settings = {
  theme: 'system',
  density: 'roomy',
  readingPane: 'right',
  listWidth: 376,
  listHeight: 300,
  navigation: 'open',
  folded: [],
  unfolded: [],
  conversations: true,
  notify: false,
};

const KEY = 'homing.settings';

let current: Settings | undefined;
const listeners = new Set<() => void>();

export function settings(): Settings {
  return (current ??= read());
}

function read(): Settings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings>) };
  } catch {
    return DEFAULTS;
  }
}

export function changeSettings(change: Partial<Settings>): void {
  current = { ...settings(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing: until the window closes, then.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  const elsewhere = (event: StorageEvent): void => {
    if (event.key !== KEY) return;
    current = undefined;
    listener();
  };
  listeners.add(listener);
  addEventListener('storage', elsewhere);
  return () => {
    listeners.delete(listener);
    removeEventListener('storage', elsewhere);
  };
}

export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, settings);
}
