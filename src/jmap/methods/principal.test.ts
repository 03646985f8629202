import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Client, type Json } from '../../../test/support/http.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben, zoe, admin } = world;

await admin.addAccount({ address: 'robot@pigeon.test', name: 'Ben the robot', kind: 'service' });
await admin.addAccounts(world.tenant, [
  { address: 'rubens@pigeon.test', name: 'Rubens Anders', passwordHash: null },
  { address: 'cho@pigeon.test', name: 'Cho Benning', passwordHash: null },
]);
await admin.addGroup({ address: 'all@pigeon.test', name: 'Everybody', everybody: true, members: ['x@outside.test'] });
await admin.addGroup({
  address: 'board@pigeon.test',
  members: ['ben@pigeon.test', 'cho@pigeon.test', 'all@pigeon.test'],
  membersVisibleTo: 'administrators',
});
await admin.addGroup({
  address: 'union@pigeon.test',
  members: ['ben@pigeon.test', 'y@outside.test'],
  membersVisibleTo: 'members',
});

type Principal = Json & { id: string; email: string };

async function find(client: Client, filter: Json | null, more: Json = {}): Promise<string[]> {
  const { ids } = await client.call('Principal/query', { filter, ...more });
  const { list } = await client.call('Principal/get', { ids, properties: ['email'] });
  return (list as Principal[]).map(({ email }) => email.replace('@pigeon.test', ''));
}

test('part of a name or an address, what begins with it first; aliases too, no services, nobody of another tenant', async () => {
  assert.deepEqual(await find(ana, { text: 'BEN' }), ['ben', 'cho', 'rubens']);
  assert.deepEqual(await find(ana, { text: 'a.silva' }), ['ana']);
  assert.deepEqual(await find(ana, { name: 'ben' }), ['ben', 'cho', 'rubens']);
  assert.deepEqual(await find(ana, { email: 'ben' }), ['ben', 'rubens']);
  assert.deepEqual(await find(ana, { text: 'zoe' }), []);
  assert.deepEqual(await find(zoe, null), ['zoe@other.test']);
  assert.deepEqual(await find(ana, { text: '%' }), []);
  assert.deepEqual(await find(ana, { text: 'en', type: 'individual' }), ['ben', 'cho', 'rubens']);
});

test('by kind, combined, sorted, a page of them', async () => {
  assert.deepEqual(await find(ana, { type: 'group' }), ['board', 'all', 'union']);
  assert.deepEqual(await find(ana, { type: 'other' }), ['office']);
  assert.deepEqual(await find(ana, { type: 'resource' }), []);
  const either = { operator: 'OR', conditions: [{ email: 'ana' }, { name: 'office' }] };
  assert.deepEqual(await find(ana, either), ['ana', 'office']);
  const neither = { operator: 'NOT', conditions: [either, { type: 'group' }] };
  assert.deepEqual(await find(ana, neither, { sort: [{ property: 'email', isAscending: false }] }), [
    'rubens',
    'cho',
    'ben',
  ]);
  const page = await ana.call('Principal/query', { position: 2, limit: 2, calculateTotal: true });
  assert.deepEqual([(page['ids'] as string[]).length, page['total'], page['position']], [2, 8, 2]);
  const last = await ana.call('Principal/query', { position: -1, limit: 2 });
  assert.deepEqual([(last['ids'] as string[]).length, last['position']], [1, 7]);
  assert.equal((await ana.call('Principal/query', { filter: { timeZone: 'UTC' } }))['error'], 'unsupportedFilter');
  assert.equal((await ana.call('Principal/query', { filter: { text: 1 } }))['error'], 'invalidArguments');
  const many = { operator: 'OR', conditions: Array.from({ length: 101 }, () => ({ text: 'x' })) };
  assert.equal((await ana.call('Principal/query', { filter: many }))['error'], 'unsupportedFilter');
});

test('one of each', async () => {
  const conditions = ['board@', 'cho@', 'office@'].map((email) => ({ email }));
  const filter = { operator: 'OR', conditions };
  const { ids } = await ana.call('Principal/query', { filter, sort: [{ property: 'email' }] });
  const { list, notFound } = await ana.call('Principal/get', { ids: [...(ids as string[]), 'p999999', 'x'] });
  assert.deepEqual(notFound, ['p999999', 'x']);
  const principals = list as Principal[];
  assert.deepEqual(
    principals.map(({ email, type, name }) => [email, type, name]),
    [
      ['board@pigeon.test', 'group', 'board'],
      ['cho@pigeon.test', 'individual', 'Cho Benning'],
      ['office@pigeon.test', 'other', 'Office'],
    ],
  );
  const office = principals.find(({ email }) => email === 'office@pigeon.test');
  assert.deepEqual(Object.keys(office?.['accounts'] as Json), [`a${world.office}`]);
  assert.deepEqual(Object.keys(office ?? {}), [
    'id',
    'type',
    'name',
    'description',
    'email',
    'timeZone',
    'capabilities',
    'accounts',
  ]);
  assert.equal(principals[0]?.['accounts'], null);
});

test("a group's size: as mail to it would reach, and never of a few whom the reader may not see", async () => {
  const sizes = async (client: Client): Promise<Record<string, unknown[]>> => {
    const { ids } = await client.call('Principal/query', { filter: null });
    const properties = ['email', 'memberCount', 'outsideMemberCount'];
    const { list } = await client.call('Principal/get', { ids, properties });
    const rows = (list as Principal[]).map((one) => [
      one.email.split('@')[0],
      [one['memberCount'], one['outsideMemberCount']],
    ]);
    return Object.fromEntries(rows) as Record<string, unknown[]>;
  };
  const seen = await sizes(ana);
  assert.deepEqual(seen['ana'], [null, null]);
  // Four people and one outside; no service, no shared mailbox.
  assert.deepEqual(seen['all'], [5, 1]);
  assert.deepEqual(seen['board'], [5, null]);
  assert.deepEqual(seen['union'], [null, null]);
  assert.deepEqual((await sizes(ben))['union'], [2, 1]);
});

test('the directory is in one’s own account, and its state moves with it', async () => {
  assert.equal(
    (await ana.call('Principal/get', { accountId: `a${world.office}` }))['error'],
    'accountNotSupportedByMethod',
  );
  const before = await ana.state('Principal');
  assert.equal(await ana.state('Principal'), before);
  await admin.setAccount('cho@pigeon.test', { name: 'Cho' });
  assert.notEqual(await ana.state('Principal'), before);
  assert.equal((await ana.call('Principal/changes', { sinceState: before }))['error'], 'cannotCalculateChanges');
  const { list } = await ana.call('Principal/get', { ids: null, properties: ['name'] });
  assert.equal((list as Principal[]).length, 8);
});

test('which domains are the organisation’s own', async () => {
  const session = (await (await ana.fetch('/.well-known/jmap')).json()) as Record<string, Json>;
  const of = (session['accounts'] as Record<string, { accountCapabilities: Json }>)[ana.accountId];
  assert.deepEqual(of?.accountCapabilities['urn:x-homing:directory'], { domains: ['pigeon.test'] });
});
