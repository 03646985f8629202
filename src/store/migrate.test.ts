import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { testDatabase } from '../../test/support/database.ts';
import { refused } from '../../test/support/directory.ts';
import { migrate, migrations } from './migrate.ts';

const { owner: connection, close } = await testDatabase();
const client = new pg.Client(connection);
await client.connect();
after(async () => {
  await client.end();
  await close();
});

async function versions(): Promise<number[]> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM migration ORDER BY version');
  return rows.map((row) => row.version);
}

test('no two migrations have the same number', async () => {
  const known = (await migrations()).map((one) => one.version);
  assert.deepEqual(known, [...new Set(known)]);
});

test('one that came later with a lower number is run too', async () => {
  const [last] = (await migrations()).slice(-2);
  await client.query('DELETE FROM migration WHERE version = $1', [last?.version]);
  await assert.rejects(migrate(connection), /already/); // it was run: what there is says so
  await client.query('INSERT INTO migration VALUES ($1, $2, now())', [last?.version, last?.name]);
});

test('it runs again and does nothing, several at once too', async () => {
  const before = await versions();
  await migrate(connection);
  await Promise.all([migrate(connection), migrate(connection), migrate(connection)]);
  assert.deepEqual(await versions(), before);
  assert.equal(before.length, (await migrations()).length);
});

test('from nothing, several at once: each migration runs once', async () => {
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await Promise.all([migrate(connection), migrate(connection), migrate(connection)]);
  assert.equal((await versions()).length, (await migrations()).length);
  await client.query('SELECT count(*) FROM copy');
});

test('one that failed leaves nothing of itself, and is run again', async () => {
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE tenant ()');
  await assert.rejects(migrate(connection), /already exists/);
  assert.deepEqual(await versions(), []);
  const { rows } = await client.query(`SELECT to_regclass('copy') AS copy`);
  assert.deepEqual(rows, [{ copy: null }]);
  await client.query('DROP TABLE tenant');
  await migrate(connection);
  assert.equal((await versions()).length, (await migrations()).length);
});

test('a database that is newer than the program is refused, and left alone', async () => {
  const newer = ((await migrations()).at(-1)?.version ?? 0) + 1;
  await client.query(`INSERT INTO migration VALUES ($1, '${newer}-later.sql', now())`, [newer]);
  const sentence = await refused(migrate(connection), 'newer');
  assert.match(sentence, new RegExp(`version ${newer}, this program knows ${newer - 1}`));
  await client.query('DELETE FROM migration WHERE version = $1', [newer]);
  await migrate(connection);
});
