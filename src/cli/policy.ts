import { parseArgs } from 'node:util';
import { DEFAULT_POLICY, POLICY_SETTINGS, type Policy } from '../directory/policy.ts';
import { print, table, tenantOf, Usage, withSession } from './session.ts';

export const help = `show or set an organisation's policy
  homing policy show [--tenant NAME]
  homing policy set [--tenant NAME] SETTING=VALUE…     (protectedRecipients takes addresses with commas between)
  --json for programs.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: { tenant: { type: 'string' }, json: { type: 'boolean' } }, allowPositionals: true });
  const [verb = '', ...settings] = positionals;
  if (verb !== 'show' && verb !== 'set') throw new Usage('homing policy show|set …; --help says more.');
  await withSession(async (session) => {
    const { id } = await tenantOf(session, values.tenant);
    if (verb === 'set') {
      if (settings.length === 0) throw new Usage('Which setting? homing policy set SETTING=VALUE.');
      await session.admin.setPolicy(id, Object.fromEntries(settings.map(readSetting)));
    }
    const policy = await session.directory.policy(id);
    print(values.json, policy, () => {
      const rows = Object.entries(POLICY_SETTINGS).map(([setting, { help: sentence }]) => ({ setting, value: policy[setting as keyof Policy], meaning: sentence }));
      return table(rows, ['setting', 'value', 'meaning']);
    });
  });
  return 0;
}

/** "rateLimit=5": read as what the setting is by default. */
function readSetting(given: string): [name: string, value: unknown] {
  const [name = '', text = ''] = given.split(/=(.*)/s);
  const standard: unknown = DEFAULT_POLICY[name as keyof Policy];
  if (Array.isArray(standard)) return [name, text.split(',').filter(Boolean)];
  if (typeof standard === 'number') return [name, text === '' ? Number.NaN : Number(text)];
  if (typeof standard === 'boolean') return [name, text === 'true' ? true : text === 'false' ? false : text];
  return [name, text];
}
