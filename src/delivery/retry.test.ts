import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DELAYED_MS, GIVE_UP_MS, isDelayed, retryAt } from './retry.ts';

const since = new Date('2026-11-23T12:00:00Z');
const after = (ms: number): Date => new Date(since.getTime() + ms);

test('waits longer from attempt to attempt, then every two hours', () => {
  const minutes = [1, 2, 3, 4, 5, 6, 7, 50].map((attempts) => {
    const next = retryAt(attempts, since, since);
    return next && (next.getTime() - since.getTime()) / 60_000;
  });
  assert.deepEqual(minutes, [1, 5, 15, 30, 60, 120, 120, 120]);
});

test('tries for five days, a last time at their end, and then no more', () => {
  assert.deepEqual(retryAt(60, since, after(GIVE_UP_MS - 60_000)), after(GIVE_UP_MS));
  assert.equal(retryAt(61, since, after(GIVE_UP_MS)), null);
});

test('the whole schedule ends, in about sixty attempts', () => {
  let now: Date | null = since;
  let attempts = 0;
  while (now && attempts < 1000) now = retryAt(++attempts, since, now);
  assert.equal(now, null);
  assert.ok(attempts > 55 && attempts < 70, `${attempts} attempts`);
});

test('a delay is told after four hours to whoever asked for it', () => {
  assert.equal(isDelayed(4, since, after(DELAYED_MS - 1)), false);
  assert.equal(isDelayed(4, since, after(DELAYED_MS)), true);
  assert.equal(isDelayed(6, since, after(DELAYED_MS)), true);
  assert.equal(isDelayed(2, since, after(DELAYED_MS)), false);
  assert.equal(isDelayed(12, since, after(DELAYED_MS)), false);
});
