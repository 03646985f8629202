// Two organisations without mail: pigeon.test with ana, ben and cho, other.test with zoe.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';
import pg from 'pg';
import { createAdmin, type Admin, type AdminDeps } from '../../src/directory/admin.ts';
import { createDirectory, type Directory } from '../../src/directory/directory.ts';
import { Refusal } from '../../src/mail/errors.ts';
import { auditPage, type AuditRecord } from '../../src/store/audit.ts';
import { openStore, type Connection, type Store } from '../../src/store/postgres.ts';
import { testDatabase } from './database.ts';

export const NOW = new Date('2026-11-23T12:00:00Z');

export interface TestDirectory {
  connection: Connection;
  store: Store;
  deps: AdminDeps;
  admin: Admin;
  directory: Directory;
  pigeon: number;
  other: number;
  ana: number;
  ben: number;
  /** Any SQL, as superuser. */
  sql<T extends object>(text: string, params?: unknown[]): Promise<T[]>;
  /** The latest entry. */
  audited(tenant: number): Promise<AuditRecord | undefined>;
  /** An administrator whose next change stops before its commit: `reached` then resolves, `go` lets it commit. */
  slowAdmin(): { slow: Admin; reached: Promise<void>; go: () => void };
  /** Resolves when a statement waits for a lock. */
  blocked(): Promise<void>;
  close(): Promise<void>;
}

export async function testDirectory(options: { listen?: boolean } = {}): Promise<TestDirectory> {
  const database = await testDatabase();
  const { connection, owner } = database;
  const store = openStore({ connection, listen: options.listen ?? false });
  const pool = new pg.Pool({ ...owner, max: 2 });
  pool.on('error', () => undefined);
  const sql = async <T extends object>(text: string, params: unknown[] = []): Promise<T[]> =>
    (await pool.query<T>(text, params)).rows;
  const deps: AdminDeps = { store, clock: () => NOW, actor: 'root' };
  const admin = createAdmin(deps);
  const directory = createDirectory({ store });
  const pigeon = await admin.addTenant({ name: 'Pigeon', domains: ['pigeon.test', 'dove.test'] });
  const other = await admin.addTenant({ name: 'Other', domains: ['other.test'] });
  const ana = await admin.addAccount({ address: 'ana@pigeon.test', name: 'Ana Silva', password: 'anas word' });
  const ben = await admin.addAccount({ address: 'ben@pigeon.test', aliases: ['benjamin@dove.test'] });
  await admin.addAccount({ address: 'cho@pigeon.test' });
  await admin.addAccount({ address: 'zoe@other.test' });
  return {
    connection,
    store,
    deps,
    admin,
    directory,
    pigeon,
    other,
    ana,
    ben,
    sql,
    audited: async (tenant) => (await auditPage(store, tenant, 0, 1000)).at(-1),
    slowAdmin() {
      const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const transact: Store['transact'] = (work) =>
        store.transact(async (tx) => {
          const result = await work(tx);
          reached.resolve();
          await go.promise;
          return result;
        });
      const slow = createAdmin({ ...deps, store: { ...store, transact } });
      return { slow, reached: reached.promise, go: () => go.resolve() };
    },
    async blocked() {
      const waiting = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
      while ((await sql<{ n: number }>(waiting))[0]?.n === 0);
    },
    async close() {
      directory.close();
      await store.close();
      await pool.end();
      await database.close();
    },
  };
}

/** That it is refused for this reason; answers the sentence. */
export async function refused(work: Promise<unknown>, reason: string): Promise<string> {
  const error = await work.then(
    () => assert.fail(`not refused: ${reason}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Refusal, String(error));
  assert.equal(error.reason, reason, error.message);
  return error.message;
}

export interface Printed {
  code: number;
  out: string;
  err: string;
}

/** A command of src/cli/ against the database, with what it prints. Sets HOMING_DATA for this test file. */
export async function testCommand(
  connection: Connection,
  run: (args: string[]) => Promise<number>,
): Promise<{
  readonly homing: (context: TestContext, ...args: string[]) => Promise<Printed>;
  readonly close: () => Promise<void>;
}> {
  const dataDir = await mkdtemp(join(tmpdir(), 'homing-cli-'));
  await writeFile(join(dataDir, 'connection.json'), JSON.stringify(connection));
  process.env['HOMING_DATA'] = dataDir;
  delete process.env['DATABASE_URL'];
  return {
    async homing(context, ...args) {
      const out = context.mock.method(console, 'log', () => undefined);
      const err = context.mock.method(console, 'error', () => undefined);
      const printed = (calls: typeof out): string =>
        calls.mock.calls.map((call) => String(call.arguments[0])).join('\n');
      try {
        const code = await run(args);
        return { code, out: printed(out), err: printed(err) };
      } finally {
        out.mock.restore();
        err.mock.restore();
      }
    },
    close: () => rm(dataDir, { recursive: true, force: true }),
  };
}
