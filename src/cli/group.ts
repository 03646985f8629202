import { parseArgs } from 'node:util';
import { Refusal } from '../mail/errors.ts';
import { groupsAll, membersOf, type GroupRow } from '../store/directory-write.ts';
import { print, table, Usage, withSession, type Session } from './session.ts';

export const help = `add, list, show, set or remove groups
  homing group add ADDRESS [--name NAME] [--everybody] [--members-visible-to everyone|members|administrators] [MEMBER]…
  homing group list
  homing group show ADDRESS
  homing group set ADDRESS [--name NAME] [--everybody yes|no] [--members-visible-to WHO] [--add MEMBER]… [--remove MEMBER]…
  homing group remove ADDRESS
  A member is an account, an alias, another group or an address outside; loops are refused.  --json for programs.`;

const VISIBLE = ['everyone', 'members', 'administrators'] as const;

export async function run(args: string[]): Promise<number> {
  const adding = args[0] === 'add';
  const { values, positionals } = parseArgs({
    args,
    options: {
      name: { type: 'string' },
      everybody: { type: adding ? 'boolean' : 'string' },
      'members-visible-to': { type: 'string' },
      add: { type: 'string', multiple: true },
      remove: { type: 'string', multiple: true },
      json: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  const [verb = '', address = '', ...members] = positionals;
  const visible = VISIBLE.find((word) => word === values['members-visible-to']);
  if (values['members-visible-to'] !== undefined && !visible) throw new Usage(`--members-visible-to takes ${VISIBLE.join(', ')}.`);
  const everybody = values.everybody === undefined ? undefined : values.everybody === true || values.everybody === 'yes';
  const verbs: Record<string, (session: Session) => Promise<void>> = {
    add: async ({ admin }) => {
      await admin.addGroup({ address, name: values.name, everybody, membersVisibleTo: visible, members });
      print(values.json, { added: address }, () => `Added ${address}.`);
    },
    list: async ({ services }) => {
      const groups = await groupsAll(services.store);
      print(values.json, groups, () => table(groups.map((group) => ({ ...group })), ['address', 'name', 'everybody', 'members_visible_to']));
    },
    show: async ({ services }) => {
      const group = await find(services.store, address);
      const shown = { ...group, members: group.everybody ? ['everybody'] : [] };
      shown.members.push(...(await membersOf(services.store, group.tenant, group.id, 10_000)));
      print(values.json, shown, () => [`${group.address}  ${group.name}`, ...shown.members.map((member) => `  ${member}`)].join('\n'));
    },
    set: async ({ admin }) => {
      await admin.setGroup(address, {
        ...(values.name === undefined ? {} : { name: values.name }),
        ...(everybody === undefined ? {} : { everybody }),
        ...(visible === undefined ? {} : { membersVisibleTo: visible }),
        add: values.add ?? [],
        remove: values.remove ?? [],
      });
      print(values.json, { changed: address }, () => `Changed ${address}.`);
    },
    remove: async ({ admin }) => {
      await admin.removeGroup(address);
      print(values.json, { removed: address }, () => `Removed ${address}.`);
    },
  };
  const work = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!work || (verb !== 'list' && address === '')) throw new Usage(`homing group ${Object.keys(verbs).join('|')} …; --help says more.`);
  await withSession(work);
  return 0;
}

async function find(store: Parameters<typeof groupsAll>[0], address: string): Promise<GroupRow> {
  const group = (await groupsAll(store)).find((one) => one.address === address.toLowerCase());
  if (!group) throw new Refusal('notFound', `There is no group ${address}.`);
  return group;
}
