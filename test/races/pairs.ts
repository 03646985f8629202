// Every pair of operations, in both orders: the first is stopped at each of its points, with its locks and what it has
// written; the second starts, and ends or waits for a lock; then the first goes on. Whatever came of it, the promises hold.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { requestRestore } from '../../src/recall/apply/restore.ts';
import { readContent } from '../../src/store/exposure.ts';
import { checkEnd, checkGates, checkMailboxes, knownExposure, look } from '../support/invariants.ts';
import { mail } from '../support/mailboxes.ts';
import { barrier, createWorld, type Firm } from '../support/world.ts';
import { OPERATIONS, type Meeting, type Operation } from './operations.ts';

const world = await createWorld();
after(() => world.close());
const { recalls, directory } = world.services;
const RANK = ['none', 'listed', 'downloaded', 'opened'];

/** What both need to find, made. */
async function prepare(a: Operation, b: Operation): Promise<Meeting> {
  const needs = new Set([a.needs, b.needs]);
  const firm = await world.firm(4);
  const sent = await world.send(firm);
  const waiting = needs.has('waiting');
  // The first two have it, the others wait.
  if (waiting) await world.sql(`UPDATE work SET to_n = 2 WHERE of_id = $1`, [sent.message]);
  await world.fanOut();
  let recall = 0;
  if (needs.has('taken back') || needs.has('restoring') || needs.has('replacing')) {
    recall = await world.recall(firm, sent, {
      mode: needs.has('replacing') ? 'replace' : 'delete',
      recipients: waiting ? [`p1@${firm.domain}`, `p2@${firm.domain}`] : null,
    });
    await recalls.worker.drain();
  }
  if (needs.has('replacing')) await replacement(firm, recall);
  if (needs.has('restoring')) {
    await requestRestore({ store: world.store, people: directory, clock: world.clock }, firm.ana, firm.ana.id, recall);
  }
  if (waiting) {
    await world.sql(`INSERT INTO work (tenant_id, kind, of_id, from_n, to_n) VALUES ($1, 'fanout', $2, 3, 4)`, [
      firm.tenant,
      sent.message,
    ]);
  }
  const earlier = recall;
  const under = needs.has('under way') ? await world.recall(firm, sent) : 0;
  const account = firm.people[waiting && earlier === 0 ? 2 : 0] ?? 0;
  return {
    world,
    firm,
    sent,
    account,
    emailId: await world.emailId(firm, account, sent),
    recall: a.needs === 'under way' || b.needs === 'under way' ? under : recall,
    history: { content: false, opened: false, touched: false, recalls: under === 0 ? [] : [under] },
  };
}

async function replacement(firm: Firm, id: number): Promise<void> {
  const bytes = Buffer.from(mail('Correction', { from: firm.ana.address, to: `everyone@${firm.domain}` }));
  const recipients = [`everyone@${firm.domain}`];
  await recalls.replace(firm.ana, firm.ana.id, id, { mailFrom: firm.ana.address, recipients, bytes, emailId: null });
}

/** Answers whether `a` came to the point, and whether `b` waited for it. */
async function meet(a: Operation, point: string, b: Operation): Promise<{ reached: boolean; waited: boolean }> {
  const meeting = await prepare(a, b);
  const { firm, sent, history } = meeting;
  const seen = await look(world, firm);
  const held = barrier(point);
  const first = a.run(meeting, held.pause);
  const reached = await Promise.race([held.reached.then(() => true), first.then(() => false)]);
  let settled = false;
  const second = b.run(meeting, async () => undefined).finally(() => (settled = true));
  second.catch(() => undefined);
  const waited = reached && (await world.blocked(() => settled));
  held.release();
  await Promise.all([first, second]);

  // A gate stood before either began, and what it covers is absent to both.
  if (a.needs === 'under way' || b.needs === 'under way') {
    assert.ok(!history.content && !history.opened && !history.touched, JSON.stringify(history));
  }
  await checkGates(world, firm);
  await checkNothingShown(meeting);
  await checkMailboxes(world, firm, seen);
  seen.push(...(await look(world, firm)));
  await world.drain();
  await checkMailboxes(world, firm, seen);
  await checkEnd(world, firm, [sent]);

  if (history.content) {
    const known = await knownExposure(world, firm, meeting.account, sent.message);
    assert.ok(RANK.indexOf(known) >= 2, `content was handed out, and the exposure is ${known}`);
  }
  for (const row of await outcomesOf(meeting)) {
    if (history.content) assert.ok(RANK.indexOf(row.exposure) >= 2, `content was handed out: ${JSON.stringify(row)}`);
    if (history.opened) assert.ok(row.outcome !== 'recalled' || row.include_read, `opened: ${JSON.stringify(row)}`);
  }
  // The gate came while nothing had been placed or sent yet: so nothing is.
  const stopped = { deliver: ['accounts-locked'], 'claim and send': ['claiming', 'claimed'] }[a.name]?.includes(point);
  if (reached && stopped && (b.name === 'gate' || b.name === 'second recall')) {
    const which = a.name === 'deliver' ? [3, 4] : [5];
    const others = await world.sql(
      `SELECT n, outcome FROM outcome WHERE tenant_id = $1 AND recall_id = ANY ($2::bigint[]) AND n = ANY ($3::int[]) AND outcome <> 'intercepted'`,
      [firm.tenant, history.recalls, which],
    );
    assert.deepEqual(others, [], 'what a gate covers is not delivered any more');
  }
  return { reached, waited };
}

/** Decisions of recalls that ended after the two began. */
async function outcomesOf({
  firm,
  sent,
  account,
  history,
}: Meeting): Promise<{ outcome: string; exposure: string; include_read: boolean }[]> {
  return world.sql(
    `SELECT o.outcome, o.exposure, r.include_read FROM outcome o JOIN recall r ON r.tenant_id = o.tenant_id AND r.id = o.recall_id
     JOIN delivery d ON d.tenant_id = o.tenant_id AND d.message_id = r.message_id AND d.n = o.n
     WHERE o.tenant_id = $1 AND r.message_id = $2 AND d.account_id = $3 AND r.id = ANY ($4::bigint[])`,
    [firm.tenant, sent.message, account, history.recalls],
  );
}

/** P1, asked as a program asks: a request that begins now gets nothing of an unopened copy that a gate covers. */
async function checkNothingShown({ firm, sent }: Meeting): Promise<void> {
  const covered = await world.sql<{ account_id: number; email_id: string }>(
    `SELECT c.account_id, c.email_id FROM copy c JOIN gate g USING (tenant_id, message_id)
     WHERE c.tenant_id = $1 AND c.message_id = $2 AND c.delivery_n IS NOT NULL AND c.opened_at IS NULL AND c.passed_recall IS DISTINCT FROM g.recall_id`,
    [firm.tenant, sent.message],
  );
  for (const { account_id: account, email_id: emailId } of covered) {
    const where = { tenant: firm.tenant, account, emailId: Number(emailId) };
    assert.equal(await readContent(world.store, where, { program: 'a late one', now: world.clock() }), undefined);
  }
}

/** Each of these first, and every operation second. */
export function meetAll(which: (first: Operation) => boolean): void {
  let meetings = 0;
  let never = 0;
  for (const a of OPERATIONS.filter(which)) {
    describe(a.name, () => {
      for (const point of a.points) {
        for (const b of OPERATIONS) {
          test(`at ${point}, then ${b.name}`, async () => {
            meetings++;
            if (!(await meet(a, point, b)).reached) never++;
          });
        }
      }
    });
  }

  test('no pair waits in a circle', async () => {
    const [row] = await world.sql<{ deadlocks: number }>(
      `SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`,
    );
    assert.equal(row?.deadlocks, 0);
  });

  test('most stood where they were to be stopped', () => {
    assert.ok(never < meetings / 2, `${never} of ${meetings} never came to their point`);
  });
}
