import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReplying, turnsIn, type Vacation } from './vacation.ts';

const at = (hour: number): Date => new Date(Date.UTC(2026, 10, 23, hour));
const vacation = (from: number | null, to: number | null, isEnabled = true): Vacation => ({
  isEnabled,
  fromDate: from === null ? null : at(from).toISOString(),
  toDate: to === null ? null : at(to).toISOString(),
  subject: null,
  textBody: null,
  htmlBody: null,
});
const HOUR = 3_600_000;

test('it is on from its beginning until before its end, and only while it is enabled', () => {
  assert.ok(isReplying(vacation(null, null), at(9)));
  assert.ok(!isReplying(vacation(null, null, false), at(9)));
  assert.deepEqual(
    [8, 9, 16, 17].map((hour) => isReplying(vacation(9, 17), at(hour))),
    [false, true, true, false],
  );
  assert.ok(isReplying(vacation(9, null), at(23)));
  assert.ok(!isReplying(vacation(null, 9), at(23)));
});

test('when it turns next', () => {
  assert.equal(turnsIn(vacation(9, 17), at(8)), HOUR);
  assert.equal(turnsIn(vacation(9, 17), at(9)), 8 * HOUR);
  assert.equal(turnsIn(vacation(9, 17), at(17)), null);
  assert.equal(turnsIn(vacation(null, null), at(9)), null);
  assert.equal(turnsIn(vacation(9, 17, false), at(8)), null);
});
