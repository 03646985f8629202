import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createWorld } from '../../../test/support/world.ts';
import { SILENT } from '../../mail/log.ts';
import { sweepStep } from '../sweep.ts';
import { askRestore, restoreStep } from './restore.ts';

const world = await createWorld();
after(() => world.close());
const { store, clock, services } = world;

/** More than one batch of the sweep, and of the restore. */
const PEOPLE = 1010;

test('a restore that is asked for while the recall is under way waits, and brings back what was taken after that, too', async (context) => {
  // The first range first, so that the vault does not reach as far yet as it will.
  context.mock.method(Math, 'random', () => 0.9);
  const firm = await world.firm(PEOPLE);
  const sent = await world.send(firm);
  await world.fanOut();
  const id = await world.recall(firm, sent);
  const deps = { store, clock, log: SILENT };
  const { progress } = services.recalls;
  await progress.open(firm.tenant, id);
  assert.deepEqual(
    await world.sql(`SELECT from_n FROM work WHERE kind = 'sweep' AND of_id = $1 ORDER BY from_n`, [id]),
    [{ from_n: 1 }, { from_n: 1001 }],
    'cut when it is opened, so that every lane finds one',
  );
  const vaulted = async (): Promise<number> =>
    (await world.sql<{ n: number }>(`SELECT count(*)::int AS n FROM vault WHERE recall_id = $1`, [id]))[0]?.n ?? 0;
  while ((await vaulted()) === 0) await sweepStep({ ...deps, progress });
  assert.equal(await vaulted(), 1000);
  await store.transact((tx) => askRestore(tx, firm.ana, { id, message: sent.message }, clock(), {}));
  assert.equal(await restoreStep(deps), true);
  assert.equal(await vaulted(), 1000, 'nothing returns while the gate stands');
  world.advance(1000);
  await services.recalls.worker.drain();
  world.advance(1000);
  await services.recalls.worker.drain();
  assert.equal(await vaulted(), 0);
  const [copies] = await world.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM copy WHERE tenant_id = $1 AND message_id = $2 AND delivery_n IS NOT NULL`,
    [firm.tenant, sent.message],
  );
  assert.equal(copies?.n, PEOPLE);
});
