import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import pg from 'pg';
import { createAccept, type Accept } from '../delivery/accept.ts';
import { createAdmin } from '../directory/admin.ts';
import { createDirectory } from '../directory/directory.ts';
import { createBlobs } from '../store/blobs.ts';
import { createIds } from '../store/ids.ts';
import { openStore, type Store } from '../store/postgres.ts';
import { testDatabase } from '../../test/support/database.ts';
import { letters } from './letters.ts';
import { seed, type SeedDeps } from './seed.ts';

const opened: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const close of opened.toReversed()) await close();
});

let store: Store;
let deps: SeedDeps;
let sql: <T extends object>(text: string) => Promise<T[]>;

beforeEach(async () => {
  const database = await testDatabase();
  const created = openStore({ connection: database.connection, listen: false });
  store = created;
  const pool = new pg.Pool({ ...database.owner, max: 1 });
  pool.on('error', () => undefined);
  opened.push(
    () => database.close(),
    () => pool.end(),
    () => created.close(),
  );
  sql = async <T extends object>(text: string): Promise<T[]> => (await pool.query<T>(text)).rows;
  const clock = (): Date => new Date('2026-11-23T12:00:00Z');
  const ids = createIds(store);
  const directory = createDirectory({ store });
  const accept = createAccept({ store, ids, blobs: createBlobs({ store, ids }), directory, clock });
  deps = { store, directory, accept, clock, admin: createAdmin({ store, clock, actor: 'homing' }) };
});

async function inbox(address: string): Promise<string[]> {
  const rows = await sql<{ subject: string }>(
    `SELECT m.subject FROM copy c JOIN account p ON p.id = c.account_id JOIN message m ON m.id = c.message_id
     WHERE p.address = '${address}' AND c.mailbox_id = 1 ORDER BY 1`,
  );
  return rows.map((row) => row.subject);
}

async function everything(): Promise<object[]> {
  return sql(
    `SELECT (SELECT array_agg(address ORDER BY address) FROM address) AS addresses, (SELECT count(*) FROM copy) AS copies,
       (SELECT count(*) FROM audit) AS audit, (SELECT count(*) FROM delegation) AS delegations, (SELECT count(*) FROM tenant) AS tenants`,
  );
}

test('people who can sign in, a group of everybody, a shared mailbox, a second tenant', async () => {
  assert.equal(await seed(deps, 0), 7);
  const { directory } = deps;
  for (const [address, name] of [
    ['ana', 'Ana Silva'],
    ['ben', 'Ben Okafor'],
    ['cho', 'Cho Min-jun'],
    ['dia', 'Dia Rahman'],
    ['eli', 'Eli Novak'],
  ]) {
    assert.equal((await directory.authenticate(`${address}@pigeon.test`, 'homing'))?.name, name);
  }
  const zoe = await directory.authenticate('zoe@other.test', 'homing');
  const ana = await directory.authenticate('ana@pigeon.test', 'homing');
  assert.ok(zoe && ana && zoe.tenant !== ana.tenant);
  assert.equal(await directory.authenticate('office@pigeon.test', 'homing'), null);
  assert.deepEqual(
    (await directory.accessible(ana.tenant, ana.id)).map((one) => [one.address, one.kind]),
    [['office@pigeon.test', 'shared']],
  );
  assert.equal((await directory.resolve('all@pigeon.test')).kind, 'group');
  for (const tenant of [ana.tenant, zoe.tenant]) {
    const { rateLimit, maxRecipients } = await directory.policy(tenant);
    assert.deepEqual({ rateLimit, maxRecipients }, { rateLimit: 0, maxRecipients: 10_000 });
  }
});

test('a little mail, in everybody’s Inbox and Sent, an answer in the thread of its question', async () => {
  await seed(deps, 0);
  for (const local of ['ana', 'ben', 'cho', 'dia', 'eli', 'office']) {
    const expected = letters.filter((letter) => letter.to.includes(local)).map((letter) => letter.subject);
    assert.deepEqual(await inbox(`${local}@pigeon.test`), expected.toSorted(), local);
  }
  const sent = await sql(`SELECT count(*)::int AS n FROM copy WHERE mailbox_id = 3`);
  assert.deepEqual(sent, [{ n: letters.length }]);
  const threads = await sql(
    `SELECT count(DISTINCT thread_id)::int AS threads, count(*)::int AS messages FROM message WHERE subject ~ 'Roof'`,
  );
  assert.deepEqual(threads, [{ threads: 1, messages: 2 }]);
});

test('p1 … pN, in all@ too, and more of them later', async () => {
  assert.equal(await seed(deps, 12), 19);
  assert.ok(await deps.directory.authenticate('p12@pigeon.test', 'homing'));
  assert.equal(await seed(deps, 5), 0);
  assert.equal(await seed(deps, 5020), 5008);
  assert.equal((await deps.directory.resolve('p5020@pigeon.test')).kind, 'account');
  assert.equal((await deps.directory.resolve('p5021@pigeon.test')).kind, 'unknown');
  assert.deepEqual(
    await sql(`SELECT count(DISTINCT password)::int AS n FROM account WHERE address ~ '^p[0-9]'`),
    [{ n: 2 }],
    'one hash a start',
  );
});

test('a second start changes nothing, and brings nobody back', async () => {
  await seed(deps, 3);
  const first = await everything();
  await seed(deps, 3);
  assert.deepEqual(await everything(), first);
  await deps.admin.removeAccount('eli@pigeon.test');
  await deps.admin.removeAccount('p2@pigeon.test');
  await deps.admin.removeGroup('all@pigeon.test');
  await deps.admin.addAccount({ address: 'p5@pigeon.test' });
  assert.equal(await seed(deps, 3), 0);
  assert.equal((await deps.directory.resolve('eli@pigeon.test')).kind, 'unknown');
  assert.equal(await seed(deps, 7), 2, 'p6 and p7');
  assert.equal((await deps.directory.resolve('p2@pigeon.test')).kind, 'unknown');
});

test('a start that was cut short is finished by the next', async () => {
  const whole = deps.accept;
  const names = ['addTenant', 'addAccounts', 'addAccount', 'delegate', 'addGroup'] as const;
  // One call further each time, and then it breaks off.
  for (let calls = 0; calls < 30; calls++) {
    let left = calls;
    const counted =
      <A extends unknown[], T>(work: (...args: A) => Promise<T>): ((...args: A) => Promise<T>) =>
      (...args) =>
        left-- > 0 ? work(...args) : Promise.reject(new Error('cut short'));
    const admin = {
      ...deps.admin,
      ...Object.fromEntries(
        names.map((name) => [name, counted(deps.admin[name] as (...args: unknown[]) => Promise<unknown>)]),
      ),
    };
    const accept: Accept = counted(whole);
    if (
      await seed({ ...deps, admin, accept }, 2).then(
        () => true,
        () => false,
      )
    )
      break;
  }
  const addresses = ['all', 'ana', 'ben', 'cho', 'dia', 'eli', 'office', 'p1', 'p2'].map(
    (local) => `${local}@pigeon.test`,
  );
  assert.deepEqual(
    await sql(`SELECT address FROM address ORDER BY 1`),
    [...addresses, 'zoe@other.test'].map((address) => ({ address })),
  );
  assert.deepEqual(await sql(`SELECT count(*)::int AS n FROM submission`), [{ n: letters.length }]);
  assert.deepEqual(await sql(`SELECT count(*)::int AS n FROM delegation`), [{ n: 2 }]);
});
