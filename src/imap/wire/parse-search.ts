import { SORT_KEYS, type SearchKey, type SortKey } from './command.ts';
import * as at from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { bad, no } from './fault.ts';
import { keywordOf } from './flags.ts';
import { LIMITS } from './limits.ts';
import { date } from './parse-dates.ts';

/** What is left of a search's bounds. */
interface Bounds {
  keys: number;
  depth: number;
}

/** RFC 9051 §6.4.4. `required`: SORT and THREAD have the charset always, without the word (RFC 5256 §3). */
export function searchProgram(c: Cursor, required: boolean): SearchKey {
  if (required || at.match(c, /charset /iy) !== undefined) {
    const charset = at.astring(c).toUpperCase();
    if (charset !== 'UTF-8' && charset !== 'US-ASCII') {
      throw no('BADCHARSET (US-ASCII UTF-8)', 'Searches are in US-ASCII or UTF-8.');
    }
    at.space(c);
  }
  return keys(c, { keys: LIMITS.searchKeys, depth: LIMITS.depth });
}

function keys(c: Cursor, bounds: Bounds): SearchKey {
  const found = [key(c, bounds)];
  while (at.accept(c, ' ')) found.push(key(c, bounds));
  return found.length === 1 ? (found[0] as SearchKey) : { key: 'AND', keys: found };
}

function key(c: Cursor, bounds: Bounds): SearchKey {
  if (bounds.keys-- <= 0) throw bad('The search has too many keys.');
  if (bounds.depth === 0) throw bad('The search is nested too deep.');
  const inner: Bounds = { keys: bounds.keys, depth: bounds.depth - 1 };
  let found: SearchKey | undefined;
  if (at.accept(c, '(')) {
    found = keys(c, inner);
    at.expect(c, ')');
  } else if (/[\d*$]/.test(at.peek(c))) return { key: 'SET', uid: false, set: at.messageSet(c) };
  else {
    const name = at.word(c);
    if (name === 'NOT') {
      at.space(c);
      found = { key: 'NOT', negated: key(c, inner) };
    } else if (name === 'OR') {
      found = { key: name, keys: alternatives(c, inner) };
    } else return named(c, name);
  }
  bounds.keys = inner.keys;
  return found;
}

/** OR a OR b c, or OR OR a b c, of as many as one likes, is one list: programs write what they look for like that. */
function alternatives(c: Cursor, bounds: Bounds): SearchKey[] {
  const found: SearchKey[] = [];
  for (let open = 2; open > 0; open--) {
    at.space(c);
    for (; at.match(c, /or /iy) !== undefined; open++) bounds.keys--;
    found.push(key(c, bounds));
  }
  return found;
}

function named(c: Cursor, name: string): SearchKey {
  switch (name) {
    case 'ALL':
    case 'RECENT':
    case 'NEW':
    case 'OLD':
    case 'SAVEDATESUPPORTED': // RFC 8514 §4.3
      return { key: name };
    case 'ANSWERED':
    case 'DELETED':
    case 'DRAFT':
    case 'FLAGGED':
    case 'SEEN':
      return { key: 'FLAG', keyword: keywordOf(`\\${name}`) as string, set: true };
    case 'UNANSWERED':
    case 'UNDELETED':
    case 'UNDRAFT':
    case 'UNFLAGGED':
    case 'UNSEEN':
      return { key: 'FLAG', keyword: keywordOf(`\\${name.slice(2)}`) as string, set: false };
  }
  at.space(c);
  switch (name) {
    case 'KEYWORD':
    case 'UNKEYWORD':
      return { key: 'FLAG', keyword: at.atom(c).toLowerCase(), set: name === 'KEYWORD' };
    case 'BCC':
    case 'BODY':
    case 'CC':
    case 'FROM':
    case 'SUBJECT':
    case 'TEXT':
    case 'TO':
      return { key: 'TEXT', where: name, value: at.astring(c) };
    case 'HEADER': {
      const field = at.astring(c);
      at.space(c);
      return { key: name, field, value: at.astring(c) };
    }
    case 'BEFORE':
    case 'ON':
    case 'SINCE':
      return { key: 'DATE', of: 'received', how: name, day: date(c) };
    case 'SENTBEFORE':
      return { key: 'DATE', of: 'sent', how: 'BEFORE', day: date(c) };
    case 'SENTON':
      return { key: 'DATE', of: 'sent', how: 'ON', day: date(c) };
    case 'SENTSINCE':
      return { key: 'DATE', of: 'sent', how: 'SINCE', day: date(c) };
    case 'SAVEDBEFORE': // RFC 8514 §4.3
      return { key: 'DATE', of: 'saved', how: 'BEFORE', day: date(c) };
    case 'SAVEDON':
      return { key: 'DATE', of: 'saved', how: 'ON', day: date(c) };
    case 'SAVEDSINCE':
      return { key: 'DATE', of: 'saved', how: 'SINCE', day: date(c) };
    case 'LARGER':
    case 'SMALLER':
      return { key: 'SIZE', how: name, octets: at.number(c) };
    case 'OLDER': // RFC 5032 §2
    case 'YOUNGER':
      return { key: 'AGE', how: name, seconds: interval(c) };
    case 'MODSEQ':
      return modseq(c);
    case 'EMAILID': // RFC 8474 §6
    case 'THREADID':
      return { key: name, id: at.atom(c) };
    case 'UID':
      return { key: 'SET', uid: true, set: at.messageSet(c) };
    default:
      throw bad(`${name.slice(0, 40)} is no key of SEARCH.`);
  }
}

/** RFC 5032 §2: at least one second. */
function interval(c: Cursor): number {
  const seconds = at.number(c, 0xffff_ffff);
  if (seconds === 0) throw bad('The interval is zero.');
  return seconds;
}

/** RFC 7162 §3.1.5: there is one modseq for all of a message, so which entry it is asked of changes nothing. */
function modseq(c: Cursor): SearchKey {
  if (at.peek(c) === '"') {
    at.string(c);
    at.space(c);
    at.oneOf(c, ['PRIV', 'SHARED', 'ALL'], 'entry type');
    at.space(c);
  }
  return { key: 'MODSEQ', modseq: at.number(c) };
}

/** RFC 5256 §3, RFC 5957 §3. */
export function sortKeys(c: Cursor): SortKey[] {
  return at.list(
    c,
    (c) => {
      const reverse = at.match(c, /reverse /iy) !== undefined;
      return { by: at.oneOf(c, SORT_KEYS, 'key of SORT'), reverse };
    },
    1,
  );
}
