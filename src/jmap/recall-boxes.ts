// Recall as JMAP shows it (recall/mailbox.ts): among the mailboxes of a person's own account, as IMAP does.

import type { Account } from '../directory/directory.ts';
import { boxesBeside, haveRecallBoxes, RECALL_BOXES } from '../recall/mailbox.ts';
import type { MailboxRow } from '../store/mailboxes.ts';
import { mailboxIdOf } from './email/ids.ts';
import { SetFault } from './errors.ts';
import type { MethodContext } from './wire.ts';

/** Are they shown in this account, where it has no mailbox of that name? To be asked before anything is locked. */
export async function showsRecall(
  { user, directory }: Pick<MethodContext, 'user' | 'directory'>,
  account: Account,
): Promise<boolean> {
  return account.id === user.id && haveRecallBoxes(directory, account.tenant);
}

/** Beside an account's own mailboxes. `shows`: of showsRecall. */
export function recallBeside(
  shows: boolean,
  list: readonly Pick<MailboxRow, 'parent_id' | 'name'>[],
): readonly MailboxRow[] {
  return shows ? boxesBeside(list) : [];
}

/** Of an id that is one of theirs; undefined: it is another's. Their ids ("f-1") are none of a mailbox in the store. */
export function recallBoxOf(id: unknown): MailboxRow | undefined {
  return RECALL_BOXES.find((box) => mailboxIdOf(box.id) === id);
}

/** Throws SetFault `forbidden` for an id of theirs. */
export function refuseRecallBox(id: unknown, shown: readonly MailboxRow[], why: string): void {
  const box = recallBoxOf(id);
  if (box && shown.includes(box)) throw new SetFault('forbidden', why);
}

/**
 * The state of mailboxes: an account's modseq, and of how many of Recall's boxes whoever has this state knows, so that it
 * is told when policy, which is no account's, brings them or takes them away: "120", or "120.2" with both.
 */
export function mailboxState(modseq: number, known: number): string {
  return known === 0 ? String(modseq) : `${modseq}.${known}`;
}

/** A mailboxState in its parts, the modseq as it is written; what is none of ours is all in the first. */
export function readMailboxState(state: unknown): [modseq: unknown, known: number] {
  const [, modseq, known] = (typeof state === 'string' && /^(\d{1,16})(?:\.([12]))?$/.exec(state)) || [];
  return modseq === undefined ? [state, 0] : [modseq, Number(known ?? 0)];
}

/** What somebody who knows `known` of the boxes, and is told of `most` at once, is to be told of `shown`. */
export function recallChanges(
  known: number,
  shown: readonly MailboxRow[],
  most = Infinity,
): { created: string[]; destroyed: string[]; known: number } {
  const ids = RECALL_BOXES.map(({ id }) => mailboxIdOf(id));
  const created = ids.slice(known, shown.length).slice(0, most);
  const destroyed = ids.slice(shown.length, known).toReversed().slice(0, most);
  return { created, destroyed, known: known + created.length - destroyed.length };
}
