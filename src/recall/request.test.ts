import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createWorld } from '../../test/support/world.ts';

const world = await createWorld();
after(() => world.close());

test('a gate waits for nobody, though all of the faces’ connections wait for an account’s lock', async () => {
  const { store } = world;
  const firm = await world.firm(2);
  const sent = await world.send(firm);
  await world.fanOut();
  const released = Promise.withResolvers<void>();
  const holding: Promise<void>[] = [];
  // More than there are (test/support/world.ts).
  for (let i = 0; i < 20; i++) holding.push(store.transact(() => released.promise));
  try {
    assert.ok((await world.recall(firm, sent)) > 0);
  } finally {
    released.resolve();
    await Promise.allSettled(holding);
  }
});
