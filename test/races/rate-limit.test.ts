// The rate limit is exact, however many ask at once: of what one person asks for in an hour no more is done than policy
// allows, a recall counting once, a cancel or restore double. Both orders of each pair, the first stopped where it has
// been counted and nobody sees it yet.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createAdmin } from '../../src/directory/admin.ts';
import { Refusal } from '../../src/mail/errors.ts';
import { requestRestore } from '../../src/recall/apply/restore.ts';
import { cancelRecall } from '../../src/recall/cancel.ts';
import { requestRecall } from '../../src/recall/request.ts';
import { barrier, createWorld, pausing, type Firm, type Pause, type Sent } from '../support/world.ts';

const world = await createWorld();
after(() => world.close());
const { services, store, clock } = world;
const { ids, directory: people, recalls } = services;
const admin = createAdmin({ store, clock, actor: 'test' });

const depsWith = (pause: Pause) => ({ store: pausing(store, pause), ids, people, clock, pause });

type Act = (pause: Pause) => Promise<unknown>;

const recalling =
  (firm: Firm, sent: Sent): Act =>
  (pause) =>
    requestRecall(depsWith(pause), {
      actor: firm.ana,
      account: firm.ana.id,
      message: { messageId: sent.header },
      mode: 'delete',
      recipients: null,
      includeRead: false,
      notifyMe: false,
      reason: null,
    });
const cancelling =
  (firm: Firm, id: number): Act =>
  (pause) =>
    cancelRecall(depsWith(pause), firm.ana, firm.ana.id, id);
const restoring =
  (firm: Firm, id: number): Act =>
  (pause) =>
    requestRestore(depsWith(pause), firm.ana, firm.ana.id, id);

const ended = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'done',
    (error: unknown) => (error instanceof Refusal ? error.reason : String(error)),
  );

const pace = (firm: Firm, rateLimit: number): Promise<unknown> => admin.setPolicy(firm.tenant, { rateLimit });

const actions = async (firm: Firm): Promise<string[]> =>
  (
    await world.sql<{ action: string }>(
      `SELECT action FROM audit WHERE tenant_id = $1 AND action LIKE 'recall.%' ORDER BY seq`,
      [firm.tenant],
    )
  ).map((row) => row.action);

/** One recall under way, one that is done, and two messages that can be recalled. */
async function prepare(): Promise<{ firm: Firm; acts: Record<'recall' | 'cancel' | 'restore', Act>; other: Act }> {
  const firm = await world.firm(2);
  const sent = [];
  for (let i = 0; i < 4; i++) sent.push(await world.send(firm));
  await world.fanOut();
  const [one, two, three, four] = sent as [Sent, Sent, Sent, Sent];
  const done = await world.recall(firm, one);
  await recalls.worker.drain();
  const underWay = await world.recall(firm, two);
  const acts = { recall: recalling(firm, three), cancel: cancelling(firm, underWay), restore: restoring(firm, done) };
  return { firm, acts, other: recalling(firm, four) };
}

for (const [name, weight] of [
  ['recall', 1],
  ['cancel', 2],
  ['restore', 2],
] as const)
  for (const first of ['it', 'another recall'] as const)
    test(`a ${name} beside another recall: one of them is too many; ${first} comes first`, async () => {
      const { firm, acts, other } = await prepare();
      const act = acts[name];
      // Two recalls were made. With this limit either of the two fits, both do not.
      await pace(firm, 2 + weight);
      const [a, b] = first === 'it' ? [act, other] : [other, act];
      const held = barrier('committing');
      const one = ended(a(held.pause));
      await held.reached;
      let settled = false;
      const two = ended(b(async () => undefined)).finally(() => (settled = true));
      await world.blocked(() => settled);
      assert.equal(settled, false, 'it waits for the other to be counted');
      held.release();
      assert.deepEqual(await Promise.all([one, two]), ['done', 'rateLimit']);
    });

test('of twelve at once five are made, and seven are told when to come again', async () => {
  const firm = await world.firm(2);
  const sent = [];
  for (let i = 0; i < 12; i++) sent.push(await world.send(firm));
  await world.fanOut();
  await pace(firm, 5);
  const said = await Promise.all(sent.map((one) => ended(recalling(firm, one)(async () => undefined))));
  assert.deepEqual(
    Object.fromEntries(
      Map.groupBy(said, (word) => word)
        .entries()
        .map(([word, all]) => [word, all.length]),
    ),
    {
      done: 5,
      rateLimit: 7,
    },
  );
  const [row] = await world.sql<{ n: number }>(`SELECT count(*)::int AS n FROM gate WHERE tenant_id = $1`, [
    firm.tenant,
  ]);
  assert.equal(row?.n, 5, 'what was refused has left no gate');
});

test('nobody waits for another person, nor anybody where nothing is limited', async () => {
  const [limited, free] = [await world.firm(1), await world.firm(1)];
  const [mine, theirs, again] = [await world.send(limited), await world.send(free), await world.send(free)];
  await world.fanOut();
  await pace(limited, 5);
  const held = barrier('committing');
  const one = ended(recalling(limited, mine)(held.pause));
  await held.reached;
  assert.equal(await ended(recalling(free, theirs)(async () => undefined)), 'done');
  held.release();
  assert.equal(await one, 'done');
  const open = barrier('committing');
  const two = ended(recalling(free, again)(open.pause));
  await open.reached;
  const [locks] = await world.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  assert.equal(locks?.n, 0);
  open.release();
  assert.equal(await two, 'done');
});

test('a cancel and a restore count double, and each is in the audit log', async () => {
  const firm = await world.firm(2);
  const sent = [];
  for (let i = 0; i < 4; i++) sent.push(await world.send(firm));
  await world.fanOut();
  const [first, second, third, fourth] = sent as [Sent, Sent, Sent, Sent];
  const now: Pause = async () => undefined;
  await pace(firm, 7);
  const looked = await world.recall(firm, first); // 1
  await recalls.worker.drain();
  assert.equal(await ended(restoring(firm, looked)(now)), 'done'); // 3
  const underWay = await world.recall(firm, second); // 4
  assert.equal(await ended(cancelling(firm, underWay)(now)), 'done'); // 6
  await recalls.worker.drain();
  const last = await world.recall(firm, third); // 7
  assert.equal(await ended(recalling(firm, fourth)(now)), 'rateLimit');
  assert.equal(await ended(cancelling(firm, last)(now)), 'rateLimit');
  await recalls.worker.drain();
  assert.equal(await ended(restoring(firm, last)(now)), 'rateLimit');
  // An hour later what was first is forgotten: recall and restore, 3 together.
  world.advance(3_600_001);
  assert.equal(await ended(recalling(firm, fourth)(now)), 'done');
  assert.deepEqual(
    (await actions(firm)).filter((action) => !/done$|restored$|cancelled$/.test(action)),
    [
      'recall.created',
      'recall.restore-requested',
      'recall.created',
      'recall.cancel-requested',
      'recall.created',
      'recall.refused',
      'recall.refused',
      'recall.refused',
      'recall.created',
    ],
  );
});
