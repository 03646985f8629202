// Removing what is marked as deleted.

import { DELETED } from '../mail/keywords.ts';
import { removeCopies } from '../store/email-change.ts';
import { lockAccount } from '../store/held-copies.ts';
import { flagsOf } from '../store/mailbox-view.ts';
import type { Selected, Session } from './session.ts';

export interface Removed {
  uids: number[];
  /** Account modseq of the removal; 0: there was nothing to remove. */
  modseq: number;
}

/** Of `uids`, or of all, those with \Deleted; one that a gate covers stays. */
export async function expungeDeleted(session: Session, { at }: Selected, uids: number[] | null): Promise<Removed> {
  const { store } = session.deps;
  return store.inTurn(at, async (tx) => {
    const modseq = await lockAccount(tx, at);
    const marked = (await flagsOf(tx, at, uids)).filter((row) => (row.flags & DELETED) !== 0).map((row) => row.uid);
    if (marked.length === 0) return { uids: [], modseq: 0 };
    const removed = await removeCopies(tx, at, { mailbox: at.mailbox, uids: marked });
    return { uids: removed.map((copy) => copy.uid), modseq: removed.length === 0 ? 0 : modseq + 1 };
  });
}
