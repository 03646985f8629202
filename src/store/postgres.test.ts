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

// Found by looking for what a plan of an empty database makes slow: a STORE of 10,000 messages took a minute and more.
test('what looks for many rows is planned for how many they are; for few, the plan that is kept will do', async () => {
  const one = openStore({ connection: database.connection, listen: false, faceConnections: 1 });
  const statements = [
    `UPDATE copy c SET modseq = x.modseq FROM unnest($2::bigint[], $1::bigint[]) AS x (uid, modseq) WHERE c.uid = x.uid`,
    `DELETE FROM copy c WHERE c.uid = ANY ($1::bigint[]) AND c.email_id = ANY ($2)`,
  ];
  const kept = `SELECT (generic_plans + custom_plans)::int AS times FROM pg_prepared_statements WHERE statement = $1`;
  try {
    for (const sql of statements) {
      const times = await one.transact(async (tx) => {
        for (let i = 0; i < 8; i++)
          await tx.run(sql, [
            [1, 2],
            [3, 4],
          ]);
        const many = Array.from({ length: 40 }, (_, i) => i);
        await tx.run(sql, [many, many]);
        await tx.run(sql, [many, many]);
        return (await tx.row<{ times: number }>(kept, [sql]))?.times;
      });
      assert.equal(times, 8, sql);
    }
    // What only puts rows in looks for none: no plan of it can be bad.
    const put = `INSERT INTO gate (tenant_id, message_id, recall_id, all_recipients, include_read) SELECT $1, m, m, true, true FROM unnest($2::bigint[]) m`;
    await one.transact(async (tx) => {
      await tx.run(put, [1, Array.from({ length: 40 }, (_, i) => i)]);
      assert.equal((await tx.row<{ times: number }>(kept, [put]))?.times, 1);
    });
  } finally {
    await one.close();
  }
});
