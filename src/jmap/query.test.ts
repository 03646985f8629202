import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareText, pageOf, queryChanges, queryChangesArguments, readFilter, sortArguments } from './query.ts';

const ids = ['a', 'b', 'c', 'd', 'e'];
const page = (args: Record<string, unknown>, most = 10): Record<string, unknown> => ({ ...pageOf(ids, args, most) });

test('a page by position', () => {
  assert.deepEqual(page({ limit: 10 }), { ids, position: 0 });
  assert.deepEqual(page({ position: 1, limit: 2 }), { ids: ['b', 'c'], position: 1 });
  assert.deepEqual(page({ position: -2, limit: 10 }), { ids: ['d', 'e'], position: 3 });
  assert.deepEqual(page({ position: -9, limit: 1 }), { ids: ['a'], position: 0 });
  assert.deepEqual(page({ position: 9, limit: 10, calculateTotal: true }), { ids: [], position: 5, total: 5 });
  assert.deepEqual(page({ limit: 0 }), { ids: [], position: 0 });
});

test('a page by anchor', () => {
  assert.deepEqual(page({ anchor: 'c', limit: 2 }), { ids: ['c', 'd'], position: 2 });
  assert.deepEqual(page({ anchor: 'c', anchorOffset: -1, limit: 2, position: 4 }), { ids: ['b', 'c'], position: 1 });
  assert.deepEqual(page({ anchor: 'a', anchorOffset: -3, limit: 1 }), { ids: ['a'], position: 0 });
  assert.throws(() => page({ anchor: 'x' }), { type: 'anchorNotFound' });
});

// RFC 8620 §5.5: "if a greater value is given (or if it is null) […] the new limit is returned".
test("the server's own limit is told where it stands for what was asked, or for nothing", () => {
  assert.deepEqual(page({}), { ids, position: 0, limit: 10 });
  assert.deepEqual(page({ position: 3, limit: 11 }), { ids: ['d', 'e'], position: 3, limit: 10 });
  assert.deepEqual(page({}, 3), { ids: ['a', 'b', 'c'], position: 0, limit: 3 });
  assert.deepEqual(page({ limit: 4 }, 3), { ids: ['a', 'b', 'c'], position: 0, limit: 3 });
  assert.deepEqual(page({ limit: 2 }, 3), { ids: ['a', 'b'], position: 0 });
});

test('a page that cannot be', () => {
  for (const args of [{ limit: -1 }, { position: 1.5 }, { position: '1' }, { anchor: 1 }, { calculateTotal: 'yes' }]) {
    assert.throws(() => page(args), { type: 'invalidArguments' }, JSON.stringify(args));
  }
});

test('sorting by what is known, in a collation that is known', () => {
  const sort = (...sort: unknown[]): unknown => sortArguments({ sort }, ['name']).map((one) => one.collation);
  assert.deepEqual(sort({ property: 'name' }), ['i;unicode-casemap']);
  assert.deepEqual(sort({ property: 'name', collation: 'i;octet' }), ['i;octet']);
  assert.throws(() => sort({ property: 'x' }), { type: 'unsupportedSort' });
  assert.throws(() => sort({ property: 'name', collation: 'i;nobody' }), { type: 'unsupportedSort' });
  assert.throws(() => sort({ isAscending: true }), { type: 'invalidArguments' });
  assert.throws(() => sort({ property: 'name', isAscending: 1 }), { type: 'invalidArguments' });
});

test('collations', () => {
  const order = (collation: Parameters<typeof compareText>[2], ...texts: string[]): string[] =>
    texts.toSorted((a, b) => compareText(a, b, collation));
  assert.deepEqual(order('i;unicode-casemap', 'b', 'Ä', 'a', 'C'), ['a', 'Ä', 'b', 'C']);
  assert.deepEqual(order('i;ascii-casemap', 'b', 'ä', 'a', 'C', '_'), ['a', 'b', 'C', '_', 'ä']);
  assert.deepEqual(order('i;octet', 'b', 'a', 'C'), ['C', 'a', 'b']);
  assert.deepEqual(order('i;ascii-numeric', '10', 'x', '9', '010'), ['9', '10', '010', 'x']);
  assert.equal(compareText('Straße', 'STRASSE', 'i;unicode-casemap'), 0);
});

test('filters: operators, and how deep', () => {
  const build = {
    condition: (condition: Record<string, unknown>) => String(condition['x']),
    all: (of: string[]) => `(${of.join('&')})`,
    any: (of: string[]) => `(${of.join('|')})`,
    none: (of: string[]) => `!(${of.join('|')})`,
  };
  const read = (filter: unknown): string => readFilter(filter, build);
  assert.equal(read(null), '()');
  assert.equal(
    read({ operator: 'AND', conditions: [{ x: 1 }, { operator: 'NOT', conditions: [{ x: 2 }, { x: 3 }] }] }),
    '(1&!(2|3))',
  );
  for (const bad of [
    [],
    'x',
    { operator: 'XOR', conditions: [] },
    { operator: 'AND' },
    { operator: 'OR', conditions: {} },
  ]) {
    assert.throws(() => read(bad), { type: 'invalidArguments' }, JSON.stringify(bad));
  }
  let deep: unknown = { x: 1 };
  for (let i = 0; i < 21; i++) deep = { operator: 'AND', conditions: [deep] };
  assert.throws(() => read(deep), { type: 'unsupportedFilter' });
});

test('changes of a query: out, and in anew', () => {
  const args = { accountId: 'a1', sinceQueryState: '5', calculateTotal: true };
  const changed = new Map([
    ['b', false],
    ['x', false],
    ['d', true],
  ]);
  assert.deepEqual(queryChanges(args, { ids, state: '9' }, changed, 4), {
    accountId: 'a1',
    oldQueryState: '5',
    newQueryState: '9',
    total: 5,
    removed: ['b', 'x'],
    added: [
      { id: 'b', index: 1 },
      { id: 'd', index: 3 },
    ],
  });
  assert.throws(() => queryChanges(args, { ids, state: '9' }, changed, 3), { type: 'tooManyChanges' });
  assert.throws(() => queryChangesArguments({ sinceQueryState: '10' }, 9), { type: 'cannotCalculateChanges' });
  assert.throws(() => queryChangesArguments({ sinceQueryState: 'x' }, 9), { type: 'cannotCalculateChanges' });
  assert.throws(() => queryChangesArguments({}, 9), { type: 'invalidArguments' });
});
