import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testDirectory } from '../../test/support/directory.ts';
import { Unavailable } from '../mail/errors.ts';
import { lockAccount } from './held-copies.ts';
import { openStore } from './postgres.ts';
import { createTurns } from './turns.ts';

const t = await testDirectory();
after(() => t.close());

test('one after the other under one key, in the order of their coming; each key for itself', async () => {
  const { inTurn, waiting } = createTurns();
  const done: string[] = [];
  const go = Promise.withResolvers<void>();
  const first = inTurn('a', async () => {
    await go.promise;
    done.push('a1');
  });
  const rest = [2, 3].map((n) => inTurn('a', async () => void done.push(`a${n}`)));
  await inTurn('b', async () => void done.push('b1'));
  assert.deepEqual(done, ['b1']);
  assert.equal(waiting(), 2);
  go.resolve();
  await Promise.all([first, ...rest]);
  assert.deepEqual(done, ['b1', 'a1', 'a2', 'a3']);
  assert.equal(waiting(), 0);
});

test('one that fails passes the turn on; what it threw is its own', async () => {
  const { inTurn } = createTurns();
  const failing = inTurn('a', () => Promise.reject(new Error('mine')));
  const next = inTurn('a', async () => 'next');
  await assert.rejects(failing, /mine/);
  assert.equal(await next, 'next');
});

test('whoever has waited long enough is told to come again, and is passed over', async () => {
  const { inTurn, waiting } = createTurns(10);
  const go = Promise.withResolvers<void>();
  const first = inTurn('a', () => go.promise);
  let begun = false;
  await assert.rejects(
    inTurn('a', async () => void (begun = true)),
    Unavailable,
  );
  assert.equal(waiting(), 0);
  go.resolve();
  await first;
  assert.equal(await inTurn('a', async () => 'again'), 'again');
  assert.equal(begun, false);
});

test('those who wait for one account leave the connections to others', async () => {
  const store = openStore({ connection: t.connection, listen: false, faceConnections: 2 });
  const [ana, ben] = [t.ana, t.ben].map((account) => ({ tenant: t.pigeon, account })) as [
    { tenant: number; account: number },
    { tenant: number; account: number },
  ];
  const go = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const first = store.inTurn(ana, async (tx) => {
    await lockAccount(tx, ana);
    held.resolve();
    await go.promise;
  });
  await held.promise;
  // Of two connections Ana's first writer has one; without turns her second would have the other, and Ben none.
  const others = Array.from({ length: 10 }, () => store.inTurn(ana, (tx) => lockAccount(tx, ana)));
  const modseq = await store.inTurn(ben, (tx) => lockAccount(tx, ben));
  assert.equal(typeof modseq, 'number');
  const face = store.pools().find(({ pool }) => pool === 'face');
  assert.deepEqual([face?.open, face?.waiting], [2, 0]);
  assert.equal(store.pools().find(({ pool }) => pool === 'turn')?.waiting, 10);
  go.resolve();
  await first;
  await Promise.all(others);
  await store.close();
});
