import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testDirectory } from '../../test/support/directory.ts';
import { appendAudit } from '../store/audit.ts';
import { createAdmin } from './admin.ts';
import { createLookback } from './untold.ts';

const t = await testDirectory({ listen: true });
await t.store.notifier.ready;
after(() => t.close());

/** Changes the directory as a process that dies before its news. */
const { notifier } = t.store;
const silent = createAdmin({
  ...t.deps,
  store: {
    ...t.store,
    notifier: Object.assign(Object.create(notifier), { publishDirectory: () => Promise.resolve() }),
  },
});

test('a change is seen once; what else is audited is none', async () => {
  const hasChanged = createLookback(t.store);
  assert.equal(await hasChanged(), false);
  await silent.setAccount('cho@pigeon.test', { name: 'Cho' });
  assert.equal(await hasChanged(), true);
  assert.equal(await hasChanged(), false);
  const entry = { at: t.deps.clock(), actor: 'ana@pigeon.test', action: 'recall.created', subject: 'r1', detail: {} };
  await t.store.transact((tx) => Promise.resolve(appendAudit(tx, t.pigeon, entry)));
  assert.equal(await hasChanged(), false);
  await silent.addTenant({ name: 'New', domains: ['new.test'] });
  assert.equal(await hasChanged(), true);
});

test('whoever looks after those who are connected hears of it when it is time to look', async () => {
  let told = 0;
  notifier.on('directory', () => told++);
  for (let i = 0; told === 0; i++) {
    await silent.setAccount('cho@pigeon.test', { name: `Cho ${i}` });
    notifier.emit('look');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});
