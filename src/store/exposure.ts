// What a program was given of a copy, recorded before it is given (Gate protocol 4). Nothing here takes the account
// lock: a gate or sweep that runs beside it either sees the mark or has changed the copy so that the mark finds nothing.

import type { Part } from '../mail/message.ts';
import type { Exposure } from '../mail/recall.ts';
import type { Store } from './postgres.ts';

export interface AccountKey {
  tenant: number;
  account: number;
}

/** Barrier tests stop here: 'looked' (a read that may have to be recorded), 'recorded' (its mark is committed). */
export type Pause = (point: string) => Promise<void>;

/** Who is given it, and when. */
export interface Given {
  /** As reports name it: "Apple Mail", a User-Agent; at most 100 characters. */
  program: string;
  now: Date;
}

/** Column `exposure` of a copy `c`. */
export const EXPOSURE = `(CASE WHEN c.opened_at IS NOT NULL THEN 'opened' WHEN c.downloaded_at IS NOT NULL THEN 'downloaded'
  WHEN c.listed_at IS NOT NULL THEN 'listed' ELSE 'none' END)`;

/**
 * The condition on an email_id as $3, and what $3 is. One is said to be one: as a list of who knows how many it is, where most
 * accounts have little mail, looked for among all that this one has.
 */
export function emailIdsAre(emailIds: number[]): { is: string; value: number | number[] | undefined } {
  return emailIds.length === 1 ? { is: '= $3', value: emailIds[0] } : { is: '= ANY ($3::bigint[])', value: emailIds };
}

/** What recording needs to know of a copy that was read through visible_copy. */
export interface Exposed {
  email_id: number;
  message_id: number;
  /** Null: its owner's own making; there is nothing to record. */
  delivery_n: number | null;
  exposure: Exposure;
}

const RECORDED: Record<'listed' | 'downloaded', readonly Exposure[]> = {
  listed: ['listed', 'downloaded', 'opened'],
  downloaded: ['downloaded', 'opened'],
};

/**
 * Records that copies, just read through visible_copy, are given to a program; answers those that may be: recorded
 * before, nothing to record, or recorded now, committed. One that a gate or a sweep took meanwhile is left out.
 */
export async function recordGiven<T extends Exposed>(
  store: Store,
  at: AccountKey,
  copies: T[],
  what: 'listed' | 'downloaded',
  given: Given,
): Promise<T[]> {
  const isDue = (copy: T): boolean => copy.delivery_n !== null && !RECORDED[what].includes(copy.exposure);
  const due = copies.filter(isDue).map((copy) => copy.email_id);
  if (due.length === 0) return copies;
  const marked = await mark(store, at, due, what, given);
  return copies.filter((copy) => !isDue(copy) || marked.get(copy.email_id) === copy.message_id);
}

/**
 * Columns `due` and `due_message` of a copy `c`: its email_id and message_id where there is something to record, else null,
 * which most of a long list are.
 */
export const DUE_COLUMNS: Record<'listed' | 'downloaded', string> = {
  listed: dueColumns('c.listed_at IS NULL AND c.downloaded_at IS NULL AND c.opened_at IS NULL'),
  downloaded: dueColumns('c.downloaded_at IS NULL AND c.opened_at IS NULL'),
};

function dueColumns(unrecorded: string): string {
  const due = `CASE WHEN c.delivery_n IS NOT NULL AND ${unrecorded}`;
  return `${due} THEN c.email_id END AS due, ${due} THEN c.message_id END AS due_message`;
}

/** As recordGiven, of copies of one mailbox that were read with DUE_COLUMNS, by UID. */
export async function recordDue<T extends { uid: number; due: number | null; due_message: number | null }>(
  store: Store,
  at: AccountKey & { mailbox: number },
  copies: T[],
  what: 'listed' | 'downloaded',
  given: Given,
): Promise<T[]> {
  const due = copies.flatMap((copy) => copy.due ?? []);
  const [first] = copies;
  const last = copies.at(-1);
  if (due.length === 0 || !first || !last) return copies;
  const marked = await mark(store, at, due, what, given, [at.mailbox, first.uid, last.uid]);
  return copies.filter((copy) => copy.due === null || marked.get(copy.due) === copy.due_message);
}

/** Mailbox, and UIDs from one to another: where the copies are, if that is known. */
type Within = readonly [mailbox: number, first: number, last: number];

/**
 * Marks copies in one statement. Answers email_id → message_id of those that are visible and so marked, committed. Those of a
 * page are looked for where they stand, which no plan does otherwise than by their range, whatever it knows of the tables.
 */
async function mark(
  store: Store,
  at: AccountKey,
  emailIds: number[],
  what: 'listed' | 'downloaded',
  given: Given,
  within?: Within,
): Promise<Map<number, number>> {
  const rows = await store.single<{ email_id: number; message_id: number }>(MARKS[what][within ? 'page' : 'some'], [
    at.tenant,
    at.account,
    emailIds,
    given.now,
    ...(what === 'downloaded' ? [given.program] : []),
    ...(within ?? []),
  ]);
  return new Map(rows.map((row) => [row.email_id, row.message_id]));
}

/**
 * Rows in the order in which every statement locks copies, so that two of them never wait for each other. Who changes them
 * takes them as an array, or looks them up: what was planned when a mailbox was empty joins each of a page with all of 10,000.
 */
function markSql(set: string, within: string): string {
  const key = `c.tenant_id = $1 AND c.account_id = $2${within}`;
  const isOf = (list: string): string =>
    within === '' ? `c.email_id = ANY (ARRAY(${list}))` : `(c.email_id IN (${list})) IS TRUE`;
  return `WITH due AS MATERIALIZED (
      SELECT c.email_id FROM visible_copy c WHERE ${key} AND ${within === '' ? 'c.email_id = ANY ($3::bigint[])' : isOf('SELECT unnest($3::bigint[])')}
      ORDER BY c.mailbox_id, c.uid FOR NO KEY UPDATE)
    UPDATE visible_copy c SET ${set} WHERE ${key} AND ${isOf('SELECT email_id FROM due')} RETURNING c.email_id, c.message_id`;
}

const SET_LISTED = 'listed_at = coalesce(c.listed_at, $4)';
const SET_DOWNLOADED = 'downloaded_at = coalesce(c.downloaded_at, $4), downloaded_by = coalesce(c.downloaded_by, $5)';

const MARKS = {
  listed: {
    some: markSql(SET_LISTED, ''),
    page: markSql(SET_LISTED, ' AND c.mailbox_id = $5 AND c.uid BETWEEN $6 AND $7'),
  },
  downloaded: {
    some: markSql(SET_DOWNLOADED, ''),
    page: markSql(SET_DOWNLOADED, ' AND c.mailbox_id = $6 AND c.uid BETWEEN $7 AND $8'),
  },
} as const;

/** Marks copies as listed, first time only. Answers email_id → message_id of those that are visible and so marked, committed. */
export function markListed(store: Store, at: AccountKey, emailIds: number[], now: Date): Promise<Map<number, number>> {
  return mark(store, at, emailIds, 'listed', { program: '', now });
}

/** Where a message's bytes are, and what is in them. Immutable: to be read without looking at the copy again. */
export interface Content {
  message_id: number;
  blob_id: number;
  size: number;
  structure: Part;
}

/**
 * Content of one copy, its download recorded and committed before this answers. Undefined: there is no such copy, or a
 * gate covers it.
 */
export async function readContent(
  store: Store,
  at: AccountKey & { emailId: number },
  given: Given,
  pause?: Pause,
): Promise<Content | undefined> {
  const found = await store.row<Content & Exposed>(
    `SELECT c.email_id, c.message_id, c.delivery_n, ${EXPOSURE} AS exposure, m.blob_id, m.size, m.structure
     FROM visible_copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.email_id = $3`,
    [at.tenant, at.account, at.emailId],
  );
  await pause?.('looked');
  if (!found || found.delivery_n === null || RECORDED.downloaded.includes(found.exposure)) return found;
  const [marked] = await store.single<{ message_id: number }>(
    `UPDATE visible_copy SET downloaded_at = coalesce(downloaded_at, $5), downloaded_by = coalesce(downloaded_by, $6)
     WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3 AND message_id = $4 RETURNING message_id`,
    [at.tenant, at.account, at.emailId, found.message_id, given.now, given.program],
  );
  await pause?.('recorded');
  return marked && found;
}
