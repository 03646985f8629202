import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logTicks, niceMost, periodsOf } from './scales.ts';

test('the highest line of a scale is round and no less', () => {
  for (const [value, most] of [
    [1, 1],
    [3, 4],
    [5, 10],
    [40, 40],
    [41, 100],
    [12_345, 20_000],
  ] as const)
    assert.equal(niceMost(value), most);
});

test('times lie on a scale of tens', () => {
  const { ticks, place } = logTicks([12, 90, 2000]);
  assert.deepEqual(
    ticks.map(({ label }) => label),
    ['10 ms', '100 ms', '1.0 s', '10 s'],
  );
  assert.equal(place(10), 0);
  assert.equal(place(10_000), 1);
  assert.ok(place(0) <= 0 && Number.isFinite(place(0)));
  assert.ok(logTicks([1, 3_000_000]).ticks.length <= 5);
  assert.equal(logTicks([]).ticks.length, 2);
});

test('periods are days that end with today, weeks where they are many', () => {
  const now = new Date(2026, 10, 28, 15, 30);
  const week = periodsOf(7, now);
  assert.equal(week.bounds.length, 8);
  assert.deepEqual(week.bounds[7], new Date(2026, 10, 29));
  assert.equal(week.periods[0]?.label, '22 Nov');
  const year = periodsOf(364, now);
  assert.equal(year.periods.length, 52);
  assert.deepEqual(year.bounds.at(-1), new Date(2026, 10, 29));
});
