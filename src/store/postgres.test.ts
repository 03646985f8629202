import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { Unavailable } from '../mail/errors.ts';
import { openStore } from './postgres.ts';

const database = await testDatabase();
const store = openStore({ connection: database.connection, listen: false });
after(async () => {
  await store.close();
  await database.close();
});

const raise = (code: string): Promise<number> =>
  store.transact((tx) => tx.run(`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${code}'; END $$`));

// Found by npm run torture: a full disk was told as a fault of ours.
test('no room, no memory, no connection left, a failing disk, a server that ends: come again', async () => {
  for (const code of ['53100', '53200', '53300', '58030', '57P01', '57P03', '08006'])
    await assert.rejects(raise(code), Unavailable, code);
});

test('what is wrong with the statement is not', async () => {
  for (const code of ['23505', '22P02', '42P01', '58P01', 'P0001'])
    await assert.rejects(
      raise(code),
      (error: { code?: string }) => !(error instanceof Unavailable) && error.code === code,
      code,
    );
});
