import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemory } from './memory.ts';

test('asks once for what many want at the same time', async () => {
  const memory = createMemory(10);
  const answer = Promise.withResolvers<string>();
  let asked = 0;
  const ask = (): Promise<string> => {
    asked++;
    return answer.promise;
  };
  const all = [memory.remember('a', ask), memory.remember('a', ask), memory.remember('b', ask)];
  answer.resolve('here');
  assert.deepEqual(await Promise.all(all), ['here', 'here', 'here']);
  assert.equal(asked, 2);
});

test('asks again after a failure', async () => {
  const memory = createMemory(10);
  await assert.rejects(
    memory.remember('a', () => Promise.reject(new Error('away'))),
    /away/,
  );
  assert.equal(await memory.remember('a', () => Promise.resolve(1)), 1);
});

test('a failure that comes late does not take the newer answer with it', async () => {
  const memory = createMemory(10);
  const late = Promise.withResolvers<number>();
  const first = memory.remember('a', () => late.promise);
  memory.forget();
  await memory.remember('a', () => Promise.resolve(2));
  late.reject(new Error('away'));
  await assert.rejects(first);
  assert.equal(await memory.remember('a', () => Promise.resolve(3)), 2);
});

test('keeps what was used last', async () => {
  const memory = createMemory(2);
  const value = (of: string, is: number): Promise<number> => memory.remember(of, () => Promise.resolve(is));
  await value('a', 1);
  await value('b', 1);
  await value('a', 2);
  await value('c', 1);
  assert.deepEqual([await value('a', 3), await value('c', 3), await value('b', 3)], [1, 1, 3]);
});

test('forgets everything, or what is too old', async () => {
  let now = 0;
  const memory = createMemory(10, () => now);
  const value = (is: number): Promise<number> => memory.remember('a', () => Promise.resolve(is), 10_000);
  await value(1);
  now = 9_999;
  assert.equal(await value(2), 1);
  now = 10_000;
  assert.equal(await value(3), 3);
  memory.forget();
  assert.equal(await value(4), 4);
});
