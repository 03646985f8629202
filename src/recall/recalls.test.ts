import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createWorld } from '../../test/support/world.ts';

const world = await createWorld();
after(() => world.close());

test('a preview counts anew while the message is on its way, and once after that', async () => {
  const firm = await world.firm(3);
  const sent = await world.send(firm);
  const preview = async (): Promise<number[]> => {
    const { inside, outside, held, queued } = await world.services.recalls.preview({
      actor: firm.ana,
      account: firm.ana.id,
      message: { messageId: sent.header },
      recipients: null,
    });
    return [inside, outside, held, queued];
  };
  assert.deepEqual(await preview(), [0, 0, 0, 4]);
  await world.fanOut();
  assert.deepEqual(await preview(), [3, 0, 0, 1]);
  await world.drain();
  assert.deepEqual(await preview(), [3, 1, 0, 0]);
  await world.outgoing().recover();
  assert.deepEqual(await preview(), [3, 1, 0, 0]);
  // Not that this happens: it shows that nobody has counted.
  await world.sql(`UPDATE delivery SET state = 'failed' WHERE tenant_id = $1`, [firm.tenant]);
  assert.deepEqual(await preview(), [3, 1, 0, 0]);
});
