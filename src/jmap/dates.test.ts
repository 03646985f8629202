import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDate, readUtcDate, utcDate } from './dates.ts';

test('dates as they are written', () => {
  assert.equal(utcDate(new Date('2026-11-23T12:00:00.000Z')), '2026-11-23T12:00:00Z');
  assert.equal(utcDate(new Date('2026-11-23T12:00:00.500Z')), '2026-11-23T12:00:00.500Z');
  assert.equal(readDate('2024-02-29T23:59:59+05:30')?.toISOString(), '2024-02-29T18:29:59.000Z');
  assert.equal(readUtcDate('2024-02-29T23:59:59.25Z')?.toISOString(), '2024-02-29T23:59:59.250Z');
  assert.equal(readUtcDate('2024-02-29T23:59:59+00:00'), null);
});

test('days and hours that there are not', () => {
  for (const date of [
    '2023-02-29T00:00:00Z',
    '2024-04-31T00:00:00+02:00',
    '2024-00-10T00:00:00Z',
    '2024-13-10T00:00:00Z',
    '2024-01-32T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T23:60:00Z',
    '2024-01-01T00:00:00+99:00',
    '2024-01-01',
    'soon',
    5,
    null,
  ])
    assert.equal(readDate(date), null, String(date));
});
