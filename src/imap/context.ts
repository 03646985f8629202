// Searches whose results a client is kept informed of (RFC 5267 §4.3): looked at again with all news of the mailbox.

import { isTold } from './search-filter.ts';
import type { Selected, Session } from './session.ts';
import { LIMITS } from './wire/limits.ts';
import { formatSequenceSet, setOf } from './wire/sequence-set.ts';

export interface SearchContext {
  /** The client named UIDs. */
  uid: boolean;
  /** The order is that of a SORT, not of the mailbox. */
  sorted: boolean;
  /** UIDs that the client knows as its results, in order. */
  found: readonly number[];
  search(): Promise<number[]>;
}

/** Under the tag of the command that asked for it. */
export function keepInformed({ out }: Session, selected: Selected, tag: string, context: SearchContext): void {
  const contexts = (selected.contexts ??= new Map());
  if (contexts.size < LIMITS.contexts) contexts.set(tag, context);
  // RFC 5267 §4.3.1.
  else out.line(`* NO [NOUPDATE "${tag}"] That is one search too many to be kept up with.`);
}

export interface Update {
  tag: string;
  context: SearchContext;
  /** UIDs that are found now. */
  now: number[];
}

export async function lookAgain({ contexts }: Selected): Promise<Update[]> {
  const updates: Update[] = [];
  for (const [tag, context] of contexts ?? []) updates.push({ tag, context, now: await context.search() });
  return updates;
}

/** To come before EXPUNGE (RFC 5267 §4.3.4): the numbers of what is gone still stand. */
export function tellRemoved(session: Session, selected: Selected, updates: readonly Update[]): void {
  for (const { tag, context, now } of updates) {
    const still = new Set(now);
    // Where what stays has another order, it comes anew.
    const kept = context.found.filter((uid) => still.has(uid));
    const known = new Set(kept);
    if (now.filter((uid) => known.has(uid)).some((uid, i) => uid !== kept[i])) still.clear();
    const removed = context.found.flatMap((uid, i) => (still.has(uid) ? [] : [{ uid, position: i + 1 }]));
    // The last first, so that the positions of the others stay what they are.
    tell(session, selected, tag, context, 'REMOVEFROM', removed.toReversed());
    context.found = context.found.filter((uid) => still.has(uid));
  }
}

/** To come after EXISTS (RFC 5267 §4.3.3). */
export function tellAdded(session: Session, selected: Selected, updates: readonly Update[]): void {
  for (const { tag, context, now } of updates) {
    const known = new Set(context.found);
    const next = now.filter((uid) => known.has(uid) || isTold(selected, uid));
    const added = next.flatMap((uid, i) => (known.has(uid) ? [] : [{ uid, position: i + 1 }]));
    tell(session, selected, tag, context, 'ADDTO', added);
    context.found = next;
  }
}

function tell(
  { out }: Session,
  { view }: Selected,
  tag: string,
  { uid: byUid, sorted }: SearchContext,
  what: 'ADDTO' | 'REMOVEFROM',
  changes: readonly { uid: number; position: number }[],
): void {
  if (changes.length === 0) return;
  const numbered = changes.map(({ uid, position }) => ({ position, number: byUid ? uid : view.sequenceOf(uid) }));
  // RFC 5267 §4.3.3: position 0 is where the mailbox has them.
  const pairs = sorted
    ? numbered.map(({ position, number }) => `${position} ${number}`).join(' ')
    : `0 ${formatSequenceSet(setOf(numbered.map(({ number }) => number)))}`;
  out.line(`* ESEARCH (TAG "${tag}")${byUid ? ' UID' : ''} ${what} (${pairs})`);
}
