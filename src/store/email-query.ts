// Email/query: filtered, sorted, collapsed and cut in the database, over what visible_copy has alone, so that no search ever
// matches a covered copy.

import { createHash } from 'node:crypto';
import {
  filterSql,
  joinsOf,
  keywordSql,
  looksAtThread,
  searchParams,
  type EmailFilter,
  type Params,
  type Searched,
} from './email-filter.ts';
import type { AccountKey } from './exposure.ts';
import type { Reader } from './postgres.ts';

/** RFC 8621 §4.4.2. */
export type EmailSort = { descending: boolean } & (
  | { by: 'receivedAt' | 'sentAt' | 'size' }
  | { by: 'from' | 'to' | 'subject'; collation: Collation }
  | { by: 'hasKeyword' | 'allInThreadHaveKeyword' | 'someInThreadHaveKeyword'; keyword: string }
);

/** RFC 4790 names. The first is what is used where none is asked for (RFC 8620 §5.5: unicode-aware, ignoring case). */
export const COLLATIONS = ['i;unicode-casemap', 'i;ascii-casemap', 'i;ascii-numeric', 'i;octet'] as const;
export type Collation = (typeof COLLATIONS)[number];

export interface EmailQuery {
  filter: EmailFilter;
  /** Empty: newest first. */
  sort: EmailSort[];
  collapseThreads: boolean;
}

export type Window = { limit: number } & ({ position: number } | { anchor: number; offset: number });

export interface EmailPage {
  /** Account modseq of the same snapshot; where words were looked for, of a moment before: newer Emails are not among these. */
  state: number;
  /** Changes as gates cover and uncover copies, which no modseq tells; '' where none does. */
  covered: string;
  position: number;
  ids: number[];
  total: number | null;
}

/**
 * Copies of the account that a gate covers now: there are next to none, and the gates are few. OFFSET 0 keeps the look at
 * each of them one by key: where nothing is known of the tables yet, a join of all with all is thought to be as cheap.
 */
const COVERED = `SELECT c.email_id, c.thread_id FROM gate g JOIN copy c ON c.tenant_id = g.tenant_id AND c.message_id = g.message_id
  WHERE g.tenant_id = $1 AND c.tenant_id = $1 AND c.account_id = $2
    AND NOT EXISTS (SELECT FROM visible_copy v WHERE v.tenant_id = $1 AND v.account_id = $2 AND v.email_id = c.email_id OFFSET 0)`;

/**
 * Is copy `c` in visible_copy? Nearly all are of messages that no gate is on: one look at the gates, of which there are few,
 * tells. Of the others the view decides. Where copies are many, a join with the view costs three times as much; where messages are
 * looked at as well it does not matter, and leaves the planner more choice.
 */
const GATED = `(SELECT g.message_id FROM gate g WHERE g.tenant_id = $1)`;
const VISIBLE = `(c.message_id NOT IN ${GATED} OR c.email_id IN (SELECT v.email_id FROM visible_copy v
  WHERE v.tenant_id = $1 AND v.account_id = $2 AND v.message_id IN ${GATED}))`;

/** Of the first so many times as many Emails as threads are asked for, there are mostly enough threads. */
const EMAILS_A_THREAD = 8;

/** Undefined: the anchor is not among the results. */
export async function queryEmails(
  searched: Searched,
  at: AccountKey,
  query: EmailQuery,
  window: Window,
  calculateTotal: boolean,
): Promise<EmailPage | undefined> {
  if (query.collapseThreads && !calculateTotal && 'position' in window && window.position >= 0) {
    const page = await pageOfEmails(
      searched,
      at,
      query,
      window,
      false,
      (window.position + window.limit) * EMAILS_A_THREAD,
    );
    if (page === undefined || page.whole || page.ids.length === window.limit) return page;
  }
  return pageOfEmails(searched, at, query, window, calculateTotal, null);
}

/**
 * `first`: threads are collapsed among so many Emails only, the first ones: what comes out is the beginning of what would come
 * of all. `whole`: those were all.
 */
async function pageOfEmails(
  searched: Searched,
  at: AccountKey,
  query: EmailQuery,
  window: Window,
  calculateTotal: boolean,
  first: number | null,
): Promise<(EmailPage & { whole: boolean }) | undefined> {
  const params = await searchParams(searched, at, query.filter);
  const most = first === null ? null : params.add(first, 'bigint');
  const { hits, order } = hitsSql(query, params, most === null ? null : 'matched');
  const matched =
    most === null
      ? ''
      : `matched AS (${hitsSql({ ...query, collapseThreads: false }, params).hits} ORDER BY ${order} LIMIT ${most}), `;
  const limit = params.add(window.limit, 'bigint');
  const ordered = `SELECT email_id FROM hits ORDER BY ${order}`;
  const anchored = 'anchor' in window;
  let page: string;
  let start: string;
  if (anchored) {
    start = `(SELECT greatest(0, n + ${params.add(window.offset, 'bigint')}) FROM numbered WHERE email_id = ${params.add(window.anchor, 'bigint')})`;
    page = `SELECT email_id FROM numbered WHERE n >= ${start} ORDER BY n LIMIT ${limit}`;
  } else if (window.position < 0) {
    start = `(SELECT greatest(0, count(*) + ${params.add(window.position, 'bigint')}) FROM hits)`;
    page = `${ordered} OFFSET ${start} LIMIT ${limit}`;
  } else {
    start = params.add(window.position, 'bigint');
    page = `${ordered} OFFSET ${start} LIMIT ${limit}`;
  }
  const sql = `WITH ${matched}hits AS (${hits})${anchored ? `, numbered AS (SELECT email_id, row_number() OVER (ORDER BY ${order}) - 1 AS n FROM hits)` : ''}
    SELECT s.modseq AS state, ${start} AS position, ARRAY(${page})::text[] AS ids,
      ${calculateTotal ? '(SELECT count(*) FROM hits)' : 'NULL::bigint'} AS total, ${most === null ? 'true' : `(SELECT count(*) FROM matched) < ${most}`} AS whole,
      ARRAY(SELECT email_id FROM (${COVERED}) x ORDER BY email_id)::text[] AS covered
    FROM account_state s WHERE s.tenant_id = $1 AND s.account_id = $2`;
  const [row] = await run<{
    state: number;
    position: number | null;
    ids: string[];
    total: number | null;
    whole: boolean;
    covered: string[];
  }>(searched.store, query, sql, params.values);
  if (!row || row.position === null) return undefined;
  return {
    state: params.until ?? row.state,
    covered: digest(row.covered),
    position: row.position,
    ids: row.ids.map(Number),
    total: row.total,
    whole: row.whole,
  };
}

function digest(covered: string[]): string {
  return covered.length === 0 ? '' : createHash('sha256').update(covered.join(' ')).digest('hex').slice(0, 16);
}

/** What every client asks all the time is prepared; a filter that a person put together is not. */
function run<T extends object>(
  reader: Reader,
  { filter, sort }: EmailQuery,
  sql: string,
  values: unknown[],
): Promise<T[]> {
  const plain = filter.kind === 'inMailbox' || (filter.kind === 'and' && filter.of.length === 0);
  const usual = sort.length === 0 || (sort.length === 1 && sort[0]?.by === 'receivedAt');
  return plain && usual ? reader.rows<T>(sql, values) : reader.unprepared<T>(sql, values);
}

/** `hits`: the matching copies, or those in `of`, threads collapsed; `order`: an ORDER BY over its columns. */
function hitsSql(
  { filter, sort, collapseThreads }: EmailQuery,
  params: Params,
  of: string | null = null,
): { hits: string; order: string } {
  const sorts: EmailSort[] = sort.length > 0 ? sort : [{ by: 'receivedAt', descending: true }];
  const keys = of === null ? sorts.map((each, i) => `${sortSql(each, params)} AS k${i}`) : [];
  const order = [...sorts.map(({ descending }, i) => `k${i} ${descending ? 'DESC' : 'ASC'}`), 'email_id DESC'].join(
    ', ',
  );
  const joins = joinsOf(filter, sorts.some(({ by }) => BY_MESSAGE.has(by)) || undefined);
  const where = `c.tenant_id = $1 AND c.account_id = $2 AND ${of === null ? filterSql(filter, params) : ''}`;
  const columns = `SELECT c.email_id, c.thread_id, ${keys.join(', ')} FROM`;
  const matching =
    of !== null
      ? `SELECT * FROM ${of}`
      : joins !== ''
        ? `${columns} visible_copy c ${joins} WHERE ${where}`
        : `${columns} copy c WHERE ${VISIBLE} AND ${where}`;
  // RFC 8621 §4.4.3: the first of each thread, in this order.
  const hits = collapseThreads
    ? `SELECT DISTINCT ON (thread_id) * FROM (${matching}) x ORDER BY thread_id, ${order}`
    : matching;
  return { hits, order };
}

const BY_MESSAGE: ReadonlySet<string> = new Set<EmailSort['by']>(['sentAt', 'size', 'from', 'to', 'subject']);

function sortSql(sort: EmailSort, params: Params): string {
  switch (sort.by) {
    case 'receivedAt':
      return 'c.received_at';
    case 'sentAt':
      return `coalesce(m.sent_at, '-infinity')`;
    case 'size':
      return 'm.size';
    case 'from':
      return collated(`coalesce(m.from_text, '')`, sort.collation);
    case 'to':
      return collated(`coalesce(m.to_text, '')`, sort.collation);
    case 'subject':
      return collated(BASE_SUBJECT, sort.collation);
    default:
      return keywordSql(sort.by, sort.keyword, params);
  }
}

/** RFC 5256 §2.1, as mail/mime/subject.ts made it of the subject when the message was stored. */
const BASE_SUBJECT = `coalesce(m.base_subject, m.subject, '')`;

function collated(text: string, collation: Collation): string {
  switch (collation) {
    case 'i;unicode-casemap': // RFC 5051: case mapped, decomposed, then octet by octet
      return `upper(normalize(${text}, NFKD)) COLLATE "C"`;
    case 'i;ascii-casemap':
      return `upper(${text} COLLATE "C")`;
    case 'i;ascii-numeric': // RFC 4790 §9.1: leading digits; what has none comes last
      return `coalesce(substring(${text} FROM '^[0-9]+')::numeric, 'Infinity')`;
    case 'i;octet':
      return `${text} COLLATE "C"`;
  }
}

export interface QueryChanges {
  state: number;
  covered: string;
  removed: number[];
  added: { id: number; index: number }[];
  total: number | null;
}

/**
 * RFC 8620 §5.6, from a query made at modseq `since`. Every Email that changed or that a gate covers is taken out, and
 * those of them that match now are put in where they stand: right whatever the filter and sort look at. Undefined: `since`
 * is not in this account's history.
 */
export async function emailQueryChanges(
  searched: Searched,
  at: AccountKey,
  query: EmailQuery,
  since: number,
  max: number,
  calculateTotal: boolean,
): Promise<QueryChanges | 'tooMany' | undefined> {
  const params = await searchParams(searched, at, query.filter);
  const { hits, order } = hitsSql(query, params);
  const from = params.add(since, 'bigint');
  const byThread =
    query.collapseThreads || looksAtThread(query.filter) || query.sort.some(({ by }) => by.includes('InThread'));
  const own = 'SELECT email_id FROM touched UNION SELECT email_id FROM gone UNION SELECT email_id FROM covered';
  const threads = `SELECT email_id FROM copy WHERE tenant_id = $1 AND account_id = $2 AND thread_id IN
    (SELECT thread_id FROM touched UNION SELECT thread_id FROM gone UNION SELECT thread_id FROM covered)`;
  const bound = params.add(max + 1, 'bigint');
  const sql = `WITH hits AS (${hits}), numbered AS (SELECT email_id, row_number() OVER (ORDER BY ${order}) - 1 AS n FROM hits),
    touched AS (
      SELECT email_id, thread_id FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id > ${from}
      UNION
      SELECT email_id, thread_id FROM copy WHERE tenant_id = $1 AND account_id = $2 AND modseq > ${from} AND modseq <> email_id),
    gone AS (SELECT email_id, thread_id FROM tombstone WHERE tenant_id = $1 AND account_id = $2 AND modseq > ${from} AND email_id IS NOT NULL),
    covered AS (${COVERED}),
    changed AS (${own}${byThread ? ` UNION ${threads}` : ''})
    SELECT s.modseq AS state, ${calculateTotal ? '(SELECT count(*) FROM hits)' : 'NULL::bigint'} AS total,
      ARRAY(SELECT email_id FROM covered ORDER BY email_id)::text[] AS covered,
      ARRAY(SELECT email_id FROM changed WHERE email_id <= ${from} ORDER BY email_id LIMIT ${bound})::text[] AS removed,
      ARRAY(SELECT n || ' ' || email_id FROM numbered JOIN changed USING (email_id) ORDER BY n LIMIT ${bound})::text[] AS added
    FROM account_state s WHERE s.tenant_id = $1 AND s.account_id = $2`;
  const [row] = await searched.store.unprepared<{
    state: number;
    total: number | null;
    covered: string[];
    removed: string[];
    added: string[];
  }>(sql, params.values);
  if (!row || since > row.state) return undefined;
  if (row.removed.length + row.added.length > max) return 'tooMany';
  return {
    state: params.until ?? row.state,
    covered: digest(row.covered),
    total: row.total,
    removed: row.removed.map(Number),
    added: row.added.map((entry) => {
      const [index = 0, id = 0] = entry.split(' ').map(Number);
      return { id, index };
    }),
  };
}
