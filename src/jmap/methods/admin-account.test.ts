import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../../../test/support/homing.ts';
import type { Client, Json } from '../../../test/support/http.ts';
import { auditPage } from '../../store/audit.ts';

const homing = await startTestHoming();
after(() => homing.close());
const { directory } = homing.services;
const [ana, ben, cho, dia, eli] = (await Promise.all(
  ['ana', 'ben', 'cho', 'dia', 'eli'].map((name) => homing.client(`${name}@pigeon.test`)),
)) as [Client, Client, Client, Client, Client];
const zoe = await homing.client('zoe@other.test');
for (const [who, role] of [
  ['ben@pigeon.test', 'directory-admin'],
  ['cho@pigeon.test', 'auditor'],
  ['dia@pigeon.test', 'recall-admin'],
  ['eli@pigeon.test', 'owner'],
  ['zoe@other.test', 'owner'],
] as const)
  await homing.admin.setAccount(who, { addRoles: [role] });

async function get(by: Client, id: string): Promise<Json | undefined> {
  return ((await by.call('AdminAccount/get', { ids: [id] }))['list'] as Json[])[0];
}

/** Why not, or null: it was done. */
async function update(by: Client, id: string, patch: Json): Promise<string | null> {
  const { error, notUpdated } = await by.call('AdminAccount/set', { update: { [id]: patch } });
  return (error as string | undefined) ?? (notUpdated as Record<string, { type: string }> | null)?.[id]?.type ?? null;
}

test('who there is, with roles, delegates and hold', async () => {
  const { ids, total } = await cho.call('AdminAccount/query', { filter: { text: 'OFFICE@' }, calculateTotal: true });
  assert.equal(total, 1);
  const office = await get(cho, (ids as string[])[0] ?? '');
  const shown = ['address', 'kind', 'roles', 'legalHold', 'delegates'].map((name) => office?.[name]);
  assert.deepEqual(shown.slice(0, 4), ['office@pigeon.test', 'shared', ['user'], false]);
  assert.deepEqual(Object.keys(shown[4] as Json).toSorted(), ['ana@pigeon.test', 'ben@pigeon.test']);
  const of = async (filter: Json): Promise<unknown> => (await cho.call('AdminAccount/query', { filter }))['ids'];
  assert.deepEqual(await of({ role: 'owner' }), [eli.accountId]);
  assert.deepEqual(await of({ kind: 'service' }), []);
  assert.deepEqual(await of({ legalHold: true }), []);
  assert.deepEqual(await of({ text: 'zoe' }), []);
  assert.equal(await get(cho, zoe.accountId), undefined);
  assert.equal((await ana.call('AdminAccount/query'))['error'], 'forbidden');
});

test('makes, changes and removes one', async () => {
  const fay = { address: 'fay@pigeon.test', name: 'Fay', password: 'a good word', aliases: ['f@pigeon.test'] };
  const { created } = await ben.call('AdminAccount/set', { create: { k: fay } });
  const id = String((created as Record<string, Json>)['k']?.['id']);
  assert.equal((await directory.authenticate('f@pigeon.test', 'a good word'))?.name, 'Fay');
  const delegates = { 'ana@pigeon.test': ['send-on-behalf', 'recall'] };
  assert.equal(await update(ben, id, { name: 'Fay Wu', aliases: ['fw@pigeon.test'], delegates }), null);
  const now = await get(ben, id);
  assert.deepEqual([now?.['name'], now?.['aliases'], now?.['delegates']], ['Fay Wu', ['fw@pigeon.test'], delegates]);
  assert.equal(await update(ben, id, { delegates: { 'ana@pigeon.test': [] }, password: null }), null);
  assert.deepEqual((await get(ben, id))?.['delegates'], {});
  const entry = (await auditPage(homing.services.store, homing.tenant, 0, 10_000)).at(-1);
  assert.deepEqual(
    [entry?.actor, entry?.action, entry?.detail['password']],
    ['ben@pigeon.test', 'account.changed', 'removed'],
  );
  for (const wrong of [
    { kind: 'robot' },
    { aliases: 'x' },
    { delegates: { 'ana@pigeon.test': ['all'] } },
    { id: 'a1' },
  ])
    assert.equal(await update(ben, id, wrong), 'invalidProperties');
  assert.equal(await update(ben, zoe.accountId, { name: 'Mine' }), 'notFound');
  assert.equal(await update(ben, id, { delegates: { 'zoe@other.test': ['full'] } }), 'notLocal');
  const { notCreated } = await ben.call('AdminAccount/set', {
    create: { k: { address: 'x@other.test', password: 'word' } },
  });
  assert.equal((notCreated as Record<string, Json>)['k']?.['type'], 'notLocal', 'not in another organisation');
  const { destroyed } = await ben.call('AdminAccount/set', { destroy: [id] });
  assert.deepEqual(destroyed, [id]);
});

test('legal hold is for who may recall; nobody removes who is under it', async () => {
  assert.equal(await update(ben, ana.accountId, { legalHold: true }), 'forbidden');
  assert.equal(await update(cho, ana.accountId, { legalHold: true }), 'forbidden');
  assert.equal(await update(dia, ana.accountId, { legalHold: true }), null);
  assert.equal((await get(cho, ana.accountId))?.['legalHold'], true);
  assert.deepEqual((await cho.call('AdminAccount/query', { filter: { legalHold: true } }))['ids'], [ana.accountId]);
  const { notDestroyed } = await eli.call('AdminAccount/set', { destroy: [ana.accountId] });
  assert.equal((notDestroyed as Record<string, Json>)[ana.accountId]?.['type'], 'legalHold');
  assert.equal(await update(eli, ana.accountId, { legalHold: false }), null);
});

test('nobody gets a role but from an owner, nor by an owner’s password, and one owner stays', async () => {
  for (const by of [ben, cho, dia]) {
    assert.equal(await update(by, by.accountId, { roles: ['owner'] }), 'forbidden');
    assert.equal(await update(by, eli.accountId, { password: 'mine now' }), 'forbidden');
    assert.equal(await update(by, dia.accountId, { delegates: { [by.address]: ['full'] } }), 'forbidden');
  }
  assert.equal((await ben.call('AdminAccount/set', { destroy: [dia.accountId] }))['destroyed'], null);
  const create = { k: { address: 'king@pigeon.test', password: 'a word', roles: ['owner'] } };
  assert.equal((await ben.call('AdminAccount/set', { create }))['created'], null);
  assert.equal(
    await update(ben, ana.accountId, { name: 'Ana S.', roles: ['auditor'] }),
    'forbidden',
    'all of it or nothing',
  );
  assert.notEqual((await get(ben, ana.accountId))?.['name'], 'Ana S.');

  assert.equal(await update(eli, eli.accountId, { roles: [] }), 'lastOwner');
  assert.equal(
    ((await eli.call('AdminAccount/set', { destroy: [eli.accountId] }))['notDestroyed'] as Json | null) === null,
    false,
  );
  assert.equal(await update(eli, ana.accountId, { roles: ['owner', 'user'] }), null);
  assert.equal(await update(ana, eli.accountId, { roles: ['auditor'] }), null);
  assert.deepEqual((await get(ana, eli.accountId))?.['roles'], ['user', 'auditor']);
  assert.equal(await update(eli, eli.accountId, { roles: ['owner'] }), 'forbidden', 'void at once');
});
