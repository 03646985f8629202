// What commands beside a running Homing have in common: its database, and words for a person.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../config/config.ts';
import type { Directory } from '../directory/directory.ts';
import { createAdmin, type Admin } from '../directory/admin.ts';
import { canonicalAddress } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { SILENT } from '../mail/log.ts';
import { createServices, type Services } from '../services.ts';
import { tenantsAll } from '../store/directory.ts';
import { migrate } from '../store/migrate.ts';
import type { Connection } from '../store/postgres.ts';

export interface Session {
  services: Services;
  directory: Directory;
  admin: Admin;
}

export class Usage extends Refusal {
  constructor(message: string) {
    super('usage', message);
  }
}

/** Runs `work` against the database of DATABASE_URL, or of the Homing that runs on the data directory. */
export async function withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const config = readConfig('serve', [], process.env);
  const connection: Connection = config.databaseUrl ? { url: config.databaseUrl } : await runningDatabase(config.dataDir);
  if (config.databaseUrl) await migrate(connection);
  const services = createServices({ connection, config, log: SILENT });
  try {
    await services.store.notifier.ready;
    const admin = createAdmin({ store: services.store, clock: services.clock, actor: 'command line' });
    return await work({ services, directory: services.directory, admin });
  } finally {
    await services.store.notifier.flushed();
    await services.close();
  }
}

async function runningDatabase(dataDir: string): Promise<Connection> {
  try {
    return JSON.parse(await readFile(join(dataDir, 'connection.json'), 'utf8')) as Connection;
  } catch {
    throw new Refusal('notRunning', `Homing is not running on ${dataDir}; start it, or say with HOMING_DATA or DATABASE_URL where it is.`);
  }
}

/** The tenant named, or the only one, or the one of an address. */
export async function tenantOf({ services }: Session, named: string | undefined): Promise<{ id: number; name: string }> {
  const tenants = await tenantsAll(services.store);
  if (named === undefined && tenants[0] && tenants.length === 1) return tenants[0];
  const found = tenants.find((tenant) => tenant.name === named);
  if (found) return found;
  throw new Usage(`${named === undefined ? 'Which tenant' : `There is no tenant "${named}"`}: --tenant ${tenants.map((tenant) => tenant.name).join(' | ')}.`);
}

/** The account of an address. */
export async function accountNamed({ directory }: Session, address: string): Promise<{ tenant: number; id: number; address: string; name: string }> {
  const target = await directory.resolve(canonicalAddress(address) ?? address);
  const account = target.kind === 'account' ? await directory.account(target.tenant, target.account) : undefined;
  if (!account) throw new Refusal('notFound', `There is no account ${address}.`);
  return account;
}

/** Columns side by side. */
export function table(rows: Record<string, unknown>[], columns: string[]): string {
  const cells = [columns, ...rows.map((row) => columns.map((column) => textOf(row[column])))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  return cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd()).join('\n');
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ');
  if (Array.isArray(value)) return value.map(textOf).join(' ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}

/** JSON for programs, else the text for people. */
export function print(json: boolean | undefined, value: unknown, text: () => string): void {
  console.log(json ? JSON.stringify(value, null, 2) : text());
}
