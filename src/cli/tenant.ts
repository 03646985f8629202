import { tenantsWithDomains, type ListedTenant } from '../store/directory-tenants.ts';
import { readArguments, Usage, verbOf } from './arguments.ts';
import { print, table } from './output.ts';
import { tenantOf, withDirectory, type DirectorySession } from './session.ts';

export const help = `add, list or set organisations
  homing tenant add NAME [--domain DOMAIN]…     without --domain, NAME is its domain
  homing tenant list
  homing tenant set NAME --add-domain DOMAIN…
  --json for programs.`;

const OPTIONS = {
  domain: { type: 'string', multiple: true },
  'add-domain': { type: 'string', multiple: true },
  json: { type: 'boolean' },
} as const;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [given, ...words] = positionals;
  const verb = verbOf('tenant', given, ['add', 'list', 'set'] as const);
  const [name = ''] = words;
  if (words.length !== (verb === 'list' ? 0 : 1))
    throw new Usage(`Say homing tenant ${verb}${verb === 'list' ? '' : ' NAME'}; --help says more.`);
  await withDirectory(async (session) => {
    switch (verb) {
      case 'add':
        await session.admin.addTenant({ name, domains: values.domain ?? [name] });
        print(values.json, await shown(session, name), () => `Added ${name}.`);
        break;
      case 'list': {
        const tenants = await tenantsWithDomains(session.store);
        print(values.json, tenants, () => table(tenants, ['name', 'domains', 'accounts']));
        break;
      }
      case 'set': {
        const { id } = await tenantOf(session, name);
        for (const domain of values['add-domain'] ?? []) await session.admin.addDomain(id, domain);
        print(values.json, await shown(session, name), () => `Changed ${name}.`);
        break;
      }
    }
  });
  return 0;
}

async function shown({ store }: DirectorySession, name: string): Promise<ListedTenant | undefined> {
  return (await tenantsWithDomains(store)).find((tenant) => tenant.name === name.trim());
}
