// `filter` and `sort` of Email/query (RFC 8621 §4.4), from JSON to what the store understands.

import { readUtcDate } from '../dates.ts';
import { isKeyword } from '../../mail/keywords.ts';
import type { EmailFilter } from '../../store/email-filter.ts';
import { COLLATIONS, type Collation, type EmailSort } from '../../store/email-query.ts';
import { parseMailboxId } from './ids.ts';

type Json = Record<string, unknown>;

/** What is wrong, as the method error to answer (RFC 8620 §5.5). */
export interface Unusable {
  error: 'invalidArguments' | 'unsupportedFilter' | 'unsupportedSort';
  description: string;
}

const invalid = (description: string): Unusable => ({ error: 'invalidArguments', description });

/** Operators within operators, and conditions in all: a person's search has few. */
const MAX_DEPTH = 10;
const MAX_CONDITIONS = 200;
/** Of those, what looks through the header of every message. */
const MAX_HEADERS = 32;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 8620 §5.5 FilterOperator, RFC 8621 §4.4.1 FilterCondition; null matches everything. */
export function parseFilter(value: unknown): EmailFilter | Unusable {
  let conditions = 0;
  let headers = 0;
  const read = (each: unknown, depth: number): EmailFilter | Unusable => {
    if (!isObject(each)) return invalid('filter: not an object');
    if ('header' in each) headers++;
    if (depth > MAX_DEPTH || ++conditions > MAX_CONDITIONS || headers > MAX_HEADERS) {
      return { error: 'unsupportedFilter', description: 'The filter is too complex.' };
    }
    if (!('operator' in each)) return condition(each);
    const { operator, conditions: of, ...rest } = each;
    if (operator !== 'AND' && operator !== 'OR' && operator !== 'NOT')
      return invalid('filter: operator is AND, OR or NOT');
    if (!Array.isArray(of) || Object.keys(rest).length > 0)
      return invalid('filter: an operator has conditions, and nothing else');
    const parsed: EmailFilter[] = [];
    for (const inner of of) {
      const one = read(inner, depth + 1);
      if ('error' in one) return one;
      parsed.push(one);
    }
    return { kind: operator.toLowerCase() as 'and' | 'or' | 'not', of: parsed };
  };
  return value === null || value === undefined ? { kind: 'and', of: [] } : read(value, 0);
}

function condition(value: Json): EmailFilter | Unusable {
  const parsed: EmailFilter[] = [];
  for (const [property, each] of Object.entries(value)) {
    const one = propertyCondition(property, each);
    if (one === null) return invalid(`filter: ${property.slice(0, 100)} has no such value`);
    if ('error' in one) return one;
    parsed.push(one);
  }
  const [only] = parsed;
  return parsed.length === 1 && only ? only : { kind: 'and', of: parsed };
}

/** Null: a value of the wrong type. */
function propertyCondition(property: string, value: unknown): EmailFilter | Unusable | null {
  switch (property) {
    case 'inMailbox':
      return typeof value === 'string' ? inMailbox(value) : null;
    case 'inMailboxOtherThan': {
      if (!Array.isArray(value) || !value.every((id): id is string => typeof id === 'string')) return null;
      return { kind: property, mailboxes: value.map(parseMailboxId).filter((id) => id !== null) };
    }
    case 'before':
    case 'after': {
      const date = readUtcDate(value);
      return date && { kind: property, date };
    }
    case 'minSize':
    case 'maxSize':
      return isUnsigned(value) ? { kind: property, octets: value } : null;
    case 'allInThreadHaveKeyword':
    case 'someInThreadHaveKeyword':
    case 'noneInThreadHaveKeyword':
    case 'hasKeyword':
    case 'notKeyword':
      return typeof value === 'string' && isKeyword(value) ? { kind: property, keyword: value.toLowerCase() } : null;
    case 'hasAttachment':
      return typeof value === 'boolean' ? { kind: property, value } : null;
    case 'text':
    case 'from':
    case 'to':
    case 'cc':
    case 'bcc':
    case 'subject':
    case 'body':
      return typeof value === 'string' && value.length <= 1000
        ? { kind: property, text: value.replaceAll('\0', '').toWellFormed() }
        : null;
    case 'header':
      return headerCondition(value);
    default:
      return { error: 'unsupportedFilter', description: `There is no filter "${property.slice(0, 100)}".` };
  }
}

/** A mailbox that cannot be has no Email in it. */
function inMailbox(id: string): EmailFilter {
  const mailbox = parseMailboxId(id);
  return mailbox === null ? { kind: 'or', of: [] } : { kind: 'inMailbox', mailbox };
}

function headerCondition(value: unknown): EmailFilter | null {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2) return null;
  const [name, text] = value as unknown[];
  if (typeof name !== 'string' || !/^[\x21-\x39\x3b-\x7e]{1,200}$/.test(name)) return null;
  if (text === undefined) return { kind: 'header', name, text: null };
  return typeof text === 'string' && text.length <= 1000
    ? { kind: 'header', name, text: text.replaceAll('\0', '').toWellFormed() }
    : null;
}

const isUnsigned = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const MAX_SORTS = 8;

export function parseSort(value: unknown): EmailSort[] | Unusable {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) return invalid('sort: not an array');
  if (value.length > MAX_SORTS) return { error: 'unsupportedSort', description: `At most ${MAX_SORTS} comparators.` };
  const sorts: EmailSort[] = [];
  for (const each of value as unknown[]) {
    const one = isObject(each) ? comparator(each) : invalid('sort: not an object');
    if ('error' in one) return one;
    sorts.push(one);
  }
  return sorts;
}

function comparator({ property, isAscending = true, collation = COLLATIONS[0], keyword }: Json): EmailSort | Unusable {
  if (typeof property !== 'string' || typeof isAscending !== 'boolean')
    return invalid('sort: a comparator has a property and an isAscending');
  const descending = !isAscending;
  switch (property) {
    case 'receivedAt':
    case 'sentAt':
    case 'size':
      return { by: property, descending };
    case 'from':
    case 'to':
    case 'subject':
      if (COLLATIONS.includes(collation as Collation))
        return { by: property, descending, collation: collation as Collation };
      return { error: 'unsupportedSort', description: 'There is no such collation.' };
    case 'hasKeyword':
    case 'allInThreadHaveKeyword':
    case 'someInThreadHaveKeyword':
      if (typeof keyword !== 'string' || !isKeyword(keyword)) return invalid(`sort: ${property} goes by a keyword`);
      return { by: property, descending, keyword: keyword.toLowerCase() };
    default:
      return { error: 'unsupportedSort', description: `There is no sort by "${property.slice(0, 100)}".` };
  }
}
