import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { canonicalAddress, domainOf } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { hashPassword } from '../directory/passwords.ts';
import { accountsPage } from '../store/directory-write.ts';
import { domainTenant, type Right } from '../store/directory.ts';
import { accountNamed, print, table, tenantOf, Usage, withSession, type Session } from './session.ts';

export const help = `add, list, show, set, remove or import accounts
  homing account add ADDRESS [--name NAME] [--kind person|shared|service] [--password WORD] [--alias ADDRESS]…
  homing account list [--tenant NAME]
  homing account show ADDRESS
  homing account set ADDRESS [--name NAME] [--password WORD] [--kind KIND] [--accepts-recalls yes|no]
                     [--add-alias ADDRESS]… [--remove-alias ADDRESS]… [--grant RIGHT=ADDRESS]… [--revoke ADDRESS]…
                     (rights: full, send-as, send-on-behalf, recall)
  homing account remove ADDRESS
  homing account import FILE.csv      columns: address,name,password,aliases
  Without --password, HOMING_PASSWORD or a line of standard input gives it ("-").  --json for programs.`;

const OPTIONS = {
  name: { type: 'string' },
  kind: { type: 'string' },
  password: { type: 'string' },
  alias: { type: 'string', multiple: true },
  'add-alias': { type: 'string', multiple: true },
  'remove-alias': { type: 'string', multiple: true },
  'accepts-recalls': { type: 'string' },
  grant: { type: 'string', multiple: true },
  revoke: { type: 'string', multiple: true },
  tenant: { type: 'string' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values'];

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [verb = '', subject = ''] = positionals;
  const verbs: Record<string, (session: Session) => Promise<void>> = {
    add: (session) => add(session, subject, values),
    list: (session) => list(session, values),
    show: (session) => show(session, subject, values),
    set: (session) => set(session, subject, values),
    remove: async ({ admin }) => {
      await admin.removeAccount(subject);
      print(values.json, { removed: subject }, () => `Removed ${subject}.`);
    },
    import: (session) => importFile(session, subject, values),
  };
  const work = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!work || (verb !== 'list' && subject === '')) throw new Usage(`homing account ${Object.keys(verbs).join('|')} …; --help says more.`);
  await withSession(work);
  return 0;
}

function kindOf(value: string | undefined): 'person' | 'shared' | 'service' | undefined {
  if (value === undefined || value === 'person' || value === 'shared' || value === 'service') return value;
  throw new Usage(`--kind takes person, shared or service, not "${value}".`);
}

async function passwordOf(value: string | undefined): Promise<string | undefined> {
  if (value !== '-') return value ?? process.env['HOMING_PASSWORD'];
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) return line;
  throw new Usage('No password came on standard input.');
}

async function add(session: Session, address: string, values: Values): Promise<void> {
  const kind = kindOf(values.kind);
  await session.admin.addAccount({ address, name: values.name, kind, password: await passwordOf(values.password), aliases: values.alias });
  const account = await accountNamed(session, address);
  print(values.json, account, () => `Added ${account.address}.`);
}

async function list(session: Session, values: Values): Promise<void> {
  const tenant = values.tenant === undefined ? null : (await tenantOf(session, values.tenant)).id;
  const all: object[] = [];
  for (let after = ''; ; ) {
    const page = await accountsPage(session.services.store, tenant, after, 1000);
    if (values.json) all.push(...page);
    else if (page.length > 0) console.log(table(page.map((row) => ({ ...row })), ['address', 'name', 'kind', 'aliases']));
    const last = page.at(-1);
    if (!last) break;
    after = last.address;
  }
  if (values.json) console.log(JSON.stringify(all, null, 2));
}

async function show(session: Session, address: string, values: Values): Promise<void> {
  const account = await accountNamed(session, address);
  const [addresses, accessible] = await Promise.all([
    session.directory.addressesOf(account.tenant, account.id),
    session.directory.accessible(account.tenant, account.id),
  ]);
  const shown = { ...account, tenant: await session.directory.tenantName(account.tenant), sendsAs: addresses, opens: accessible.map((one) => one.address) };
  print(values.json, shown, () =>
    Object.entries(shown)
      .map(([name, value]) => `${name.padEnd(8)} ${Array.isArray(value) ? value.join(' ') : value}`)
      .join('\n'),
  );
}

const RIGHTS = ['full', 'send-as', 'send-on-behalf', 'recall'];

async function set(session: Session, address: string, values: Values): Promise<void> {
  const accepts = values['accepts-recalls'];
  if (accepts !== undefined && accepts !== 'yes' && accepts !== 'no') throw new Usage('--accepts-recalls takes yes or no.');
  const kind = kindOf(values.kind);
  const password = values.password === undefined ? undefined : await passwordOf(values.password);
  await session.admin.setAccount(address, {
    ...(values.name === undefined ? {} : { name: values.name }),
    ...(kind === undefined ? {} : { kind }),
    ...(password === undefined ? {} : { password }),
    ...(accepts === undefined ? {} : { acceptsRecalls: accepts === 'yes' }),
    addAliases: values['add-alias'] ?? [],
    removeAliases: values['remove-alias'] ?? [],
  });
  const grants = Map.groupBy((values.grant ?? []).map((grant) => grant.split(/=(.*)/s)), ([, to = '']) => to);
  for (const [to, list] of grants) {
    const rights = list.map(([right = '']) => right);
    if (to === '' || !rights.every((right) => RIGHTS.includes(right))) throw new Usage(`--grant takes ${RIGHTS.join('|')}=ADDRESS.`);
    await session.admin.delegate(address, to, rights as Right[]);
  }
  for (const from of values.revoke ?? []) await session.admin.delegate(address, from, []);
  print(values.json, { changed: address }, () => `Changed ${address}.`);
}

/** Rows a transaction. */
const CHUNK = 2000;

interface Row {
  address: string;
  name: string;
  passwordHash: string | null;
  aliases: string[];
}

/** Reads the whole file first: a line that is wrong is named, and then nothing is imported. */
async function importFile(session: Session, file: string, values: Values): Promise<void> {
  const rows = new Map<string, Row[]>();
  const wrong: string[] = [];
  const hashes = new Map<string, string>();
  let line = 1;
  const reader = createReadStream(file).on('error', () => undefined).pipe(parse({ columns: (header: string[]) => header.map((name) => name.trim().toLowerCase()), bom: true, trim: true, skip_empty_lines: true, relax_column_count: true }));
  reader.on('error', () => undefined);
  await readable(file);
  for await (const record of reader as AsyncIterable<Record<string, string | undefined>>) {
    line++;
    const address = canonicalAddress(record['address'] ?? '');
    if (address === null) {
      wrong.push(`line ${line}: "${record['address'] ?? ''}" is not an address`);
      continue;
    }
    const password = record['password'] ?? '';
    if (password !== '' && !hashes.has(password)) hashes.set(password, await hashPassword(password));
    const row = { address, name: record['name'] || address.slice(0, address.lastIndexOf('@')), passwordHash: hashes.get(password) ?? null, aliases: (record['aliases'] ?? '').split(/\s+/).filter(Boolean) };
    const domain = domainOf(address);
    rows.set(domain, [...(rows.get(domain) ?? []), row]);
  }
  const tenants = new Map<string, number>();
  for (const domain of rows.keys()) {
    const tenant = await domainTenant(session.services.store, domain);
    if (tenant === undefined) wrong.push(`${domain} is not a domain of this server`);
    else tenants.set(domain, tenant);
  }
  if (wrong.length > 0) throw new Refusal('badFile', `Nothing was imported from ${file}:\n  ${wrong.slice(0, 20).join('\n  ')}`);
  let imported = 0;
  for (const [domain, list] of rows) {
    for (let i = 0; i < list.length; i += CHUNK) {
      const chunk = list.slice(i, i + CHUNK);
      await session.admin.addAccounts(tenants.get(domain) ?? 0, chunk);
      imported += chunk.length;
    }
  }
  await session.admin.analyse();
  print(values.json, { imported }, () => `Imported ${imported} accounts.`);
}

async function readable(file: string): Promise<void> {
  const { access } = await import('node:fs/promises');
  await access(file).catch(() => {
    throw new Refusal('notFound', `${file} cannot be read.`);
  });
}
