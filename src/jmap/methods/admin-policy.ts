// AdminPolicy/get, /set: the organisation's policy, one object, each setting with what it means and what it may be.

import { createAdmin } from '../../directory/admin.ts';
import { DEFAULT_POLICY, POLICY_SETTINGS, type Policy } from '../../directory/policy.ts';
import { SetFault } from '../errors.ts';
import { attempt, emptySetResult, getArguments, pick, setArguments, setResponse } from '../standard.ts';
import type { Method } from '../wire.ts';
import { stillHas } from './admin.ts';

const ID = 'singleton';
const NAMES = Object.keys(POLICY_SETTINGS) as (keyof Policy)[];

export const adminPolicyGet: Method = async (args, context) => {
  const { ids, properties } = getArguments(args, (name) => ['id', 'policy', 'settings'].includes(name));
  const policy = await context.directory.policy(context.user.tenant);
  const settings = NAMES.map((name) => {
    const { help, form } = POLICY_SETTINGS[name];
    return { name, help, ...form, default: DEFAULT_POLICY[name] };
  });
  return {
    accountId: args['accountId'],
    state: '0',
    list: ids === null || ids.includes(ID) ? [pick({ id: ID, policy, settings }, properties)] : [],
    notFound: (ids ?? []).filter((id) => id !== ID),
  };
};

/** Update: `{ setting: value }`; null takes one back to its default. All of it or nothing. */
export const adminPolicySet: Method = async (args, context) => {
  const { create, update, destroy } = setArguments(args, '0');
  const { store, clock, user } = context;
  const admin = createAdmin({ store, clock, actor: user.address, check: stillHas(context, 'change-policy') });
  const result = emptySetResult();
  const singleton = { type: 'singleton', description: 'There is one, always.' };
  for (const [key] of create) result.notCreated[key] = singleton;
  for (const id of destroy) result.notDestroyed[id] = singleton;
  for (const [id, patch] of update) {
    await attempt(id, result.notUpdated, async () => {
      if (id !== ID) throw new SetFault('notFound');
      await admin.setPolicy(user.tenant, patch);
      result.updated[id] = null;
    });
  }
  return setResponse(args['accountId'], '0', '0', result);
};
