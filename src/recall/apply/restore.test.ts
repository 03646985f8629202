import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { SILENT } from '../../mail/log.ts';
import type { Store } from '../../store/postgres.ts';
import { createWorld } from '../../../test/support/world.ts';
import { endLeftRestores, requestRestore, restoreStep } from './restore.ts';

const world = await createWorld();
after(() => world.close());
const { store, clock, services } = world;

const ends = async (tenant: number, id: number): Promise<unknown> => {
  const [row] = await store.rows(
    `SELECT done_at IS NOT NULL AS done, (SELECT count(*)::int FROM audit a WHERE a.tenant_id = $1 AND a.action = 'recall.restored') AS told
     FROM recall_restore WHERE tenant_id = $1 AND recall_id = $2`,
    [tenant, id],
  );
  return row;
};

test('a process that dies after a restore’s last batch and before its end: another ends it, once', async () => {
  const firm = await world.firm(3);
  const sent = await world.send(firm);
  await world.fanOut();
  const id = await world.recall(firm, sent);
  await services.recalls.worker.drain();
  await requestRestore({ store, people: services.directory, clock }, firm.ana, firm.ana.id, id);

  // All that this process commits are batches.
  const dying: Store = {
    ...store,
    transact: async (run, lane) => {
      if (lane !== 'batch') throw new Error('gone');
      return store.transact(run, lane);
    },
  };
  await restoreStep({ store: dying, clock, log: SILENT });
  assert.deepEqual(await ends(firm.tenant, id), { done: false, told: 0 });

  await Promise.all([endLeftRestores({ store, clock }), endLeftRestores({ store, clock })]);
  assert.deepEqual(await ends(firm.tenant, id), { done: true, told: 1 });
});

test('a restore that has a range left is not ended', async () => {
  const firm = await world.firm(3);
  const sent = await world.send(firm);
  await world.fanOut();
  const id = await world.recall(firm, sent);
  await services.recalls.worker.drain();
  await requestRestore({ store, people: services.directory, clock }, firm.ana, firm.ana.id, id);
  await endLeftRestores({ store, clock });
  assert.deepEqual(await ends(firm.tenant, id), { done: false, told: 0 });
});

test('what a later recall found taken already is told of there too when it returns', async () => {
  const firm = await world.firm(2);
  const sent = await world.send(firm);
  await world.fanOut();
  const first = await world.recall(firm, sent);
  await services.recalls.worker.drain();
  const second = await world.recall(firm, sent);
  await services.recalls.worker.drain();
  await requestRestore({ store, people: services.directory, clock }, firm.ana, firm.ana.id, first);
  await services.recalls.worker.drain();
  const rows = await world.sql(
    `SELECT recall_id::int AS id, count(*)::int AS n FROM outcome WHERE tenant_id = $1 AND outcome = 'recalled' AND restored_at IS NOT NULL
     GROUP BY recall_id ORDER BY 1`,
    [firm.tenant],
  );
  assert.deepEqual(rows, [
    { id: first, n: 2 },
    { id: second, n: 2 },
  ]);
});
