import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SetFault } from './errors.ts';
import {
  applyPatch,
  changesArguments,
  emptySetResult,
  firstChanges,
  getArguments,
  isText,
  numberOf,
  setArguments,
  setResponse,
  unlike,
} from './standard.ts';

test('a patch: pointers, defaults, and no change to what is patched', () => {
  const object = { name: 'a', order: 5, keywords: { x: true, 'a/b': true }, deep: { er: { one: 1 } } };
  const patched = applyPatch(
    object,
    { name: 'b', order: null, 'keywords/x': null, 'keywords/a~1b': null, 'keywords/y': true, 'deep/er/two': 2 },
    { order: 10 },
  );
  assert.deepEqual(patched, { name: 'b', order: 10, keywords: { y: true }, deep: { er: { one: 1, two: 2 } } });
  assert.deepEqual(object.keywords, { x: true, 'a/b': true });
});

test('a patch that is none', () => {
  const object = { a: { b: 1 }, list: [{ x: 1 }] };
  for (const patch of [{ 'a/b/c': 1 }, { 'x/y': 1 }, { 'list/0/x': 2 }, { a: {}, 'a/b': 2 }, { 'toString/x': 1 }]) {
    assert.throws(
      () => applyPatch(object, patch),
      (error) => error instanceof SetFault && error.error.type === 'invalidPatch',
      JSON.stringify(patch),
    );
  }
});

test('a patch of very many parts takes no time', () => {
  const patch = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`a/k${i}`, i]));
  const began = performance.now();
  assert.equal(Object.keys(applyPatch({ a: {} }, patch)['a'] as object).length, 100_000);
  assert.ok(performance.now() - began < 5_000);
});

test('ids of ours', () => {
  assert.equal(numberOf('f12', 'f'), 12);
  for (const id of ['f', 'f0', 'f012', 'm12', 'f-1', 'f1.5', 'f99999999999999999', 12, null]) {
    assert.equal(numberOf(id, 'f'), undefined);
  }
});

test('changes up to a number of them: what shares a modseq is not torn apart', () => {
  const changes = [5, 3, 3, 9, 7].map((modseq) => ({ modseq }));
  assert.deepEqual(firstChanges(changes, null), {
    taken: [3, 3, 5, 7, 9].map((modseq) => ({ modseq })),
    newState: null,
    more: false,
  });
  assert.deepEqual(firstChanges(changes, 3), {
    taken: [3, 3, 5].map((modseq) => ({ modseq })),
    newState: 5,
    more: true,
  });
  assert.throws(() => firstChanges(changes, 1), { type: 'cannotCalculateChanges' });
});

test('arguments of the wrong form', () => {
  const get = (args: Record<string, unknown>): unknown => getArguments(args, (name) => name === 'a');
  assert.deepEqual(get({ ids: ['x', 'x'], properties: null }), { ids: ['x'], properties: null });
  for (const args of [
    { ids: 'x' },
    { ids: [1] },
    { ids: [''] },
    { properties: ['b'] },
    { properties: 'a' },
    { more: 1 },
  ]) {
    assert.throws(() => get(args), { type: 'invalidArguments' }, JSON.stringify(args));
  }
  assert.throws(() => get({ ids: Array.from({ length: 1001 }, (_, i) => `x${i}`) }), { type: 'requestTooLarge' });

  const set = (args: Record<string, unknown>): unknown => setArguments(args, '7');
  assert.throws(() => set({ ifInState: '6' }), { type: 'stateMismatch' });
  for (const args of [{ destroy: [1] }, { destroy: 'x' }, { create: [] }, { create: { k: null } }, { more: 1 }]) {
    assert.throws(() => set(args), { type: 'invalidArguments' }, JSON.stringify(args));
  }
  const many = Array.from({ length: 1001 }, (_, i) => `x${i}`);
  assert.throws(() => set({ destroy: many }), { type: 'requestTooLarge' });

  for (const args of [{}, { sinceState: 1 }, { sinceState: '1', maxChanges: 0 }, { sinceState: '1', maxChanges: -1 }]) {
    assert.throws(() => changesArguments(args), { type: 'invalidArguments' }, JSON.stringify(args));
  }
  assert.throws(() => changesArguments({ sinceState: 'abc' }), { type: 'cannotCalculateChanges' });
});

test('a creation id may be any', () => {
  const result = emptySetResult();
  result.created['__proto__'] = { id: 'x' };
  const response = setResponse('a1', '1', '2', result);
  assert.equal(JSON.stringify(response['created']), '{"__proto__":{"id":"x"}}');
  assert.equal(response['notCreated'], null);
  assert.equal(response['destroyed'], null);
});

test('what a client does not know', () => {
  assert.deepEqual(unlike({ name: 'a', list: [1] }, { id: 'x', name: 'a', list: [1], order: 0 }), {
    id: 'x',
    order: 0,
  });
});

test('texts that can be kept', () => {
  assert.ok(isText('two\nlines', 20, 'text') && isText('ü', 1, 'line'));
  for (const bad of ['\0', '\ud800', 'xx', 1]) assert.ok(!isText(bad, 1, 'text'));
  assert.ok(!isText('\n', 5, 'line'));
});
