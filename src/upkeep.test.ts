import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createWorld } from '../test/support/world.ts';
import { SILENT } from './mail/log.ts';
import { restoreStep } from './recall/apply/restore.ts';
import { expireVault } from './store/expiry.ts';
import { SERVER_ROLE } from './store/embedded-cluster.ts';
import { migrate } from './store/migrate.ts';
import { createUpkeep, type Upkeep } from './upkeep.ts';

const DAY = 86_400_000;

const world = await createWorld();
after(() => world.close());
const { services, store, clock } = world;
const upkeep = createUpkeep(services);
const NOTHING = {
  uploads: 0,
  vault: 0,
  recalls: 0,
  submissions: 0,
  deliveries: 0,
  messages: 0,
  carried: 0,
};

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

test('what was accepted before it was kept what messages carry is looked through, from the newest on, once', async () => {
  const firm = await world.firm(2);
  const { tenant, ana } = firm;
  const send = async (subject: string, more: string, body: string): Promise<number> =>
    (
      await services.accept({
        tenant,
        origin: { kind: 'submission', account: ana.id, submittedBy: ana.id, source: 'smtp' },
        mailFrom: ana.address,
        recipients: [{ address: `everyone@${firm.domain}` }],
        bytes: Buffer.from(`From: ${ana.address}\r\nSubject: ${subject}\r\n${more}\r\n${body}\r\n`),
      })
    ).messageId;
  const file = (n: number): string => `Content-Type: application/pdf; name="file${n}.pdf"\r\n`;
  const messages: number[] = [];
  for (let n = 0; n < 25; n++) messages.push(await send(`File ${n}`, file(n), `content ${n}`));
  messages.push(await send('Fwd: this', 'X-Forwarded-Message-Id: <it@firm.test>\r\n', 'see'));
  await world.drain();
  const carriedNow = async (): Promise<object[]> => [
    ...(await world.sql<object>(`SELECT * FROM attachment WHERE tenant_id = $1 ORDER BY message_id`, [tenant])),
    ...(await world.sql<object>(`SELECT * FROM forward WHERE tenant_id = $1 ORDER BY message_id`, [tenant])),
  ];
  const kept = await carriedNow();
  assert.equal(kept.length, 26);

  // As if all of it had come before, and Homing had been brought to the present version now.
  for (const table of ['attachment', 'forward']) await world.sql(`DELETE FROM ${table}`);
  await world.sql('DROP TABLE carried_before');
  await world.sql('DELETE FROM migration WHERE version = 23');
  await world.sql('UPDATE migration SET at = $1 WHERE version = 10', [clock()]);
  await migrate(world.owner, SERVER_ROLE);
  const left = `carried_before WHERE tenant_id = $1`;
  assert.equal(await count(`${left} AND message_id = $2`, [tenant, messages.at(-1)]), 1);

  // It ends in the middle, and goes on where it was.
  const blobsOf = new Set(
    (
      await world.sql<{ blob_id: string }>(`SELECT blob_id FROM message WHERE tenant_id = $1 AND id = ANY ($2)`, [
        tenant,
        messages,
      ])
    ).map((row) => Number(row.blob_id)),
  );
  let reads = 0;
  const counted = (most: number): Upkeep =>
    createUpkeep({
      ...services,
      blobs: {
        ...services.blobs,
        read: (of, blob) => {
          if (of === tenant && blobsOf.has(blob) && ++reads > most) throw new Error('ended');
          return services.blobs.read(of, blob);
        },
      },
    });
  await counted(22).run();
  assert.equal(await count(`carried_before`), 1, 'what cannot be read holds up none of the others');
  assert.equal(
    await count(`attachment WHERE tenant_id = $1`, [tenant]),
    19,
    'the first twenty, one of them the forward',
  );
  reads = 0;
  const { carried } = await counted(Infinity).run();
  assert.equal(reads, 6);
  assert.ok(carried >= 6);
  assert.deepEqual(await carriedNow(), kept);
  assert.equal(await count(left, [tenant]), 0);
  assert.deepEqual((await counted(0).run()).carried, 0);
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
