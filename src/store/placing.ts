// Putting delivered copies into mailboxes of locked accounts: at acceptance, in fan-out, in a recall's replacement.

import { SEEN } from '../mail/keywords.ts';
import { INBOX } from '../mail/mailbox.ts';
import { finishLocal, MAILBOX_FULL } from './deliveries.ts';
import type { Reader, Transaction, Writer } from './postgres.ts';
import { fullAmong } from './quota.ts';
import { takeEffects } from './rules.ts';
import { together } from './together.ts';

export interface Placement {
  account: number;
  /** Inbox by default. */
  mailbox?: number;
  message: number;
  thread: number;
  receivedAt: Date;
  /** When it comes into the mailbox (RFC 8514); at receivedAt by default. */
  savedAt?: Date;
  /** delivery.n; null: a copy of the owner's own making, in no recall's scope. */
  n: number | null;
  /** The account's modseq for it, of those the caller raised: the Email's id. */
  modseq: number;
  /** mail/keywords.ts; none by default. */
  flags?: number;
  others?: readonly string[] | null;
}

/** What is placed into one mailbox, and how its counters change. */
interface Box {
  account: number;
  mailbox: number;
  modseq: number;
  unread: number;
  placements: Placement[];
}

/** Places copies. The accounts are locked and raised. Throws if a mailbox is not there. */
export async function placeCopies(tx: Transaction, tenant: number, placements: Placement[]): Promise<void> {
  if (placements.length === 0) return;
  await insertCopies(tx, tenant, placements, await countIn(tx, tenant, boxesOf(placements)));
}

/** Which UID each mailbox gives next; key: boxKey. */
export type NextUids = ReadonlyMap<string, number>;

const boxKey = (account: number, mailbox: number): string => `${account} ${mailbox}`;

/** Of those of the mailboxes that are there, whose accounts are locked. */
export async function nextUids(
  tx: Transaction,
  tenant: number,
  boxes: { account: number; mailbox: number }[],
): Promise<NextUids> {
  if (boxes.length === 0) return new Map();
  const row = await tx.row<{ accounts: number[] | null; boxes: number[]; next: number[] }>(
    `SELECT array_agg(m.account_id) AS accounts, array_agg(m.id) AS boxes, array_agg(m.uid_next) AS next
     FROM unnest($2::int[], $3::int[]) AS b (account_id, id) JOIN mailbox m ON m.tenant_id = $1 AND m.account_id = b.account_id AND m.id = b.id`,
    [tenant, boxes.map((box) => box.account), boxes.map((box) => box.mailbox)],
  );
  return new Map(row?.accounts?.map((account, i) => [boxKey(account, row.boxes[i] ?? 0), row.next[i] ?? 0]));
}

/** As placeCopies, where the UIDs are known: what is written waits for nothing, and may go out with the COMMIT. */
export async function placeKnown(
  writer: Writer,
  tenant: number,
  placements: Placement[],
  next: NextUids,
): Promise<void> {
  if (placements.length === 0) return;
  const boxes = boxesOf(placements);
  const placed = boxes.flatMap(({ account, mailbox, placements: copies }) => {
    const first = next.get(boxKey(account, mailbox));
    return first === undefined ? [] : copies.map((copy, nth) => ({ copy, uid: first + nth }));
  });
  await together(writer.run(COUNT, [tenant, ...countsOf(boxes)]), insertCopies(writer, tenant, placements, placed));
}

/** A copy in its place. */
interface Placed {
  copy: Placement;
  uid: number;
}

async function insertCopies(writer: Writer, tenant: number, placements: Placement[], placed: Placed[]): Promise<void> {
  const copies = placed.map(({ copy }) => copy);
  const [first] = copies;
  if (!first || copies.length < placements.length)
    throw new Error(`${placements.length - copies.length} copies have no mailbox to go to`);
  // Of one message to many, what is the same in all copies is said once: to read it a thousand times takes its time.
  const isOne = copies.every(
    ({ message, thread, receivedAt, savedAt }) =>
      message === first.message &&
      thread === first.thread &&
      receivedAt.getTime() === first.receivedAt.getTime() &&
      savedAt?.getTime() === first.savedAt?.getTime(),
  );
  const of = <T>(list: T[]): T | T[] | undefined => (isOne ? list[0] : list);
  await writer.run(
    isOne
      ? `${INTO} SELECT $1, c.account_id, c.mailbox_id, c.uid, c.modseq, c.modseq, $7::bigint, $8::bigint, $9::timestamptz, nullif($10::timestamptz, $9), c.n, c.flags, ${OTHERS}
         FROM unnest(${EACH}) AS c (account_id, mailbox_id, uid, modseq, n, flags, keywords)`
      : `${INTO} SELECT $1, c.account_id, c.mailbox_id, c.uid, c.modseq, c.modseq, c.message_id, c.thread_id, c.received_at, nullif(c.saved_at, c.received_at), c.n, c.flags, ${OTHERS}
         FROM unnest(${EACH}, $7::bigint[], $8::bigint[], $9::timestamptz[], $10::timestamptz[])
           AS c (account_id, mailbox_id, uid, modseq, n, flags, keywords, message_id, thread_id, received_at, saved_at)`,
    [
      tenant,
      copies.map((copy) => copy.account),
      copies.map((copy) => copy.mailbox ?? INBOX),
      placed.map(({ uid }) => uid),
      copies.map((copy) => copy.modseq),
      copies.map((copy) => copy.n),
      of(copies.map((copy) => copy.message)),
      of(copies.map((copy) => copy.thread)),
      of(dates(copies.map((copy) => copy.receivedAt))),
      of(dates(copies.map((copy) => copy.savedAt ?? copy.receivedAt))),
      copies.map((copy) => copy.flags ?? 0),
      copies.some(({ others }) => others) ? copies.map(({ others }) => others?.join(' ') ?? null) : null,
    ],
  );
}

const INTO =
  'INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, saved_at, delivery_n, flags, keywords)';
const OTHERS = `string_to_array(c.keywords, ' ')`;
const EACH = '$2::int[], $3::int[], $4::bigint[], $5::bigint[], $6::int[], $11::smallint[], $12::text[]';

function boxesOf(placements: Placement[]): Box[] {
  const boxes: Box[] = [];
  const byAccount = new Map<number, Box[]>();
  for (const placement of placements) {
    const { account, mailbox = INBOX, modseq, flags = 0 } = placement;
    const ofAccount = byAccount.get(account) ?? [];
    if (ofAccount.length === 0) byAccount.set(account, ofAccount);
    let box = ofAccount.find((one) => one.mailbox === mailbox);
    if (!box) {
      box = { account, mailbox, modseq, unread: 0, placements: [] };
      ofAccount.push(box);
      boxes.push(box);
    }
    if ((flags & SEEN) === 0) box.unread++;
    box.modseq = Math.max(box.modseq, modseq);
    box.placements.push(placement);
  }
  return boxes;
}

const COUNT = `UPDATE mailbox m SET uid_next = m.uid_next + b.count, total = m.total + b.count, unread = m.unread + b.unread, modseq = b.modseq
       FROM unnest($2::int[], $3::int[], $4::int[], $5::int[], $6::bigint[]) WITH ORDINALITY AS b (account_id, id, count, unread, modseq, i)
       WHERE m.tenant_id = $1 AND m.account_id = b.account_id AND m.id = b.id`;

const countsOf = (boxes: Box[]): number[][] => [
  boxes.map((box) => box.account),
  boxes.map((box) => box.mailbox),
  boxes.map((box) => box.placements.length),
  boxes.map((box) => box.unread),
  boxes.map((box) => box.modseq),
];

/** Raises the mailboxes' counters; answers what is placed with the UIDs that they give. */
async function countIn(tx: Transaction, tenant: number, boxes: Box[]): Promise<Placed[]> {
  const row = await tx.row<{ i: number[] | null; next: number[] }>(
    `WITH counted AS (
       ${COUNT} RETURNING b.i, m.uid_next)
     SELECT array_agg(i) AS i, array_agg(uid_next) AS next FROM counted`,
    [tenant, ...countsOf(boxes)],
  );
  return (row?.i ?? []).flatMap((i, at) => {
    const copies = boxes[i - 1]?.placements ?? [];
    const first = (row?.next[at] ?? 0) - copies.length;
    return copies.map((copy, nth) => ({ copy, uid: first + nth }));
  });
}

/** As PostgreSQL reads them. Mostly they are one and the same, and to write it out thousands of times takes milliseconds. */
function dates(list: Date[]): string[] {
  let [last, text] = [Number.NaN, ''];
  return list.map((date) => {
    if (date.getTime() !== last) [last, text] = [date.getTime(), date.toISOString()];
    return text;
  });
}

export interface WaitingDelivery {
  n: number;
  account_id: number;
}

type At = { tenant: number; message: number; from: number; to: number };

/**
 * Accounts of local deliveries of a range that wait, ascending: as they are numbered. The order keeps the planner from
 * walking all of the message's deliveries by account, which it thinks cheap while the table is new to it.
 */
export async function waitingAccounts(reader: Reader, at: At): Promise<number[]> {
  const row = await reader.row<{ accounts: (number | null)[] | null }>(
    `SELECT array_agg(account_id) AS accounts FROM (
       SELECT account_id FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND n BETWEEN $3 AND $4 AND state IN ('held', 'queued') ORDER BY n) x`,
    [at.tenant, at.message, at.from, at.to],
  );
  return row?.accounts?.filter((account) => account !== null) ?? [];
}

/** Those of them that no gate covers: read after the accounts' locks, in a statement of its own. */
export async function uncoveredWaiting(reader: Reader, at: At): Promise<WaitingDelivery[]> {
  const row = await reader.row<{ n: number[] | null; accounts: (number | null)[] }>(
    `SELECT array_agg(n) AS n, array_agg(account_id) AS accounts FROM (
       SELECT n, account_id FROM uncovered_delivery WHERE tenant_id = $1 AND message_id = $2 AND n BETWEEN $3 AND $4 AND state IN ('held', 'queued') ORDER BY n) x`,
    [at.tenant, at.message, at.from, at.to],
  );
  return (row?.n ?? []).flatMap((n, i) => {
    const account = row?.accounts[i] ?? null;
    return account === null ? [] : [{ n, account_id: account }];
  });
}

/**
 * Delivers what waits to accounts that are locked and raised to `modseqs`; one without a row there is gone, or it is full,
 * and its delivery fails. A gate's own work is none of ours: pass only uncovered deliveries.
 */
export async function deliverWaiting(
  tx: Transaction,
  at: { tenant: number; message: number; now: Date },
  modseqs: ReadonlyMap<number, number>,
  deliveries: WaitingDelivery[],
): Promise<void> {
  const { tenant, message, now } = at;
  const row = await tx.row<{
    thread_id: number;
    size: number;
    mail_from: string | null;
    received_at: Date | null;
    ruled: boolean;
  }>(
    `SELECT m.thread_id, m.size, e.mail_from, e.received_at, EXISTS (SELECT FROM rule_effect x WHERE x.tenant_id = $1 AND x.message_id = $2) AS ruled
     FROM message m LEFT JOIN envelope e ON e.tenant_id = m.tenant_id AND e.message_id = m.id
     WHERE m.tenant_id = $1 AND m.id = $2`,
    [tenant, message],
  );
  if (!row) throw new Error(`message ${message} is not there`);
  const known = deliveries.filter((delivery) => modseqs.has(delivery.account_id));
  // What tells of other mail comes in any case.
  const asked = row.mail_from === '' ? [] : known.map((delivery) => delivery.account_id);
  const full = await fullAmong(
    tx,
    tenant,
    asked,
    asked.map(() => row.size),
  );
  const there = known.filter((delivery) => !full.has(delivery.account_id));
  const gone = deliveries.filter((delivery) => !modseqs.has(delivery.account_id));
  const effects = row.ruled
    ? await takeEffects(
        tx,
        tenant,
        message,
        there.map((delivery) => delivery.account_id),
      )
    : [];
  const effectOf = new Map(effects.map((effect) => [effect.account, effect]));
  await together(
    finishLocal(
      tx,
      at,
      there.map(({ n }) => n),
      'delivered',
    ),
    finishLocal(
      tx,
      at,
      gone.map(({ n }) => n),
      'failed',
    ),
    finishLocal(
      tx,
      at,
      known.filter((delivery) => full.has(delivery.account_id)).map(({ n }) => n),
      'failed',
      MAILBOX_FULL,
    ),
    placeCopies(
      tx,
      tenant,
      there.map(({ account_id: account, n }) => ({
        account,
        mailbox: effectOf.get(account)?.mailbox ?? INBOX,
        flags: effectOf.get(account)?.flags ?? 0,
        message,
        thread: row.thread_id,
        receivedAt: row.received_at ?? now,
        savedAt: now,
        n,
        modseq: modseqs.get(account) ?? 0,
      })),
    ),
  );
}
