import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pagesOf, placeRows } from './rows.ts';

test('a short list stands where it is', () => {
  assert.deepEqual(placeRows({ total: 5, row: 44, scrolled: 0, view: 500 }), { height: 220, from: 0, to: 5, top: 0 });
  const middle = placeRows({ total: 1000, row: 44, scrolled: 4400, view: 440 });
  assert.deepEqual(middle, { height: 44_000, from: 92, to: 118, top: 92 * 44 });
  assert.deepEqual(placeRows({ total: 0, row: 44, scrolled: 0, view: 500 }), { height: 0, from: 0, to: 0, top: 0 });
});

test('before its top is reached, its first rows', () => {
  assert.equal(placeRows({ total: 1000, row: 44, scrolled: -300, view: 400 }).from, 0);
});

test('a million rows: both ends can be reached, and what is drawn fills the view', () => {
  const list = { total: 1_000_000, row: 44, view: 600 };
  const begin = placeRows({ ...list, scrolled: 0 });
  assert.deepEqual([begin.from, begin.top], [0, 0]);
  const { height } = begin;
  const end = placeRows({ ...list, scrolled: height - 600 });
  assert.equal(end.to, 1_000_000);
  assert.equal(Math.round(end.top + (end.to - end.from) * 44), height);
  for (let scrolled = 0; scrolled < height; scrolled += 99_991) {
    const { from, to, top } = placeRows({ ...list, scrolled });
    const inside = Math.min(scrolled, height - 600);
    assert.ok(top <= inside && top + (to - from) * 44 >= inside + 600, `hole at ${scrolled}`);
  }
});

test('pages', () => {
  assert.deepEqual(pagesOf(0, 0, 100), []);
  assert.deepEqual(pagesOf(0, 100, 100), [0]);
  assert.deepEqual(pagesOf(95, 101, 100), [0, 1]);
  assert.deepEqual(pagesOf(250, 255, 100), [2]);
});
