// A recall beside the delivery of what rules file and send on, both orders: the first is stopped with its locks and what it
// has written, the second runs into it or by it, then the first goes on. The redirects are the last range of work.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { fanoutStep } from '../../src/delivery/fanout.ts';
import { SILENT } from '../../src/mail/log.ts';
import { sweepStep } from '../../src/recall/sweep.ts';
import { requestRecall } from '../../src/recall/request.ts';
import { createAdmin } from '../../src/directory/admin.ts';
import { checkEnd, checkGates, checkMailboxes, look } from '../support/invariants.ts';
import { addRule } from '../support/rules.ts';
import { barrier, createWorld, pausing, type Firm, type Pause, type Sent } from '../support/world.ts';

const world = await createWorld();
after(() => world.close());
const { store, clock } = world;
const { ids, directory: people, recalls } = world.services;

/** p1 files, p2 sends on to late@ (who files it) and outside; p3 has no rules. */
async function prepare(): Promise<{ firm: Firm; sent: Sent }> {
  const firm = await world.firm(3);
  const late = `late@${firm.domain}`;
  const admin = createAdmin({ store, clock, actor: 'test' });
  const account = await admin.addAccount({ address: late, name: 'Late' });
  const [p1 = 0, p2 = 0] = firm.people;
  await addRule(store, { tenant: firm.tenant, account: p1 }, { moveTo: 4, markRead: true });
  await addRule(store, { tenant: firm.tenant, account: p2 }, { redirectTo: [late, `rule${firm.tenant}@outside.test`] });
  await addRule(store, { tenant: firm.tenant, account }, { moveTo: 4 });
  return { firm, sent: await world.send(firm) };
}

type Run = (firm: Firm, sent: Sent, pause: Pause) => Promise<unknown>;

const deliver: Run = (_firm, _sent, pause) => fanoutStep({ store, clock, log: SILENT, pause });
/** The range that rules made, alone. */
const deliverRedirects: Run = async (firm, sent, pause) => {
  await world.sql(
    `UPDATE work SET not_before = $3 WHERE tenant_id = $1 AND of_id = $2 AND from_n = 1 AND kind = 'fanout'`,
    [firm.tenant, sent.message, new Date(clock().getTime() + 1000)],
  );
  await fanoutStep({ store, clock, log: SILENT, pause });
};
const gate: Run = (firm, sent, pause) =>
  requestRecall(
    { store: pausing(store, pause), ids, people, clock, pause },
    {
      actor: firm.ana,
      account: firm.ana.id,
      message: { messageId: sent.header },
      mode: 'delete',
      recipients: null,
      includeRead: false,
      notifyMe: false,
      reason: null,
    },
  );
const tickedGate: Run = async (firm, sent, pause) => {
  await pause('before-gate');
  await world.recall(firm, sent, { recipients: [`p2@${firm.domain}`] });
};

async function meet(first: Run, point: string, second: Run): Promise<void> {
  const { firm, sent } = await prepare();
  const seen = await look(world, firm);
  const held = barrier(point);
  const one = first(firm, sent, held.pause);
  assert.ok(await Promise.race([held.reached.then(() => true), one.then(() => false)]), `never came to ${point}`);
  let settled = false;
  const other = second(firm, sent, async () => undefined).finally(() => (settled = true));
  other.catch(() => undefined);
  await world.blocked(() => settled);
  held.release();
  await Promise.all([one, other]);
  await checkGates(world, firm);
  await world.drain();
  await recalls.worker.drain();
  await checkEnd(world, firm, [sent]);
  await checkMailboxes(world, firm, seen);
  const left = await world.sql(
    `SELECT c.account_id FROM copy c JOIN outcome o ON o.tenant_id = c.tenant_id AND o.n = c.delivery_n
     JOIN recall r ON r.tenant_id = o.tenant_id AND r.id = o.recall_id AND r.message_id = c.message_id
     WHERE c.tenant_id = $1 AND c.message_id = $2 AND o.outcome IN ('recalled', 'intercepted')`,
    [firm.tenant, sent.message],
  );
  assert.deepEqual(left, [], 'P5: no copy is left where a recall says that it is gone');
  const [inScope] = await world.sql<{ redirects: number; decided: number }>(
    `SELECT count(*)::int AS redirects, count(o.n)::int AS decided FROM delivery d
     LEFT JOIN outcome o ON o.tenant_id = d.tenant_id AND o.n = d.n
     WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.redirect_of IS NOT NULL`,
    [firm.tenant, sent.message],
  );
  assert.deepEqual(inScope, { redirects: 2, decided: 2 }, 'P2: what rules sent on is in scope');
  assert.deepEqual(
    await world.sql(`SELECT FROM copy WHERE tenant_id = $1 AND message_id = $2 AND opened_at IS NOT NULL`, [
      firm.tenant,
      sent.message,
    ]),
    [],
    'a rule opens nothing',
  );
}

describe('rules beside a recall', () => {
  for (const [name, run] of [
    ['everybody’s copies', deliver],
    ['what rules sent on', deliverRedirects],
  ] as const) {
    for (const [recall, ask] of [
      ['of all', gate],
      ['of who sent it on', tickedGate],
    ] as const) {
      for (const point of ['accounts-locked', 'placed'])
        test(`${name}, stopped at ${point}; a recall ${recall}`, () => meet(run, point, ask));
      for (const point of ask === gate ? ['before-gate', 'gated', 'committing'] : ['before-gate'])
        test(`a recall ${recall}, stopped at ${point}; ${name}`, () => meet(ask, point, run));
    }
  }
  test('the sweep, stopped with its locks; what rules sent on', async () => {
    const sweep: Run = async (firm, sent, pause) => {
      await world.recall(firm, sent);
      while (await sweepStep({ store, progress: recalls.progress, clock, log: SILENT, pause }));
    };
    await meet(sweep, 'accounts-locked', deliverRedirects);
    await meet(sweep, 'applied', deliverRedirects);
  });
});
