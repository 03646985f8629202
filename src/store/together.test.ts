import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { openStore } from './postgres.ts';
import { together } from './together.ts';

const database = await testDatabase();
const store = openStore({ connection: database.connection, listen: false, faceConnections: 2 });
after(async () => {
  await store.close();
  await database.close();
});

const INSERT = `INSERT INTO tenant (id, name, created_at) VALUES ($1, $2, $3)`;
const now = new Date('2026-11-23T12:00:00Z');
const names = async (): Promise<string[]> =>
  (await store.rows<{ name: string }>(`SELECT name FROM tenant ORDER BY id`)).map((row) => row.name);

test('each finds what the one before it wrote', async () => {
  const counted = await store.transact(async (tx) => {
    const [, before, , then] = await together(
      tx.run(INSERT, [1, 'one', now]),
      tx.row<{ n: number }>(`SELECT count(*)::int AS n FROM tenant`),
      tx.run(INSERT, [2, 'two', now]),
      tx.row<{ n: number }>(`SELECT count(*)::int AS n FROM tenant`),
    );
    return [before?.n, then?.n];
  });
  assert.deepEqual(counted, [1, 2]);
});

test('throws the error that was first, not one that came of it, and leaves nothing behind', async () => {
  const before = await names();
  const failing = store.transact(async (tx) => {
    const slow = async (): Promise<number> => {
      await new Promise((resolve) => setImmediate(resolve));
      return tx.run(INSERT, [3, 'after the failure', now]);
    };
    await together(slow(), tx.run(INSERT, [4, 'one', now]), tx.run(INSERT, [5, 'five', now]));
  });
  await assert.rejects(failing, (error: { code?: string }) => error.code === '23505');
  assert.deepEqual(await names(), before);
});

test('a statement that is prepared while the transaction is failing does not spoil the connection', async () => {
  for (let i = 0; i < 4; i++) {
    await assert.rejects(
      store.transact((tx) =>
        together(tx.run(INSERT, [6, 'one', now]), tx.rows(`SELECT 1 AS a, 'first seen in a failure' AS b`)),
      ),
      (error: { code?: string }) => error.code === '23505',
    );
  }
  const rows = await store.transact((tx) => tx.rows(`SELECT 1 AS a, 'first seen in a failure' AS b`));
  assert.deepEqual(rows, [{ a: 1, b: 'first seen in a failure' }]);
});

test('what failed is tried again where trying again helps', async () => {
  let attempts = 0;
  const answer = await store.transact(async (tx) => {
    attempts++;
    await together(
      tx.run(`SELECT 1`),
      attempts === 1
        ? tx.run(`DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$`)
        : tx.run(`SELECT 2`),
      tx.run(`SELECT 3`),
    );
    return attempts;
  });
  assert.equal(answer, 2);
});
