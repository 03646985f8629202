import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatSequenceSet,
  has,
  intersect,
  parseSequenceSet,
  resolve,
  setOf,
  size,
  STAR,
  union,
} from './sequence-set.ts';

const numbers = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });

test('as it is written', () => {
  assert.deepEqual(parseSequenceSet('4:2,9,*,5:*', 9), [
    [2, 4],
    [9, 9],
    [STAR, STAR],
    [5, STAR],
  ]);
  for (const text of ['', '0', '1,', ',1', '1:', '01', '1:2:3', '4294967296', '1,2,3,4,5,6,7,8,9,10'])
    assert.equal(parseSequenceSet(text, 9), undefined, text);
});

test('"*" is the largest number there is, and in an empty mailbox none', () => {
  assert.equal(formatSequenceSet(resolve(parseSequenceSet('5:*', 9) ?? [], 3)), '3:5');
  assert.equal(formatSequenceSet(resolve(parseSequenceSet('2,*', 9) ?? [], 3)), '2:3');
  assert.deepEqual(resolve(parseSequenceSet('*,1:*', 9) ?? [], 0), []);
});

test('the algebra is that of sets', () => {
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const [x, y] = [new Set(a), new Set(b)];
      assert.deepEqual(union(setOf(a), setOf(b)), setOf(x.union(y)));
      assert.deepEqual(intersect(setOf(a), setOf(b)), setOf(x.intersection(y)));
      assert.equal(size(setOf(a)), x.size);
      for (let n = 0; n < 62; n++) assert.equal(has(setOf(a), n), x.has(n));
      if (x.size > 0) assert.deepEqual(parseSequenceSet(formatSequenceSet(setOf(a)), 60), setOf(a));
    }),
  );
});
