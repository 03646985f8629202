import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gather } from './gather.ts';

/** Runs that end when they are told to. */
function controlled(): {
  run: (batch: number[]) => Promise<void>;
  next: () => Promise<{ batch: number[]; end: () => void }>;
} {
  const begun: { batch: number[]; end: () => void }[] = [];
  let news = Promise.withResolvers<void>();
  return {
    run: (batch) =>
      new Promise((resolve) => {
        begun.push({ batch, end: resolve });
        news.resolve();
      }),
    async next() {
      while (begun.length === 0) {
        news = Promise.withResolvers();
        await news.promise;
      }
      return begun.shift() ?? { batch: [], end: () => undefined };
    },
  };
}

test('what comes at once goes together, and what comes meanwhile goes next', async () => {
  const { run, next } = controlled();
  const add = gather({ atMost: 3, run });
  add(1);
  add(2);
  const first = await next();
  assert.deepEqual(first.batch, [1, 2]);
  for (const one of [3, 4, 5, 6]) add(one);
  first.end();
  const second = await next();
  assert.deepEqual(second.batch, [3, 4, 5], 'no more than it is told');
  second.end();
  const third = await next();
  assert.deepEqual(third.batch, [6]);
  third.end();
});

test('one that is held up does not hold up the rest, and those that follow do not wait for it either', async () => {
  const { run, next } = controlled();
  const add = gather({ atMost: 10, run });
  add(1);
  const stuck = await next();
  add(2);
  const second = await next();
  assert.deepEqual(second.batch, [2]);
  second.end();
  const began = performance.now();
  for (let one = 3; one < 103; one++) {
    add(one);
    (await next()).end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(performance.now() - began < 1000, 'a hundred would wait 2.5 s if each waited');
  stuck.end();
});

test('no more than four are at work at a time', async () => {
  const { run, next } = controlled();
  const add = gather({ atMost: 1, run });
  const begun = [];
  for (let one = 1; one <= 4; one++) {
    add(one);
    begun.push(await next());
  }
  add(5);
  const fifth = next();
  assert.equal(
    await Promise.race([fifth.then(() => 'begun'), new Promise((resolve) => setTimeout(resolve, 100, 'waits'))]),
    'waits',
  );
  begun[0]?.end();
  assert.deepEqual((await fifth).batch, [5]);
  for (const one of begun) one.end();
  (await fifth).end();
});
