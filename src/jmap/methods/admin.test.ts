// Every method of the administration against every kind of stranger: driven from the registry. And groups, policy, audit
// log, queue, vault and figures as administrators have them.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { askAdminRecall } from '../../../test/support/administering.ts';
import { startTestHoming } from '../../../test/support/homing.ts';
import type { Client, Json } from '../../../test/support/http.ts';
import { askRecall, sendMail } from '../../../test/support/recalling.ts';
import { POLICY_SETTINGS } from '../../directory/policy.ts';
import { DUTIES, GIVEN_ROLES, type GivenRole } from '../../mail/roles.ts';
import { METHODS } from '../registry.ts';
import type { MethodContext } from '../wire.ts';
import { stillHas } from './admin.ts';

const homing = await startTestHoming({ policy: { holdOutsideSeconds: 0, rateLimit: 0 } });
after(() => homing.close());
const clients = await Promise.all(
  ['ana@pigeon.test', 'ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test', 'eli@pigeon.test', 'zoe@other.test'].map(
    (address) => homing.client(address),
  ),
);
const [ana, ben, cho, dia, eli, zoe] = clients as [Client, Client, Client, Client, Client, Client];
const office = await homing.client('office@pigeon.test');
const holders: Record<GivenRole, Client> = { 'directory-admin': ben, auditor: cho, 'recall-admin': dia, owner: eli };
for (const role of GIVEN_ROLES) await homing.admin.setAccount(holders[role].address, { addRoles: [role] });
await homing.admin.setAccount('zoe@other.test', { addRoles: ['owner'] });

/** Of a /set: why not, or null. */
async function set(by: Client, type: string, change: Json): Promise<string | null> {
  const answer = await by.call(`${type}/set`, change);
  const refused = [answer['notCreated'], answer['notUpdated'], answer['notDestroyed']];
  const [first] = refused.flatMap((map) => Object.values((map ?? {}) as Record<string, Json>));
  return (answer['error'] as string | undefined) ?? (first?.['type'] as string | undefined) ?? null;
}

const lastEntry = async (): Promise<Json | undefined> => {
  const { ids } = await cho.call('AdminAudit/query', { limit: 1 });
  return ((await cho.call('AdminAudit/get', { ids }))['list'] as Json[])[0];
};

for (const [name, { duty }] of Object.entries(METHODS)) {
  if (!duty) continue;
  test(`${name} is closed to whoever lacks ${duty}`, async () => {
    assert.equal((await ana.call(name))['error'], 'forbidden', 'a user');
    for (const role of GIVEN_ROLES) {
      const { error } = await holders[role].call(name);
      if (DUTIES[role].includes(duty)) assert.notEqual(error, 'forbidden', role);
      else assert.equal(error, 'forbidden', role);
    }
    assert.equal((await zoe.call(name, { accountId: eli.accountId }))['error'], 'accountNotFound');
    const shared = await ben.call(name, { accountId: office.accountId });
    assert.equal(shared['error'], 'accountNotSupportedByMethod', 'a shared mailbox');
  });
}

test('a role that is taken meanwhile is void in the transaction', async () => {
  const user = { tenant: homing.tenant, id: eli.account, address: eli.address, roles: ['owner'] };
  const check = stillHas({ user } as unknown as MethodContext, 'change-policy');
  await check(homing.services.store);
  await homing.admin.setAccount('eli@pigeon.test', { removeRoles: ['owner'] });
  await assert.rejects(check(homing.services.store), /does not include/);
  await homing.admin.setAccount('eli@pigeon.test', { addRoles: ['owner'] });
});

test('groups are made, changed and removed', async () => {
  const create = {
    k: { address: 'roof@pigeon.test', name: 'Roof', members: ['ana@pigeon.test', 'x@outside.test', 'all@pigeon.test'] },
  };
  const { created } = await ben.call('AdminGroup/set', { create });
  const id = String((created as Record<string, Json>)['k']?.['id']);
  const get = async (by: Client): Promise<Json | undefined> =>
    ((await by.call('AdminGroup/get', { ids: [id] }))['list'] as Json[])[0];
  assert.deepEqual(
    ['name', 'everybody', 'membersVisibleTo', 'memberCount'].map(
      (name) => (created as Record<string, Json>)['k']?.[name],
    ),
    ['Roof', false, 'everyone', 3],
  );
  const members = async (text?: string): Promise<unknown> =>
    (await cho.call('AdminGroup/members', { group: id, ...(text ? { text } : {}) }))['members'];
  assert.deepEqual(await members(), [
    { address: 'all@pigeon.test', name: 'Everybody', kind: 'group' },
    { address: 'ana@pigeon.test', name: 'Ana Silva', kind: 'person' },
    { address: 'x@outside.test', name: null, kind: 'outside' },
  ]);
  assert.deepEqual(await members('SILVA'), [{ address: 'ana@pigeon.test', name: 'Ana Silva', kind: 'person' }]);
  const change = { membersVisibleTo: 'administrators', add: ['ben@pigeon.test'], remove: ['x@outside.test'] };
  assert.equal(await set(ben, 'AdminGroup', { update: { [id]: change } }), null);
  const now = await get(cho);
  assert.deepEqual([now?.['membersVisibleTo'], now?.['memberCount']], ['administrators', 3]);
  assert.deepEqual(
    [(await lastEntry())?.['actor'], (await lastEntry())?.['action']],
    ['ben@pigeon.test', 'group.changed'],
  );
  const refused: [Json, string][] = [
    [{ update: { [id]: { add: ['nobody@pigeon.test'] } } }, 'notFound'],
    [{ update: { [id]: { remove: ['cho@pigeon.test'] } } }, 'notMember'],
    [{ update: { [id]: { add: ['roof@pigeon.test'] } } }, 'loop'],
    [{ update: { [id]: { membersVisibleTo: 'nobody' } } }, 'invalidProperties'],
    [{ update: { g99999: { name: 'x' } } }, 'notFound'],
    [{ create: { k: { address: 'roof@pigeon.test' } } }, 'taken'],
    [{ create: { k: { address: 'roof@other.test' } } }, 'notLocal'],
    [{ create: { k: { name: 'No address' } } }, 'invalidProperties'],
  ];
  for (const [what, type] of refused) assert.equal(await set(ben, 'AdminGroup', what), type, JSON.stringify(what));
  assert.equal(await get(zoe), undefined);
  assert.equal((await zoe.call('AdminGroup/members', { group: id }))['error'], 'notFound');
  assert.equal(await set(zoe, 'AdminGroup', { destroy: [id] }), 'notFound');
  const found = await cho.call('AdminGroup/query', { filter: { text: 'roo' }, calculateTotal: true });
  assert.deepEqual([found['ids'], found['total']], [[id], 1]);
  assert.equal(await set(ben, 'AdminGroup', { destroy: [id] }), null);
  assert.equal(await get(cho), undefined);
});

test('policy: every setting with what it means; changed by an owner, all of it or nothing', async () => {
  const get = async (by: Client): Promise<{ policy: Json; settings: Json[] }> =>
    ((await by.call('AdminPolicy/get'))['list'] as { policy: Json; settings: Json[] }[])[0] ?? assert.fail();
  const { policy, settings } = await get(dia);
  assert.deepEqual(
    settings.map(({ name }) => name),
    Object.keys(POLICY_SETTINGS),
  );
  for (const { name, help, type } of settings)
    assert.ok(typeof help === 'string' && help.endsWith('.') && typeof type === 'string', String(name));
  assert.equal(policy['holdOutsideSeconds'], 0);
  const change = (patch: Json): Json => ({ update: { singleton: patch } });
  assert.equal(await set(eli, 'AdminPolicy', change({ maxAgeDays: 7, senderSees: 'all of it' })), 'badPolicy');
  assert.equal((await get(dia)).policy['maxAgeDays'], 30);
  assert.equal(await set(eli, 'AdminPolicy', change({ maxAgeDays: 7 })), null);
  assert.equal((await get(dia)).policy['maxAgeDays'], 7);
  assert.equal(await set(eli, 'AdminPolicy', change({ maxAgeDays: null })), null);
  const entry = await lastEntry();
  assert.deepEqual(
    [entry?.['actor'], entry?.['action'], entry?.['detail']],
    ['eli@pigeon.test', 'policy.changed', { maxAgeDays: { from: 7, to: 30 } }],
  );
  assert.equal((await get(zoe)).policy['maxAgeDays'], 30);
});

test('the audit log is read, filtered and verified', async () => {
  const query = async (filter: Json, more: Json = {}): Promise<Json[]> => {
    const { ids } = await cho.call('AdminAudit/query', { filter, ...more });
    return (await cho.call('AdminAudit/get', { ids }))['list'] as Json[];
  };
  const groups = await query({ action: 'group.', actor: 'BEN@' });
  assert.deepEqual(
    groups.map(({ action }) => action),
    ['group.removed', 'group.changed', 'group.added'],
  );
  const oldest = await query({ action: 'group.', actor: 'ben@' }, { ascending: true, limit: 1 });
  assert.deepEqual(oldest, groups.slice(-1));
  const seq = Number(groups[1]?.['seq']);
  assert.deepEqual((await query({ action: 'group.', maxSeq: seq, minSeq: seq }))[0], groups[1]);
  assert.deepEqual(await query({ subject: 'zoe@other' }), [], 'another organisation has its own');
  assert.deepEqual(await query({ after: '2999-01-01T00:00:00Z' }), []);
  const verdict = await cho.call('AdminAudit/verify');
  assert.deepEqual([verdict['intact'], verdict['brokenAt'], verdict['why']], [true, null, null]);
  const [first] = await query({}, { ascending: true, limit: 1 });
  await homing.sql(`ALTER TABLE audit DISABLE TRIGGER USER`);
  await homing.sql(`UPDATE audit SET actor = 'nobody' WHERE tenant_id = $1 AND seq = $2`, [homing.tenant, seq]);
  const broken = await cho.call('AdminAudit/verify');
  assert.deepEqual([broken['intact'], broken['brokenAt'], broken['entries']], [false, seq, seq - 1]);
  await homing.sql(`UPDATE audit SET actor = 'ben@pigeon.test' WHERE tenant_id = $1 AND seq = $2`, [
    homing.tenant,
    seq,
  ]);
  await homing.sql(`ALTER TABLE audit ENABLE TRIGGER USER`);
  assert.equal((await cho.call('AdminAudit/verify'))['intact'], true);
  assert.match(String(first?.['hash']), /^[\da-f]{64}$/);
});

test('what waits to leave is seen, made due, given up', async () => {
  await homing.admin.setPolicy(homing.tenant, { holdOutsideSeconds: 600 });
  await sendMail(ana, ['nora@outside.test', 'press@outside.test'], 'Waiting');
  const queue = async (by = cho): Promise<{ list: Json[]; totals: Json }> =>
    (await by.call('AdminQueue/get')) as { list: Json[]; totals: Json };
  const [waiting] = (await queue()).list;
  assert.deepEqual([waiting?.['subject'], waiting?.['held'], waiting?.['queued']], ['Waiting', 2, 0]);
  assert.deepEqual((await queue()).totals, { messages: 1, held: 2, queued: 0, sending: 0 });
  assert.deepEqual((await queue(zoe)).list, []);
  const message = waiting?.['id'];
  const { recipients } = (await cho.call('AdminQueue/recipients', { message })) as { recipients: Json[] };
  assert.deepEqual(
    recipients.map(({ recipient, state }) => [recipient, state]),
    [
      ['nora@outside.test', 'held'],
      ['press@outside.test', 'held'],
    ],
  );
  assert.equal((await dia.call('AdminQueue/retry', { message }))['due'], 0, 'what is held waits for its sender');
  await homing.sql(`UPDATE delivery SET state = 'queued', due_at = $2 WHERE tenant_id = $1 AND state = 'held'`, [
    homing.tenant,
    new Date(homing.clock().getTime() + 3_600_000),
  ]);
  assert.equal((await zoe.call('AdminQueue/drop', { message }))['error'], 'notFound');
  assert.equal((await dia.call('AdminQueue/drop', { message, recipient: 'x@outside.test' }))['error'], 'notWaiting');
  assert.equal((await dia.call('AdminQueue/drop', { message, recipient: 'press@outside.test' }))['dropped'], 1);
  assert.deepEqual(
    [(await lastEntry())?.['action'], (await lastEntry())?.['detail']],
    ['queue.dropped', { messageId: waiting?.['messageId'], recipients: 1, to: 'press@outside.test' }],
  );
  assert.equal((await dia.call('AdminQueue/retry', { message: null }))['due'], 1);
  assert.equal((await lastEntry())?.['action'], 'queue.retried');
  await homing.settle();
  assert.deepEqual((await queue()).list, []);
  await homing.admin.setPolicy(homing.tenant, { holdOutsideSeconds: 0 });
});

test('figures and vault', async () => {
  const { emailId } = await sendMail(ana, ['ben@pigeon.test', 'cho@pigeon.test', 'nora@outside.test'], 'Figures');
  await homing.settle();
  const from = homing.clock();
  const { id } = await askRecall(ana, emailId);
  homing.advance(2000);
  await homing.settle();
  homing.advance(86_400_000);
  const [message] = (await dia.call('AdminMessage/query', { filter: { subject: 'Figures' } }))['ids'] as string[];
  await askAdminRecall(dia, String(message), { includeRead: true });
  await homing.settle();
  const bounds = [0, 1, 2, 3].map((day) => new Date(from.getTime() + day * 86_400_000).toISOString());
  const { periods, total } = (await cho.call('AdminRecall/statistics', { bounds })) as { periods: Json[]; total: Json };
  assert.deepEqual(
    periods.map(({ recalls, recipients, byAdministrator }) => [recalls, recipients, byAdministrator]),
    [
      [1, 3, 0],
      [1, 3, 1],
      [0, 0, 0],
    ],
  );
  assert.deepEqual(periods[0]?.['counts'], { recalled: 2, outside: 1 });
  assert.deepEqual(periods[0]?.['doneMs'], { p50: 2000, p95: 2000 });
  assert.deepEqual(periods[2]?.['gateMs'], { p50: null, p95: null });
  assert.deepEqual([total['recalls'], total['recipients'], total['underWay']], [2, 6, 0]);
  assert.equal(
    (await cho.call('AdminRecall/statistics', { bounds: [bounds[1], bounds[0]] }))['error'],
    'invalidArguments',
  );
  const other = (await zoe.call('AdminRecall/statistics', { bounds }))['total'] as Json;
  assert.equal(other['recalls'], 0);

  const vault = async (by = cho): Promise<Json[]> => (await by.call('AdminVault/get'))['list'] as Json[];
  const [kept] = await vault();
  assert.deepEqual(
    ['recall', 'subject', 'sender', 'copies', 'held', 'restoring'].map((name) => kept?.[name]),
    [id, 'Figures', 'ana@pigeon.test', 2, 0, false],
  );
  const days = (Date.parse(String(kept?.['expiresAt'])) - Date.parse(String(kept?.['removedAt']))) / 86_400_000;
  assert.equal(days, 90);
  await homing.admin.setAccount('ben@pigeon.test', { legalHold: true });
  assert.equal((await vault())[0]?.['held'], 1);
  assert.deepEqual(await vault(zoe), []);
});
