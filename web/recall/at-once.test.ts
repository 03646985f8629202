import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce, type Recallable } from './at-once.ts';

const own = new Set(['ana@pigeon.test']);
const sent: Recallable = { id: 'm1', from: [{ name: 'Ana Silva', email: 'Ana@pigeon.test' }], keywords: {} };

test('why not, where that needs no asking', () => {
  assert.equal(atOnce(sent, own), undefined);
  assert.equal(atOnce(sent, new Set(['ben@pigeon.test'])), 'Only Ana Silva can recall this.');
  assert.equal(
    atOnce({ ...sent, from: [{ name: null, email: 'x@outside.test' }] }, own),
    'Only x@outside.test can recall this.',
  );
  assert.equal(atOnce({ ...sent, keywords: { $draft: true } }, own), 'This has not been sent.');
  assert.equal(atOnce({ ...sent, recallNotice: 'r7' }, own), 'This is the notice of a recall.');
  assert.equal(atOnce(sent, undefined), undefined);
});
