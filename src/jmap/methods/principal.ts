// Principal/get, /query, /changes (RFC 9670 §2): whom the organisation's directory lists, for address suggestions. It is
// changed by administrators, not by JMAP.

import {
  countPrincipals,
  directoryState,
  groupSize,
  principalsByIds,
  principalsPage,
  type PrincipalFilter,
  type PrincipalKind,
  type PrincipalRow,
  type PrincipalSort,
} from '../../store/principals.ts';
import type { Account } from '../../directory/directory.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { readFilter, sortArguments } from '../query.ts';
import { accountObjects } from '../session.ts';
import {
  accountOf,
  changesArguments,
  getArguments,
  isText,
  numberOf,
  onlyArguments,
  optionalBoolean,
  optionalInteger,
  optionalString,
  pick,
  type Args,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';

const PROPERTIES = ['id', 'type', 'name', 'description', 'email', 'timeZone', 'capabilities', 'accounts'];

/** Of groups, and of our own making (docs/jmap-directory.md): answered where they are asked for by name. */
const SIZES = ['memberCount', 'outsideMemberCount'];

/** A group whose members the reader may not see is never counted below this: it would name people. */
const LEAST_COUNTED = 5;

/** RFC 9670 §2: what kind of entity this is. A shared mailbox is none of its kinds. */
const TYPES: Record<PrincipalKind, string> = { person: 'individual', group: 'group', shared: 'other' };

/** The directory is data of a person's own account (RFC 9670 §1.5.1). */
function ownAccount(args: Args, context: MethodContext): Account {
  const account = accountOf(args, context);
  if (account.id === context.user.id) return account;
  throw new MethodError('accountNotSupportedByMethod', 'The directory is in your own account.');
}

const idOf = ({ kind, id }: PrincipalRow): string => (kind === 'group' ? `pg${id}` : `p${id}`);

export const principalGet: Method = async (args, context) => {
  const account = ownAccount(args, context);
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name) || SIZES.includes(name));
  const { store } = context;
  // Read before the rows: what changes in between is told again, rather than never.
  const state = await directoryState(store, account.tenant);
  const rows = ids ? await rowsOf(context, account, ids) : await everyRow(context, account);
  const found = new Map<string, Record<string, unknown>>();
  for (const row of rows) found.set(idOf(row), await show(context, account, row, properties));
  return {
    accountId: args['accountId'],
    state,
    list: (ids ?? [...found.keys()]).flatMap((id) => found.get(id) ?? []),
    notFound: (ids ?? []).filter((id) => !found.has(id)),
  };
};

function rowsOf({ store }: MethodContext, account: Account, ids: string[]): Promise<PrincipalRow[]> {
  const numbers = (prefix: string): number[] =>
    ids.map((id) => numberOf(id, prefix)).filter((number) => number !== undefined && number < 2 ** 31) as number[];
  return principalsByIds(store, account.tenant, { accounts: numbers('p'), groups: numbers('pg') });
}

async function everyRow({ store }: MethodContext, account: Account): Promise<PrincipalRow[]> {
  const page = { position: 0, limit: LIMITS.maxObjectsInGet + 1 };
  const rows = await principalsPage(store, account.tenant, EVERYTHING, { by: 'name', descending: false }, page);
  if (rows.length <= LIMITS.maxObjectsInGet) return rows;
  throw new MethodError('requestTooLarge', `The directory lists more than ${LIMITS.maxObjectsInGet}.`);
}

async function show(
  context: MethodContext,
  account: Account,
  row: PrincipalRow,
  properties: string[] | null,
): Promise<Record<string, unknown>> {
  const asks = (name: string): boolean => properties === null || properties.includes(name);
  const sizes = SIZES.some((name) => properties?.includes(name)) ? await sizesOf(context, account, row) : {};
  const object = {
    id: idOf(row),
    type: TYPES[row.kind],
    name: row.name,
    description: null,
    email: row.address,
    timeZone: null,
    capabilities: {},
    accounts: asks('accounts') ? await accountsWith(context, row) : null,
    ...sizes,
  };
  return pick(object, properties);
}

/** What of this principal's the reader may use; null: nothing. */
async function accountsWith({ directory, user, accounts }: MethodContext, row: PrincipalRow): Promise<object | null> {
  const account = row.kind === 'group' ? undefined : accounts.get(`a${row.id}`);
  return account ? accountObjects(directory, user, new Map([[`a${row.id}`, account]])) : null;
}

/** Null: no group, or one that is too small to be counted for this reader. */
async function sizesOf(
  { store }: MethodContext,
  account: Account,
  row: PrincipalRow,
): Promise<Record<string, unknown>> {
  const size = row.kind === 'group' ? await groupSize(store, account.tenant, row.id, account.id) : undefined;
  const sees = size?.membersVisibleTo === 'everyone' || (size?.membersVisibleTo === 'members' && size.member);
  if (!size || (!sees && size.total < LEAST_COUNTED)) return { memberCount: null, outsideMemberCount: null };
  // How many of a few are outside would name people as well.
  const few = size.outside < LEAST_COUNTED && size.outside > 0;
  return { memberCount: size.total, outsideMemberCount: sees || !few ? size.outside : null };
}

const EVERYTHING: PrincipalFilter = { kind: 'and', of: [] };

/** Conditions of one filter: a person's search has few. */
const MAX_CONDITIONS = 100;

/** RFC 9670 §2.5.1; accountIds and timeZone are not filtered by. */
function condition(given: Args): PrincipalFilter {
  const of = Object.entries(given).map(([property, value]): PrincipalFilter => {
    if (property === 'type') return typeFilter(value);
    if (property !== 'name' && property !== 'email' && property !== 'text')
      throw new MethodError('unsupportedFilter', `"${property.slice(0, 100)}" cannot be filtered by.`);
    if (!isText(value, 1000, 'text')) throw invalidArguments(`"${property}" is a text.`);
    return { kind: property, text: value };
  });
  return { kind: 'and', of };
}

function typeFilter(value: unknown): PrincipalFilter {
  if (typeof value !== 'string') throw invalidArguments('"type" is a string.');
  const kinds = Object.entries(TYPES).filter(([, type]) => type === value);
  return { kind: 'or', of: kinds.map(([kind]) => ({ kind: 'is', of: kind as PrincipalKind })) };
}

export const principalQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'sort', 'position', 'anchor', 'anchorOffset', 'limit', 'calculateTotal']);
  const account = ownAccount(args, context);
  let conditions = 0;
  const filter = readFilter<PrincipalFilter>(args['filter'], {
    condition(given) {
      if (++conditions > MAX_CONDITIONS) throw new MethodError('unsupportedFilter', 'The filter is too complex.');
      return condition(given);
    },
    all: (of) => ({ kind: 'and', of }),
    any: (of) => ({ kind: 'or', of }),
    none: (of) => ({ kind: 'not', of }),
  });
  const [first] = sortArguments(args, ['name', 'email']);
  const sort: PrincipalSort = first
    ? { by: first.property as 'name' | 'email', descending: !first.ascending }
    : { by: 'relevance' };
  if (optionalString(args, 'anchor') !== null) throw new MethodError('anchorNotFound');
  const { store } = context;
  const queryState = await directoryState(store, account.tenant);
  const asked = optionalInteger(args, 'limit', 0);
  const limit = Math.min(asked ?? LIMITS.maxObjectsInGet, LIMITS.maxObjectsInGet);
  const from = optionalInteger(args, 'position') ?? 0;
  const counts = optionalBoolean(args, 'calculateTotal', false) || from < 0;
  const total = counts ? await countPrincipals(store, account.tenant, filter) : null;
  const position = from < 0 ? Math.max(0, (total ?? 0) + from) : from;
  const rows = await principalsPage(store, account.tenant, filter, sort, { position, limit });
  return {
    accountId: args['accountId'],
    queryState,
    canCalculateChanges: false,
    position,
    ids: rows.map(idOf),
    ...(total === null || args['calculateTotal'] !== true ? {} : { total }),
    ...(limit === asked ? {} : { limit }),
  };
};

/** The directory does not remember what it was (RFC 8620 §5.2). */
export const principalChanges: Method = async (args, context) => {
  ownAccount(args, context);
  changesArguments({ ...args, sinceState: typeof args['sinceState'] === 'string' ? '0' : args['sinceState'] });
  throw new MethodError('cannotCalculateChanges');
};
