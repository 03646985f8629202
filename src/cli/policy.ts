import { DEFAULT_POLICY, POLICY_SETTINGS, readSetting, type Policy } from '../directory/policy.ts';
import { readArguments, Usage, verbOf } from './arguments.ts';
import { print, table } from './output.ts';
import { tenantOf, withDirectory } from './session.ts';

export const help = `show or set an organisation's policy
  homing policy show [--tenant NAME]
  homing policy set [--tenant NAME] SETTING=VALUE…     SETTING=default takes it back to its default
  --json for programs.

${table(
  Object.entries(POLICY_SETTINGS).map(([setting, { takes, help: meaning }]) => ({ '  ': '', setting, meaning, takes })),
  ['  ', 'setting', 'meaning', 'takes'],
)}`;

const OPTIONS = { tenant: { type: 'string' }, json: { type: 'boolean' } } as const;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [given, ...settings] = positionals;
  const verb = verbOf('policy', given, ['show', 'set'] as const);
  if (verb === 'set' && settings.length === 0) throw new Usage('Which setting? Say homing policy set SETTING=VALUE.');
  if (verb === 'show' && settings.length > 0) throw new Usage('homing policy show takes no words; --help says more.');
  const change = Object.fromEntries(settings.map(readChange));
  await withDirectory(async (session) => {
    const { id } = await tenantOf(session, values.tenant);
    if (verb === 'set') await session.admin.setPolicy(id, change);
    const policy = await session.directory.policy(id);
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

function readChange(given: string): [name: string, value: unknown] {
  const [name = '', text] = given.split(/=(.*)/s);
  if (text === undefined) throw new Usage(`A change is SETTING=VALUE, not "${given}".`);
  return [name, readSetting(name, text)];
}
