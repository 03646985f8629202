// Keys, as in Outlook on the web: one key does one thing, wherever no text is being written.

import { use, useEffect } from 'react';
import { InOverlay, useOverlay } from '../app/overlay.ts';

export interface Shortcut {
  /** "R", "Shift+R", "Ctrl+Shift+Z", "Delete". Ctrl is ⌘ on a Mac. */
  keys: string;
  label: string;
  run(): void;
}

/** Is this what the event says? Pure. */
export function matches(
  keys: string,
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
): boolean {
  const parts = keys.split('+');
  const key = parts.at(-1) ?? '';
  const ctrl = parts.includes('Ctrl');
  const shift = parts.includes('Shift');
  if (event.altKey || (event.ctrlKey || event.metaKey) !== ctrl) return false;
  // A sign is a sign, however the keyboard makes it.
  if (event.shiftKey !== shift && /^[a-z]$|^\w{2,}$/i.test(key)) return false;
  return event.key.toLowerCase() === key.toLowerCase();
}

/** Is something being written, or is a menu or dialog open that has keys of its own? */
export function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest(WRITTEN)) return true;
  return target.closest('[role=menu], [role=dialog]:not([data-shortcuts]), [role=listbox]') !== null;
}

const WRITTEN = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]';

/** `first`: before whoever else has the same key. */
export function useShortcuts(shortcuts: readonly Shortcut[], first = false): void {
  // A page that something lies over hears no keys.
  const covered = useOverlay() !== null && !use(InOverlay);
  useEffect(() => {
    if (covered) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.repeat || isBusy(event.target)) return;
      const found = shortcuts.find(({ keys }) => matches(keys, event));
      if (!found) return;
      event.preventDefault();
      found.run();
    };
    addEventListener('keydown', onKey, first);
    return () => removeEventListener('keydown', onKey, first);
  }, [shortcuts, covered, first]);
}
