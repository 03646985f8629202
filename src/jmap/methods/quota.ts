// Quota/get, /changes, /query, /queryChanges (RFC 9425). Each account has one quota, which says what is used. One without a
// limit has the highest that there can be.

import { quotaStateOf, usageOf, type Usage } from '../../store/quota.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { pageOf, queryChanges, queryChangesArguments, readFilter, sortArguments } from '../query.ts';
import {
  accountOf,
  changesArguments,
  checkState,
  getArguments,
  listed,
  onlyArguments,
  type Args,
} from '../standard.ts';
import { CAPABILITY, type Method, type MethodContext } from '../wire.ts';

const ID = 'octets';

/** As of an account without a limit. */
const QUOTA = {
  id: ID,
  resourceType: 'octets',
  /** RFC 9425 §4 wants one: the highest UnsignedInt (RFC 8620 §1.3). */
  hardLimit: Number.MAX_SAFE_INTEGER,
  warnLimit: null,
  softLimit: null,
  scope: 'account',
  name: 'Mail',
  description: 'What all messages take up. There is no limit.',
  types: ['Mail', 'Email'],
};

const PROPERTIES = [...Object.keys(QUOTA), 'used'];

/**
 * RFC 9425 §4: types whose capability the request does not name are left out of `types`, and a quota of no others is not
 * returned. All of this one's are of mail.
 */
const isKnownTo = ({ using }: MethodContext): boolean => using.includes(CAPABILITY.mail);

function quotaOf({ octets, quota }: Usage): Record<string, unknown> {
  const limit = quota === null ? {} : { hardLimit: quota, description: 'What all messages take up, and may take up.' };
  return { ...QUOTA, ...limit, used: octets };
}

export const quotaGet: Method = async (args, context) => {
  const { tenant, id: account } = accountOf(args, context);
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const usage = await usageOf(context.store, { tenant, account });
  const all = new Map(usage && isKnownTo(context) ? [[ID, quotaOf(usage)]] : []);
  return { accountId: args['accountId'], state: String(usage?.state ?? 0), ...listed(all, ids, properties) };
};

export const quotaChanges: Method = async (args, context) => {
  const { tenant, id: account } = accountOf(args, context);
  const { since } = changesArguments(args);
  const usage = await usageOf(context.store, { tenant, account });
  const state = usage?.state ?? 0;
  checkState(since, state);
  const limitChanged = (usage?.changed ?? 0) > since;
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(state),
    hasMoreChanges: false,
    updatedProperties: limitChanged ? null : ['used'],
    created: [],
    updated: state > since && isKnownTo(context) ? [ID] : [],
    destroyed: [],
  };
};

const FILTERS = ['name', 'scope', 'resourceType', 'type'];
const SORTS = ['name', 'used'];

function matches(args: Args): boolean {
  return readFilter<boolean>(args['filter'], {
    all: (of) => of.every(Boolean),
    any: (of) => of.some(Boolean),
    none: (of) => !of.some(Boolean),
    condition: (condition) => {
      for (const [name, value] of Object.entries(condition)) {
        if (!FILTERS.includes(name)) throw new MethodError('unsupportedFilter', `There is no filter "${name}".`);
        if (typeof value !== 'string') throw invalidArguments(`"${name}" is a string.`);
      }
      const { name, scope, resourceType, type } = condition as Record<string, string>;
      return (
        (name === undefined || QUOTA.name.includes(name)) &&
        (scope === undefined || QUOTA.scope === scope) &&
        (resourceType === undefined || QUOTA.resourceType === resourceType) &&
        (type === undefined || QUOTA.types.includes(type))
      );
    },
  });
}

export const quotaQuery: Method = async (args, context) => {
  const { tenant, id: account } = accountOf(args, context);
  onlyArguments(args, ['accountId', 'filter', 'sort', 'position', 'anchor', 'anchorOffset', 'limit', 'calculateTotal']);
  sortArguments(args, SORTS);
  return {
    accountId: args['accountId'],
    queryState: String(await quotaStateOf(context.store, { tenant, account })),
    canCalculateChanges: true,
    ...pageOf(isKnownTo(context) && matches(args) ? [ID] : [], args, LIMITS.maxQuery),
  };
};

/** Of one quota, which stays, no place in a list ever changes. */
export const quotaQueryChanges: Method = async (args, context) => {
  const { tenant, id: account } = accountOf(args, context);
  onlyArguments(args, ['accountId', 'filter', 'sort', 'sinceQueryState', 'maxChanges', 'upToId', 'calculateTotal']);
  sortArguments(args, SORTS);
  const state = await quotaStateOf(context.store, { tenant, account });
  const { max } = queryChangesArguments(args, state);
  return queryChanges(
    args,
    { ids: isKnownTo(context) && matches(args) ? [ID] : [], state: String(state) },
    new Map(),
    max,
  );
};
