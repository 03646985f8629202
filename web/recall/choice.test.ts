import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressesOf, EVERYONE, isTicked, NOBODY, tickedOf, toggled } from './choice.ts';

const BEN = { recipient: 'ben@pigeon.test', count: null };
const GROUP = { recipient: 'all@pigeon.test', count: 40 };
const CHO = { recipient: 'cho@pigeon.test', count: null };

test('everyone, until one is unticked', () => {
  assert.equal(addressesOf(EVERYONE, [BEN, CHO]), null);
  const but = toggled(EVERYONE, BEN);
  assert.deepEqual(addressesOf(but, [BEN, CHO]), ['cho@pigeon.test']);
  assert.deepEqual([isTicked(but, 'ben@pigeon.test'), isTicked(but, 'cho@pigeon.test')], [false, true]);
  assert.equal(tickedOf(but, 433), 432);
  assert.equal(addressesOf(toggled(but, BEN), [BEN, CHO]), null);
});

test('nobody, until one is ticked', () => {
  assert.deepEqual(addressesOf(NOBODY, [BEN, CHO]), []);
  const some = toggled(toggled(NOBODY, CHO), GROUP);
  assert.deepEqual(addressesOf(some, [BEN, CHO, GROUP]), ['cho@pigeon.test', 'all@pigeon.test']);
  assert.equal(tickedOf(some, 433), 41);
});

test('a group stands for as many as it has', () => {
  assert.equal(tickedOf(toggled(EVERYONE, GROUP), 433), 393);
});
