// Databases for tests: one of its own for each test file, cloned in milliseconds from a template with the schema in it.

import { createHash } from 'node:crypto';
import pg from 'pg';
import { migrate, migrations } from '../../src/store/migrate.ts';
import { SERVER_ROLE } from '../../src/store/embedded-cluster.ts';
import type { SocketConnection } from '../../src/store/embedded.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

export interface TestDatabase {
  /** As the server's role, which may do what the server may. */
  connection: SocketConnection;
  /** As the owner, who is superuser. */
  owner: SocketConnection;
  /** Ends what sessions are left, and drops the database. Idempotent. */
  close(): Promise<void>;
}

let made = 0;
let open = 0;
/** Of a test file that is run by itself; closed with the last of its databases. */
let own: Promise<TestCluster> | undefined;

export interface Filling {
  /** Of what is filled in, for the name of a database: "seeded". */
  name: string;
  /** Fills a database that has the schema, as the server's role, and leaves no connection open. Once in a run. */
  make(connection: SocketConnection): Promise<void>;
}

/**
 * A new database with the current schema and nothing in it, or what `filling` put into it, on the run's PostgreSQL (HOMING_TEST_PG, from test/run.ts),
 * or on one of its own where a test file is run by itself.
 */
export async function testDatabase(filling?: Filling): Promise<TestDatabase> {
  const given = process.env['HOMING_TEST_PG'];
  open++;
  const admin = given ? (JSON.parse(given) as SocketConnection) : (await (own ??= startTestCluster())).connection;
  const database = `test_${process.pid}_${++made}`;
  await asAdmin(admin, async (client) => {
    const template = await makeTemplate(client, admin);
    const source = filling ? await makeFilled(client, admin, template, filling) : template;
    await copyDatabase(client, database, source);
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await asAdmin(admin, (client) => client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`));
    if (--open === 0) await (await own)?.close();
  };
  const owner = { ...admin, database };
  return { connection: { ...owner, user: SERVER_ROLE }, owner, close: () => (closing ??= close()) };
}

/** Once for each state of the migrations. */
async function makeTemplate(client: pg.Client, admin: SocketConnection): Promise<string> {
  const state = createHash('sha256').update(JSON.stringify(await migrations()));
  const name = `homing_template_${state.digest('hex').slice(0, 16)}`;
  await makeOnce(client, name, async () => {
    await client.query(`CREATE DATABASE ${name}`);
    await migrate({ ...admin, database: name }, SERVER_ROLE);
  });
  return name;
}

async function makeFilled(
  client: pg.Client,
  admin: SocketConnection,
  template: string,
  filling: Filling,
): Promise<string> {
  const name = `${template}_${filling.name}`;
  await makeOnce(client, name, async () => {
    await copyDatabase(client, name, template);
    await filling.make({ ...admin, database: name, user: SERVER_ROLE });
  });
  return name;
}

/** By whichever test file comes first; the others wait for it. */
async function makeOnce(client: pg.Client, name: string, make: () => Promise<void>): Promise<void> {
  await client.query(`SELECT pg_advisory_lock(hashtext('homing test template'))`);
  const { rows } = await client.query('SELECT datistemplate FROM pg_database WHERE datname = $1', [name]);
  if (!(rows as { datistemplate: boolean }[])[0]?.datistemplate) {
    await client.query(`DROP DATABASE IF EXISTS ${name}`); // made half way
    await make();
    await client.query(`ALTER DATABASE ${name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  }
  await client.query(`SELECT pg_advisory_unlock(hashtext('homing test template'))`);
}

/** Copying files beats writing them to the WAL page by page, where nothing is synchronised anyway. */
async function copyDatabase(client: pg.Client, name: string, template: string): Promise<void> {
  await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
}

async function asAdmin(connection: SocketConnection, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
