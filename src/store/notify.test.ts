import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { accountChanged, createNotifier, emptyChanges, type Changes, type Notifier } from './notify.ts';
import { openStore } from './postgres.ts';

const database = await testDatabase();
const store = openStore({ connection: database.connection, listen: false });
after(async () => {
  await store.close();
  await database.close();
});

const notify = async (payload: string): Promise<void> =>
  void (await store.single(`SELECT pg_notify('homing', $1)`, [payload]));

async function notifier(
  t: { after(work: () => Promise<void>): void },
  send: (payload: string) => Promise<void>,
  times: { lookMs?: number; paceMs?: number } = {},
): Promise<Notifier> {
  const one = createNotifier({
    clientConfig: database.connection,
    listen: true,
    send,
    onError: () => undefined,
    lookMs: 60_000,
    ...times,
  });
  t.after(() => one.close());
  await one.ready;
  return one;
}

const changed = (...accounts: number[]): Changes => {
  const changes = emptyChanges();
  for (const account of accounts) accountChanged(changes, 1, account);
  return changes;
};

// Found by reading what npm run torture goes through: it was lost, and so was what came while it was being sent.
test('news that could not be sent is sent later, with all that came meanwhile', async (t) => {
  const failing = Promise.withResolvers<void>();
  let calls = 0;
  const one = await notifier(t, (payload) => (++calls === 1 ? failing.promise : notify(payload)));
  const told = once(one, 'accounts');
  one.publish(changed(7));
  one.publish(changed(8));
  failing.reject(new Error('the connection is gone'));
  assert.deepEqual(await told, [1, new Set([7, 8])]);
});

test('more than a message holds is told as everything', async (t) => {
  const one = await notifier(t, notify);
  const told = once(one, 'resync');
  const changes = emptyChanges();
  for (let tenant = 100_000; tenant < 101_000; tenant++) changes.tenants.add(tenant);
  one.publish(changes);
  await told;
});

test('now and then it is time to look what nobody told', async (t) => {
  await once(await notifier(t, notify, { lookMs: 5 }), 'look');
});

// Found by npm run torture: what was done was told as a fault, and the others were never told.
test('a change of the directory that could not be told is told later', async (t) => {
  let calls = 0;
  const one = await notifier(t, (payload) => (++calls === 1 ? Promise.reject(new Error('gone')) : notify(payload)));
  await one.publishDirectory();
  await once(one, 'directory');
  assert.equal(calls, 2);
});

test('news of accounts that comes often waits a little, and is told at once where there is more to tell', async (t) => {
  const sent: string[] = [];
  const one = await notifier(t, async (payload) => void sent.push(payload), { paceMs: 3_600_000 });
  const told: string[] = [];
  for (let account = 1; account <= 6; account++) {
    one.publish(changed(account));
    await one.flushed();
    told.push(`{"a":[[1,[${account}]]]}`);
    assert.deepEqual(sent, told);
  }
  one.publish(changed(7));
  one.publish(changed(8));
  one.publish({ ...emptyChanges(), wake: new Set(['sweep']) });
  await one.flushed();
  assert.deepEqual(sent, [...told, '{"a":[[1,[7,8]]],"w":["sweep"]}']);
});

test('news of accounts is told after a little in any case', async (t) => {
  const sent: string[] = [];
  const one = await notifier(t, async (payload) => void sent.push(payload), { paceMs: 1 });
  for (let account = 1; account <= 20; account++) one.publish(changed(account));
  await one.flushed();
  assert.equal(sent.length, 2);
  for (let account = 1; account <= 20; account++) {
    one.publish(changed(account));
    await one.flushed();
  }
  assert.equal(sent.length, 22);
});

test('however much was told that does not wait, news of accounts waits for one turn', async (t) => {
  const one = await notifier(t, async () => undefined, { paceMs: 20 });
  for (let i = 0; i < 500; i++) {
    one.publish({ ...emptyChanges(), wake: new Set(['sweep']) });
    await one.flushed();
  }
  const began = performance.now();
  one.publish(changed(1));
  await one.flushed();
  assert.ok(performance.now() - began < 5000);
});
