import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { testOutgoing } from '../../test/support/outgoing.ts';
import { run } from './queue.ts';

const t = await testOutgoing();
const dataDir = await mkdtemp(join(tmpdir(), 'homing-queue-'));
await writeFile(join(dataDir, 'connection.json'), JSON.stringify(t.connection));
process.env['HOMING_DATA'] = dataDir;
delete process.env['DATABASE_URL'];
after(async () => {
  await rm(dataDir, { recursive: true });
  await t.close();
});

/** What the command prints. */
async function homing(context: TestContext, ...args: string[]): Promise<string> {
  const log = context.mock.method(console, 'log', () => undefined);
  try {
    assert.equal(await run(args), 0);
    return log.mock.calls.map((call) => String(call.arguments[0])).join('\n');
  } finally {
    log.mock.restore();
  }
}

const json = async <T>(context: TestContext, ...args: string[]): Promise<T> =>
  JSON.parse(await homing(context, ...args, '--json')) as T;

test('lists what waits, tenant by tenant', async (context) => {
  assert.equal(await homing(context, 'list'), 'Nothing waits.');
  const message = await t.submit(['anyone@outside.test', 'defer@outside.test', 'ben@pigeon.test'], {
    subject: 'Offer',
  });
  const [row, ...others] = await json<
    { id: number; from: string; subject: string; held: number; queued: number; next: string }[]
  >(context, 'list');
  assert.deepEqual(
    [row?.id, row?.from, row?.subject, row?.held, row?.queued, others.length],
    [message, 'ana@pigeon.test', 'Offer', 2, 0, 0],
  );
  assert.equal(row?.next, new Date(t.clock().getTime() + 30_000).toISOString());
  assert.match(await homing(context, 'list'), /^id +from +subject .*\n\d+ +ana@pigeon\.test +Offer +2 +0 +0 /);
  assert.deepEqual(await json(context, 'list', '--tenant', 'Other'), []);
});

test('shows one, by its number or its Message-ID', async (context) => {
  t.advance(30_000);
  await t.outgoing.run();
  const [listed] = await json<{ id: number; messageId: string }[]>(context, 'list');
  const shown = await json<{
    id: number;
    recipients: { recipient: string; state: string; attempts: number; reply: string }[];
  }>(context, 'show', String(listed?.id));
  assert.deepEqual(
    shown.recipients.map((row) => [row.recipient, row.state, row.attempts]),
    [
      ['anyone@outside.test', 'delivered', 1],
      ['defer@outside.test', 'queued', 1],
    ],
  );
  assert.match(shown.recipients[1]?.reply ?? '', /^451 /);
  assert.deepEqual(await json(context, 'show', `<${listed?.messageId}>`), shown);
  assert.match(await homing(context, 'show', String(listed?.id)), /defer@outside\.test +queued +1 /);
});

test('retries now', async (context) => {
  const [listed] = await json<{ id: number }[]>(context, 'list');
  await t.sql(`UPDATE delivery SET due_at = now() + interval '1 day' WHERE state = 'queued'`);
  assert.deepEqual(await json(context, 'retry', String(listed?.id)), { due: 1 });
  assert.deepEqual(await json(context, 'retry'), { due: 0 });
});

test('drops with a reason, and says so in the audit log', async (context) => {
  const [listed] = await json<{ id: number }[]>(context, 'list');
  const id = String(listed?.id);
  await assert.rejects(run(['drop', id, '--to', 'anyone@outside.test']), { reason: 'notWaiting' });
  assert.deepEqual(await json(context, 'drop', id, '--to', 'defer@outside.test'), { dropped: ['defer@outside.test'] });
  assert.deepEqual((await t.deliveries(Number(id))).map((row) => [row.state, row.remote_reply?.slice(0, 28)]).at(-1), [
    'failed',
    'dropped by an administrator',
  ]);
  const [entry] = await t.sql<{ subject: string; detail: object }>(
    `SELECT subject, detail FROM audit WHERE action = 'queue.dropped'`,
  );
  assert.equal(entry?.subject, id);
  await assert.rejects(run(['drop', id]), { reason: 'notFound' });
});

test('refuses what it does not understand', async () => {
  for (const args of [[], ['list', 'x'], ['show'], ['drop'], ['frob'], ['retry', '1', '2'], ['list', '--limit', 'x']]) {
    await assert.rejects(run(args), { reason: 'usage' }, args.join(' '));
  }
  await assert.rejects(run(['show', '123456']), { reason: 'notFound' });
});
