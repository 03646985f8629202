// AdminPolicy/get, /set: the organisation's policy, one object, and that of groups for what their members send; each setting
// with what it means and what it may be.

import { createAdmin } from '../../directory/admin.ts';
import { DEFAULT_POLICY, GROUP_SETTINGS, POLICY_SETTINGS, type Policy } from '../../directory/policy.ts';
import { groupById, groupPolicy, groupsWithPolicy } from '../../store/directory-groups.ts';
import { SetFault } from '../errors.ts';
import {
  attempt,
  emptySetResult,
  getArguments,
  listed,
  numberOf,
  setArguments,
  setResponse,
  refuseEach,
  SINGLETON,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import { stillHas } from './admin.ts';

const ID = 'singleton';
const NAMES = Object.keys(POLICY_SETTINGS) as (keyof Policy)[];

/** Settings with what they mean; a group's are not set by default, and then as the organisation's. */
function settingsOf(ofGroup: boolean): object[] {
  return NAMES.filter((name) => !ofGroup || Object.hasOwn(GROUP_SETTINGS, name)).map((name) => {
    const { help, form } = POLICY_SETTINGS[name];
    return { name, help, ...form, default: ofGroup ? null : DEFAULT_POLICY[name] };
  });
}

/** `g…`: a group's, with those settings only that it has. */
async function policyFor(
  { store, directory, user }: MethodContext,
  id: string,
): Promise<(Record<string, unknown> & { group: string | null }) | undefined> {
  if (id === ID) return { id, group: null, policy: await directory.policy(user.tenant), settings: settingsOf(false) };
  const number = numberOf(id, 'g') ?? 0;
  const group = number < 2 ** 31 ? await groupById(store, user.tenant, number) : undefined;
  if (!group) return undefined;
  return {
    id,
    group: group.address,
    policy: await groupPolicy(store, user.tenant, group.id),
    settings: settingsOf(true),
  };
}

/** Without ids: the organisation's, then those of groups that have one. */
export const adminPolicyGet: Method = async (args, context) => {
  const { ids, properties } = getArguments(args, (name) => ['id', 'group', 'policy', 'settings'].includes(name));
  const wanted = ids ?? [ID, ...(await groupsWithPolicy(context.store, context.user.tenant)).map((id) => `g${id}`)];
  const all = new Map<string, Record<string, unknown>>();
  for (const id of wanted) {
    const policy = await policyFor(context, id);
    if (policy) all.set(id, policy);
  }
  return { accountId: args['accountId'], state: '0', ...listed(all, wanted, properties) };
};

/** Update: `{ setting: value }`; null takes one back to its default, a group's to the organisation's. All of it or nothing. */
export const adminPolicySet: Method = async (args, context) => {
  const { create, update, destroy } = setArguments(args, '0');
  const { store, clock, user } = context;
  const admin = createAdmin({ store, clock, actor: user.address, check: stillHas(context, 'change-policy') });
  const result = emptySetResult();
  refuseEach(result, create.keys(), destroy, SINGLETON);
  for (const [id, patch] of update) {
    await attempt(id, result.notUpdated, async () => {
      const policy = await policyFor(context, id);
      if (!policy) throw new SetFault('notFound');
      if (policy.group === null) await admin.setPolicy(user.tenant, patch);
      else await admin.setGroupPolicy(policy.group, patch);
      result.updated[id] = null;
    });
  }
  return setResponse(args['accountId'], '0', '0', result);
};
