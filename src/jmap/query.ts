// What /query and /queryChanges have in common (RFC 8620 §5.5, §5.6) where a list is known whole.

import { COLLATIONS, type Collation } from '../store/email-query.ts';
import { invalidArguments, MethodError } from './errors.ts';
import { isObject, optionalBoolean, optionalInteger, optionalString, type Args } from './standard.ts';

export interface Sort {
  property: string;
  ascending: boolean;
  collation: Collation;
  comparator: Record<string, unknown>;
}

/** Comparators of a /query, each with a known property. Throws `unsupportedSort`. */
export function sortArguments(args: Args, known: readonly string[]): Sort[] {
  const sort = args['sort'] ?? [];
  if (!Array.isArray(sort) || !sort.every(isObject)) {
    throw invalidArguments('"sort" is a list of comparators or null.');
  }
  return sort.map((comparator) => {
    const { property, isAscending = true, collation = COLLATIONS[0] } = comparator;
    if (typeof property !== 'string' || typeof isAscending !== 'boolean' || typeof collation !== 'string') {
      throw invalidArguments('A comparator names a property.');
    }
    if (!known.includes(property)) throw new MethodError('unsupportedSort', `"${property}" cannot be sorted by.`);
    const found = COLLATIONS.find((one) => one === collation);
    if (!found) throw new MethodError('unsupportedSort', `There is no collation "${collation}" here.`);
    return { property, ascending: isAscending, collation: found, comparator };
  });
}

/** Order of two texts (RFC 4790 §9, RFC 5051). */
export function compareText(a: string, b: string, collation: Collation): number {
  if (collation === 'i;ascii-numeric') {
    const number = (text: string): number => (/^\d/.test(text) ? Number.parseInt(text, 10) : Infinity);
    const [x, y] = [number(a), number(b)];
    return x === y ? 0 : x < y ? -1 : 1;
  }
  const fold = (text: string): string => {
    if (collation === 'i;octet') return text;
    return collation === 'i;ascii-casemap'
      ? text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
      : text.normalize('NFKD').toUpperCase();
  };
  return Buffer.compare(Buffer.from(fold(a)), Buffer.from(fold(b)));
}

/** Depth of operators in a filter. */
const MAX_FILTER_DEPTH = 20;

/**
 * A filter tree (RFC 8620 §5.5) of whatever `condition` makes of each FilterCondition. Throws `unsupportedFilter`,
 * `invalidArguments`.
 */
export function readFilter<T>(
  filter: unknown,
  build: { condition: (condition: Args) => T; all: (of: T[]) => T; any: (of: T[]) => T; none: (of: T[]) => T },
  depth = 0,
): T {
  if (filter === null || filter === undefined) return build.all([]);
  if (!isObject(filter)) throw invalidArguments('A filter is an object.');
  if (!Object.hasOwn(filter, 'operator')) return build.condition(filter);
  if (depth >= MAX_FILTER_DEPTH) throw new MethodError('unsupportedFilter', 'That is nested too deep.');
  const { operator, conditions } = filter;
  const combine =
    operator === 'AND' ? build.all : operator === 'OR' ? build.any : operator === 'NOT' ? build.none : null;
  if (!combine || !Array.isArray(conditions)) {
    throw invalidArguments('A filter operator is AND, OR or NOT and has conditions.');
  }
  return combine(conditions.map((one) => readFilter(one, build, depth + 1)));
}

/** position, anchor, anchorOffset, limit, calculateTotal of a /query over a list that is known whole (RFC 8620 §5.5). */
export function pageOf(
  ids: string[],
  args: Args,
  maxLimit: number,
): { ids: string[]; position: number; total?: number; limit?: number } {
  const anchor = optionalString(args, 'anchor');
  const asked = optionalInteger(args, 'limit', 0);
  const limit = Math.min(asked ?? maxLimit, maxLimit);
  let position = optionalInteger(args, 'position') ?? 0;
  if (anchor !== null) {
    const index = ids.indexOf(anchor);
    if (index < 0) throw new MethodError('anchorNotFound');
    position = Math.max(0, index + (optionalInteger(args, 'anchorOffset') ?? 0));
  } else if (position < 0) position = Math.max(0, ids.length + position);
  return {
    ids: ids.slice(position, position + limit),
    position: Math.min(position, ids.length),
    ...(optionalBoolean(args, 'calculateTotal', false) ? { total: ids.length } : {}),
    ...((asked ?? Infinity) > limit ? { limit } : {}),
  };
}

/** `sinceQueryState` and `maxChanges` of a /queryChanges. Throws `cannotCalculateChanges` for a state not of ours. */
export function queryChangesArguments(args: Args, modseq: number): { since: number; max: number | null } {
  const state = args['sinceQueryState'];
  if (typeof state !== 'string') throw invalidArguments('"sinceQueryState" is required.');
  optionalString(args, 'upToId');
  const max = optionalInteger(args, 'maxChanges', 0);
  if (!/^\d{1,16}$/.test(state) || Number(state) > modseq) throw new MethodError('cannotCalculateChanges');
  return { since: Number(state), max };
}

/**
 * The response of a /queryChanges (RFC 8620 §5.6) over a list that is known whole: whatever may have changed its place is
 * taken out and put in anew. `changed`: true for what did not exist in the old state.
 */
export function queryChanges(
  args: Args,
  now: { ids: string[]; state: string },
  changed: ReadonlyMap<string, boolean>,
  max: number | null,
): Record<string, unknown> {
  const removed = [...changed].filter(([, isNew]) => !isNew).map(([id]) => id);
  const added = now.ids.flatMap((id, index) => (changed.has(id) ? [{ id, index }] : []));
  if (max !== null && removed.length + added.length > max) throw new MethodError('tooManyChanges');
  return {
    accountId: args['accountId'],
    oldQueryState: args['sinceQueryState'],
    newQueryState: now.state,
    ...(optionalBoolean(args, 'calculateTotal', false) ? { total: now.ids.length } : {}),
    removed,
    added,
  };
}
