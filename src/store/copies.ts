// Putting copies into mailboxes. What reads and changes them for clients is in store/emails.ts.

import { accountChanged } from './notify.ts';
import { raiseEach } from './account-state.ts';
import type { Transaction, Writer } from './postgres.ts';
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
  mailbox: AppendedTo;
  copies: NewCopy[];
}

/** As it is now that its account is locked. */
export interface AppendedTo {
  id: number;
  uid_next: number;
  uid_validity: number;
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
  const { tenant, account } = at;
  const raised = await raiseEach(tx, tenant, [account], [copies.length]);
  const mailbox = await tx.row<AppendedTo>(
    `SELECT id, uid_next, uid_validity FROM mailbox WHERE tenant_id = $1 AND account_id = $2 AND id = $3`,
    [tenant, account, at.mailbox],
  );
  if (!mailbox) throw noMailbox();
  const { placed, written } = appendTogether(tx, tx, tenant, raised, [{ account, mailbox, copies }]);
  await written;
  return placed[0] ?? [];
}

export function noMailbox(): Refusal {
  return new Refusal('noMailbox', 'There is no such mailbox.');
}

/**
 * The same for several mailboxes of accounts that are locked and raised by one for each copy; `raised`, as raiseEach answers.
 * Where the copies are is known before they are written.
 */
export function appendTogether(
  tx: Transaction,
  writer: Writer,
  tenant: number,
  raised: ReadonlyMap<number, number>,
  groups: Appending[],
): { placed: PlacedCopy[][]; written: Promise<unknown> } {
  const modseqs = new Map(raised);
  for (const { account, copies } of groups) modseqs.set(account, (modseqs.get(account) ?? 0) - copies.length);
  const boxes = new Map<string, Box>();
  const rows: Row[] = [];
  const placed = groups.map(({ account, mailbox, copies }) => {
    if (!raised.has(account)) throw noMailbox();
    const key = `${account} ${mailbox.id}`;
    const box = boxes.get(key) ?? { account, mailbox: mailbox.id, count: 0, unread: 0, modseq: 0 };
    boxes.set(key, box);
    return copies.map((copy): PlacedCopy => {
      box.modseq = (modseqs.get(account) ?? 0) + 1;
      modseqs.set(account, box.modseq);
      if ((copy.keywords.flags & SEEN) === 0) box.unread++;
      const uid = mailbox.uid_next + box.count++;
      rows.push({ ...copy, account, mailbox: mailbox.id, uid, modseq: box.modseq });
      return { uidValidity: mailbox.uid_validity, emailId: box.modseq, modseq: box.modseq, uid };
    });
  });
  for (const { account } of groups) accountChanged(tx.changes, tenant, account);
  return {
    placed,
    written: together(raiseBoxes(writer, tenant, [...boxes.values()]), insertCopies(writer, tenant, rows)),
  };
}

/** A mailbox that gets some, and the modseq of the last of them. */
interface Box {
  account: number;
  mailbox: number;
  count: number;
  unread: number;
  modseq: number;
}

interface Row extends NewCopy {
  account: number;
  mailbox: number;
  uid: number;
  modseq: number;
}

function raiseBoxes(writer: Writer, tenant: number, boxes: Box[]): Promise<number> {
  return writer.run(
    `UPDATE mailbox m SET uid_next = m.uid_next + b.count, total = m.total + b.count, unread = m.unread + b.unread, modseq = b.modseq
     FROM unnest($2::int[], $3::int[], $4::int[], $5::int[], $6::bigint[]) AS b (account_id, id, count, unread, modseq)
     WHERE m.tenant_id = $1 AND m.account_id = b.account_id AND m.id = b.id`,
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

function insertCopies(writer: Writer, tenant: number, rows: Row[]): Promise<number> {
  return writer.run(
    `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, saved_at, flags, keywords)
     SELECT $1, c.account_id, c.mailbox_id, c.uid, c.modseq, c.modseq, c.message_id, c.thread_id, c.received_at,
       nullif(c.saved_at, c.received_at), c.flags, string_to_array(c.keywords, ' ')
     FROM unnest($2::int[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::timestamptz[], $10::smallint[], $11::text[])
       AS c (account_id, mailbox_id, uid, modseq, message_id, thread_id, received_at, saved_at, flags, keywords)`,
    [
      tenant,
      rows.map((row) => row.account),
      rows.map((row) => row.mailbox),
      rows.map((row) => row.uid),
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
