import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createWorld } from '../test/support/world.ts';
import { SILENT } from './mail/log.ts';
import { restoreStep } from './recall/apply/restore.ts';
import { expireVault } from './store/expiry.ts';
import { createUpkeep } from './upkeep.ts';

const DAY = 86_400_000;

const world = await createWorld();
after(() => world.close());
const { services, store, clock } = world;
const upkeep = createUpkeep(services);
const NOTHING = { uploads: 0, vault: 0, recalls: 0, submissions: 0, deliveries: 0, messages: 0, indexed: 0 };

const count = async (what: string, params: unknown[] = []): Promise<number> =>
  (await world.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${what}`, params))[0]?.n ?? 0;

/** A message to three and one outside, taken back; Ana's own copy is gone too. */
async function recalled(): Promise<{ tenant: number; message: number; recall: number; ana: number; people: number[] }> {
  const firm = await world.firm(3);
  const sent = await world.send(firm);
  await world.drain();
  const recall = await world.recall(firm, sent);
  await world.drain();
  await world.outgoing().recover();
  const { tenant, ana, people } = firm;
  assert.equal(await count('vault WHERE tenant_id = $1', [tenant]), 3);
  return { tenant, message: sent.message, recall, ana: ana.id, people };
}

test('P6: nothing goes before its time; then the vault, the bytes that nothing refers to, and at last the tracking', async () => {
  const { tenant, message, ana } = await recalled();
  await world.sql(`DELETE FROM copy WHERE tenant_id = $1 AND account_id = $2`, [tenant, ana]);
  world.advance(90 * DAY - 5000);
  assert.deepEqual(await upkeep.run(), NOTHING);
  assert.equal(await count('message WHERE tenant_id = $1 AND id = $2', [tenant, message]), 1);
  world.advance(5001);
  assert.deepEqual(await upkeep.run(), { ...NOTHING, vault: 3 });
  world.advance(DAY / 24);
  assert.deepEqual(await upkeep.run(), { ...NOTHING, messages: 1 }, 'at the second look');
  assert.equal(await count('message WHERE tenant_id = $1 AND id = $2', [tenant, message]), 0);
  assert.equal(
    await count(`blob b WHERE tenant_id = $1 AND NOT EXISTS (SELECT FROM message m WHERE m.blob_id = b.id)`, [tenant]),
    0,
  );
  assert.equal(await count('outcome WHERE tenant_id = $1', [tenant]), 4, 'outcomes outlive the mail');

  world.advance(309 * DAY);
  assert.deepEqual(await upkeep.run(), NOTHING);
  world.advance(DAY);
  assert.deepEqual(await upkeep.run(), { ...NOTHING, recalls: 1, submissions: 1 });
  world.advance(DAY / 24);
  assert.deepEqual(await upkeep.run(), { ...NOTHING, deliveries: 4 }, 'a round after the submission');
  for (const table of ['outcome', 'recall', 'recall_state', 'delivery', 'submission', 'vault'])
    assert.equal(await count(`${table} WHERE tenant_id = $1`, [tenant]), 0, table);
});

test('a copy keeps its message, and legal hold the vault', async () => {
  const { tenant, message, people } = await recalled();
  await world.sql(`UPDATE account SET legal_hold = true WHERE tenant_id = $1 AND id = $2`, [tenant, people[1]]);
  world.advance(500 * DAY);
  const removed = await upkeep.run();
  assert.equal(removed.vault, 2);
  assert.equal(
    removed.recalls + removed.submissions + removed.deliveries,
    0,
    'tracked for as long as the vault has something',
  );
  world.advance(DAY);
  await upkeep.run();
  world.advance(DAY);
  await upkeep.run();
  const left = await world.sql<{ account_id: number }>(`SELECT account_id FROM vault WHERE tenant_id = $1`, [tenant]);
  assert.deepEqual(left, [{ account_id: people[1] }]);
  assert.equal(await count('message WHERE tenant_id = $1 AND id = $2', [tenant, message]), 1);
});

test('uploads of an account that is gone go with their bytes', async () => {
  const { tenant, people } = await recalled();
  const [account = 0] = people;
  const blob = await store.transact((tx) => services.blobs.put(tx, tenant, Buffer.from('x')));
  await world.sql(
    `INSERT INTO upload (tenant_id, account_id, id, blob_id, size, type, uploaded_by, created_at)
     VALUES ($1, $2, gen_random_uuid(), $3, 1, 'text/plain', $2, $4)`,
    [tenant, account, blob, clock()],
  );
  await world.sql(`DELETE FROM account WHERE tenant_id = $1 AND id = $2`, [tenant, account]);
  assert.equal((await upkeep.run()).uploads, 0);
  world.advance(DAY + 1);
  assert.equal((await upkeep.run()).uploads, 1);
  assert.equal(await count('blob WHERE tenant_id = $1 AND id = $2', [tenant, blob]), 0);
});

test('what an older version cut into words is cut anew, once', async () => {
  const { tenant, message } = await recalled();
  await world.sql(`UPDATE message SET search = '', search_version = 0 WHERE tenant_id = $1`, [tenant]);
  assert.ok((await upkeep.run()).indexed >= 2);
  const found = `message WHERE tenant_id = $1 AND id = $2 AND search @@ $3::tsquery`;
  assert.equal(await count(found, [tenant, message, `'subject:salaries'`]), 1);
  assert.equal((await upkeep.run()).indexed, 0);
});

for (const first of ['restore', 'expiry'] as const) {
  test(`a restore that is asked for in time brings all back, whichever comes first: ${first}`, async () => {
    const { tenant, recall, ana, people } = await recalled();
    world.advance(91 * DAY);
    const actor = { tenant, id: ana, address: 'ana', name: 'Ana' };
    await world.sql(`UPDATE account SET roles = '{recall-admin}' WHERE tenant_id = $1 AND id = $2`, [tenant, ana]);
    const restore = async (): Promise<void> => {
      while (await restoreStep({ store, clock, log: SILENT }));
    };
    const expire = (): Promise<number> =>
      store.transact((tx) => expireVault(tx, tenant, recall, new Date(clock().getTime() - 90 * DAY)), 'batch');
    if (first === 'restore') {
      await services.recalls.restore(actor, null, recall);
      assert.equal(await expire(), 0);
      await upkeep.run();
      assert.equal(await count('vault WHERE tenant_id = $1', [tenant]), 3);
    } else {
      assert.equal(await expire(), 3);
      await services.recalls.restore(actor, null, recall);
    }
    await restore();
    const back = await count('copy WHERE tenant_id = $1 AND account_id = ANY ($2) AND notice_of IS NULL', [
      tenant,
      people,
    ]);
    assert.equal(back, first === 'restore' ? 3 : 0);
    assert.equal(await count('vault WHERE tenant_id = $1', [tenant]), 0);
  });
}
