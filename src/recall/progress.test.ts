import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { SILENT } from '../mail/log.ts';
import { raise } from '../store/account-state.ts';
import { insertCancel, recallById } from '../store/recalls.ts';
import { createWorld } from '../../test/support/world.ts';
import { createProgress, type Progress } from './progress.ts';
import { sweepStep } from './sweep.ts';
import { createRecallWorker } from './worker.ts';

const world = await createWorld();
after(() => world.close());
const { store, clock } = world;

/** A recall that asked for its report, with everything decided and nobody who has ended it yet. */
async function swept(): Promise<{ tenant: number; id: number; progress: () => Progress; ends: () => number }> {
  const firm = await world.firm(3);
  const sent = await world.send(firm);
  await world.fanOut();
  const id = await world.recall(firm, sent, { notifyMe: true });
  let ends = 0;
  const progress = (): Progress =>
    createProgress({
      store,
      clock,
      log: SILENT,
      writeNotice: async () => 0,
      onDone: async (_, recall) => void (recall.id === id && ends++),
    });
  const stepping = progress();
  await stepping.open(firm.tenant, id);
  while (await sweepStep({ store, clock, log: SILENT, progress: { ...stepping, advance: async () => undefined } }));
  return { tenant: firm.tenant, id, progress, ends: () => ends };
}

test('two lanes that finish the last two ranges together end a recall once', async () => {
  const { tenant, id, progress, ends } = await swept();
  const lanes = progress();
  await Promise.all([lanes.advance(tenant, id, {}), lanes.advance(tenant, id, {})]);
  assert.equal(ends(), 1);
});

test('so do two processes', async () => {
  const { tenant, id, progress, ends } = await swept();
  await Promise.all([progress().advance(tenant, id, {}), progress().advance(tenant, id, {})]);
  assert.equal(ends(), 1);
});

test('what is cancelled once everything is decided is done: nothing was left to be stopped', async () => {
  const { tenant, id, progress } = await swept();
  const recall = await recallById(store, tenant, id);
  await store.transact((tx) => insertCancel(tx, tenant, id, recall?.requested_by ?? 0, clock()));
  await progress().advance(tenant, id, {});
  const ended = await recallById(store, tenant, id);
  assert.deepEqual(
    [ended?.status, ended?.counts, ended?.cancel_requested],
    ['done', { recalled: 3, intercepted: 1 }, true],
  );
});

test('a report that a process which died still owed is taken up, but not while it may yet be on its way', async () => {
  const { tenant, id, progress, ends } = await swept();
  await progress().advance(tenant, id, {});
  const other = progress();
  await other.recover();
  assert.equal(ends(), 1, 'it ended a moment ago');
  world.advance(60_000);
  await other.recover();
  assert.equal(ends(), 2);
});

test('one whose end cannot be told keeps no other waiting', async () => {
  const [first, second] = [await swept(), await swept()];
  const told: number[] = [];
  const progress = createProgress({
    store,
    clock,
    log: SILENT,
    writeNotice: async () => 0,
    async onDone(_, recall) {
      if (recall.id === first.id) throw new Error('no');
      told.push(recall.id);
    },
  });
  await progress.recover();
  assert.ok(told.includes(second.id));
});

// Found by npm run torture: after a restart each process waited for the sender's lock once for each recall under way.
test('one that another process has opened is taken up without the lock of its sender', async () => {
  const { tenant, id, progress } = await swept();
  const account = (await world.sql<{ account_id: number }>(`SELECT account_id FROM recall WHERE id = $1`, [id]))[0];
  await store.transact(async (tx) => {
    await raise(tx, tenant, account?.account_id ?? 0);
    const other = progress();
    await other.open(tenant, id);
    assert.ok(other.isOpen(tenant, id));
  });
});

test('a worker that is stopped ends with what it was taking up, and leaves nothing under way', async () => {
  const { tenant, id } = await swept();
  const [telling, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const happened: string[] = [];
  const worker = createRecallWorker({
    store,
    clock,
    log: SILENT,
    progress: createProgress({
      store,
      clock,
      log: SILENT,
      writeNotice: async () => 0,
      async onDone(of, recall) {
        if (of !== tenant || recall.id !== id) return;
        telling.resolve();
        await told.promise;
        happened.push('told');
      },
    }),
    tell: async () => undefined,
  });
  worker.start();
  await telling.promise;
  const stopped = worker.stop().then(() => happened.push('stopped'));
  setTimeout(told.resolve, 300);
  await stopped;
  assert.deepEqual(happened, ['told', 'stopped']);
});

// Found by npm run torture: where servers were killed once a minute, they opened recalls and swept none.
test('after a restart what can be swept is swept, however many recalls there are to be taken up', async () => {
  const firm = await world.firm(1);
  for (let i = 0; i < 6; i++) {
    const sent = await world.send(firm);
    await world.fanOut();
    await world.recall(firm, sent);
  }
  const progress = createProgress({
    store,
    clock,
    log: SILENT,
    writeNotice: async () => 0,
    onDone: async () => undefined,
  });
  let opened = 0;
  let before: number | undefined;
  const worker = createRecallWorker({
    store,
    clock,
    log: SILENT,
    progress: { ...progress, open: (tenant, id) => (opened++, progress.open(tenant, id)) },
    tell: async () => undefined,
    pause: async () => void (before ??= opened),
  });
  await worker.drain();
  assert.ok(before !== undefined && before <= 3, `${before} were opened first`);
});
