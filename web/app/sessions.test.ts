import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberFor } from './sessions.ts';

test('a sign-in has the number it had, else the lowest that is free', () => {
  assert.equal(numberFor('ana@pigeon.test', {}, null), 0);
  assert.equal(numberFor('ben@pigeon.test', { 0: 'ana@pigeon.test' }, null), 1);
  assert.equal(numberFor('ana@pigeon.test', { 0: 'ben@pigeon.test', 2: 'ana@pigeon.test' }, null), 2);
  assert.equal(numberFor('cho@pigeon.test', { 0: 'ana@pigeon.test', 2: 'ben@pigeon.test' }, null), 1);
});

test('whoever was sent to sign in keeps their place; somebody else gets another', () => {
  const known = { 0: 'ana@pigeon.test', 1: 'ben@pigeon.test' };
  assert.equal(numberFor('ben@pigeon.test', known, 1), 1);
  assert.equal(numberFor('cho@pigeon.test', known, 1), 2);
  assert.equal(numberFor('cho@pigeon.test', known, 5), 5);
});
