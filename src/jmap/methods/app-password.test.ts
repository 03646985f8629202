import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { httpWorld, type Client, type Json } from '../../../test/support/http.ts';
import { createDirectory } from '../../directory/directory.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben, office } = world;

const set = (change: Json, of: Client = ben): Promise<Json> => of.call('AppPassword/set', change);
const list = async (of: Client = ben): Promise<Json[]> => (await of.call('AppPassword/get'))['list'] as Json[];
const make = async (name: string, of: Client = ben): Promise<{ id: string; password: string }> => {
  const { created } = await set({ create: { k: { name } } }, of);
  return (created as Record<string, { id: string; password: string }>)['k'] ?? assert.fail();
};
const refusal = async (change: Json, of: Client = ben): Promise<unknown> => {
  const { notCreated, notUpdated, notDestroyed } = await set(change, of);
  const [error] = Object.values((notCreated ?? notUpdated ?? notDestroyed ?? {}) as Record<string, Json>);
  return error?.['type'];
};
/** The same person's client with another password. */
const withPassword = (password: string, address = ben.address): Client => ({
  ...ben,
  authorization: `Basic ${Buffer.from(`${address}:${password}`).toString('base64')}`,
});
const status = async (authorization: string): Promise<number> =>
  (await fetch(`${world.base}/.well-known/jmap`, { headers: { authorization } })).status;
const basic = (password: string, address = ben.address): string => withPassword(password, address).authorization;

test('it is shown once, works as Basic password and as Bearer token, and says when it was last used', async () => {
  const { state } = await ben.call('AppPassword/get');
  const { id, password } = await make(' Telephone ');
  assert.match(password, /^hp-\d+-\d+-\d+-[a-z0-9]{26}$/);
  const [shown] = await list();
  assert.deepEqual(shown, {
    id,
    name: 'Telephone',
    createdAt: '2026-11-23T12:00:00Z',
    lastUsedAt: null,
    lastUsedBy: null,
  });
  assert.notEqual((await ben.call('AppPassword/get'))['state'], state);
  assert.equal(JSON.stringify(await world.sql(`SELECT * FROM app_password`)).includes(password.slice(-26)), false);
  assert.equal(await status(basic(password)), 200);
  assert.equal(await status(`Bearer ${password}`), 200);
  const [used] = await list();
  assert.deepEqual([used?.['lastUsedAt'], used?.['lastUsedBy']], ['2026-11-23T12:00:00Z', 'http 127.0.0.1']);
  const session = (await (
    await fetch(`${world.base}/.well-known/jmap`, { headers: { authorization: `Bearer ${password}` } })
  ).json()) as Json;
  assert.equal(session['username'], ben.address);
});

test('it is nobody else’s, and nothing near it is right', async () => {
  const { password } = await make('Mine');
  assert.equal(await status(basic(password, ana.address)), 401);
  for (const wrong of [
    `${password.slice(0, -1)}${password.endsWith('a') ? 'b' : 'a'}`,
    password.replace(/^hp-(\d+)-(\d+)/, (_, tenant, account) => `hp-${tenant}-${Number(account) + 1}`),
    'hp-1-1-1',
    'hp-999999999-1-1-aaaaaaaaaaaaaaaaaaaaaaaaaa',
  ]) {
    assert.equal(await status(`Bearer ${wrong}`), 401, wrong);
    assert.equal(await status(basic(wrong)), 401, wrong);
  }
  assert.equal(await status('Bearer homing'), 401, 'the password itself is no token');
});

test('once removed it is void, here and in another process, with the push subscriptions made by it', async () => {
  const { id, password } = await make('Lost');
  const lost = withPassword(password);
  world.services.config.pushPrivate = true;
  const answer = await fetch(`${world.base}/jmap/`, {
    method: 'POST',
    headers: { authorization: lost.authorization, 'content-type': 'application/json' },
    body: JSON.stringify({
      using: ['urn:ietf:params:jmap:core'],
      methodCalls: [
        ['PushSubscription/set', { create: { k: { deviceClientId: 'x', url: 'http://127.0.0.1:9/' } } }, 'c'],
      ],
    }),
  });
  assert.match(await answer.text(), /"created":\{"k"/);
  const mine = await ben.responses([['PushSubscription/get', { ids: null }]]);
  assert.deepEqual(mine[0]?.[1]['list'], [], 'it is not the password’s');
  assert.equal((await world.sql(`SELECT FROM push_subscription`)).length, 1);
  assert.deepEqual((await set({ destroy: [id] }))['destroyed'], [id]);
  assert.equal(await status(basic(password)), 401);
  assert.equal(await status(`Bearer ${password}`), 401);
  assert.deepEqual(await world.sql(`SELECT FROM push_subscription`), []);
  assert.equal(await refusal({ destroy: [id] }), 'notFound');
});

test('another process hears of it', async () => {
  const { id, password } = await make('Elsewhere');
  const { store } = world.services;
  const elsewhere = createDirectory({ store });
  const from = { face: 'imap', ip: '127.0.0.1' } as const;
  assert.equal((await elsewhere.signIn(ben.address, password, from))?.credential, id);
  assert.equal((await elsewhere.authenticate(ben.address, password))?.id, ben.account);
  const heard = once(store.notifier, 'directory');
  await set({ destroy: [id] });
  await heard;
  assert.equal(await elsewhere.signIn(ben.address, password, from), null);
  elsewhere.close();
});

test('a program does not make itself another, nor take one away but its own', async () => {
  const own = await make('Program');
  const other = await make('Other');
  const program = async (change: Json): Promise<string> => {
    const response = await fetch(`${world.base}/jmap/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${own.password}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        using: ['urn:ietf:params:jmap:core', 'urn:x-homing:app-passwords'],
        methodCalls: [['AppPassword/set', { accountId: ben.accountId, ...change }, 'c']],
      }),
    });
    return response.text();
  };
  assert.match(await program({ create: { k: { name: 'Heir' } } }), /"forbidden"/);
  assert.match(await program({ destroy: [other.id] }), /"forbidden"/);
  assert.match(await program({ destroy: [own.id] }), new RegExp(`"destroyed":\\["${own.id}"\\]`));
});

test('names, numbers, and whose they are', async () => {
  assert.equal(await refusal({ create: { k: { name: '' } } }), 'invalidProperties');
  assert.equal(await refusal({ create: { k: { name: 'a\nb' } } }), 'invalidProperties');
  assert.equal(await refusal({ create: { k: { name: 'x', password: 'y' } } }), 'invalidProperties');
  assert.equal(await refusal({ update: { p1: { name: 'x' } } }), 'notFound');
  const { id } = await make('Old name');
  assert.deepEqual((await set({ update: { [id]: { name: 'New name' } } }))['updated'], { [id]: null });
  assert.ok((await list()).some((one) => one['name'] === 'New name'));
  const shared = await ben.call('AppPassword/get', { accountId: `a${office}` });
  assert.equal(shared['error'], 'accountNotSupportedByMethod');
  const { length } = await list();
  for (let i = length; i < 50; i++) await make(`n${i}`);
  assert.equal(await refusal({ create: { k: { name: 'one more' } } }), 'overQuota');
});
