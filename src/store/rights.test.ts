// The server's role: everything that the server does all day (each other test runs as it), and nothing to the audit log
// but another line. The owner's, which could do more, is used by nobody but who migrates and restores.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { testDirectory, refused } from '../../test/support/directory.ts';
import { testDatabase } from '../../test/support/database.ts';
import { appendAudit, verifyAudit } from './audit.ts';
import { SERVER_ROLE } from './embedded-cluster.ts';
import { migrate, migrations } from './migrate.ts';
import { clientConfig, openStore } from './postgres.ts';
import { auditProtection } from './rights.ts';

const t = await testDirectory();
const client = new pg.Client(clientConfig(t.connection));
await client.connect();
after(async () => {
  await client.end();
  await t.close();
});

const DENIED = { code: '42501' };

test('it is the role that the server has, and no superuser', async () => {
  const { rows } = await client.query(
    `SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, pg_has_role('homing', 'MEMBER') AS owner
     FROM pg_roles WHERE rolname = current_user`,
  );
  assert.deepEqual(rows, [
    {
      rolname: SERVER_ROLE,
      rolsuper: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolbypassrls: false,
      owner: false,
    },
  ]);
  assert.deepEqual(await auditProtection(t.store), { by: 'rights', role: SERVER_ROLE });
  const { rows: owned } = await client.query(`SELECT relname FROM pg_class WHERE pg_has_role(relowner, 'MEMBER')`);
  assert.deepEqual(owned, []);
});

test('the audit log takes another line from it', async () => {
  const entry = { at: new Date(), actor: 'x', action: 'rights.tried', subject: 'x', detail: {} };
  await t.store.transact(async (tx) => appendAudit(tx, t.pigeon, entry));
  assert.equal((await t.audited(t.pigeon))?.action, 'rights.tried');
});

const FORBIDDEN = [
  `UPDATE audit SET actor = 'nobody'`,
  `UPDATE audit SET actor = actor WHERE false`,
  'DELETE FROM audit',
  'TRUNCATE audit',
  'TRUNCATE audit CASCADE',
  'ALTER TABLE audit DISABLE TRIGGER audit_append_only',
  'ALTER TABLE audit DISABLE TRIGGER ALL',
  'ALTER TABLE audit ADD COLUMN more text',
  'ALTER TABLE audit RENAME TO old',
  'ALTER TABLE audit OWNER TO current_user',
  'DROP TRIGGER audit_append_only ON audit',
  'CREATE TRIGGER mine BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()',
  'CREATE RULE mine AS ON INSERT TO audit DO INSTEAD NOTHING',
  'DROP TABLE audit',
  'DROP TABLE audit_head',
  `CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
  'DROP FUNCTION audit_is_append_only() CASCADE',
  'DELETE FROM audit_head',
  'TRUNCATE audit_head',
  'ALTER TABLE audit_head DISABLE TRIGGER ALL',
  `SET session_replication_role = 'replica'`,
  'SET ROLE homing',
  'SET SESSION AUTHORIZATION homing',
  `ALTER ROLE ${SERVER_ROLE} SUPERUSER`,
  `GRANT homing TO ${SERVER_ROLE}`,
  `CREATE TABLE mine (n int)`,
  'CREATE SCHEMA mine',
  'DROP SCHEMA public CASCADE',
  'ALTER TABLE copy DISABLE TRIGGER ALL',
  'DELETE FROM migration',
  `COPY audit TO PROGRAM 'cat'`,
  `COPY audit FROM '/etc/passwd'`,
];

test('nothing else: each is refused for want of the right', async () => {
  for (const statement of FORBIDDEN) await assert.rejects(client.query(statement), DENIED, statement);
  // GRANT of a right that one has not is a warning only.
  await client.query(`GRANT ALL ON audit TO ${SERVER_ROLE}`).catch(() => undefined);
  await assert.rejects(client.query('DELETE FROM audit'), DENIED);
  assert.equal((await verifyAudit(t.store, t.pigeon)).intact, true);
});

test('the head goes on by one, and no way else', async () => {
  for (const statement of [
    'UPDATE audit_head SET seq = seq - 1',
    'UPDATE audit_head SET seq = seq + 2',
    `UPDATE audit_head SET hash = sha256('x')`,
    'UPDATE audit_head SET tenant_id = -tenant_id, seq = seq + 1',
  ])
    await assert.rejects(client.query(statement), /append-only/, statement);
});

test('after an import the planner is told, though the role may not analyse by itself', async () => {
  const analysed = async (): Promise<unknown> =>
    (await t.sql(`SELECT analyze_count::int AS n FROM pg_stat_user_tables WHERE relname = 'account'`))[0];
  await t.sql('SELECT pg_stat_reset()');
  await t.admin.analyse();
  // What a session counts is told when it idles; another one asks until it is.
  for (let i = 0; i < 200 && ((await analysed()) as { n: number }).n === 0; i++) await t.sql('SELECT pg_sleep(0.05)');
  assert.deepEqual(await analysed(), { n: 1 });
});

test('migrated again, rights are as they were; what is more is taken away, what is missing is given', async () => {
  const database = await testDatabase();
  const owner = new pg.Client(database.owner);
  await owner.connect();
  try {
    const acls = async (): Promise<unknown[]> =>
      (
        await owner.query(
          `SELECT relname, relacl::text, xmin::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1`,
        )
      ).rows;
    const before = await acls();
    await migrate(database.owner, SERVER_ROLE);
    assert.deepEqual(await acls(), before, 'nothing was written');
    await owner.query(
      `GRANT ALL ON audit TO ${SERVER_ROLE}; REVOKE ALL ON copy FROM ${SERVER_ROLE}; REVOKE USAGE ON SCHEMA public FROM ${SERVER_ROLE}`,
    );
    await migrate(database.owner, SERVER_ROLE);
    const store = openStore({ connection: database.connection, listen: false });
    assert.deepEqual(await auditProtection(store), { by: 'rights', role: SERVER_ROLE });
    await store.rows('SELECT 1 FROM copy');
    await store.close();
  } finally {
    await owner.end();
    await database.close();
  }
});

test('with one role for all, it is said that a trigger alone protects the log', async () => {
  const database = await testDatabase();
  const store = openStore({ connection: database.owner, listen: false });
  assert.deepEqual(await auditProtection(store), { by: 'trigger', role: 'homing' });
  await assert.rejects(store.single('DELETE FROM audit'), /append-only/);
  await store.close();
  await database.close();
});

test('the server’s role migrates nothing: where there is something to be done, it says whose work it is', async () => {
  await migrate(t.connection); // nothing is
  const [last] = (await migrations()).slice(-1);
  await t.sql('DELETE FROM migration WHERE version = $1', [last?.version]);
  assert.match(await refused(migrate(t.connection), 'needsOwner'), /homing migrate/);
  await t.sql('INSERT INTO migration VALUES ($1, $2, now())', [last?.version, last?.name]);
  await t.sql('ALTER TABLE migration RENAME TO elsewhere');
  await refused(migrate(t.connection), 'needsOwner');
  await t.sql('ALTER TABLE elsewhere RENAME TO migration');
});
