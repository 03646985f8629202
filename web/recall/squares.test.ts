import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecallOutcome, Recipient } from './data.ts';
import { gridOf, squareAt, squaresOf } from './squares.ts';
import type { Outcome } from './words.ts';

const row = (recipient: string, outcome: Outcome | null, more: Partial<RecallOutcome> = {}): RecallOutcome => ({
  id: recipient,
  recipient,
  name: null,
  via: null,
  outcome,
  exposure: 'none',
  reason: '',
  remote: null,
  downloadedBy: null,
  downloadedAt: null,
  toldAt: null,
  decidedAt: null,
  restoredAt: null,
  counts: null,
  ...more,
});
const to = (recipient: string, count: number | null = null): Recipient => ({
  recipient,
  name: null,
  via: null,
  standing: 'inside',
  count,
});

test('each recipient keeps its place from the beginning', () => {
  const everyone = ['ana', 'ben', 'cho'].map((name) => to(name));
  const before = squaresOf(3, [], everyone);
  assert.deepEqual(
    before.map(({ family, name }) => [family, name]),
    [
      [null, 'ana'],
      [null, 'ben'],
      [null, 'cho'],
    ],
  );
  const after = squaresOf(3, [row('cho', 'outside'), row('ben', 'recalled', { name: 'Ben Okafor' })], everyone);
  assert.deepEqual(
    after.map(({ family, name }) => [family, name]),
    [
      [null, 'ana'],
      ['back', 'Ben Okafor'],
      ['outside', 'cho'],
    ],
  );
  assert.equal(after[1]?.says, 'Taken back: no program had shown it.');
});

test('where the recall is for some only, the decided come first, and there are as many as it is for', () => {
  const squares = squaresOf(3, [row('ben', 'kept-read')], [to('ana'), to('ben'), to('cho'), to('dia')]);
  assert.deepEqual(
    squares.map(({ family }) => family),
    ['still', null, null],
  );
  assert.equal(squares[1]?.name, '');
});

test('a hidden group is as many squares as it has people', () => {
  const group = row('all@pigeon.test', null, { counts: { recalled: 2, 'kept-read': 1 } });
  assert.deepEqual(
    squaresOf(4, [group], [to('all@pigeon.test', 3), to('eli')]).map(({ family, name }) => [family, name]),
    [
      ['back', 'all@pigeon.test'],
      ['back', 'all@pigeon.test'],
      ['still', 'all@pigeon.test'],
      [null, 'eli'],
    ],
  );
});

test('hatched', () => {
  assert.equal(squaresOf(1, [row('a', 'recalled', { exposure: 'downloaded' })], [])[0]?.hatched, true);
  assert.equal(squaresOf(1, [row('a', 'recalled')], [])[0]?.hatched, false);
});

test('the grid, and what is under the pointer', () => {
  assert.deepEqual(gridOf(433, 938), { columns: 94, height: 48 });
  assert.deepEqual(gridOf(0, 938), { columns: 94, height: 0 });
  assert.equal(gridOf(5, 0).columns, 1);
  assert.equal(squareAt(0, 0, 94, 433), 0);
  assert.equal(squareAt(15, 25, 94, 433), 189);
  assert.equal(squareAt(939, 0, 94, 433), 93);
  assert.equal(squareAt(941, 0, 94, 433), undefined);
  assert.equal(squareAt(900, 45, 94, 433), undefined);
});
