import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mail } from '../../test/support/mailboxes.ts';
import { miscounted, testMailIn } from '../../test/support/mail-in.ts';
import { SILENT } from '../mail/log.ts';
import type { Store } from '../store/postgres.ts';
import type { Accepted } from './accept.ts';
import { createFanout, fanoutStep, type FanoutDeps } from './fanout.ts';

const t = await testMailIn();
after(() => t.close());
const { admin, tenant, ana, sql } = t;
const accept = t.acceptWith({ membersAtOnce: 0 });
const deps: FanoutDeps = { store: t.store, clock: t.clock, log: SILENT };
const PEOPLE = 5000;
await admin.addAccounts(
  tenant,
  Array.from({ length: PEOPLE }, (_, i) => ({ address: `p${i}@pigeon.test`, name: `P ${i}`, passwordHash: null })),
);
await admin.addGroup({ address: 'all@pigeon.test', everybody: true });
await admin.addGroup({
  address: 'few@pigeon.test',
  members: ['ben@pigeon.test', 'cho@pigeon.test', 'p1@pigeon.test', 'x@outside.test'],
});

const send = (to: string, more: { sendAt?: Date; subject?: string } = {}): Promise<Accepted> =>
  accept({
    tenant,
    origin: { kind: 'submission', account: ana, submittedBy: ana, source: 'smtp' },
    mailFrom: 'ana@pigeon.test',
    recipients: [{ address: to }],
    bytes: Buffer.from(mail(more.subject ?? 'To all')),
    ...(more.sendAt ? { sendAt: more.sendAt } : {}),
  });
const states = async ({ messageId }: Accepted): Promise<Record<string, number>> => {
  const rows = await sql<{ state: string; n: number }>(
    `SELECT state, count(*)::int AS n FROM delivery WHERE message_id = $1 AND account_id IS NOT NULL GROUP BY state`,
    [messageId],
  );
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
};
const copiesOf = async ({ messageId }: Accepted): Promise<number> =>
  (
    await sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM copy c JOIN delivery d ON d.message_id = c.message_id AND d.n = c.delivery_n AND d.account_id = c.account_id
     WHERE c.message_id = $1 AND c.mailbox_id = 1 AND c.flags = 0 AND c.email_id = c.modseq`,
      [messageId],
    )
  )[0]?.n ?? 0;
const workLeft = async (): Promise<number> => (await sql(`SELECT FROM work`)).length;
async function drain(): Promise<number> {
  for (let steps = 0; ; steps++) if (!(await fanoutStep(deps))) return steps;
}

test.afterEach(async () => assert.deepEqual(await miscounted(t), []));

test('a large submission, by two workers: every account has it once', async () => {
  const accepted = await send('all@pigeon.test');
  assert.equal(accepted.total, PEOPLE + 3);
  const worker = async (): Promise<number> => {
    for (let steps = 0; ; steps++) if (!(await fanoutStep(deps))) return steps;
  };
  const steps = await Promise.all([worker(), worker()]);
  assert.equal((steps[0] ?? 0) + (steps[1] ?? 0), 6, 'ranges of a thousand');
  assert.deepEqual(await states(accepted), { delivered: PEOPLE + 3 });
  assert.equal(await copiesOf(accepted), PEOPLE + 3);
  assert.equal(await workLeft(), 0);
  const [row] = await sql<{ finished: number }>(
    `SELECT count(*)::int AS finished FROM delivery WHERE message_id = $1 AND finished_at = $2 AND due_at IS NULL`,
    [accepted.messageId, t.clock()],
  );
  assert.equal(row?.finished, PEOPLE + 3);
});

test('copies have the date of acceptance, however late they come', async () => {
  const accepted = await send('few@pigeon.test');
  const at = t.clock();
  t.advance(60_000);
  await drain();
  const [copy] = (await t.copies(t.ben)).slice(-1);
  assert.deepEqual([copy?.message_id, copy?.received_at], [accepted.messageId, at]);
});

test('what a gate covers is left as it is for the sweep', async () => {
  const accepted = await send('few@pigeon.test');
  await sql(
    `INSERT INTO gate (tenant_id, message_id, recall_id, all_recipients, include_read) VALUES ($1, $2, 77, false, false)`,
    [tenant, accepted.messageId],
  );
  await sql(`INSERT INTO recall_scope (tenant_id, recall_id, n) VALUES ($1, 77, 2)`, [tenant]);
  await drain();
  assert.deepEqual(
    (await t.deliveries(accepted.messageId)).map((row) => row.state),
    ['delivered', 'queued', 'delivered', 'held'],
  );
  assert.equal(await copiesOf(accepted), 2);
  await sql(`DELETE FROM gate`);
});

test('a gate that comes while the accounts are being locked is seen', async () => {
  const accepted = await send('few@pigeon.test');
  const pause = async (point: string): Promise<void> => {
    if (point !== 'accounts-locked') return;
    await sql(
      `INSERT INTO gate (tenant_id, message_id, recall_id, all_recipients, include_read) VALUES ($1, $2, 78, true, false)`,
      [tenant, accepted.messageId],
    );
  };
  assert.ok(await fanoutStep({ ...deps, pause }));
  assert.deepEqual(await states(accepted), { queued: 3 });
  assert.equal(await copiesOf(accepted), 0);
  await sql(`DELETE FROM gate`);
});

test('an account that is gone is a delivery that failed, with its reason', async () => {
  await admin.addAccount({ address: 'leaver@pigeon.test' });
  await admin.addGroup({ address: 'pair@pigeon.test', members: ['leaver@pigeon.test', 'ben@pigeon.test'] });
  const accepted = await send('pair@pigeon.test');
  await admin.removeAccount('leaver@pigeon.test');
  await drain();
  const rows = await sql(`SELECT state, remote_reply FROM delivery WHERE message_id = $1 ORDER BY n`, [
    accepted.messageId,
  ]);
  assert.deepEqual(rows, [
    { state: 'delivered', remote_reply: null },
    { state: 'failed', remote_reply: 'The account is gone.' },
  ]);
});

test('what is to be sent later goes when its time has come, and can be unsent no more', async () => {
  const undo = async ({ submissionId }: Accepted): Promise<{ undo_status: string; newer: boolean } | undefined> =>
    (
      await sql<{ undo_status: string; newer: boolean }>(
        `SELECT undo_status, modseq > created_modseq AS newer FROM submission WHERE id = $1`,
        [submissionId],
      )
    )[0];
  const accepted = await send('few@pigeon.test', { sendAt: new Date(t.clock().getTime() + 60_000) });
  t.advance(59_999);
  assert.equal(await drain(), 0);
  assert.deepEqual(await undo(accepted), { undo_status: 'pending', newer: false });
  t.advance(1);
  assert.equal(await drain(), 1);
  assert.deepEqual(await states(accepted), { delivered: 3 });
  assert.deepEqual(await undo(accepted), { undo_status: 'final', newer: true });
});

test('a batch that fails is tried again in halves, until what is at fault is alone', async () => {
  const accepted = await send('few@pigeon.test');
  const cho = (await t.deliveries(accepted.messageId)).find((row) => row.account_id === t.cho)?.n;
  await sql(`DELETE FROM mailbox WHERE account_id = $1 AND id = 1`, [t.cho]);
  const failures: unknown[] = [];
  const log = { ...SILENT, error: (detail: object) => void failures.push(detail) };
  for (let i = 0; i < 4; i++) {
    while (await fanoutStep({ ...deps, log }));
    t.advance(1000);
  }
  assert.ok(failures.length >= 2);
  assert.deepEqual(await states(accepted), { delivered: 2, queued: 1 });
  const work = await sql(`SELECT from_n, to_n FROM work`);
  assert.deepEqual(work, [{ from_n: cho, to_n: cho }]);
  await sql(
    `INSERT INTO mailbox (tenant_id, account_id, id, name, role, uid_validity, uid_next, created_modseq, modseq, meta_modseq)
     SELECT $1, $2, 1, 'Inbox', 'inbox', 1, coalesce(max(uid), 0) + 1, 1, coalesce(max(modseq), 1), 1 FROM copy WHERE account_id = $2 AND mailbox_id = 1`,
    [tenant, t.cho],
  );
  await sql(
    `UPDATE mailbox m SET total = c.n, unread = c.u FROM (SELECT count(*)::int AS n, (count(*) FILTER (WHERE flags & 1 = 0))::int AS u FROM copy WHERE account_id = $1 AND mailbox_id = 1) c
     WHERE m.account_id = $1 AND m.id = 1`,
    [t.cho],
  );
  t.advance(1000);
  await drain();
  assert.deepEqual(await states(accepted), { delivered: 3 });
});

test('a worker that dies half way leaves the range to the next', async () => {
  const accepted = await send('few@pigeon.test');
  const died: Store = {
    ...t.store,
    transact: (work, lane) =>
      t.store.transact(async (tx) => {
        await work(tx);
        await tx.run(`SELECT pg_terminate_backend(pg_backend_pid())`);
        throw new Error('not reached');
      }, lane),
  };
  await assert.rejects(fanoutStep({ ...deps, store: died }));
  assert.deepEqual(await states(accepted), { queued: 3 });
  assert.equal(await copiesOf(accepted), 0);
  assert.equal(await drain(), 1);
  assert.deepEqual(await states(accepted), { delivered: 3 });
});

test('runs by itself: woken by acceptance, and told to stop', async () => {
  const fanout = createFanout(deps);
  fanout.start();
  const accepted = await send('all@pigeon.test');
  await new Promise<void>((resolve) => {
    t.store.notifier.on('accounts', () => {
      void states(accepted).then(({ delivered }) => delivered === accepted.total && resolve());
    });
  });
  await fanout.stop();
  const next = await send('few@pigeon.test');
  assert.deepEqual(await states(next), { queued: 3 });
  assert.equal(await drain(), 1);
});
