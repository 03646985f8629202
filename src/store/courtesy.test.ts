import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActivity, createCourtesy } from './courtesy.ts';

function courteous(): { committed: () => void; idle: () => void; rested: (tookMs: number) => Promise<number> } {
  const activity = createActivity();
  let ms = 0;
  const courtesy = createCourtesy(activity, undefined, async (wait) => void (ms = wait));
  return {
    committed: () => void Atomics.add(activity, 0, 1),
    idle: () => courtesy.idle(),
    async rested(tookMs) {
      ms = 0;
      await courtesy.rest(tookMs);
      return ms;
    },
  };
}

test('a batch rests only if somebody else has committed beside it, and then longer than it took', async () => {
  const { committed, rested } = courteous();
  assert.equal(await rested(40), 0, 'nobody else is there');
  committed();
  assert.equal(await rested(40), 120, 'somebody was');
  assert.equal(await rested(40), 0, 'and is no more');
  committed();
  assert.equal(await rested(5), 0, 'so short a batch is in nobody’s way');
  committed();
  assert.equal(await rested(1000), 300, 'nor is it to take for ever');
});

test('who calls a lane is nobody that it gives way to: a recall does not wait for its own command', async () => {
  const { committed, idle, rested } = courteous();
  committed(); // the gate, or the acceptance
  idle();
  assert.equal(await rested(100), 0);
  committed();
  assert.equal(await rested(50), 150, 'who comes while it works is');
});
