// SEARCH in one mailbox, over visible_copy alone: no search ever matches a covered copy.

import { filterSql, joinsOf, searchParams, type EmailFilter, type Searched } from './email-filter.ts';
import type { EmailAddress } from '../mail/message.ts';
import { wantedWords } from '../mail/words.ts';
import type { MailboxKey } from './mailbox-view.ts';

export interface Hit {
  uid: number;
  modseq: number;
}

export interface Found<T> {
  /** By UID, ascending. */
  hits: T[];
  /** Account modseq of the same snapshot: what is gone by then is not found. */
  modseq: number;
}

export async function searchMailbox(searched: Searched, at: MailboxKey, filter: EmailFilter): Promise<Found<Hit>> {
  return find(
    searched,
    at,
    filter,
    (where) => `SELECT c.uid, c.modseq FROM visible_copy c ${joinsOf(filter)} WHERE ${where}`,
  );
}

/** What SORT and THREAD go by (RFC 5256). */
export interface SortRow extends Hit {
  /** Seconds since 1970: arrival, and the Date field in UTC or arrival where there is none (RFC 5256 §2.2). */
  received: number;
  sent: number;
  size: number;
  /** RFC 5256 §2.1. */
  subject: string;
  /** It has a "Re:" or the like. */
  is_reply: boolean;
  from: EmailAddress | null;
  to: EmailAddress | null;
  cc: EmailAddress | null;
  /** ENVELOPE of a message with groups among its addresses. */
  grouped: string | null;
  message_id: string | null;
  refs: string[] | null;
  in_reply_to: string[] | null;
}

/** As searchMailbox. */
export async function searchForSort(searched: Searched, at: MailboxKey, filter: EmailFilter): Promise<Found<SortRow>> {
  return find(
    searched,
    at,
    filter,
    (where) =>
      `SELECT c.uid, c.modseq, floor(extract(epoch FROM c.received_at))::bigint AS received,
       floor(extract(epoch FROM coalesce(m.sent_at, c.received_at)))::bigint AS sent, m.size::int,
       coalesce(m.base_subject, m.subject, '') AS subject, m.base_subject IS NOT NULL AS is_reply,
       m.envelope->'from'->0 AS from, m.envelope->'to'->0 AS to, m.envelope->'cc'->0 AS cc,
       CASE WHEN m.imap_envelope LIKE '%(NIL NIL NIL NIL)%' THEN m.imap_envelope END AS grouped, m.message_id_header AS message_id,
       nullif(m.envelope->'references', 'null') AS refs, nullif(m.envelope->'inReplyTo', 'null') AS in_reply_to
     FROM visible_copy c ${joinsOf(filter, true)} WHERE ${where}`,
  );
}

/**
 * Filters up to which the first that each finds is looked for: at once where it finds any, and else by a look at every
 * message. More are planned as if all that they find were wanted, by the index in any case: 32 words that nobody has took
 * two seconds in 10,000 messages, and 50 ms so.
 */
const FEW = 4;

/** Of each filter, whether it finds anything: in one statement. */
export async function whichFind(
  searched: Searched,
  at: MailboxKey,
  filters: readonly EmailFilter[],
): Promise<boolean[]> {
  const params = await searchParams(searched, at, { kind: 'or', of: [...filters] });
  const mailbox = params.add(at.mailbox, 'int');
  const any = filters.map((filter) => {
    const found = `SELECT c.uid FROM visible_copy c ${joinsOf(filter)}
      WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = ${mailbox} AND ${filterSql(filter, params)}`;
    return filters.length > FEW
      ? `EXISTS (WITH found AS MATERIALIZED (${found}) SELECT FROM found)`
      : `EXISTS (${found})`;
  });
  const [row] = await searched.store.unprepared<{ found: boolean[] }>(
    `SELECT ARRAY[${any.join(', ')}] AS found`,
    params.values,
  );
  return row?.found ?? [];
}

/**
 * Is one of these anywhere in a word, from its middle on too? Each message is looked at once, however many they are: looked
 * for one by one, as `contains` with `inside` is, 32 of them took nine seconds in 10,000 messages.
 */
export async function isAnyInside(searched: Searched, at: MailboxKey, texts: readonly string[]): Promise<boolean> {
  const firsts = texts.flatMap((text) => wantedWords(text, { whole: false }).slice(0, 1));
  if (firsts.length === 0) return false;
  const params = await searchParams(searched, at, { kind: 'contains', in: 'text', text: '', inside: true });
  // Letters and numbers alone: they mean themselves.
  const pattern = params.add(firsts.map(({ text }) => text).join('|'), 'text');
  const [row] = await searched.store.unprepared<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM visible_copy c JOIN message_words w ON w.tenant_id = c.tenant_id AND w.message_id = c.message_id
       WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = ${params.add(at.mailbox, 'int')}
         AND array_to_string(tsvector_to_array(w.words), ' ') ~ ${pattern}) AS found`,
    params.values,
  );
  return row?.found === true;
}

/** `select`: makes the statement of a condition. */
async function find<T extends Hit>(
  searched: Searched,
  at: MailboxKey,
  filter: EmailFilter,
  select: (where: string) => string,
): Promise<Found<T>> {
  const params = await searchParams(searched, at, filter);
  const mailbox = params.add(at.mailbox, 'int');
  const where = `c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = ${mailbox} AND ${filterSql(filter, params)}`;
  const rows = await searched.store.unprepared<T & { newest: number; uid: number | null }>(
    `SELECT s.modseq AS newest, f.* FROM account_state s LEFT JOIN (${select(where)}) f ON true
     WHERE s.tenant_id = $1 AND s.account_id = $2 ORDER BY f.uid`,
    params.values,
  );
  return { hits: rows.filter((row) => row.uid !== null), modseq: rows[0]?.newest ?? 0 };
}
