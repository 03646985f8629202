// Sending against recalling: each pair of claim, result, gate, sweep and undo, in both orders.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cancelHeld } from '../../src/store/outgoing.ts';
import { barriers, testOutgoing, type DeliveryRow } from '../support/outgoing.ts';

const t = await testOutgoing();
after(() => t.close());

const HOLD = 30_000;
const MINUTE = 60_000;

const points = barriers();
const worker = t.worker({ pause: points.pause });

async function due(...recipients: string[]): Promise<number> {
  const message = await t.submit(recipients.map((name) => `${name}@outside.test`));
  t.advance(HOLD);
  return message;
}

/** A whole recall by its sender; answers its number once the gate has committed. */
async function recall(message: number, recipients: string[] | null = null): Promise<number> {
  const actor = await t.directory.account(t.tenant, t.ana);
  assert.ok(actor);
  const [row] = await t.sql<{ message_id_header: string }>(`SELECT message_id_header FROM message WHERE id = $1`, [
    message,
  ]);
  const made = await t.recalls.request({
    actor,
    account: t.ana,
    message: { messageId: row?.message_id_header ?? '' },
    mode: 'delete',
    includeRead: false,
    notifyMe: false,
    reason: null,
    recipients: recipients && recipients.map((name) => `${name}@outside.test`),
  });
  return made.id;
}

async function outcomes(id: number): Promise<string[]> {
  const rows = await t.sql<{ outcome: string }>(`SELECT outcome FROM outcome WHERE recall_id = $1 ORDER BY n`, [id]);
  return rows.map((row) => row.outcome);
}

async function gated(message: number): Promise<boolean> {
  return (await t.sql(`SELECT 1 FROM gate WHERE message_id = $1`, [message])).length > 0;
}

async function brief(message: number): Promise<[string, number, boolean][]> {
  return (await t.deliveries(message)).map((row: DeliveryRow) => [row.state, row.attempts, row.maybe_sent]);
}

const arrived = (): number => t.outside.received().length;

test('gate, then claim: nothing is claimed, and the sweep intercepts', async () => {
  const message = await due('anyone', 'other');
  const before = arrived();
  const id = await recall(message);
  assert.equal(await worker.run(), 0);
  assert.deepEqual(await brief(message), [
    ['held', 0, false],
    ['held', 0, false],
  ]);
  await t.recalls.worker.drain();
  assert.deepEqual(await outcomes(id), ['intercepted', 'intercepted']);
  assert.equal(await worker.run(), 0);
  assert.equal(arrived(), before);
});

test('claim not yet committed, then gate: put back as though never claimed', async () => {
  const message = await due('anyone');
  const before = arrived();
  const claiming = points.at('claiming');
  const run = worker.run();
  await claiming.reached;
  const id = await recall(message);
  claiming.letGo();
  await run;
  assert.deepEqual(await brief(message), [['queued', 0, false]]);
  await t.recalls.worker.drain();
  assert.deepEqual([await outcomes(id), arrived() - before], [['intercepted'], 0]);
});

test('claim not yet committed, the sweep waits for it: it is decided by what became of it', async () => {
  const message = await due('anyone');
  const before = arrived();
  const claiming = points.at('claiming');
  const run = worker.run();
  await claiming.reached;
  const id = await recall(message);
  const swept = t.recalls.worker.drain();
  claiming.letGo();
  await Promise.all([run, swept]);
  // Where the sweep came between the claim's commit and its being put back, it asks again a second later.
  t.advance(1000);
  await t.recalls.worker.drain();
  assert.deepEqual([await outcomes(id), arrived() - before], [['intercepted'], 0]);
});

test('claim committed, then gate: still put back', async () => {
  const message = await due('anyone');
  const before = arrived();
  const claimed = points.at('claimed');
  const run = worker.run();
  await claimed.reached;
  const id = await recall(message);
  await t.recalls.worker.drain();
  assert.deepEqual(await outcomes(id), [], 'in flight, as far as the sweep can know');
  claimed.letGo();
  await run;
  assert.deepEqual(await brief(message), [['queued', 0, false]]);
  t.advance(1000);
  await t.recalls.worker.drain();
  assert.deepEqual([await outcomes(id), arrived() - before], [['intercepted'], 0]);
});

test('looked at the gate, then gate: it goes out, and the recall says so', async () => {
  const message = await due('anyone', 'bounce', 'defer', 'lost');
  const before = arrived();
  const checked = points.at('checked');
  const run = worker.run();
  await checked.reached;
  const id = await recall(message);
  await t.recalls.worker.drain();
  assert.deepEqual(await outcomes(id), []);
  assert.equal(await gated(message), false, 'nothing but attempts in flight is undecided, so the gate is gone');
  checked.letGo();
  await run;
  t.advance(1000);
  await t.recalls.worker.drain();
  const rows = await t.deliveries(message);
  assert.deepEqual(
    rows.map((row) => row.state),
    ['delivered', 'failed', 'stopped', 'stopped'],
  );
  assert.deepEqual(await outcomes(id), ['outside', 'not-delivered', 'intercepted', 'intercepted']);
  assert.deepEqual(
    t.outside
      .received()
      .slice(before)
      .flatMap((one) => one.to),
    ['anyone@outside.test'],
    'lost@ was for another transaction, which the recall stopped',
  );
});

test('an attempt that may have gone through is never called intercepted', async () => {
  const message = await due('lost');
  const held = t.holdOutside();
  const run = worker.run();
  await held.reached;
  const id = await recall(message);
  await t.recalls.worker.drain();
  assert.deepEqual(await outcomes(id), []);
  held.letGo();
  await run;
  t.advance(1000);
  await t.recalls.worker.drain();
  assert.deepEqual(await outcomes(id), ['outside-unknown']);
  assert.deepEqual(await brief(message), [['stopped', 1, true]]);
});

test('put off while its recall waits, with the gate gone: not tried again before it is decided', async () => {
  const message = await due('defer');
  const checked = points.at('checked');
  const run = worker.run();
  await checked.reached;
  const id = await recall(message);
  await t.recalls.worker.drain();
  assert.equal(await gated(message), false);
  checked.letGo();
  await run;
  // The sweep is late: the next attempt is due before it comes.
  t.advance(10 * MINUTE);
  assert.equal(await worker.run(), 0);
  assert.deepEqual(await brief(message), [['queued', 1, false]]);
  await t.recalls.worker.drain();
  assert.deepEqual(await outcomes(id), ['intercepted']);
});

test('a cancelled recall lets what was put off go on', async () => {
  const message = await due('defer');
  const checked = points.at('checked');
  const run = worker.run();
  await checked.reached;
  const id = await recall(message);
  await t.recalls.worker.drain();
  const actor = await t.directory.account(t.tenant, t.ana);
  assert.ok(actor);
  await t.recalls.cancel(actor, t.ana, id);
  checked.letGo();
  await run;
  t.advance(10 * MINUTE);
  await t.recalls.worker.drain();
  assert.deepEqual(await outcomes(id), ['cancelled']);
  assert.equal(await worker.run(), 1);
  assert.deepEqual(await brief(message), [['queued', 2, false]]);
  await t.sql(`UPDATE delivery SET state = 'stopped' WHERE message_id = $1`, [message]);
});

test('a recall from some: the others go out', async () => {
  const message = await due('anyone', 'other', 'third');
  const before = arrived();
  const claimed = points.at('claimed');
  const run = worker.run();
  await claimed.reached;
  const id = await recall(message, ['other']);
  claimed.letGo();
  await run;
  assert.deepEqual(
    (await brief(message)).map(([state]) => state),
    ['delivered', 'queued', 'delivered'],
  );
  assert.deepEqual(
    t.outside
      .received()
      .slice(before)
      .map((one) => one.to),
    [['anyone@outside.test', 'third@outside.test']],
  );
  await t.recalls.worker.drain();
  assert.deepEqual(await outcomes(id), ['intercepted']);
});

test('claim against claim: one has it, the other passes by', async () => {
  const message = await due('anyone');
  const before = arrived();
  const claiming = points.at('claiming');
  const run = worker.run();
  await claiming.reached;
  assert.equal(await t.outgoing.run(), 0, 'it does not wait either');
  claiming.letGo();
  assert.equal(await run, 1);
  assert.equal(await t.outgoing.run(), 0);
  assert.deepEqual(await brief(message), [['delivered', 1, false]]);
  assert.equal(arrived() - before, 1);
});

test('many workers, many recipients: each is sent once', async () => {
  const before = arrived();
  const messages = await Promise.all([0, 1, 2].map((m) => due(...Array.from({ length: 120 }, (_, i) => `m${m}r${i}`))));
  const workers = [t.worker(), t.worker(), t.worker()];
  const counts = await Promise.all(workers.map((one) => one.run()));
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    360,
  );
  const to = t.outside
    .received()
    .slice(before)
    .flatMap((one) => one.to);
  assert.deepEqual([to.length, new Set(to).size], [360, 360]);
  assert.deepEqual(
    new Set((await Promise.all(messages.map(brief))).flat().map(String)),
    new Set(['delivered,1,false']),
  );
});

test('result, then sweep: the sweep waits for the result’s row and decides by it', async () => {
  const message = await due('anyone');
  const recording = points.at('recording');
  const run = worker.run();
  await recording.reached;
  const id = await recall(message);
  let swept = false;
  const sweep = t.recalls.worker.drain().then(() => (swept = true));
  await waitingForLock();
  assert.equal(swept, false);
  recording.letGo();
  await Promise.all([run, sweep]);
  assert.deepEqual(await outcomes(id), ['outside']);
});

test('sweep, then result: the result waits, is recorded, and is taken up', async () => {
  const message = await due('anyone');
  const checked = points.at('checked');
  const run = worker.run();
  await checked.reached;
  const id = await recall(message);
  // As the sweep does it: its delivery row locked, decided as in flight.
  const release = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const sweep = t.store.transact(async (tx) => {
    await tx.rows(
      `SELECT 1 FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND state <> 'delivered' FOR UPDATE`,
      [t.tenant, message],
    );
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  checked.letGo();
  await waitingForLock();
  assert.deepEqual(await brief(message), [['sending', 1, false]]);
  release.resolve();
  await Promise.all([sweep, run]);
  assert.deepEqual(await brief(message), [['delivered', 1, false]]);
  await t.recalls.worker.drain();
  assert.deepEqual(await outcomes(id), ['outside']);
});

test('a result wakes the sweep that waits for it', async () => {
  const message = await due('anyone');
  const checked = points.at('checked');
  const run = worker.run();
  await checked.reached;
  await recall(message);
  const woken = new Promise<void>((resolve) =>
    t.store.notifier.on('wake', (who) => (who === 'sweep' ? resolve() : undefined)),
  );
  checked.letGo();
  await Promise.all([run, woken]);
  t.advance(1000);
  await t.recalls.worker.drain();
});

test('undo, then claim: nothing goes out', async () => {
  const message = await due('anyone', 'other');
  const before = arrived();
  const undone = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<void>();
  const undo = t.store.transact(async (tx) => {
    const done = await cancelHeld(tx, t.tenant, message, t.clock());
    undone.resolve();
    await commit.promise;
    return done;
  });
  await undone.promise;
  assert.equal(await worker.run(), 0, 'it passes by what is locked');
  commit.resolve();
  assert.equal(await undo, true);
  assert.equal(await worker.run(), 0);
  assert.deepEqual(
    (await brief(message)).map(([state]) => state),
    ['stopped', 'stopped'],
  );
  assert.equal(arrived(), before);
});

test('claim, then undo: too late, and nothing is changed', async () => {
  const message = await due('anyone', 'other');
  const claiming = points.at('claiming');
  const run = worker.run();
  await claiming.reached;
  const undo = t.store.transact((tx) => cancelHeld(tx, t.tenant, message, t.clock()));
  await waitingForLock();
  claiming.letGo();
  assert.equal(await undo, false);
  await run;
  assert.deepEqual(
    (await brief(message)).map(([state]) => state),
    ['delivered', 'delivered'],
  );
});

/** Resolves once some session waits for another's row lock. */
async function waitingForLock(): Promise<void> {
  for (;;) {
    const [row] = await t.sql<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (row && row.waiting > 0) return;
  }
}
