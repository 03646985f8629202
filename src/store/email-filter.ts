// What Email/query and SEARCH look for, as SQL over `visible_copy c`, `message m` and `message_words w`. Every condition is
// true or false, never null, so that NOT may stand before it.

import { DELETED, KEYWORD_BITS } from '../mail/keywords.ts';
import { wantedWords } from '../mail/words.ts';
import type { AccountKey } from './exposure.ts';
import { indexAccount, type IndexingDeps } from './indexing.ts';
import { searchQuery, wordsQuery, type SearchedIn } from './search-index.ts';

/** RFC 8621 §4.4.1, ids as the store has them. */
export type EmailFilter =
  | { kind: 'and' | 'or' | 'not'; of: EmailFilter[] }
  | { kind: 'inMailbox'; mailbox: number }
  | { kind: 'inMailboxOtherThan'; mailboxes: number[] }
  | { kind: 'before' | 'after'; date: Date }
  | { kind: 'minSize' | 'maxSize'; octets: number }
  | { kind: KeywordTest; keyword: string }
  | { kind: 'hasAttachment'; value: boolean }
  | { kind: TextTest; text: string }
  | { kind: 'header'; name: string; text: string | null }
  | ImapFilter;

/** What only IMAP asks for (RFC 9051 §6.4.4). */
export type ImapFilter =
  | { kind: 'uids'; low: number[]; high: number[] }
  | { kind: 'deleted' }
  /** When it came into the mailbox. */
  | { kind: 'savedBefore' | 'savedSince'; date: Date }
  /** Of the Date field, as it is written there: "2026-11-27", whatever its zone. */
  | { kind: 'sentBefore' | 'sentSince'; day: string }
  /**
   * The text as it is, anywhere in a field. In text and body, words by their beginnings, as the index has them; `inside`:
   * from the middle of a word on too, which looks at every message there is.
   */
  | { kind: 'contains'; in: TextTest; text: string; inside: boolean }
  | { kind: 'modseq'; least: number }
  | { kind: 'message' | 'threadId'; id: number };

export type KeywordTest = 'hasKeyword' | 'notKeyword' | ThreadTest;
export type ThreadTest = 'allInThreadHaveKeyword' | 'someInThreadHaveKeyword' | 'noneInThreadHaveKeyword';
export type TextTest = 'text' | 'from' | 'to' | 'cc' | 'bcc' | 'subject' | 'body';

/** What a search is given: it may have to index messages before it looks. */
export type Searched = IndexingDeps;

/**
 * Parameters of a search under construction, the only ones that filterSql takes. Where it looks at words, what the account
 * has that is not indexed is so by now: whatever was stored before this is found.
 */
export async function searchParams(searched: Searched, at: AccountKey, filter: EmailFilter): Promise<Params> {
  return new Params(at, usesWords(filter) ? await indexAccount(searched, at) : null);
}

/** $1 is the tenant, $2 the account. */
class Params {
  readonly values: unknown[];
  /** Modseq of the account up to which its copies are of indexed messages; null: that does not matter. */
  readonly until: number | null;

  constructor({ tenant, account }: AccountKey, until: number | null) {
    this.values = [tenant, account];
    this.until = until;
  }

  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

export type { Params };

/**
 * A boolean expression over c, and what `joinsOf` adds. What comes in while words are looked for is left to the next search,
 * found or not: who remembers a state remembers `params.until`.
 */
export function filterSql(filter: EmailFilter, params: Params): string {
  const condition = conditionSql(filter, params);
  return params.until === null ? condition : `(c.email_id <= ${params.add(params.until, 'bigint')} AND ${condition})`;
}

function conditionSql(filter: EmailFilter, params: Params): string {
  switch (filter.kind) {
    case 'and':
      return filter.of.length === 0 ? 'true' : `(${filter.of.map((each) => conditionSql(each, params)).join(' AND ')})`;
    case 'or':
      return filter.of.length === 0 ? 'false' : `(${filter.of.map((each) => conditionSql(each, params)).join(' OR ')})`;
    case 'not':
      return filter.of.length === 0
        ? 'true'
        : `NOT (${filter.of.map((each) => conditionSql(each, params)).join(' OR ')})`;
    case 'inMailbox':
      return `c.mailbox_id = ${params.add(filter.mailbox, 'int')}`;
    case 'inMailboxOtherThan':
      return `c.mailbox_id <> ALL (${params.add(filter.mailboxes, 'int[]')})`;
    case 'before':
      return `c.received_at < ${params.add(filter.date, 'timestamptz')}`;
    case 'after':
      return `c.received_at >= ${params.add(filter.date, 'timestamptz')}`;
    case 'savedBefore':
      return `coalesce(c.saved_at, c.received_at) < ${params.add(filter.date, 'timestamptz')}`;
    case 'savedSince':
      return `coalesce(c.saved_at, c.received_at) >= ${params.add(filter.date, 'timestamptz')}`;
    case 'minSize':
      return `m.size >= ${params.add(filter.octets, 'bigint')}`;
    case 'maxSize':
      return `m.size < ${params.add(filter.octets, 'bigint')}`;
    case 'hasAttachment':
      return `m.has_attachment = ${params.add(filter.value, 'boolean')}`;
    case 'uids':
      return `EXISTS (SELECT FROM unnest(${params.add(filter.low, 'bigint[]')}, ${params.add(filter.high, 'bigint[]')}) AS r (low, high) WHERE c.uid BETWEEN r.low AND r.high)`;
    case 'deleted':
      return `(c.flags & ${DELETED}) <> 0`;
    case 'sentBefore':
      return `coalesce(left(m.envelope->>'sentAt', 10) < ${params.add(filter.day, 'text')}, false)`;
    case 'sentSince':
      return `coalesce(left(m.envelope->>'sentAt', 10) >= ${params.add(filter.day, 'text')}, false)`;
    case 'contains':
      return containsSql(filter, params);
    case 'modseq':
      return `c.modseq >= ${params.add(filter.least, 'bigint')}`;
    case 'message':
      return `c.message_id = ${params.add(filter.id, 'bigint')}`;
    case 'threadId':
      return `c.thread_id = ${params.add(filter.id, 'bigint')}`;
    case 'header':
      return headerSql(filter.name, filter.text, params);
    case 'text':
    case 'from':
    case 'to':
    case 'cc':
    case 'bcc':
    case 'subject':
    case 'body':
      return textSql(filter.kind, filter.text, params);
    default:
      return keywordSql(filter.kind, filter.keyword, params);
  }
}

/** What is joined to the copy, for the filter and, if `message`, for the message anyway. */
export function joinsOf(filter: EmailFilter, message = usesMessage(filter)): string {
  return [
    ...(message ? ['JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id'] : []),
    ...(usesWords(filter) ? ['JOIN message_words w ON w.tenant_id = c.tenant_id AND w.message_id = c.message_id'] : []),
  ].join(' ');
}

/** Does it look at the words of messages? */
function usesWords(filter: EmailFilter): boolean {
  if ('of' in filter) return filter.of.some(usesWords);
  if (filter.kind === 'contains') return filter.in === 'text' || filter.in === 'body';
  return WORDS_ONLY.has(filter.kind);
}

/** Does it look at the message, and not at the copy or its words alone? */
function usesMessage(filter: EmailFilter): boolean {
  if ('of' in filter) return filter.of.some(usesMessage);
  return !COPY_ONLY.has(filter.kind) && !usesWords(filter);
}

const WORDS_ONLY: ReadonlySet<string> = new Set<TextTest>(['text', 'from', 'to', 'cc', 'bcc', 'subject', 'body']);

const COPY_ONLY: ReadonlySet<string> = new Set<EmailFilter['kind']>([
  'inMailbox',
  'inMailboxOtherThan',
  'before',
  'after',
  'hasKeyword',
  'notKeyword',
  'allInThreadHaveKeyword',
  'someInThreadHaveKeyword',
  'noneInThreadHaveKeyword',
  'uids',
  'deleted',
  'savedBefore',
  'savedSince',
  'modseq',
  'message',
  'threadId',
]);

/** Does a change of one Email change whether another of its thread matches? */
export function looksAtThread(filter: EmailFilter): boolean {
  if ('of' in filter) return filter.of.some(looksAtThread);
  return filter.kind.includes('InThread');
}

/** `keyword` in lower case. */
export function keywordSql(kind: KeywordTest, keyword: string, params: Params): string {
  const has = (copy: string): string => {
    const bit = KEYWORD_BITS.get(keyword);
    if (bit !== undefined) return `(${copy}.flags & ${bit}) <> 0`;
    return `coalesce(${params.add(keyword, 'text')} = ANY (${copy}.keywords), false)`;
  };
  // Worked out once for the account, not once a copy.
  const threads = (condition: string): string =>
    `(SELECT t.thread_id FROM visible_copy t WHERE t.tenant_id = $1 AND t.account_id = $2 AND ${condition})`;
  switch (kind) {
    case 'hasKeyword':
      return has('c');
    case 'notKeyword':
      return `NOT ${has('c')}`;
    case 'someInThreadHaveKeyword':
      // IS TRUE: worked out and looked up, never joined, which is all with all where nothing is known of the tables yet.
      return `(c.thread_id IN ${threads(has('t'))}) IS TRUE`;
    case 'noneInThreadHaveKeyword':
      return `c.thread_id NOT IN ${threads(has('t'))}`;
    case 'allInThreadHaveKeyword':
      return `c.thread_id NOT IN ${threads(`NOT ${has('t')}`)}`;
  }
}

export interface Term {
  text: string;
  phrase: boolean;
}

/**
 * RFC 8621 §4.4.1: words, all of which must be found, and phrases in matching single or double quotes, in which a
 * backslash takes the meaning from a quote or backslash. A quote inside a word (don't) is a character of it.
 */
export function searchTerms(text: string): Term[] {
  const terms: Term[] = [];
  const pattern = /(?<=^|\s)(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')(?=\s|$)|(\S+)/gsu;
  for (const [, double, single, word] of text.normalize('NFC').matchAll(pattern)) {
    const phrase = double ?? single;
    const found = phrase === undefined ? (word ?? '') : phrase.replace(/\\(.)/gs, '$1');
    if (found.trim() !== '') terms.push({ text: found, phrase: phrase !== undefined });
  }
  return terms.slice(0, MAX_TERMS);
}

/** Further words narrow a search no more. */
const MAX_TERMS = 32;

function textSql(kind: TextTest, text: string, params: Params): string {
  const conditions = searchTerms(text).map((term) => termSql(kind, term, params));
  return conditions.length === 0 ? 'true' : `(${conditions.join(' AND ')})`;
}

/** In the index of words (search-index.ts): by their beginnings, a phrase word for word. */
function termSql(kind: TextTest, term: Term, params: Params): string {
  const query = searchQuery(term, kind === 'text' ? null : kind);
  // Nothing but punctuation: the index has nothing to say about it.
  return query === null ? 'true' : `w.words @@ ${params.add(query, 'tsquery')}`;
}

/** As IMAP looks (RFC 9051 §6.4.4). */
function containsSql({ in: where, text, inside }: Contains, params: Params): string {
  if (where === 'body' || where === 'text')
    return inside ? insideSql(where, text, params) : indexedSql(where, text, params);
  const like = params.add(containing(text), 'text');
  if (where === 'subject') return `coalesce(m.subject, '') ILIKE ${like}`;
  // The name of a group is in the header alone; it is read where the envelope has the text.
  return `(${addressed([where], like)} OR (coalesce(m.imap_envelope, '') ILIKE ${like} AND ${headerSql(where, text, params)}))`;
}

type Contains = Extract<ImapFilter, { kind: 'contains' }>;

const INDEXED = { body: ['body'], text: [null, 'others'] } as const satisfies Record<string, SearchedIn[]>;

function indexedSql(where: keyof typeof INDEXED, text: string, params: Params): string {
  const queries = INDEXED[where].map((one) => searchQuery({ text, phrase: false }, one)).filter((one) => one !== null);
  return queries.length === 0 ? 'true' : `w.words @@ ${params.add(queries.join(' | '), 'tsquery')}`;
}

/**
 * What the index knows of each message, looked through: the first word may begin in the middle of one; the others stand after
 * it, which the index itself tells. Of what has no spaces it finds any part anyway. It is looked through as octets first,
 * places and all, in half the time that it takes to make text of it: most have nothing of the kind.
 */
function insideSql(where: keyof typeof INDEXED, text: string, params: Params): string {
  const words = wantedWords(text, { whole: false });
  const [first, ...others] = words;
  if (!first || words.some(({ pair }) => pair)) return 'false';
  const vector = where === 'body' ? `ts_filter(w.words, '{d}')` : 'w.words';
  const like = containing(first.text);
  const somewhere = `(tsvectorsend(w.words) LIKE ${params.add(Buffer.from(like), 'bytea')}
    AND array_to_string(tsvector_to_array(${vector}), ' ') LIKE ${params.add(like, 'text')})`;
  if (others.length === 0) return somewhere;
  const queries = INDEXED[where].map((one) => wordsQuery(others, one, true));
  const next = others.map((word, i) => {
    const end = word.prefix ? '%' : '';
    const is = [`${word.text}${end}`, `%:${word.text}${end}`].map(
      (like) => `n.lexeme LIKE ${params.add(like, 'text')}`,
    );
    return `EXISTS (SELECT FROM unnest(${vector}) n WHERE (${is.join(' OR ')}) AND (p + ${i + 1})::smallint = ANY (n.positions))`;
  });
  return `(w.words @@ ${params.add(queries.join(' | '), 'tsquery')} AND ${somewhere} AND EXISTS (
    SELECT FROM unnest(${vector}) f, unnest(f.positions) p WHERE f.lexeme LIKE ${params.add(`%${first.text}`, 'text')} AND ${next.join(' AND ')}))`;
}

/** Names and addresses as they are written: `Ana Silva <ana@pigeon.test>`. */
function addressed(fields: string[], like: string): string {
  const lists = fields.map((field) => `coalesce(nullif(m.envelope->'${field}', 'null'), '[]')`);
  return `EXISTS (SELECT FROM jsonb_array_elements(${lists.join(' || ')}) a
    WHERE coalesce(a->>'name', '') || ' <' || coalesce(a->>'email', '') || '>' ILIKE ${like})`;
}

function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/**
 * The header as it came: a line that continues a field is of it. What is not ASCII is looked for as it is written. Subject
 * and addresses also where they were encoded.
 */
function headerSql(name: string, text: string | null, params: Params): string {
  const kept = text?.includes('\0')
    ? 'false' // no text of PostgreSQL's has it
    : `m.header COLLATE "C" ~* ${params.add(`(?n)^${pattern(name, latin1)}[ \\t]*:${text === null ? '' : `(?:.|\\n[ \\t])*${pattern(text, latin1)}`}`, 'text')}`;
  const raw = `CASE WHEN m.header IS NULL THEN ${bytesSql(name, text, params)} ELSE ${kept} END`;
  const lower = name.toLowerCase();
  if (text === null || !['subject', 'from', 'to', 'cc', 'bcc'].includes(lower)) return raw;
  const like = params.add(containing(text), 'text');
  return `(${lower === 'subject' ? `coalesce(m.subject, '') ILIKE ${like}` : addressed([lower], like)} OR ${raw})`;
}

/** One that is not kept beside the message, at the beginning of the bytes. `encode` takes any (a text has no NUL). */
function bytesSql(name: string, text: string | null, params: Params): string {
  const field = `(?n)^${pattern(name, escaped)}[ \\t]*:${text === null ? '' : `.*${pattern(text, escaped)}`}`;
  return `EXISTS (SELECT FROM blob b WHERE b.tenant_id = $1 AND b.id = m.blob_id AND b.seq = 0
    AND regexp_replace(encode(substring(b.bytes FROM 1 FOR coalesce(m.header_size, (m.structure->'header'->>1)::int)), 'escape'), '\\r?\\n[ \\t]+', ' ', 'g')
      ~* ${params.add(field, 'text')})`;
}

/** An octet that is not ASCII, as `header` has it: one character an octet. */
const latin1 = (octet: number): string => String.fromCharCode(octet);

/** As encode(…, 'escape') gives it. */
const escaped = (octet: number): string => `\\\\${octet.toString(8).padStart(3, '0')}`;

/** A regular expression for exactly this text, as `form` says that what is not ASCII is there, and a backslash with it. */
function pattern(text: string, form: typeof latin1): string {
  let expression = '';
  for (const octet of Buffer.from(text)) {
    const character = String.fromCharCode(octet);
    if (octet === 0 || octet > 127) expression += form(octet);
    else if (character === '\\') expression += form === latin1 ? '\\\\' : '\\\\\\\\';
    else if (/\s/.test(character)) expression += '(?:\\r?\\n?[ \\t])+'; // folded there or not
    else expression += /[A-Za-z0-9]/.test(character) ? character : `\\${character}`;
  }
  return expression;
}
