import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testMailIn } from '../../test/support/mail-in.ts';
import { insertExpanded, reachedGroups, type Expansion } from './deliveries.ts';

const t = await testMailIn();
after(() => t.close());
const { admin, store, tenant, ana, ben, cho, office } = t;
let messages = 0;

const groupOf = async (address: string): Promise<number> => {
  const target = await t.directory.resolve(address);
  assert.equal(target.kind, 'group');
  return target.kind === 'group' ? target.group : 0;
};

/** What a message to these groups, accounts and outside addresses is delivered to. */
async function expand(
  groups: string[],
  more: Partial<Pick<Expansion, 'direct' | 'outside'>> = {},
): Promise<{
  counts: { total: number; outside: number };
  rows: [n: number, account: number | null, recipient: string, via: string | null][];
}> {
  const id = 1_000_000 + ++messages;
  const targets = await Promise.all(
    groups.map(async (address) => ({ group: await groupOf(address), address, notify: 2, originalRecipient: null })),
  );
  const counts = await store.transact(async (tx) =>
    insertExpanded(tx, tenant, {
      messageId: id,
      direct: [],
      outside: [],
      ...more,
      groups: await reachedGroups(tx, tenant, targets),
      local: { state: 'queued', dueAt: null },
      away: { state: 'held', dueAt: new Date('2026-11-23T12:00:30Z') },
    }),
  );
  const rows = await t.deliveries(id);
  for (const row of rows) {
    assert.equal(row.state, row.account_id === null ? 'held' : 'queued');
    assert.equal(row.due_at !== null, row.account_id === null);
  }
  return { counts, rows: rows.map((row) => [row.n, row.account_id, row.recipient, row.via]) };
}

await admin.addGroup({
  address: 'team@pigeon.test',
  members: ['cho@pigeon.test', 'b@pigeon.test', 'friend@outside.test'],
});
await admin.addGroup({
  address: 'wide@pigeon.test',
  members: ['team@pigeon.test', 'ana@pigeon.test', 'cho@pigeon.test', 'zoe@other.test'],
});
await admin.addGroup({ address: 'all@pigeon.test', everybody: true, members: ['office@pigeon.test'] });
await admin.addGroup({ address: 'empty@pigeon.test' });

test('members by ascending account, by their own addresses, then those outside', async () => {
  const { counts, rows } = await expand(['team@pigeon.test']);
  assert.deepEqual(counts, { total: 3, outside: 1 });
  assert.deepEqual(rows, [
    [1, ben, 'ben@pigeon.test', 'team@pigeon.test'],
    [2, cho, 'cho@pigeon.test', 'team@pigeon.test'],
    [3, null, 'friend@outside.test', 'team@pigeon.test'],
  ]);
});

test('groups within groups, by the one that was named; another tenant is outside', async () => {
  const { counts, rows } = await expand(['wide@pigeon.test']);
  assert.deepEqual(counts, { total: 5, outside: 2 });
  assert.deepEqual(rows, [
    [1, ana, 'ana@pigeon.test', 'wide@pigeon.test'],
    [2, ben, 'ben@pigeon.test', 'wide@pigeon.test'],
    [3, cho, 'cho@pigeon.test', 'wide@pigeon.test'],
    [4, null, 'friend@outside.test', 'wide@pigeon.test'],
    [5, null, 'zoe@other.test', 'wide@pigeon.test'],
  ]);
});

test('everybody is every person, and what was added; a shared mailbox and a service are not by themselves', async () => {
  const { rows } = await expand(['all@pigeon.test']);
  assert.deepEqual(
    rows.map(([, account]) => account),
    [ana, ben, cho, office],
  );
});

test('one delivery however many ways lead there: named directly before by alias before by group', async () => {
  const direct = [
    { account: ben, via: 'b@pigeon.test', notify: 4, originalRecipient: 'rfc822;b@pigeon.test' },
    { account: cho, via: null, notify: 1, originalRecipient: null },
  ];
  const outside = [{ key: 'friend@outside.test', address: 'Friend@outside.test', notify: 1, originalRecipient: null }];
  const { counts, rows } = await expand(['team@pigeon.test', 'wide@pigeon.test', 'all@pigeon.test'], {
    direct,
    outside,
  });
  assert.deepEqual(counts, { total: 6, outside: 2 });
  assert.deepEqual(rows, [
    [1, ana, 'ana@pigeon.test', 'all@pigeon.test'],
    [2, ben, 'ben@pigeon.test', 'b@pigeon.test'],
    [3, cho, 'cho@pigeon.test', null],
    [4, office, 'office@pigeon.test', 'all@pigeon.test'],
    [5, null, 'Friend@outside.test', null],
    [6, null, 'zoe@other.test', 'wide@pigeon.test'],
  ]);
  const kept = await t.deliveries(1_000_000 + messages);
  assert.deepEqual(
    kept.slice(1, 3).map((row) => [row.notify, row.original_recipient]),
    [
      [4, 'rfc822;b@pigeon.test'],
      [1, null],
    ],
  );
});

test('an empty group is nobody', async () => {
  assert.deepEqual(await expand(['empty@pigeon.test']), { counts: { total: 0, outside: 0 }, rows: [] });
});

test('a loop that somebody made by hand ends', async () => {
  const team = await groupOf('team@pigeon.test');
  await t.sql(`INSERT INTO group_member VALUES ($1, $2, 'wide@pigeon.test')`, [tenant, team]);
  const { counts } = await expand(['team@pigeon.test']);
  await t.sql(`DELETE FROM group_member WHERE address = 'wide@pigeon.test'`);
  assert.deepEqual(counts, { total: 5, outside: 2 });
});

test('an address of ours that leads nowhere any more is no member, inside or out', async () => {
  await t.sql(`INSERT INTO group_member VALUES ($1, $2, 'gone@pigeon.test')`, [
    tenant,
    await groupOf('empty@pigeon.test'),
  ]);
  assert.deepEqual(await expand(['empty@pigeon.test']), { counts: { total: 0, outside: 0 }, rows: [] });
});

test('many, in one statement', async () => {
  const people = Array.from({ length: 3000 }, (_, i) => ({
    address: `p${i}@pigeon.test`,
    name: 'P',
    passwordHash: null,
  }));
  await admin.addAccounts(tenant, people);
  const { counts, rows } = await expand(['all@pigeon.test', 'team@pigeon.test']);
  assert.deepEqual(counts, { total: 3005, outside: 1 });
  assert.deepEqual(
    rows.map(([n]) => n),
    Array.from({ length: 3005 }, (_, i) => i + 1),
  );
  const accounts = rows.map(([, account]) => account ?? Infinity);
  assert.deepEqual(
    accounts,
    accounts.toSorted((a, b) => a - b),
  );
});
