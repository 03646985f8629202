import type { MembersVisibleTo } from '../directory/admin.ts';
import { existingGroup } from '../directory/checks.ts';
import { groupsListed, membersPage } from '../store/directory-groups.ts';
import { readArguments, Usage, verbOf, wordOf } from './arguments.ts';
import { print, properties, table } from './output.ts';
import { tenantOf, withDirectory, type DirectorySession } from './session.ts';

export const help = `add, list, show, set or remove groups
  homing group add ADDRESS [--name NAME] [--everybody] [--members-visible-to everyone|members|administrators] [MEMBER]…
  homing group list [--tenant NAME]
  homing group show ADDRESS
  homing group set ADDRESS [--name NAME] [--everybody | --no-everybody] [--members-visible-to WHO]
                     [--add MEMBER]… [--remove MEMBER]…
  homing group remove ADDRESS…        its members stay
  A member is an account, an alias, another group or an address outside; loops are refused.
  --everybody: every person's account belongs to it, whoever comes later too.  --json for programs.`;

const OPTIONS = {
  name: { type: 'string' },
  everybody: { type: 'boolean' },
  'no-everybody': { type: 'boolean' },
  'members-visible-to': { type: 'string' },
  add: { type: 'string', multiple: true },
  remove: { type: 'string', multiple: true },
  tenant: { type: 'string' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

const VERBS = ['add', 'list', 'show', 'set', 'remove'] as const;
const VISIBLE: readonly MembersVisibleTo[] = ['everyone', 'members', 'administrators'];

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [given, ...words] = positionals;
  const verb = verbOf('group', given, VERBS);
  const [address = '', ...more] = words;
  const most = { list: 0, show: 1, set: 1, add: Infinity, remove: Infinity }[verb];
  if (words.length > most || (verb !== 'list' && words.length === 0)) {
    throw new Usage(`Say homing group ${verb}${verb === 'list' ? '' : ' ADDRESS'}; --help says more.`);
  }
  await withDirectory(async (session) => {
    switch (verb) {
      case 'add': {
        const members = [...more, ...(values.add ?? [])];
        await session.admin.addGroup({ address, ...changes(values), members });
        print(values.json, await shown(session, address), () => `Added ${address}.`);
        break;
      }
      case 'list':
        await list(session, values);
        break;
      case 'show': {
        const group = await shown(session, address);
        const { members, ...rest } = group;
        print(values.json, group, () => [properties(rest), 'members', ...members.map((one) => `  ${one}`)].join('\n'));
        break;
      }
      case 'set':
        await session.admin.setGroup(address, { ...changes(values), add: values.add, remove: values.remove });
        print(values.json, await shown(session, address), () => `Changed ${address}.`);
        break;
      case 'remove':
        for (const one of words) await session.admin.removeGroup(one);
        print(values.json, { removed: words }, () => words.map((one) => `Removed ${one}.`).join('\n'));
        break;
    }
  });
  return 0;
}

function changes(values: Values): {
  name?: string | undefined;
  everybody?: boolean | undefined;
  membersVisibleTo?: MembersVisibleTo | undefined;
} {
  if (values.everybody && values['no-everybody']) throw new Usage('Either --everybody or --no-everybody.');
  return {
    name: values.name,
    everybody: values['no-everybody'] ? false : values.everybody,
    membersVisibleTo: wordOf('--members-visible-to', values['members-visible-to'], VISIBLE),
  };
}

async function list(session: DirectorySession, values: Values): Promise<void> {
  const tenant = values.tenant === undefined ? null : (await tenantOf(session, values.tenant)).id;
  const groups = await groupsListed(session.store, tenant);
  print(values.json, groups, () => table(groups, ['address', 'name', 'everybody', 'membersVisibleTo', 'members']));
}

const PAGE = 10_000;

async function shown(
  { store, directory }: DirectorySession,
  given: string,
): Promise<{ tenant: string; address: string; members: string[] }> {
  const {
    tenant,
    id,
    address,
    name,
    everybody,
    members_visible_to: membersVisibleTo,
  } = await existingGroup(store, given);
  const members: string[] = [];
  for (let page: string[]; (page = await membersPage(store, tenant, id, members.at(-1) ?? '', PAGE)).length > 0;)
    members.push(...page);
  const group = { tenant: await directory.tenantName(tenant), address, name, everybody, membersVisibleTo };
  return { ...group, members };
}
