import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mail, testMail } from '../../test/support/mailboxes.ts';
import { readEmails } from './emails.ts';
import type { Store } from './postgres.ts';

const t = await testMail();
after(() => t.close());
const { store, tenant } = t;

// Found with one mailbox of 10,000 beside many that are nearly empty: a few Emails took 10 ms, 50 took 2.
test('each Email is looked up by its id, even where accounts are believed to have next to nothing in them', async () => {
  const account = await t.newAccount('full');
  const { emailIds, messageId } = await t.deliver([account], mail('One'));
  const [{ others } = { others: '' }] = await t.sql<{ others: string }>(
    `SELECT string_agg(column_name, ', ') AS others FROM information_schema.columns
     WHERE table_schema = current_schema AND table_name = 'copy' AND column_name NOT IN ('uid', 'email_id', 'modseq')`,
  );
  await t.sql(
    `INSERT INTO copy (uid, email_id, modseq, ${others}) SELECT 1000 + n, 1000 + n, 1000 + n, ${others}
     FROM copy, generate_series(1, 10000) n WHERE tenant_id = $1 AND account_id = $2`,
    [tenant, account],
  );
  await t.sql(`ALTER TABLE copy ALTER account_id SET (n_distinct = 5000)`);
  await t.sql(`ANALYZE copy`);
  const statements: string[] = [];
  const listening: Store = {
    ...store,
    rows: (sql, params) => {
      statements.push(sql);
      return store.rows(sql, params);
    },
  };
  const [id = 0] = emailIds;
  const { rows } = await readEmails(listening, { tenant, account }, [1001, id, 11_000, 1001, 99_999], 'envelope', null);
  assert.deepEqual(new Set(rows.map((row) => row.email_id)), new Set([id, 1001, 11_000]));
  assert.equal(rows.length, 3, 'one that is asked for twice is there once');
  assert.ok(rows.every((row) => row.message_id === messageId));
  const [sql = ''] = statements;
  const plan = await t.sql<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN) ${sql}`);
  const text = plan.map((line) => line['QUERY PLAN']).join('\n');
  assert.match(text, /Index Scan using copy_email on copy c .*\n\s+Index Cond: .*email_id = k\.id/, text);
});
