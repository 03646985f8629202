import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActivity, createRest } from './courtesy.ts';

const timed = async (work: Promise<void>): Promise<number> => {
  const began = performance.now();
  await work;
  return performance.now() - began;
};

test('a batch rests only if somebody else has committed beside it, and then longer than it took', async () => {
  const activity = createActivity();
  const rest = createRest(activity);
  assert.ok((await timed(rest(40))) < 40, 'nobody else is there');
  Atomics.add(activity, 0, 1);
  assert.ok((await timed(rest(40))) >= 100, 'somebody was');
  assert.ok((await timed(rest(40))) < 40, 'and is no more');
  Atomics.add(activity, 0, 1);
  assert.ok((await timed(rest(5))) < 40, 'so short a batch is in nobody’s way');
});
