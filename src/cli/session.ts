// What commands beside a running Homing have in common: its database.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig, SETTINGS, type Config } from '../config/config.ts';
import { createAdmin, type Admin, type AdminDeps } from '../directory/admin.ts';
import { createDirectory, type Account, type Directory } from '../directory/directory.ts';
import { Refusal, Unavailable } from '../mail/errors.ts';
import { SILENT } from '../mail/log.ts';
import type { Services } from '../services.ts';
import { tenantsAll } from '../store/directory.ts';
import { migrate } from '../store/migrate.ts';
import { openStore, type Connection, type Store } from '../store/postgres.ts';
import { Usage } from './arguments.ts';

export { Usage } from './arguments.ts';
export { print, table } from './output.ts';

/** For what only looks at the directory or changes it: the rest of Homing is not even loaded. */
export interface DirectorySession extends AdminDeps {
  directory: Directory;
  admin: Admin;
}

export interface Session extends DirectorySession {
  services: Services;
}

/** Runs `work` against the database of DATABASE_URL, or of the Homing that runs on the data directory. */
export async function withDirectory<T>(work: (session: DirectorySession) => Promise<T>): Promise<T> {
  const { connection, where } = await findDatabase(readConfig('serve', [], process.env));
  const store = openStore({ connection });
  const directory = createDirectory({ store });
  try {
    await reach(store, where);
    return await work(sessionOf(store, directory, () => new Date()));
  } finally {
    await store.notifier.flushed();
    directory.close();
    await store.close();
  }
}

/** The same with all that Homing can do. */
export async function withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const config = readConfig('serve', [], process.env);
  const { connection, where } = await findDatabase(config);
  const { createServices } = await import('../services.ts');
  const services = createServices({ connection, config, log: SILENT });
  const { store, directory, clock } = services;
  try {
    await reach(store, where);
    return await work({ ...sessionOf(store, directory, clock), services });
  } finally {
    await store.notifier.flushed();
    await services.close();
  }
}

function sessionOf(store: Store, directory: Directory, clock: () => Date): DirectorySession {
  const deps: AdminDeps = { store, clock, actor: 'command line' };
  return { ...deps, directory, admin: createAdmin(deps) };
}

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Called from another directory, a command means the Homing that it belongs to. */
export function dataDirOf(config: Config): string {
  const given = process.env[SETTINGS.data.env] || existsSync(config.dataDir);
  return given ? config.dataDir : join(ROOT, SETTINGS.data.fallback);
}

/** `where`: in words, for the sentence that says that it is not there. */
export async function findDatabase(config: Config): Promise<{ connection: Connection; where: string }> {
  if (config.databaseUrl) {
    const where = `The database of ${SETTINGS.database.env} does not answer.`;
    const connection = { url: config.databaseUrl };
    await migrate(connection).catch((error: unknown) => {
      throw error instanceof Refusal ? error : new Refusal('notRunning', `${where} (${(error as Error).message})`);
    });
    return { connection, where };
  }
  const dataDir = dataDirOf(config);
  const where = `Homing is not running on ${dataDir}. Start it (npm start), or say with ${SETTINGS.data.env} or ${SETTINGS.database.env} where it is.`;
  try {
    const connection = JSON.parse(await readFile(join(dataDir, 'connection.json'), 'utf8')) as Connection;
    return { connection, where };
  } catch {
    throw new Refusal('notRunning', where);
  }
}

/** Resolves once the database answers and its news are heard. */
async function reach(store: Store, where: string): Promise<void> {
  await tenantsAll(store).catch((error: unknown) => {
    throw error instanceof Unavailable ? new Refusal('notRunning', where) : error;
  });
  await store.notifier.ready;
}

/** The organisation of selftest's probes: nobody means it who does not name it. */
export const SELFTEST = 'Homing selftest';

/** The tenant named, or the only one. Throws Usage. */
export async function tenantOf(
  { store }: Pick<DirectorySession, 'store'>,
  named: string | undefined,
): Promise<{ id: number; name: string }> {
  const all = await tenantsAll(store);
  const tenants = all.filter((tenant) => tenant.name !== SELFTEST);
  if (named === undefined && tenants[0] && tenants.length === 1) return tenants[0];
  const found = all.find((tenant) => tenant.name === named);
  if (found) return found;
  if (tenants.length === 0) throw new Refusal('notFound', 'There is no tenant yet; homing tenant add makes one.');
  const which = named === undefined ? 'Which tenant?' : `There is no tenant "${named}".`;
  throw new Usage(`${which} Say --tenant ${tenants.map((tenant) => tenant.name).join(' | ')}.`);
}

/** The account that an address leads to. Throws Refusal `notFound`. */
export async function accountNamed(
  { directory }: Pick<DirectorySession, 'directory'>,
  address: string,
): Promise<Account> {
  const target = await directory.resolve(address);
  const account = target.kind === 'account' ? await directory.account(target.tenant, target.account) : undefined;
  if (!account) throw new Refusal('notFound', `There is no account ${address}.`);
  return account;
}
