// What two administrators, and a sender, do to the same request or message at once: each pair in both orders, the first
// stopped with its locks and its rows, the second ending or waiting. One of them has the word, and both are told the truth.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { requestRestore } from '../../src/recall/apply/restore.ts';
import { approveRecall, denyRecall, recallAsAdministrator } from '../../src/recall/administer.ts';
import type { AccountInfo } from '../../src/recall/ports.ts';
import { requestRecall } from '../../src/recall/request.ts';
import { createAdmin } from '../../src/directory/admin.ts';
import { Refusal } from '../../src/mail/errors.ts';
import { checkEnd } from '../support/invariants.ts';
import { mail } from '../support/mailboxes.ts';
import { barrier, createWorld, pausing, type Firm, type Pause, type Sent } from '../support/world.ts';

const world = await createWorld();
after(() => world.close());
const { services, store, clock } = world;
const { ids, directory: people, recalls } = services;
const admin = createAdmin({ store, clock, actor: 'test' });

const depsWith = (pause: Pause) => ({ store: pausing(store, pause), ids, people, clock, pause });

interface Case {
  firm: Firm;
  sent: Sent;
  admins: AccountInfo[];
  /** A request that waits, by the first administrator; 0: none. */
  request: number;
}

async function prepare(dualControl: boolean): Promise<Case> {
  const firm = await world.firm(4);
  const sent = await world.send(firm);
  await world.fanOut();
  const admins: AccountInfo[] = [];
  for (const id of firm.people.slice(0, 3)) {
    const account = (await people.account(firm.tenant, id)) ?? assert.fail();
    await admin.setAccount(account.address, { addRoles: ['recall-admin'] });
    admins.push(account);
  }
  await admin.setPolicy(firm.tenant, { dualControl });
  const asked = dualControl
    ? await recallAsAdministrator(
        depsWith(async () => undefined),
        asking(admins[0], sent),
      )
    : undefined;
  return { firm, sent, admins, request: asked?.kind === 'waiting' ? asked.request.id : 0 };
}

function asking(actor: AccountInfo | undefined, sent: Sent): Parameters<typeof recallAsAdministrator>[1] {
  if (!actor) throw new Error('nobody asks');
  return {
    actor,
    message: sent.message,
    recipients: null,
    includeRead: true,
    forwards: false,
    notifyMe: false,
    reason: 'Race',
  };
}

type Act = (of: Case, pause: Pause) => Promise<unknown>;

const by = (of: Case, n: number): AccountInfo => of.admins[n] ?? assert.fail();
const approve =
  (n: number): Act =>
  (of, pause) =>
    approveRecall(depsWith(pause), by(of, n), of.request);
const deny =
  (n: number): Act =>
  (of, pause) =>
    denyRecall(depsWith(pause), by(of, n), of.request);
const recall =
  (n: number): Act =>
  (of, pause) =>
    recallAsAdministrator(depsWith(pause), asking(by(of, n), of.sent));
const senders: Act = (of, pause) =>
  requestRecall(depsWith(pause), {
    actor: of.firm.ana,
    account: of.firm.ana.id,
    message: { messageId: of.sent.header },
    mode: 'delete',
    recipients: null,
    includeRead: false,
    notifyMe: false,
    reason: null,
  });

/** What became of it: done, or the reason why not. */
const ended = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'done',
    (error: unknown) => (error instanceof Refusal ? error.reason : String(error)),
  );

async function meet(of: Case, [first, second]: [Act, Act], point: string): Promise<string[]> {
  const held = barrier(point);
  const one = ended(first(of, held.pause));
  await held.reached;
  let settled = false;
  const two = ended(second(of, async () => undefined)).finally(() => (settled = true));
  await world.blocked(() => settled);
  held.release();
  return Promise.all([one, two]);
}

async function recallsOf({ firm, sent }: Case): Promise<{ id: number; approved_by: number | null }[]> {
  return store.rows(`SELECT id, approved_by FROM recall WHERE tenant_id = $1 AND message_id = $2 ORDER BY id`, [
    firm.tenant,
    sent.message,
  ]);
}

const PAIRS: [name: string, acts: [Act, Act], ends: [string, string], recalls: number][] = [
  ['approved twice', [approve(1), approve(2)], ['done', 'decided'], 1],
  ['approved, then denied', [approve(1), deny(2)], ['done', 'decided'], 1],
  ['approved, then withdrawn', [approve(1), deny(0)], ['done', 'decided'], 1],
  ['denied, then approved', [deny(1), approve(2)], ['done', 'decided'], 0],
  ['withdrawn, then approved', [deny(0), approve(1)], ['done', 'decided'], 0],
];

for (const [name, acts, [first, second], count] of PAIRS) {
  for (const point of ['request-locked', 'committing']) {
    test(`${name}, stopped at ${point}`, async () => {
      const of = await prepare(true);
      const ends = await meet(of, acts, point);
      assert.deepEqual(ends, [first, second]);
      const made = await recallsOf(of);
      assert.equal(made.length, count);
      if (count === 1) assert.deepEqual(made, [{ id: of.request, approved_by: by(of, 1).id }]);
      await world.drain();
      await checkEnd(world, of.firm, []);
    });
  }
}

for (const point of ['before-gate', 'gated', 'committing']) {
  test(`an approval and its sender's own recall, stopped at ${point}`, async () => {
    for (const acts of [
      [approve(1), senders],
      [senders, approve(1)],
    ] as [Act, Act][]) {
      const of = await prepare(true);
      const ends = await meet(of, acts, point);
      const made = await recallsOf(of);
      assert.equal(made.length, 1, ends.join());
      assert.equal(ends.filter((end) => end === 'done').length, 1, ends.join());
      for (const end of ends) assert.ok(['done', 'underWay', 'alreadyExists'].includes(end), end);
      // Approving failed: the request still waits, and may be approved once the sender's has ended.
      const { status } = (await store.row<{ status: string }>(
        `SELECT status FROM recall_request WHERE tenant_id = $1 AND id = $2`,
        [of.firm.tenant, of.request],
      )) ?? { status: '' };
      assert.equal(status, made[0]?.id === of.request ? 'approved' : 'pending');
      await world.drain();
      await checkEnd(world, of.firm, []);
    }
  });

  test(`two administrators at once, stopped at ${point}`, async () => {
    const of = await prepare(false);
    const ends = await meet(of, [recall(0), recall(1)], point);
    assert.deepEqual(ends.toSorted(), ['alreadyExists', 'done']);
    assert.equal((await recallsOf(of)).length, 1);
    await world.drain();
    await checkEnd(world, of.firm, []);
  });
}

test('a sender’s restore and an administrator’s recall: whichever comes first, the copies stay taken', async () => {
  const restore: Act = (of, pause) =>
    recallsOf(of).then(([own]) =>
      requestRestore({ store: pausing(store, pause), people, clock }, of.firm.ana, of.firm.ana.id, own?.id ?? 0),
    );
  for (const acts of [
    [restore, recall(0)],
    [recall(0), restore],
  ] as [Act, Act][]) {
    const of = await prepare(false);
    await senders(of, async () => undefined);
    await recalls.worker.drain();
    const ends = await meet(of, acts, 'committing');
    assert.ok(ends.includes('done'), ends.join());
    await world.drain();
    const left = await store.rows(
      `SELECT account_id FROM copy WHERE tenant_id = $1 AND message_id = $2 AND delivery_n IS NOT NULL`,
      [of.firm.tenant, of.sent.message],
    );
    assert.deepEqual(left, [], ends.join());
    await checkEnd(world, of.firm, []);
  }
});

test('a forward that its sender takes back at that moment is left to that, and the rest is taken along', async () => {
  const of = await prepare(false);
  const { firm, sent } = of;
  const [from, to] = [by(of, 1), by(of, 2)];
  const forward = await services.accept({
    tenant: firm.tenant,
    origin: { kind: 'submission', account: from.id, submittedBy: from.id, source: 'smtp' },
    mailFrom: from.address,
    recipients: [{ address: to.address }],
    bytes: Buffer.from(mail(`Fwd: ${sent.subject}`, { headers: [`X-Forwarded-Message-Id: <${sent.header}>`] })),
  });
  const held = barrier('before-gate');
  const first = recallAsAdministrator(depsWith(held.pause), { ...asking(of.admins[0], sent), forwards: true });
  await held.reached;
  const theirs = await requestRecall(
    depsWith(async () => undefined),
    {
      actor: from,
      account: from.id,
      message: { messageId: forward.messageIdHeader },
      mode: 'delete',
      recipients: null,
      includeRead: false,
      notifyMe: false,
      reason: null,
    },
  );
  held.release();
  const made = await first;
  assert.ok(made.kind === 'recalled' && made.forwards.length === 0);
  assert.equal(made.recall.message_id, sent.message);
  assert.equal(theirs.message_id, forward.messageId);
  await world.drain();
});
