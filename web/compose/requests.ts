// Which composers are open, and what was sent a moment ago.

import { useSyncExternalStore } from 'react';

export type ComposeRequest =
  | { kind: 'new'; to?: string[]; subject?: string }
  | { kind: 'reply' | 'replyAll' | 'forward' | 'resend'; accountId: string; emailId: string }
  | { kind: 'draft'; accountId: string; emailId: string }
  | {
      kind: 'replacement';
      accountId: string;
      /** The original. */
      emailId: string;
      /** Null: the recall happens at Send. */
      recallId: string | null;
      options: { notifyMe: boolean; includeRead: boolean; reason: string | null; recipients: string[] | null };
    };

export interface OpenComposer {
  key: number;
  request: ComposeRequest;
}

/** What the undo bar is about. */
export interface JustSent {
  accountId: string;
  emailId: string;
  /** Asked for by *Send later*. */
  sendAt: Date | null;
}

interface State {
  open: readonly OpenComposer[];
  /** The one that is not folded away. */
  front: number | null;
  sent: JustSent | null;
}

let state: State = { open: [], front: null, sent: null };
let keys = 0;
const listeners = new Set<() => void>();

function set(change: Partial<State>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

export function openComposer(request: ComposeRequest): void {
  const isSame = (other: ComposeRequest): boolean =>
    request.kind !== 'new' && JSON.stringify(other) === JSON.stringify(request);
  const there = state.open.find((one) => isSame(one.request));
  if (there) return bringForward(there.key);
  const key = ++keys;
  set({ open: [...state.open, { key, request }], front: key });
}

export const bringForward = (key: number | null): void => set({ front: key });

export function closeComposer(key: number): void {
  const open = state.open.filter((one) => one.key !== key);
  set({ open, front: state.front === key ? (open.at(-1)?.key ?? null) : state.front });
}

export const wasSent = (sent: JustSent | null): void => set({ sent });

export function useComposers(): State {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}
