import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from './limits.ts';
import { Results } from './references.ts';
import type { Invocation } from './wire.ts';

const before: Invocation[] = [
  [
    'Foo/query',
    {
      ids: ['a', 'b'],
      'a/b': { 'm~n': 1 },
      list: [
        { tags: ['x', 'y'], id: 1 },
        { tags: ['z'], id: 2 },
      ],
    },
    't0',
  ],
  ['Foo/set', { created: { k: { id: 'n1' } } }, 't0'],
  ['error', { type: 'unknownMethod' }, 't1'],
];

const resolve = (path: string, resultOf = 't0', name = 'Foo/query'): unknown =>
  new Results(before).resolve({ '#ids': { resultOf, name, path } })['ids'];

test('a pointer, and "*" over arrays, flattened by one', () => {
  assert.deepEqual(resolve('/ids'), ['a', 'b']);
  assert.deepEqual(resolve('/ids/1'), 'b');
  assert.deepEqual(resolve('/a~1b/m~0n'), 1);
  assert.deepEqual(resolve('/list/*/id'), [1, 2]);
  assert.deepEqual(resolve('/list/*/tags'), ['x', 'y', 'z']);
  assert.deepEqual(resolve('/list/*/tags/*'), ['x', 'y', 'z']);
  assert.deepEqual(resolve(''), before[0]?.[1]);
});

test('the first response of a call is meant, and its name must fit', () => {
  assert.throws(() => resolve('/created', 't0', 'Foo/set'), { type: 'invalidResultReference' });
  assert.throws(() => resolve('/type', 't1', 'Foo/query'), { type: 'invalidResultReference' });
  assert.throws(() => resolve('/ids', 't2'), { type: 'invalidResultReference' });
});

test('what leads nowhere', () => {
  for (const path of [
    'ids',
    '/nothing',
    '/ids/2',
    '/ids/01',
    '/ids/-',
    '/ids/*/x',
    '/*',
    '/',
    '/toString',
    '/list/0/id/*',
  ]) {
    assert.throws(() => resolve(path), { type: 'invalidResultReference' }, path);
  }
  for (const reference of [
    null,
    'x',
    {},
    { resultOf: 't0', name: 'Foo/query' },
    { resultOf: 1, name: 'x', path: '' },
  ]) {
    assert.throws(() => new Results(before).resolve({ '#ids': reference }), { type: 'invalidResultReference' });
  }
});

test('given twice is given wrong', () => {
  const reference = { resultOf: 't0', name: 'Foo/query', path: '/ids' };
  assert.throws(() => new Results(before).resolve({ ids: [], '#ids': reference }), { type: 'invalidArguments' });
});

test('names of prototypes are names', () => {
  const args = new Results(before).resolve(
    JSON.parse('{"__proto__":{"a":1},"constructor":2}') as Record<string, unknown>,
  );
  assert.equal(JSON.stringify(args), '{"__proto__":{"a":1},"constructor":2}');
});

test('what is referred to adds up, however often it is repeated', () => {
  const responses: Invocation[] = [['Core/echo', { text: 'x'.repeat(1000) }, 'c0']];
  const results = new Results(responses);
  assert.throws(
    () => {
      for (let i = 0; i < 32; i++) {
        const whole = { resultOf: `c${i}`, name: 'Core/echo', path: '' };
        responses.push(['Core/echo', results.resolve({ '#a': whole, '#b': whole }), `c${i + 1}`]);
      }
    },
    { type: 'invalidArguments' },
  );
  assert.ok(JSON.stringify(responses).length < 4 * LIMITS.maxSizeRequest);
});
