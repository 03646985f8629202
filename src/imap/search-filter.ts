// A search as the client wrote it → as the store runs it (RFC 9051 §6.4.4; RFC 5032, RFC 7162 §3.1.5, RFC 8474 §6, RFC 8514 §4.3).

import type { EmailFilter, Searched } from '../store/email-filter.ts';
import { isAnyInside, whichFind, type Found } from '../store/mailbox-search.ts';
import type { MailboxKey } from '../store/mailbox-view.ts';
import { no } from './replies.ts';
import type { Selected } from './session.ts';
import type { SearchKey } from './wire/command.ts';
import { LIMITS } from './wire/limits.ts';
import { intersect, resolve, setOf, type SequenceSet } from './wire/sequence-set.ts';

const EVERYTHING: EmailFilter = { kind: 'and', of: [] };
const NOTHING: EmailFilter = { kind: 'or', of: [] };

/** Texts that are looked for in the middle of words each by itself; of more, it is asked first whether any of them is there. */
const FEW = 2;

/**
 * What `search` finds. BODY and TEXT look for words by their beginnings, which the index answers at once; where that finds
 * nothing, in the middle of words too. NOT leaves out what the same key without it finds. Five statements at the most. Throws
 * NO for more keys of texts than LIMITS says: each may be looked for in every message.
 */
export async function findBy<T>(
  deps: Searched & { clock: () => Date },
  selected: Selected,
  criteria: SearchKey,
  search: (searched: Searched, at: MailboxKey, filter: EmailFilter) => Promise<Found<T>>,
): Promise<Found<T>> {
  const now = deps.clock();
  const keys = textKeys(criteria, false);
  if (keys.length > LIMITS.textKeys)
    throw no('LIMIT', `A search has at most ${LIMITS.textKeys} keys that are BODY or TEXT.`);
  if (headerKeys(criteria) > LIMITS.headerKeys)
    throw no('LIMIT', `A search has at most ${LIMITS.headerKeys} keys that look at headers.`);
  const from = (inside: ReadonlySet<SearchKey>, key = criteria, nowhere = NONE): EmailFilter =>
    filterOf(key, { selected, now, inside, nowhere });
  const lookInside = async (inside: ReadonlySet<TextKey>): Promise<Found<T>> => {
    const texts = [...inside].map(({ value }) => value);
    const isThere = inside.size <= FEW || (await isAnyInside(deps, selected.at, texts));
    return search(deps, selected.at, isThere ? from(inside) : from(NONE, criteria, inside));
  };
  const negated = keys.filter((one) => one.negated).map(({ key }) => key);
  const present =
    negated.length === 0
      ? []
      : await whichFind(
          deps,
          selected.at,
          negated.map((key) => from(new Set(), key)),
        );
  const inside = new Set(negated.filter((_, i) => present[i] !== true));
  const found = await lookInside(inside);
  if (found.hits.length > 0 || inside.size === keys.length) return found;
  return lookInside(new Set(keys.map(({ key }) => key)));
}

/** As it stands now, whatever messages come and go: numbers and `$` as UIDs (RFC 5267 §4.3). */
export function settled(key: SearchKey, selected: Selected): SearchKey {
  switch (key.key) {
    case 'AND':
      return { key: 'AND', keys: key.keys.map((one) => settled(one, selected)) };
    case 'OR':
      return { key: 'OR', keys: key.keys.map((one) => settled(one, selected)) };
    case 'NOT':
      return { key: 'NOT', negated: settled(key.negated, selected) };
    case 'SET':
      return key.uid && key.set !== '$' ? key : { key: 'SET', uid: true, set: setFilter(key, selected) };
    default:
      return key;
  }
}

type TextKey = Extract<SearchKey, { key: 'TEXT' }>;

const NONE: ReadonlySet<SearchKey> = new Set();

function textKeys(key: SearchKey, negated: boolean): { key: TextKey; negated: boolean }[] {
  if (key.key === 'AND' || key.key === 'OR') return key.keys.flatMap((one) => textKeys(one, negated));
  if (key.key === 'NOT') return textKeys(key.negated, true);
  const isText = key.key === 'TEXT' && (key.where === 'BODY' || key.where === 'TEXT') && key.value !== '';
  return isText ? [{ key, negated }] : [];
}

function headerKeys(key: SearchKey): number {
  if (key.key === 'AND' || key.key === 'OR') return key.keys.reduce((sum, one) => sum + headerKeys(one), 0);
  if (key.key === 'NOT') return headerKeys(key.negated);
  return key.key === 'HEADER' || (key.key === 'TEXT' && key.where !== 'BODY' && key.where !== 'TEXT') ? 1 : 0;
}

/** A client hears of those that it has numbers for. */
export function isTold({ view }: Selected, uid: number): boolean {
  return view.sequenceOf(uid) > 0 && !view.gone.has(uid);
}

/**
 * Those that a client hears of. What came to be meanwhile is told with the answer though nobody has said so yet: where
 * something is gone that has not been told, a search without it is to say so (RFC 5530 §3, EXPUNGEISSUED).
 */
export function toldHits<T extends { uid: number }>(selected: Selected, { hits, modseq }: Found<T>): T[] {
  if (modseq > selected.told) selected.stale = true;
  return hits.filter((hit) => isTold(selected, hit.uid));
}

interface Asked {
  selected: Selected;
  now: Date;
  /** Keys that look in the middle of words. */
  inside: ReadonlySet<SearchKey>;
  /** Keys whose text is in no message. */
  nowhere: ReadonlySet<SearchKey>;
}

function filterOf(key: SearchKey, asked: Asked): EmailFilter {
  const { selected, now, inside, nowhere } = asked;
  switch (key.key) {
    case 'ALL':
    case 'SAVEDATESUPPORTED': // RFC 8514 §4.3: of every message here, it is known
      return EVERYTHING;
    case 'RECENT': // RFC 3501 §6.4.4
      return uidsFilter(selected.recent);
    case 'OLD':
      return not(uidsFilter(selected.recent));
    case 'NEW':
      return { kind: 'and', of: [uidsFilter(selected.recent), { kind: 'notKeyword', keyword: '$seen' }] };
    case 'FLAG': {
      const has: EmailFilter =
        key.keyword === '\\deleted' ? { kind: 'deleted' } : { kind: 'hasKeyword', keyword: key.keyword };
      return key.set ? has : not(has);
    }
    case 'TEXT':
      return key.value === ''
        ? EVERYTHING
        : nowhere.has(key)
          ? NOTHING
          : { kind: 'contains', in: WHERE[key.where], text: key.value, inside: inside.has(key) };
    case 'HEADER':
      return { kind: 'header', name: key.field, text: key.value === '' ? null : key.value };
    case 'DATE':
      return dateFilter(key);
    case 'SIZE':
      return key.how === 'LARGER'
        ? { kind: 'minSize', octets: key.octets + 1 }
        : { kind: 'maxSize', octets: key.octets };
    case 'AGE': {
      const date = new Date(now.getTime() - key.seconds * 1000);
      return key.how === 'OLDER' ? { kind: 'before', date } : { kind: 'after', date };
    }
    case 'MODSEQ':
      return { kind: 'modseq', least: key.modseq };
    case 'EMAILID':
    case 'THREADID':
      return idFilter(key.key, key.id);
    case 'SET':
      return uidsFilter(setFilter(key, selected));
    case 'AND':
      return { kind: 'and', of: key.keys.map((one) => filterOf(one, asked)) };
    case 'OR':
      return { kind: 'or', of: key.keys.map((one) => filterOf(one, asked)) };
    case 'NOT':
      return not(filterOf(key.negated, asked));
  }
}

const WHERE = { BCC: 'bcc', BODY: 'body', CC: 'cc', FROM: 'from', SUBJECT: 'subject', TEXT: 'text', TO: 'to' } as const;

const not = (filter: EmailFilter): EmailFilter => ({ kind: 'not', of: [filter] });

function idFilter(key: 'EMAILID' | 'THREADID', id: string): EmailFilter {
  const number = new RegExp(`^${key === 'EMAILID' ? 'c' : 't'}([1-9]\\d{0,15})$`).exec(id)?.[1];
  if (number === undefined) return NOTHING;
  return { kind: key === 'EMAILID' ? 'message' : 'threadId', id: Number(number) };
}

function setFilter({ uid, set }: Extract<SearchKey, { key: 'SET' }>, { view, saved }: Selected): SequenceSet {
  if (set === '$') return saved;
  if (uid) return resolve(set, view.lastUid);
  // A number that there is not matches nothing.
  return setOf(view.ofSequences(intersect(resolve(set, view.length), [[1, Math.max(1, view.length)]])) ?? []);
}

function uidsFilter(ranges: SequenceSet): EmailFilter {
  return { kind: 'uids', low: ranges.map(([low]) => low), high: ranges.map(([, high]) => high) };
}

const SINCE = { received: 'after', saved: 'savedSince' } as const;
const BEFORE = { received: 'before', saved: 'savedBefore' } as const;

/** RFC 9051 §6.4.4: days, without regard to time and zone; what is received is in UTC here. */
function dateFilter({ of, how, day }: Extract<SearchKey, { key: 'DATE' }>): EmailFilter {
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  const since = (from: string): EmailFilter =>
    of === 'sent' ? { kind: 'sentSince', day: from } : { kind: SINCE[of], date: new Date(`${from}T00:00:00Z`) };
  const before = (to: string): EmailFilter =>
    of === 'sent' ? { kind: 'sentBefore', day: to } : { kind: BEFORE[of], date: new Date(`${to}T00:00:00Z`) };
  if (how === 'BEFORE') return before(day);
  if (how === 'SINCE') return since(day);
  return { kind: 'and', of: [since(day), before(next.toISOString().slice(0, 10))] };
}

export function asksModseq(key: SearchKey): boolean {
  if (key.key === 'AND' || key.key === 'OR') return key.keys.some(asksModseq);
  return key.key === 'NOT' ? asksModseq(key.negated) : key.key === 'MODSEQ';
}
