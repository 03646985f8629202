// Email/query and Email/queryChanges (RFC 8621 §4.4, §4.5).

import { emailQueryChanges, queryEmails, type EmailQuery, type Window } from '../../store/email-query.ts';
import { emailIdOf, parseEmailId } from '../email/ids.ts';
import { parseFilter, parseSort, type Unusable } from '../email/query-arguments.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, onlyArguments, optionalBoolean, optionalInteger, optionalString, type Args } from '../standard.ts';
import type { Method } from '../wire.ts';

export const emailQuery: Method = async (args, context) => {
  const account = accountOf(args, context);
  onlyArguments(args, [
    'accountId',
    'filter',
    'sort',
    'position',
    'anchor',
    'anchorOffset',
    'limit',
    'calculateTotal',
    'collapseThreads',
  ]);
  const query = queryOf(args);
  const asked = optionalInteger(args, 'limit', 0);
  const limit = Math.min(asked ?? LIMITS.maxQuery, LIMITS.maxQuery);
  const calculateTotal = optionalBoolean(args, 'calculateTotal', false);
  const window = windowOf(args, limit);
  const page =
    window &&
    (await queryEmails(context, { tenant: account.tenant, account: account.id }, query, window, calculateTotal));
  if (!page) throw new MethodError('anchorNotFound');
  return {
    accountId: args['accountId'],
    queryState: queryState(page),
    canCalculateChanges: true,
    position: page.position,
    ids: page.ids.map(emailIdOf),
    ...(calculateTotal ? { total: page.total } : {}),
    ...((asked ?? Infinity) > limit ? { limit } : {}),
  };
};

export const emailQueryChangesMethod: Method = async (args, context) => {
  const account = accountOf(args, context);
  onlyArguments(args, [
    'accountId',
    'filter',
    'sort',
    'sinceQueryState',
    'maxChanges',
    'upToId',
    'calculateTotal',
    'collapseThreads',
  ]);
  const query = queryOf(args);
  optionalString(args, 'upToId'); // what comes after it may be told all the same
  const oldQueryState = args['sinceQueryState'];
  if (typeof oldQueryState !== 'string') throw invalidArguments('"sinceQueryState" is required.');
  const max = optionalInteger(args, 'maxChanges', 0);
  const calculateTotal = optionalBoolean(args, 'calculateTotal', false);
  const since = /^(\d{1,15})(?:-[0-9a-f]{16})?$/.exec(oldQueryState)?.[1];
  if (since === undefined) throw new MethodError('cannotCalculateChanges');
  const at = { tenant: account.tenant, account: account.id };
  const changes = await emailQueryChanges(
    context,
    at,
    query,
    Number(since),
    Math.min(max ?? LIMITS.maxQuery, LIMITS.maxQuery),
    calculateTotal,
  );
  if (!changes || (changes === 'tooMany' && max === null)) throw new MethodError('cannotCalculateChanges');
  if (changes === 'tooMany') throw new MethodError('tooManyChanges');
  return {
    accountId: args['accountId'],
    oldQueryState,
    newQueryState: queryState(changes),
    ...(calculateTotal ? { total: changes.total } : {}),
    removed: changes.removed.map(emailIdOf),
    added: changes.added.map(({ id, index }) => ({ id: emailIdOf(id), index })),
  };
};

function queryOf(args: Args): EmailQuery {
  const filter = parseFilter(args['filter']);
  if ('error' in filter) throw asMethodError(filter);
  const sort = parseSort(args['sort']);
  if ('error' in sort) throw asMethodError(sort);
  return { filter, sort, collapseThreads: optionalBoolean(args, 'collapseThreads', false) };
}

export function asMethodError({ error, description }: Unusable): MethodError {
  return new MethodError(error, description);
}

/** Null: the anchor is no id of ours. */
function windowOf(args: Args, limit: number): Window | null {
  const position = optionalInteger(args, 'position') ?? 0;
  const offset = optionalInteger(args, 'anchorOffset') ?? 0;
  const given = optionalString(args, 'anchor');
  if (given === null) return { limit, position };
  const anchor = parseEmailId(given);
  return anchor === null ? null : { limit, anchor, offset };
}

/** Changes with the modseq, and as gates cover and uncover copies (RFC 8620 §5.5: it must, when the results do). */
function queryState({ state, covered }: { state: number; covered: string }): string {
  return covered === '' ? String(state) : `${state}-${covered}`;
}
