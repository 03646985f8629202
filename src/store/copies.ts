// Putting copies into mailboxes. What reads and changes them for clients is in store/emails.ts.

import { accountChanged } from './notify.ts';
import { lockAccounts, raiseLocked } from './account-state.ts';
import type { Transaction } from './postgres.ts';
import { together } from './together.ts';
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

/** Copies for one mailbox, in order. */
export interface Appending {
  account: number;
  mailbox: number;
  copies: NewCopy[];
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
  const modseqs = await lockAccounts(tx, at.tenant, [at.account]);
  const [placed = []] = await appendTogether(tx, at.tenant, modseqs, [{ ...at, copies }]);
  return placed;
}

/**
 * The same for several mailboxes, in one round trip. The caller has locked the accounts; `modseqs`, as lockAccounts answers,
 * are what they were; `isRaised`: it has raised them too, by one for each copy.
 */
export async function appendTogether(
  tx: Transaction,
  tenant: number,
  modseqs: ReadonlyMap<number, number>,
  groups: Appending[],
  isRaised = false,
): Promise<PlacedCopy[][]> {
  const raised = new Map<number, number>();
  const boxes = new Map<string, Box>();
  const rows: (NewCopy & { box: Box; modseq: number; nth: number })[] = [];
  for (const { account, mailbox, copies } of groups) {
    const key = `${account} ${mailbox}`;
    const box = boxes.get(key) ?? { account, mailbox, count: 0, unread: 0, modseq: 0 };
    boxes.set(key, box);
    for (const copy of copies) {
      box.modseq = (raised.get(account) ?? modseqs.get(account) ?? 0) + 1;
      raised.set(account, box.modseq);
      if ((copy.keywords.flags & SEEN) === 0) box.unread++;
      rows.push({ ...copy, box, modseq: box.modseq, nth: box.count++ });
    }
  }
  const [, told] = await together(
    isRaised
      ? Promise.resolve()
      : raiseLocked(
          tx,
          tenant,
          [...raised.keys()],
          [...raised].map(([account, modseq]) => modseq - (modseqs.get(account) ?? 0)),
        ),
    raiseBoxes(tx, tenant, [...boxes.values()]),
    insertCopies(tx, tenant, rows),
  );
  const ends = new Map(told.map((row) => [`${row.account_id} ${row.id}`, row]));
  if (ends.size !== boxes.size || groups.some(({ account }) => !modseqs.has(account)))
    throw new Refusal('noMailbox', 'There is no such mailbox.');
  for (const account of raised.keys()) accountChanged(tx.changes, tenant, account);
  const placed = rows.map(({ box, modseq, nth }) => {
    const end = ends.get(`${box.account} ${box.mailbox}`);
    const uid = (end?.uid_next ?? 0) - box.count + nth;
    return { uidValidity: end?.uid_validity ?? 0, emailId: modseq, modseq, uid };
  });
  return groups.map(({ copies }) => placed.splice(0, copies.length));
}

/** A mailbox that gets some, and the modseq of the last of them. */
interface Box {
  account: number;
  mailbox: number;
  count: number;
  unread: number;
  modseq: number;
}

function raiseBoxes(
  tx: Transaction,
  tenant: number,
  boxes: Box[],
): Promise<{ account_id: number; id: number; uid_next: number; uid_validity: number }[]> {
  return tx.rows(
    `UPDATE mailbox m SET uid_next = m.uid_next + b.count, total = m.total + b.count, unread = m.unread + b.unread, modseq = b.modseq
     FROM unnest($2::int[], $3::int[], $4::int[], $5::int[], $6::bigint[]) AS b (account_id, id, count, unread, modseq)
     WHERE m.tenant_id = $1 AND m.account_id = b.account_id AND m.id = b.id RETURNING m.account_id, m.id, m.uid_next, m.uid_validity`,
    [
      tenant,
      boxes.map((box) => box.account),
      boxes.map((box) => box.mailbox),
      boxes.map((box) => box.count),
      boxes.map((box) => box.unread),
      boxes.map((box) => box.modseq),
    ],
  );
}

function insertCopies(
  tx: Transaction,
  tenant: number,
  rows: (NewCopy & { box: Box; modseq: number; nth: number })[],
): Promise<number> {
  return tx.run(
    `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, saved_at, flags, keywords)
     SELECT $1, c.account_id, c.mailbox_id, m.uid_next - c.before_next, c.modseq, c.modseq, c.message_id, c.thread_id, c.received_at,
       nullif(c.saved_at, c.received_at), c.flags, string_to_array(c.keywords, ' ')
     FROM unnest($2::int[], $3::int[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::timestamptz[], $10::smallint[], $11::text[])
       AS c (account_id, mailbox_id, before_next, modseq, message_id, thread_id, received_at, saved_at, flags, keywords)
     JOIN mailbox m ON m.tenant_id = $1 AND m.account_id = c.account_id AND m.id = c.mailbox_id`,
    [
      tenant,
      rows.map(({ box }) => box.account),
      rows.map(({ box }) => box.mailbox),
      rows.map(({ box, nth }) => box.count - nth),
      rows.map((row) => row.modseq),
      rows.map((row) => row.messageId),
      rows.map((row) => row.threadId),
      rows.map((row) => row.receivedAt.toISOString()),
      rows.map((row) => row.savedAt.toISOString()),
      rows.map((row) => row.keywords.flags),
      rows.map((row) => row.keywords.others?.join(' ') ?? null),
    ],
  );
}
