// Putting copies into mailboxes. What reads and changes them for clients is in store/emails.ts.

import { accountChanged } from './notify.ts';
import { raise } from './account-state.ts';
import type { Transaction } from './postgres.ts';
import { SEEN, type Keywords } from '../mail/keywords.ts';
import { Refusal } from '../mail/errors.ts';

export interface NewCopy {
  messageId: number;
  threadId: number;
  receivedAt: Date;
  /** When it comes into the mailbox (RFC 8514). */
  savedAt: Date;
  keywords: Keywords;
}

export interface PlacedCopy {
  /** Of the mailbox. */
  uidValidity: number;
  emailId: number;
  uid: number;
  modseq: number;
}

/**
 * Appends copies of their owner's own making (draft, Sent, import, APPEND: never in a recall's scope) to one mailbox,
 * in order. Takes the account lock first. Throws Refusal `noMailbox`.
 */
export async function appendCopies(
  tx: Transaction,
  at: { tenant: number; account: number; mailbox: number },
  copies: NewCopy[],
): Promise<PlacedCopy[]> {
  const { tenant, account, mailbox } = at;
  const last = await raise(tx, tenant, account, copies.length);
  const unread = copies.filter((copy) => (copy.keywords.flags & SEEN) === 0).length;
  const [box] = await tx.rows<{ uid_next: number; uid_validity: number }>(
    `UPDATE mailbox SET uid_next = uid_next + $4, total = total + $4, unread = unread + $5, modseq = $6
     WHERE tenant_id = $1 AND account_id = $2 AND id = $3 RETURNING uid_next, uid_validity`,
    [tenant, account, mailbox, copies.length, unread, last],
  );
  if (last === undefined || box === undefined) throw new Refusal('noMailbox', 'There is no such mailbox.');
  const placed = copies.map((_, i) => ({
    uidValidity: box.uid_validity,
    emailId: last - copies.length + 1 + i,
    modseq: last - copies.length + 1 + i,
    uid: box.uid_next - copies.length + i,
  }));
  await tx.run(
    `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, saved_at, flags, keywords)
     SELECT $1, $2, $3, c.uid, c.email_id, c.email_id, c.message_id, c.thread_id, c.received_at, nullif(c.saved_at, c.received_at), c.flags,
       string_to_array(c.keywords, ' ')
     FROM unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::timestamptz[], $10::smallint[], $11::text[])
       AS c (uid, email_id, message_id, thread_id, received_at, saved_at, flags, keywords)`,
    [
      tenant,
      account,
      mailbox,
      placed.map((copy) => copy.uid),
      placed.map((copy) => copy.emailId),
      copies.map((copy) => copy.messageId),
      copies.map((copy) => copy.threadId),
      copies.map((copy) => copy.receivedAt),
      copies.map((copy) => copy.savedAt),
      copies.map((copy) => copy.keywords.flags),
      copies.map((copy) => copy.keywords.others?.join(' ') ?? null),
    ],
  );
  accountChanged(tx.changes, tenant, account);
  return placed;
}
