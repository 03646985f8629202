import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowTime, sizeOf } from './format.ts';

test('a row says the time of today, the day of this week, the date of earlier', () => {
  const now = new Date(2026, 10, 24, 16, 0);
  const at = (...parts: [number, number, number, number, number]): string =>
    rowTime(new Date(...parts).toISOString(), now);
  assert.equal(at(2026, 10, 24, 14, 2), '14:02');
  assert.equal(at(2026, 10, 23, 9, 0), 'Mon 09:00');
  assert.equal(at(2026, 10, 3, 9, 0), '3 Nov');
  assert.equal(at(2025, 10, 3, 9, 0), '03/11/2025');
});

test('sizes', () => {
  assert.deepEqual([0, 999, 1000, 999_499, 999_500, 12_340_000].map(sizeOf), [
    '0 B',
    '999 B',
    '1 kB',
    '999 kB',
    '1.0 MB',
    '12.3 MB',
  ]);
});
