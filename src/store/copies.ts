// Putting copies of their owner's own making into a mailbox. What reads and changes them for clients is in store/emails.ts.

import type { Keywords } from '../mail/keywords.ts';
import { Refusal } from '../mail/errors.ts';
import { raise } from './account-state.ts';
import { accountChanged } from './notify.ts';
import { nextUids, placeKnown } from './placing.ts';
import type { Transaction } from './postgres.ts';

export interface NewCopy {
  messageId: number;
  threadId: number;
  receivedAt: Date;
  /** When it comes into the mailbox (RFC 8514). */
  savedAt: Date;
  keywords: Keywords;
}

export interface PlacedCopy {
  emailId: number;
  uid: number;
  modseq: number;
}

/**
 * Appends copies (draft, Sent, import: never in a recall's scope) to one mailbox, in order. Takes the account lock first.
 * Throws Refusal `noMailbox`.
 */
export async function appendCopies(
  tx: Transaction,
  { tenant, account, mailbox }: { tenant: number; account: number; mailbox: number },
  copies: NewCopy[],
): Promise<PlacedCopy[]> {
  const last = await raise(tx, tenant, account, copies.length);
  const next = await nextUids(tx, tenant, [{ account, mailbox }]);
  const [first] = next.values();
  if (last === undefined || first === undefined) throw noMailbox();
  const modseqOf = (i: number): number => last - copies.length + 1 + i;
  const placements = copies.map(({ messageId, threadId, receivedAt, savedAt, keywords: { flags, others } }, i) => ({
    account,
    mailbox,
    message: messageId,
    thread: threadId,
    receivedAt,
    savedAt,
    n: null,
    flags,
    others,
    modseq: modseqOf(i),
  }));
  await placeKnown(tx, tenant, placements, next);
  accountChanged(tx.changes, tenant, account);
  return copies.map((_, i) => ({ emailId: modseqOf(i), modseq: modseqOf(i), uid: first + i }));
}

export function noMailbox(): Refusal {
  return new Refusal('noMailbox', 'There is no such mailbox.');
}
