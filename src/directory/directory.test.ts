import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { openStore } from '../store/postgres.ts';
import { testDirectory } from '../../test/support/directory.ts';
import { createAdmin } from './admin.ts';
import { createDirectory } from './directory.ts';

const t = await testDirectory({ listen: true });
await t.store.notifier.ready;
after(() => t.close());
const { directory, admin, pigeon, other, ana, ben } = t;

test('signs in by any address that leads to the account, and by no other password', async () => {
  await admin.setAccount('ana@pigeon.test', { addAliases: ['silva@dove.test'] });
  const account = {
    tenant: pigeon,
    id: ana,
    address: 'ana@pigeon.test',
    name: 'Ana Silva',
    kind: 'person',
    roles: [],
    quota: null,
  };
  assert.deepEqual(await directory.authenticate('ana@pigeon.test', 'anas word'), account);
  assert.deepEqual(await directory.authenticate('SILVA@Dove.test', 'anas word'), account);
  for (const password of ['', 'anas  word', 'Anas word']) {
    assert.equal(await directory.authenticate('ana@pigeon.test', password), null);
  }
});

test('nobody signs in as somebody unknown, without a password, as a group, from outside, or as no address', async () => {
  await admin.addGroup({ address: 'team@pigeon.test', members: ['ana@pigeon.test'] });
  for (const address of ['nobody@pigeon.test', 'ben@pigeon.test', 'team@pigeon.test', 'ana@outside.test', 'ana', '']) {
    assert.equal(await directory.authenticate(address, ''), null, address);
    assert.equal(await directory.authenticate(address, 'anas word'), null, address);
  }
});

test('a changed password is void at once, here', async () => {
  await admin.setAccount('cho@pigeon.test', { password: 'first' });
  assert.ok(await directory.authenticate('cho@pigeon.test', 'first'));
  await admin.setAccount('cho@pigeon.test', { password: 'second' });
  assert.equal(await directory.authenticate('cho@pigeon.test', 'first'), null);
  assert.ok(await directory.authenticate('cho@pigeon.test', 'second'));
  await admin.setAccount('cho@pigeon.test', { password: null });
  assert.equal(await directory.authenticate('cho@pigeon.test', 'second'), null);
});

test('and in another process when it hears of it', async () => {
  await admin.setAccount('cho@pigeon.test', { password: 'third' });
  const store = openStore({ connection: t.connection });
  const elsewhere = createDirectory({ store });
  try {
    await store.notifier.ready;
    assert.ok(await elsewhere.authenticate('cho@pigeon.test', 'third'));
    const heard = once(store.notifier, 'directory');
    await admin.setAccount('cho@pigeon.test', { password: 'fourth' });
    await heard;
    assert.equal(await elsewhere.authenticate('cho@pigeon.test', 'third'), null);
    assert.ok(await elsewhere.authenticate('cho@pigeon.test', 'fourth'));
  } finally {
    elsewhere.close();
    await store.close();
  }
});

test('says where an address leads', async () => {
  const resolve = (address: string): Promise<unknown> => directory.resolve(address);
  assert.deepEqual(await resolve('Benjamin@DOVE.test'), {
    kind: 'account',
    tenant: pigeon,
    account: ben,
    address: 'ben@pigeon.test',
  });
  const team = await directory.resolve('team@pigeon.test');
  assert.deepEqual({ ...team, group: 0 }, { kind: 'group', tenant: pigeon, group: 0, address: 'team@pigeon.test' });
  assert.deepEqual(await resolve('zoe@pigeon.test'), { kind: 'unknown', tenant: pigeon });
  assert.deepEqual(await resolve('ana@other.test'), { kind: 'unknown', tenant: other });
  for (const address of ['ana@outside.test', 'ana@sub.pigeon.test', 'ana', '@pigeon.test']) {
    assert.deepEqual(await resolve(address), { kind: 'outside' });
  }
});

test('what it remembers is dropped when the directory changes', async () => {
  assert.equal((await directory.resolve('dia@pigeon.test')).kind, 'unknown');
  const dia = await admin.addAccount({ address: 'dia@pigeon.test' });
  assert.equal((await directory.account(pigeon, dia))?.name, 'dia');
  assert.equal((await directory.resolve('dia@pigeon.test')).kind, 'account');
  await admin.setAccount('dia@pigeon.test', { name: 'Dia Rahman' });
  assert.equal((await directory.account(pigeon, dia))?.name, 'Dia Rahman');
  await admin.removeAccount('dia@pigeon.test');
  assert.equal(await directory.account(pigeon, dia), undefined);
  assert.equal((await directory.resolve('dia@pigeon.test')).kind, 'unknown');
  assert.equal(await directory.account(other, ana), undefined, 'another tenant has no such account');
});

test('answers from memory until then, also while the database is away', async () => {
  const store = openStore({ connection: t.connection, listen: false });
  const remembering = createDirectory({ store });
  const ask = (): Promise<unknown> =>
    Promise.all([
      remembering.authenticate('ana@pigeon.test', 'anas word'),
      remembering.policy(pigeon),
      remembering.tenantName(pigeon),
      remembering.domains(pigeon),
      remembering.addressesOf(pigeon, ana),
      remembering.accessible(pigeon, ana),
      remembering.may(pigeon, ana, ben, 'full'),
    ]);
  const first = await ask();
  await store.close();
  assert.deepEqual(await ask(), first);
  store.notifier.emit('resync');
  await assert.rejects(ask());
  remembering.close();
});

test('who may act for whom', async () => {
  await admin.addAccount({ address: 'office@pigeon.test', name: 'Office', kind: 'shared' });
  const target = await directory.resolve('office@pigeon.test');
  assert.ok(target.kind === 'account');
  const office = target.account;
  const may = (right: 'full' | 'send-as' | 'send-on-behalf' | 'recall'): Promise<boolean> =>
    directory.may(pigeon, ana, office, right);
  assert.deepEqual([await may('full'), await may('recall')], [false, false]);
  await admin.delegate('office@pigeon.test', 'ana@pigeon.test', ['full', 'send-on-behalf']);
  assert.deepEqual([await may('full'), await may('send-as'), await may('send-on-behalf')], [true, false, true]);
  assert.equal(await directory.may(pigeon, office, ana, 'full'), false, 'the other way round it is not');
  assert.equal(await directory.may(pigeon, ana, ana, 'recall'), true);
  assert.deepEqual(
    (await directory.accessible(pigeon, ana)).map((one) => one.address),
    ['office@pigeon.test'],
  );
  assert.deepEqual(await directory.addressesOf(pigeon, ana), [
    'ana@pigeon.test',
    'silva@dove.test',
    'office@pigeon.test',
  ]);
  await admin.delegate('office@pigeon.test', 'ana@pigeon.test', []);
  assert.deepEqual(await directory.accessible(pigeon, ana), []);
  assert.deepEqual(await directory.addressesOf(pigeon, ana), ['ana@pigeon.test', 'silva@dove.test']);
});

test('a tenant, its domains and its policy', async () => {
  assert.equal(await directory.tenantName(pigeon), 'Pigeon');
  assert.deepEqual(await directory.domains(pigeon), ['dove.test', 'pigeon.test']);
  assert.equal((await directory.policy(pigeon)).rateLimit, 20);
  await createAdmin(t.deps).setPolicy(pigeon, { rateLimit: 3 });
  assert.equal((await directory.policy(pigeon)).rateLimit, 3);
  assert.equal((await directory.policy(other)).rateLimit, 20);
  assert.equal(await directory.tenantName(999), '');
});
