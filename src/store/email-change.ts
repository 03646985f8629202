// What clients do to copies: keywords, MOVE, COPY, removal. Each takes the account lock first; then it reads through
// visible_copy, so that a covered copy is absent to it (Gate protocol 3). Thousands at once cost a few statements.

import { SEEN, type Keywords } from '../mail/keywords.ts';
import { maxExposure } from '../mail/recall.ts';
import { raise } from './account-state.ts';
import type { AccountKey } from './exposure.ts';
import { Boxes, holdCopies, isUnread, type HeldCopy, type Which } from './held-copies.ts';
import { accountChanged } from './notify.ts';
import type { Transaction } from './postgres.ts';

/** Keywords to set and to take away; what is in both is set. */
export interface KeywordChange {
  add: Keywords;
  remove: Keywords;
  /** It is shown, whether or not $seen is set by it: IMAP's BODY[] under EXAMINE. */
  opens?: boolean;
}

export interface KeywordsSet {
  copy: HeldCopy;
  /** As they are now. */
  keywords: Keywords;
  /** The copy's modseq now; raised only where a keyword changed. */
  modseq: number;
  changed: boolean;
}

/**
 * Sets and takes away keywords. `changeOf` is asked for every copy found, null leaves it alone. Adding $seen opens a
 * delivered copy, for ever and also where $seen was set before (by a rule, say); taking it away undoes nothing of that.
 * Answers the copies that were asked to change; absent ones are those not found.
 */
export async function setKeywords(
  tx: Transaction,
  at: AccountKey & { now: Date },
  which: Which,
  changeOf: (copy: HeldCopy) => KeywordChange | null,
): Promise<KeywordsSet[]> {
  const asked: (KeywordsSet & { opens: boolean })[] = [];
  for (const copy of await holdCopies(tx, at, which)) {
    const change = changeOf(copy);
    if (change === null) continue;
    const keywords = changedKeywords(copy, change);
    const changed =
      keywords.flags !== copy.flags || (keywords.others ?? []).join(' ') !== (copy.keywords ?? []).join(' ');
    const shown = change.opens === true || (change.add.flags & SEEN) !== 0;
    const opens = shown && copy.delivery_n !== null && copy.exposure !== 'opened';
    asked.push({ copy, keywords, modseq: copy.modseq, changed, opens });
  }
  const written = asked.filter((set) => set.changed || set.opens);
  if (written.length === 0) return asked;
  if (written.some((set) => set.changed)) {
    const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
    for (const set of written) if (set.changed) set.modseq = modseq;
    accountChanged(tx.changes, at.tenant, at.account);
    await countSeen(tx, at, modseq, written);
  }
  await tx.run(
    `UPDATE copy c SET flags = x.flags, keywords = string_to_array(x.keywords, ' '), modseq = x.modseq,
       opened_at = CASE WHEN x.opens THEN coalesce(c.opened_at, $3) ELSE c.opened_at END
     FROM unnest($4::int[], $5::bigint[], $6::smallint[], $7::text[], $8::bigint[], $9::boolean[]) AS x (mailbox_id, uid, flags, keywords, modseq, opens)
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = x.mailbox_id AND c.uid = x.uid`,
    [
      at.tenant,
      at.account,
      at.now,
      written.map(({ copy }) => copy.mailbox_id),
      written.map(({ copy }) => copy.uid),
      written.map(({ keywords }) => keywords.flags),
      written.map(({ keywords }) => keywords.others?.join(' ') ?? null),
      written.map(({ modseq }) => modseq),
      written.map(({ opens }) => opens),
    ],
  );
  return asked;
}

function changedKeywords(copy: HeldCopy, { add, remove }: KeywordChange): Keywords {
  const others = new Set(copy.keywords);
  for (const word of remove.others ?? []) others.delete(word);
  for (const word of add.others ?? []) others.add(word);
  return {
    flags: (copy.flags & ~remove.flags) | add.flags,
    others: others.size === 0 ? null : [...others].toSorted(),
  };
}

/** Unread counters; a mailbox in which one was read and another marked unread has changed too (its threads' counts). */
async function countSeen(tx: Transaction, at: AccountKey, modseq: number, written: KeywordsSet[]): Promise<void> {
  const boxes = new Boxes();
  for (const { copy, keywords } of written) {
    if (isUnread(copy) !== isUnread(keywords)) boxes.at(copy.mailbox_id).unread += isUnread(keywords) ? 1 : -1;
  }
  await boxes.apply(tx, at, modseq);
}

export interface MovedCopy {
  email_id: number;
  from: { mailbox: number; uid: number };
  to: { mailbox: number; uid: number };
  modseq: number;
}

/**
 * Moves copies: the Email stays itself, under a new UID. `toOf` is asked for every copy found; null, or the mailbox it
 * is in, leaves it there; with `renumbers`, the one it is in gives it a new UID (RFC 6851 §4.1). Answers those moved.
 * Throws Refusal `noMailbox`.
 */
export async function moveCopies(
  tx: Transaction,
  at: AccountKey & { now: Date },
  which: Which,
  toOf: (copy: HeldCopy) => number | null,
  renumbers = false,
): Promise<MovedCopy[]> {
  const boxes = new Boxes();
  const moving: { copy: HeldCopy; to: number }[] = [];
  for (const copy of await holdCopies(tx, at, which)) {
    const to = toOf(copy);
    if (to === null || (to === copy.mailbox_id && !renumbers)) continue;
    boxes.leave(copy);
    boxes.arrive(copy, to);
    moving.push({ copy, to });
  }
  if (moving.length === 0) return [];
  const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
  const next = await boxes.apply(tx, at, modseq);
  const moved = moving.map(({ copy, to }) => ({
    email_id: copy.email_id,
    from: { mailbox: copy.mailbox_id, uid: copy.uid },
    to: { mailbox: to, uid: takeUid(next, to) },
    modseq,
  }));
  await tx.run(
    `UPDATE copy c SET mailbox_id = x.to_mailbox, uid = x.to_uid, modseq = $3, saved_at = $8
     FROM unnest($4::int[], $5::bigint[], $6::int[], $7::bigint[]) AS x (mailbox_id, uid, to_mailbox, to_uid)
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = x.mailbox_id AND c.uid = x.uid`,
    [
      at.tenant,
      at.account,
      modseq,
      moved.map(({ from }) => from.mailbox),
      moved.map(({ from }) => from.uid),
      moved.map(({ to }) => to.mailbox),
      moved.map(({ to }) => to.uid),
      at.now,
    ],
  );
  await insertTombstones(
    tx,
    at,
    modseq,
    moving.map(({ copy }) => copy),
    false,
  );
  accountChanged(tx.changes, at.tenant, at.account);
  return moved;
}

function takeUid(next: Map<number, number>, mailbox: number): number {
  const uid = next.get(mailbox) ?? 0;
  next.set(mailbox, uid + 1);
  return uid;
}

/** `emails`: their Emails are gone; else they were moved. */
async function insertTombstones(
  tx: Transaction,
  at: AccountKey,
  modseq: number,
  copies: HeldCopy[],
  emails: boolean,
): Promise<void> {
  await tx.run(
    `INSERT INTO tombstone (tenant_id, account_id, modseq, mailbox_id, uid, email_id, thread_id)
     SELECT $1, $2, $3, * FROM unnest($4::int[], $5::bigint[], $6::bigint[], $7::bigint[])`,
    [
      at.tenant,
      at.account,
      modseq,
      copies.map((copy) => copy.mailbox_id),
      copies.map((copy) => copy.uid),
      copies.map((copy) => (emails ? copy.email_id : null)),
      copies.map((copy) => (emails ? copy.thread_id : null)),
    ],
  );
}

export interface CopiedCopy {
  of: HeldCopy;
  email_id: number;
  uid: number;
}

/**
 * Copies within the account, into one mailbox: new Emails that take delivery and exposure over, so that a recall finds
 * them all and knows what happened to any of them. Throws Refusal `noMailbox`.
 */
export async function copyCopies(
  tx: Transaction,
  at: AccountKey & { now: Date },
  which: Which,
  to: number,
): Promise<CopiedCopy[]> {
  const held = await holdCopies(tx, at, which);
  if (held.length === 0) return [];
  const last = (await raise(tx, at.tenant, at.account, held.length)) ?? 0;
  const boxes = new Boxes();
  for (const copy of held) boxes.arrive(copy, to);
  const next = await boxes.apply(tx, at, last);
  const copied = held.map((of, i) => ({ of, email_id: last - held.length + 1 + i, uid: takeUid(next, to) }));
  await tx.run(
    `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, saved_at, listed_at, downloaded_at,
       opened_at, passed_recall, notice_of, delivery_n, flags, downloaded_by, keywords)
     SELECT $1, $2, $3, x.to_uid, x.email_id, x.email_id, c.message_id, c.thread_id, c.received_at, $8, c.listed_at, c.downloaded_at,
       c.opened_at, c.passed_recall, c.notice_of, c.delivery_n, c.flags, c.downloaded_by, c.keywords
     FROM unnest($4::int[], $5::bigint[], $6::bigint[], $7::bigint[]) AS x (mailbox_id, uid, to_uid, email_id)
     JOIN copy c ON c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = x.mailbox_id AND c.uid = x.uid`,
    [
      at.tenant,
      at.account,
      to,
      held.map((copy) => copy.mailbox_id),
      held.map((copy) => copy.uid),
      copied.map((copy) => copy.uid),
      copied.map((copy) => copy.email_id),
      at.now,
    ],
  );
  accountChanged(tx.changes, at.tenant, at.account);
  return copied;
}

/** Removes copies for good; their exposure goes to their deliveries. Answers those removed. */
export async function removeCopies(tx: Transaction, at: AccountKey, which: Which): Promise<HeldCopy[]> {
  const held = await holdCopies(tx, at, which);
  if (held.length === 0) return [];
  await handExposureOn(tx, at.tenant, held);
  const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
  const boxes = new Boxes();
  for (const copy of held) boxes.leave(copy);
  await tx.run(
    `DELETE FROM copy c USING unnest($3::int[], $4::bigint[]) AS x (mailbox_id, uid)
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = x.mailbox_id AND c.uid = x.uid`,
    [at.tenant, at.account, held.map((copy) => copy.mailbox_id), held.map((copy) => copy.uid)],
  );
  await boxes.apply(tx, at, modseq);
  await insertTombstones(tx, at, modseq, held, true);
  accountChanged(tx.changes, at.tenant, at.account);
  return held;
}

/**
 * delivery.past_exposure: the most that had happened to any of its copies that are gone. A local delivery is changed
 * only under its account's lock, which we have: so it may be locked after the copies here.
 */
async function handExposureOn(tx: Transaction, tenant: number, copies: HeldCopy[]): Promise<void> {
  const deliveries = new Map<string, HeldCopy & { n: number }>();
  for (const copy of copies) {
    if (copy.delivery_n === null || copy.exposure === 'none') continue;
    const key = `${copy.message_id} ${copy.delivery_n}`;
    const other = deliveries.get(key);
    const first = other && firstDownload(other, copy);
    deliveries.set(key, {
      ...copy,
      n: copy.delivery_n,
      ...(other && first
        ? {
            exposure: maxExposure(other.exposure, copy.exposure),
            downloaded_at: first.downloaded_at,
            downloaded_by: first.downloaded_by,
          }
        : {}),
    });
  }
  if (deliveries.size === 0) return;
  const list = [...deliveries.values()];
  await tx.run(
    `UPDATE delivery d SET past_exposure = greatest(d.past_exposure, x.exposure),
       past_downloaded_at = least(d.past_downloaded_at, x.downloaded_at),
       past_downloaded_by = CASE WHEN d.past_downloaded_at <= x.downloaded_at OR x.downloaded_at IS NULL THEN d.past_downloaded_by ELSE x.downloaded_by END
     FROM unnest($2::bigint[], $3::int[], $4::exposure[], $5::timestamptz[], $6::text[]) AS x (message_id, n, exposure, downloaded_at, downloaded_by)
     WHERE d.tenant_id = $1 AND d.message_id = x.message_id AND d.n = x.n`,
    [
      tenant,
      list.map((copy) => copy.message_id),
      list.map((copy) => copy.n),
      list.map((copy) => copy.exposure),
      list.map((copy) => copy.downloaded_at),
      list.map((copy) => copy.downloaded_by),
    ],
  );
}

function firstDownload(a: HeldCopy, b: HeldCopy): HeldCopy {
  if (a.downloaded_at === null) return b;
  return b.downloaded_at === null || a.downloaded_at <= b.downloaded_at ? a : b;
}
