import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Client, type Json } from '../../../test/support/http.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben } = world;

type Identity = Json & { id: string; email: string; mayDelete: boolean };
type Refused = Record<string, { type: string; properties?: string[] }>;

const all = async (client: Client): Promise<Identity[]> => (await client.call('Identity/get'))['list'] as Identity[];

const create = async (identity: Json): Promise<Json> => ana.call('Identity/set', { create: { k: identity } });

const idOf = (answer: Json): string => (answer['created'] as Record<string, { id: string }> | null)?.['k']?.id ?? '';

async function refusal(identity: Json): Promise<unknown[]> {
  const error = ((await create({ email: 'ana@pigeon.test', ...identity }))['notCreated'] as Refused | null)?.['k'];
  return [error?.type, error?.properties];
}

async function update(id: string, patch: Json): Promise<unknown> {
  const { updated, notUpdated } = await ana.call('Identity/set', { update: { [id]: patch } });
  return (notUpdated as Refused | null)?.[id]?.type ?? (updated as Json)[id];
}

test('each address that one may send from is one, and stays', async () => {
  const list = await all(ana);
  assert.deepEqual(list.map(({ email, name, mayDelete }) => `${email} ${String(name)} ${mayDelete}`).toSorted(), [
    'a.silva@pigeon.test Ana Silva false',
    'ana@pigeon.test Ana Silva false',
    'office@pigeon.test Office false',
  ]);
  assert.deepEqual(Object.keys(list[0] ?? {}), [
    'id',
    'name',
    'email',
    'replyTo',
    'bcc',
    'textSignature',
    'htmlSignature',
    'mayDelete',
  ]);
  assert.deepEqual(
    (await all(ben)).map(({ email }) => email),
    ['ben@pigeon.test'],
  );
  const [first] = list;
  assert.deepEqual((await ana.call('Identity/get', { ids: [first?.id, 'i99'], properties: ['email'] }))['notFound'], [
    'i99',
  ]);
  const { notDestroyed } = await ana.call('Identity/set', { destroy: [first?.id, 'i99'] });
  assert.deepEqual(notDestroyed, {
    [first?.id ?? '']: { type: 'forbidden', description: 'Every address has one identity that stays.' },
    i99: { type: 'notFound' },
  });
});

test('the same address again, with another name and signature; and gone', async () => {
  const state = await ana.state('Identity');
  const answer = await create({
    email: 'ANA@Pigeon.test',
    name: 'Press office',
    textSignature: '--\nAna',
    htmlSignature: '<b>Ana</b>',
    replyTo: [{ email: 'press@outside.test' }],
    bcc: [
      {
        name: 'Ä',
        email: 'log@outside.test',
      },
    ],
  });
  const id = idOf(answer);
  assert.deepEqual((answer['created'] as Json)['k'], {
    id,
    email: 'ana@pigeon.test',
    mayDelete: true,
    replyTo: [
      {
        name: null,
        email: 'press@outside.test',
      },
    ],
  });
  assert.deepEqual([answer['oldState'], answer['newState']], [state, await ana.state('Identity')]);
  const [shown] = (await ana.call('Identity/get', { ids: [id] }))['list'] as Identity[];
  assert.deepEqual(
    [shown?.['name'], shown?.['textSignature'], shown?.['bcc']],
    ['Press office', '--\nAna', [{ name: 'Ä', email: 'log@outside.test' }]],
  );
  assert.deepEqual((await ana.call('Identity/set', { destroy: [id] }))['destroyed'], [id]);
  assert.deepEqual((await ana.call('Identity/get', { ids: [id] }))['notFound'], [id]);
});

test('what cannot be one', async () => {
  assert.deepEqual(await refusal({ email: 'ben@pigeon.test' }), ['forbiddenFrom', undefined]);
  assert.deepEqual(await refusal({ email: '*@pigeon.test' }), ['forbiddenFrom', undefined]);
  for (const email of ['nobody', '', 1, null])
    assert.deepEqual(await refusal({ email }), ['invalidProperties', ['email']]);
  for (const name of ['a\nb', 1, 'x'.repeat(256), '\ud800']) {
    assert.deepEqual(await refusal({ name }), ['invalidProperties', ['name']]);
  }
  for (const replyTo of ['x', [{}], [{ email: 'x' }], [{ email: 'a@b', more: 1 }], [{ email: 'a@b', name: 'a\0' }]]) {
    assert.deepEqual(await refusal({ replyTo }), ['invalidProperties', ['replyTo']], JSON.stringify(replyTo));
  }
  assert.deepEqual(await refusal({ textSignature: '\0', htmlSignature: 1 }), [
    'invalidProperties',
    ['textSignature', 'htmlSignature'],
  ]);
  assert.deepEqual(await refusal({ mayDelete: true, colour: 1 }), ['invalidProperties', ['mayDelete', 'colour']]);
});

test('changes to one: not to its address', async () => {
  const id = idOf(await create({ email: 'ana@pigeon.test', name: 'One' }));
  assert.equal(await update(id, { name: 'Two', textSignature: 'Hi' }), null);
  assert.deepEqual(await update(id, { replyTo: [{ email: 'x@y.test' }] }), {
    replyTo: [{ name: null, email: 'x@y.test' }],
  });
  const [shown] = (await ana.call('Identity/get', { ids: [id] }))['list'] as Identity[];
  assert.equal(await update(id, { ...shown, name: null, replyTo: null }), null);
  const [again] = (await ana.call('Identity/get', { ids: [id] }))['list'] as Identity[];
  assert.deepEqual(again, { ...shown, name: '', replyTo: null });
  assert.equal(await update(id, { email: 'office@pigeon.test' }), 'invalidProperties');
  assert.equal(await update(id, { colour: 1 }), 'invalidProperties');
  assert.equal(await update('i99', { name: 'x' }), 'notFound');
});

test('what changed since', async () => {
  const since = await ana.state('Identity');
  const changes = async (sinceState = since, more: Json = {}): Promise<unknown[]> => {
    const { created, updated, destroyed, error } = await ana.call('Identity/changes', { sinceState, ...more });
    return error ? [error] : [created, updated, destroyed];
  };
  assert.deepEqual(await changes(), [[], [], []]);
  const kept = idOf(await create({ email: 'ana@pigeon.test' }));
  const gone = idOf(await create({ email: 'ana@pigeon.test' }));
  const middle = await ana.state('Identity');
  await update(kept, { name: 'Kept' });
  assert.deepEqual(await changes(), [[kept, gone], [], []]);
  await ana.call('Identity/set', { destroy: [gone] });
  assert.deepEqual(await changes(), [[kept], [], []]);
  assert.deepEqual(await changes(middle), [[], [kept], [gone]]);
  assert.deepEqual(await changes(middle, { maxChanges: 1 }), [[], [kept], []]);
  assert.deepEqual(await changes('99999999'), ['cannotCalculateChanges']);
  // Mail that comes changes nothing of it.
  const now = await ana.state('Identity');
  await world.deliver([ana.account], 'Mail');
  assert.equal(await ana.state('Identity'), now);
});

test('it follows the directory', async () => {
  const since = await ana.state('Identity');
  await world.admin.setAccount('ana@pigeon.test', { addAliases: ['press@pigeon.test'] });
  const press = (await all(ana)).find(({ email }) => email === 'press@pigeon.test')?.id;
  assert.ok(press);
  const added = await ana.call('Identity/changes', { sinceState: since });
  assert.deepEqual([added['created'], added['destroyed']], [[press], []]);
  await world.admin.setAccount('ana@pigeon.test', { removeAliases: ['press@pigeon.test'] });
  const removed = await ana.call('Identity/changes', { sinceState: added['newState'] });
  assert.deepEqual([removed['created'], removed['destroyed']], [[], [press]]);
  assert.equal((await ana.call('Identity/set', { ifInState: since }))['error'], 'stateMismatch');
});

test('a creation id that looks like an id does not stand for it', async () => {
  const [own] = await all(ana);
  const id = own?.id ?? '';
  const { created, updated } = await ana.call('Identity/set', {
    create: { [id]: { email: 'ana@pigeon.test', name: 'New' } },
    update: { [id]: { name: 'Old' } },
  });
  assert.deepEqual(updated, { [id]: null });
  const made = (created as Record<string, { id: string }>)[id]?.id ?? '';
  const names = Object.fromEntries((await all(ana)).map((one) => [one.id, one['name']]));
  assert.deepEqual([names[id], names[made]], ['Old', 'New']);
  await ana.call('Identity/set', { destroy: [made], update: { [id]: { name: own?.['name'] } } });
});
