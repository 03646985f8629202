import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import pg from 'pg';
import { testDatabase } from './database.ts';

const [one, other] = await Promise.all([testDatabase(), testDatabase()]);
after(async () => {
  await one.close();
  await other.close();
});

it('has the schema, and what one writes the other does not see', async () => {
  const [mine, theirs] = [new pg.Client(one.owner), new pg.Client(other.owner)];
  await Promise.all([mine.connect(), theirs.connect()]);
  await mine.query('CREATE TABLE mine ()');
  const seen = `SELECT to_regclass('mine') IS NOT NULL AS mine, to_regclass('migration') IS NOT NULL AS schema`;
  assert.deepEqual((await mine.query(seen)).rows, [{ mine: true, schema: true }]);
  assert.deepEqual((await theirs.query(seen)).rows, [{ mine: false, schema: true }]);
  await Promise.all([mine.end(), theirs.end()]);
});
