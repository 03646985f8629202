import { createInterface } from 'node:readline/promises';
import type { AccountKind } from '../directory/admin.ts';
import { Refusal } from '../mail/errors.ts';
import { GIVEN_ROLES, type GivenRole } from '../mail/roles.ts';
import { tenantsAll, type Right } from '../store/directory.ts';
import { accountShown, accountsPage, type ListedAccount, type ShownAccount } from '../store/directory-accounts.ts';
import { importFile } from './account-import.ts';
import { readArguments, Usage, verbOf, wordOf, yesOrNo } from './arguments.ts';
import { print, printList, properties } from './output.ts';
import { accountNamed, tenantOf, withDirectory, type DirectorySession } from './session.ts';

export const help = `add, list, show, set, remove or import accounts
  homing account add ADDRESS [--name NAME] [--kind person|shared|service] [--password WORD] [--alias ADDRESS]…
                     [--role ROLE]…
  homing account list [--tenant NAME]
  homing account show ADDRESS
  homing account set ADDRESS [--name NAME] [--kind KIND] [--password WORD | --no-password] [--accepts-recalls yes|no]
                     [--legal-hold yes|no]      what recalls took from it, or for it, is kept for as long as it stands
                     [--add-alias ADDRESS]… [--remove-alias ADDRESS]…
                     [--quota SIZE|none]        what its messages may take up: 500M, 5G, or a number of octets
                     [--grant RIGHT,…=DELEGATE]… [--revoke DELEGATE]…   rights: full, send-as, send-on-behalf, recall
                     [--add-role ROLE]… [--remove-role ROLE]…
  homing account remove ADDRESS…      with its mail
  homing account import FILE.csv [--tenant NAME] [--dry-run]   all of the file, or nothing of it; - is standard input
                     columns: address, and if you like name, password, aliases, groups, kind
                     (aliases and groups with spaces between them; a password may be a PHC string of argon2id)
  Everybody is a user. ROLE is one of recall-admin (recalls and restores any message, holds), directory-admin (people and
  groups), auditor (sees recalls, policy and audit log), owner (all of it, and policy and roles).
  --password - takes the first line of standard input.  Without a password nobody signs in.  --json for programs.`;

const OPTIONS = {
  name: { type: 'string' },
  kind: { type: 'string' },
  password: { type: 'string' },
  'no-password': { type: 'boolean' },
  alias: { type: 'string', multiple: true },
  'add-alias': { type: 'string', multiple: true },
  'remove-alias': { type: 'string', multiple: true },
  'accepts-recalls': { type: 'string' },
  'legal-hold': { type: 'string' },
  quota: { type: 'string' },
  role: { type: 'string', multiple: true },
  'add-role': { type: 'string', multiple: true },
  'remove-role': { type: 'string', multiple: true },
  grant: { type: 'string', multiple: true },
  revoke: { type: 'string', multiple: true },
  tenant: { type: 'string' },
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

const VERBS = ['add', 'list', 'show', 'set', 'remove', 'import'] as const;
const KINDS: readonly AccountKind[] = ['person', 'shared', 'service'];
const RIGHTS: readonly Right[] = ['full', 'send-as', 'send-on-behalf', 'recall'];

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [given, ...words] = positionals;
  const verb = verbOf('account', given, VERBS);
  const [subject = ''] = words;
  if (verb === 'list' ? words.length > 0 : verb === 'remove' ? words.length === 0 : words.length !== 1) {
    const what = { list: '', remove: ' ADDRESS…', import: ' FILE.csv' }[verb as string] ?? ' ADDRESS';
    throw new Usage(`Say homing account ${verb}${what}; --help says more.`);
  }
  const password = await passwordOf(values.password);
  return withDirectory(async (session) => {
    switch (verb) {
      case 'add':
        await add(session, subject, values, password);
        break;
      case 'list':
        await list(session, values);
        break;
      case 'show':
        await show(session, subject, values);
        break;
      case 'set':
        await set(session, subject, values, password);
        break;
      case 'remove':
        for (const address of words) await session.admin.removeAccount(address);
        print(values.json, { removed: words }, () => words.map((address) => `Removed ${address}.`).join('\n'));
        break;
      case 'import': {
        const tenant = values.tenant === undefined ? undefined : (await tenantOf(session, values.tenant)).id;
        return importFile(session, subject, { tenant, dryRun: values['dry-run'], json: values.json === true });
      }
    }
    return 0;
  });
}

async function passwordOf(given: string | undefined): Promise<string | undefined> {
  if (given !== '-') return given;
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new Usage('No password came on standard input.');
}

async function add(
  session: DirectorySession,
  address: string,
  values: Values,
  password: string | undefined,
): Promise<void> {
  const kind = wordOf('--kind', values.kind, KINDS);
  await session.admin.addAccount({
    address,
    name: values.name,
    kind,
    password,
    aliases: values.alias,
    roles: roles(values.role),
  });
  const account = await shown(session, address);
  print(values.json, account, () => `Added ${account.address} (${account.name}).`);
}

const PAGE = 1000;

async function list(session: DirectorySession, values: Values): Promise<void> {
  const { store } = session;
  const tenants = values.tenant === undefined ? await tenantsAll(store) : [await tenantOf(session, values.tenant)];
  async function* pages(): AsyncIterable<ListedAccount[]> {
    for (const { id } of tenants) {
      let after = '';
      for (let page: ListedAccount[]; (page = await accountsPage(store, id, after, PAGE)).length > 0;) {
        yield page;
        after = page.at(-1)?.address ?? '';
      }
    }
  }
  await printList(values.json, pages(), ['address', 'name', 'kind', 'canSignIn', 'roles', 'aliases']);
}

async function shown(session: DirectorySession, address: string): Promise<ShownAccount> {
  const { tenant, id } = await accountNamed(session, address);
  const account = await accountShown(session.store, tenant, id);
  if (!account) throw new Refusal('notFound', `There is no account ${address} any more.`);
  return account;
}

async function show(session: DirectorySession, address: string, values: Values): Promise<void> {
  const account = await shown(session, address);
  const rights = (list: ShownAccount['delegates']): string[] =>
    list.map((one) => `${one.address} (${one.rights.join(', ')})`);
  print(values.json, account, () =>
    properties({ ...account, delegates: rights(account.delegates), delegatedTo: rights(account.delegatedTo) }),
  );
}

async function set(
  session: DirectorySession,
  address: string,
  values: Values,
  password: string | undefined,
): Promise<void> {
  if (password !== undefined && values['no-password']) throw new Usage('Either --password or --no-password.');
  const change = {
    name: values.name,
    kind: wordOf('--kind', values.kind, KINDS),
    password: values['no-password'] ? null : password,
    acceptsRecalls: yesOrNo('--accepts-recalls', values['accepts-recalls']),
    legalHold: yesOrNo('--legal-hold', values['legal-hold']),
    quota: quotaOf(values.quota),
    addRoles: roles([...(values.role ?? []), ...(values['add-role'] ?? [])]),
    removeRoles: roles(values['remove-role']),
    addAliases: [...(values.alias ?? []), ...(values['add-alias'] ?? [])],
    removeAliases: values['remove-alias'],
    grant: grants(values.grant ?? []),
    revoke: values.revoke,
  };
  await session.admin.setAccount(address, change);
  print(values.json, await shown(session, address), () => `Changed ${address}.`);
}

const UNITS: Record<string, number> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Octets; null: none. */
function quotaOf(given: string | undefined): number | null | undefined {
  if (given === undefined || given === 'none') return given === undefined ? undefined : null;
  const [, number, unit = ''] = /^(\d+)([KMGT]?)$/i.exec(given) ?? [];
  const octets = Number(number) * (UNITS[unit.toUpperCase()] ?? 1);
  if (!Number.isSafeInteger(octets)) throw new Usage(`--quota takes a size, as in 5G, or none, not "${given}".`);
  return octets;
}

/** "recall-admin", or several with commas between them. */
function roles(given: string[] = []): GivenRole[] {
  return given
    .flatMap((list) => list.split(','))
    .map((word) => {
      const known = GIVEN_ROLES.find((one) => one === word);
      if (!known) throw new Usage(`There is no role "${word}" to be given; there are ${GIVEN_ROLES.join(', ')}.`);
      return known;
    });
}

/** "full,send-as=ana@pigeon.test" */
function grants(given: string[]): Record<string, Right[]> {
  const all: Record<string, Right[]> = {};
  for (const grant of given) {
    const [rights = '', delegate = ''] = grant.split(/=(.*)/s);
    if (delegate === '') throw new Usage(`--grant takes RIGHT=DELEGATE, as in full=ana@pigeon.test, not "${grant}".`);
    for (const right of rights.split(',')) {
      const known = RIGHTS.find((one) => one === right);
      if (!known) throw new Usage(`There is no right "${right}"; there are ${RIGHTS.join(', ')}.`);
      all[delegate] = [...(all[delegate] ?? []), known];
    }
  }
  return all;
}
