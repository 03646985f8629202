import { existingGroup } from '../directory/checks.ts';
import { DEFAULT_POLICY, GROUP_SETTINGS, POLICY_SETTINGS, readSetting, type Policy } from '../directory/policy.ts';
import { readArguments, Usage, verbOf } from './arguments.ts';
import { print, table } from './output.ts';
import { groupPolicy } from '../store/directory-groups.ts';
import { accountNamed, tenantOf, withDirectory, type DirectorySession } from './session.ts';

export const help = `show or set an organisation's policy
  homing policy show [--tenant NAME]
  homing policy set [--tenant NAME] SETTING=VALUE…     SETTING=default takes it back to its default
  homing policy show --group ADDRESS                  what differs for what its members send
  homing policy set --group ADDRESS SETTING=VALUE…    SETTING=default: as the organisation's; of several groups the stricter holds
  homing policy show --account ADDRESS                as it holds for what this account sends
  A group has all settings but ${Object.keys(POLICY_SETTINGS)
    .filter((setting) => !Object.hasOwn(GROUP_SETTINGS, setting))
    .join(', ')}.
  --json for programs.

${table(
  Object.entries(POLICY_SETTINGS).map(([setting, { takes, help: meaning }]) => ({ '  ': '', setting, meaning, takes })),
  ['  ', 'setting', 'meaning', 'takes'],
)}`;

const OPTIONS = {
  tenant: { type: 'string' },
  group: { type: 'string' },
  account: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [given, ...settings] = positionals;
  const verb = verbOf('policy', given, ['show', 'set'] as const);
  if (verb === 'set' && settings.length === 0) throw new Usage('Which setting? Say homing policy set SETTING=VALUE.');
  if (verb === 'show' && settings.length > 0) throw new Usage('homing policy show takes no words; --help says more.');
  const change = Object.fromEntries(settings.map(readChange));
  await withDirectory(async (session) => {
    if (values.group !== undefined) return ofGroup(session, values.group, verb === 'set' ? change : null, values.json);
    if (verb === 'set' && values.account !== undefined)
      throw new Usage('An account has no policy of its own; its groups have.');
    const account = values.account === undefined ? undefined : await accountNamed(session, values.account);
    const id = account?.tenant ?? (await tenantOf(session, values.tenant)).id;
    if (verb === 'set') await session.admin.setPolicy(id, change);
    const policy = await session.directory.policy(id, account?.id);
    const names = Object.keys(POLICY_SETTINGS) as (keyof Policy)[];
    const rows = names
      .filter((setting) => verb === 'show' || Object.hasOwn(change, setting))
      .map((setting) => {
        const standard = JSON.stringify(policy[setting]) === JSON.stringify(DEFAULT_POLICY[setting]);
        return { setting, value: policy[setting], '': standard ? '' : '*', meaning: POLICY_SETTINGS[setting].help };
      });
    print(values.json, policy, () => `${table(rows, ['setting', 'value', '', 'meaning'])}\n* not the default`);
  });
  return 0;
}

/** `change` null: only shown. */
async function ofGroup(
  session: DirectorySession,
  address: string,
  change: Record<string, unknown> | null,
  json: boolean | undefined,
): Promise<void> {
  if (change) await session.admin.setGroupPolicy(address, change);
  const { tenant, id } = await existingGroup(session.store, address);
  const policy = await groupPolicy(session.store, tenant, id);
  const rows = (Object.keys(policy) as (keyof Policy)[]).map((setting) => ({
    setting,
    value: policy[setting],
    meaning: POLICY_SETTINGS[setting].help,
  }));
  print(json, policy, () =>
    rows.length === 0 ? `${address} has no policy of its own.` : table(rows, ['setting', 'value', 'meaning']),
  );
}

function readChange(given: string): [name: string, value: unknown] {
  const [name = '', text] = given.split(/=(.*)/s);
  if (text === undefined) throw new Usage(`A change is SETTING=VALUE, not "${given}".`);
  return [name, readSetting(name, text)];
}
