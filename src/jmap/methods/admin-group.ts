// AdminGroup/get, /query, /members, /set: groups of the organisation, whom they name, and who may see that.

import { createAdmin, type GroupInput } from '../../directory/admin.ts';
import { groupById, groupsFound, groupsShown, membersFound } from '../../store/directory-groups.ts';
import { invalidArguments, invalidProperties, MethodError, SetFault } from '../errors.ts';
import {
  attempt,
  emptySetResult,
  getArguments,
  isText,
  listed,
  numberOf,
  onlyArguments,
  resolveId,
  setArguments,
  setResponse,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import { filterArgument, optionalText, pageArguments, queryResponse, stillHas } from './admin.ts';

const PROPERTIES = ['id', 'address', 'name', 'everybody', 'membersVisibleTo', 'memberCount', 'createdAt'];

async function shown(context: MethodContext, ids: number[]): Promise<Map<string, Record<string, unknown>>> {
  const rows = await groupsShown(context.store, context.user.tenant, ids);
  return new Map(
    rows.map(({ id, members, createdAt, ...group }) => [
      `g${id}`,
      { id: `g${id}`, ...group, memberCount: members, createdAt: createdAt.toISOString() },
    ]),
  );
}

const groupNumber = (id: unknown): number => {
  const number = numberOf(id, 'g') ?? 0;
  return number < 2 ** 31 ? number : 0;
};

export const adminGroupGet: Method = async (args, context) => {
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  if (ids === null) throw invalidArguments('"ids" is required: all groups are too many.');
  const all = await shown(context, ids.map(groupNumber));
  return { accountId: args['accountId'], state: '0', ...listed(all, ids, properties) };
};

/** Filter: text, part of a name or address. By address. */
export const adminGroupQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'position', 'limit', 'calculateTotal']);
  const text = optionalText(filterArgument(args, ['text']), 'text') ?? null;
  const page = pageArguments(args);
  const { ids, total } = await groupsFound(context.store, context.user.tenant, text, page);
  return queryResponse(args, { ids: ids.map((id) => `g${id}`), position: page.position, total });
};

/** Those that are named one by one, by address, a page. */
export const adminGroupMembers: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'group', 'text', 'position', 'limit']);
  const { tenant } = context.user;
  const group = await groupById(context.store, tenant, groupNumber(args['group']));
  if (!group) throw new MethodError('notFound', 'There is no such group.');
  const page = pageArguments(args);
  const text = optionalText(args, 'text') ?? null;
  const { members, total } = await membersFound(context.store, tenant, group.id, text, page);
  return { accountId: args['accountId'], group: `g${group.id}`, position: page.position, total, members };
};

const VISIBLE: readonly unknown[] = ['everyone', 'members', 'administrators'];
const isList = (value: unknown): boolean => Array.isArray(value) && value.every((one) => isText(one, 1000, 'line'));

const KINDS: Record<string, (value: unknown) => boolean> = {
  address: (value) => isText(value, 1000, 'line'),
  name: (value) => isText(value, 1000, 'line'),
  everybody: (value) => typeof value === 'boolean',
  membersVisibleTo: (value) => VISIBLE.includes(value),
  members: isList,
  add: isList,
  remove: isList,
};

function checkProperties(object: Record<string, unknown>, settable: string[]): void {
  const wrong = Object.entries(object)
    .filter(([name, value]) => !settable.includes(name) || !KINDS[name]?.(value))
    .map(([name]) => name);
  if (wrong.length > 0) throw invalidProperties(wrong);
}

/** Create: with `members`. Update: `add` and `remove` are members; what is not named stays. */
export const adminGroupSet: Method = async (args, context) => {
  const { create, update, destroy } = setArguments(args, '0');
  const { store, clock, user } = context;
  const admin = createAdmin({ store, clock, actor: user.address, check: stillHas(context, 'change-directory') });
  const addressOf = async (id: string): Promise<string> => {
    const group = await groupById(store, user.tenant, groupNumber(id));
    if (!group) throw new SetFault('notFound');
    return group.address;
  };
  const result = emptySetResult();
  for (const [key, object] of create) {
    await attempt(key, result.notCreated, async () => {
      checkProperties(object, ['address', 'name', 'everybody', 'membersVisibleTo', 'members']);
      if (object['address'] === undefined) throw invalidProperties(['address']);
      const id = await admin.addGroup({ ...object, tenant: user.tenant } as unknown as GroupInput);
      result.created[key] = (await shown(context, [id])).get(`g${id}`) ?? { id: `g${id}` };
      context.createdIds.set(key, `g${id}`);
    });
  }
  for (const [key, patch] of update) {
    const id = resolveId(key, context);
    await attempt(key, result.notUpdated, async () => {
      checkProperties(patch, ['name', 'everybody', 'membersVisibleTo', 'add', 'remove']);
      await admin.setGroup(await addressOf(id), patch);
      result.updated[id] = null;
    });
  }
  for (const key of destroy) {
    const id = resolveId(key, context);
    await attempt(key, result.notDestroyed, async () => {
      await admin.removeGroup(await addressOf(id));
      result.destroyed.push(id);
    });
  }
  return setResponse(args['accountId'], '0', '0', result);
};
