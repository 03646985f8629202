// Unusual recalls and requests that wait, as administrators' programs hear of them.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { adminRecallOf, askAdminRecall, fromOutside, setAdminRecall } from '../../../test/support/administering.ts';
import { changedOf, listen, type Stream } from '../../../test/support/event-source.ts';
import { startTestHoming } from '../../../test/support/homing.ts';
import type { Client, Json } from '../../../test/support/http.ts';
import { askRecall, sendMail } from '../../../test/support/recalling.ts';

const homing = await startTestHoming({ policy: { alertRecipients: 3, rateLimit: 0 } });
after(() => homing.close());
const [ana, ben, cho, dia, eli] = (await Promise.all(
  ['ana', 'ben', 'cho', 'dia', 'eli'].map((name) => homing.client(`${name}@pigeon.test`)),
)) as [Client, Client, Client, Client, Client];
await homing.admin.setAccount('dia@pigeon.test', { addRoles: ['recall-admin'] });
await homing.admin.setAccount('eli@pigeon.test', { addRoles: ['owner'] });
await homing.admin.setAccount('cho@pigeon.test', { addRoles: ['auditor'] });
const THREE = ['ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test'];

const alerts = async (by: Client, filter: Json = {}): Promise<Json[]> => {
  const { ids } = await by.call('AdminAlert/query', { filter });
  return (await by.call('AdminAlert/get', { ids }))['list'] as Json[];
};
const stateOf = async (type: string): Promise<string> => String((await dia.call(`${type}/get`, { ids: [] }))['state']);
const recalled = async (to: string[], subject: string): Promise<string> =>
  String((await askRecall(ana, (await sendMail(ana, to, subject)).emailId))['id']);
const acknowledge = async (by: Client, id: unknown): Promise<Json> =>
  by.call('AdminAlert/set', { update: { [String(id)]: { acknowledged: true } } });
/** Until it tells of this type in the listener's own account: its state. */
const told = async (stream: Stream, by: Client, type: string): Promise<string> => {
  for (;;) {
    const state = changedOf(await stream.next())[by.accountId]?.[type];
    if (state !== undefined) return state;
  }
};

test('an unusual recall is an alert, with its causes, until somebody says to have seen it', async () => {
  const since = await stateOf('AdminAlert');
  await recalled(['ben@pigeon.test'], 'Usual');
  const recall = await recalled(THREE, 'Unusual');
  const [alert, ...others] = await alerts(cho, { acknowledged: false });
  assert.ok(alert);
  const id = `al${recall.slice(1)}`;
  assert.deepEqual(
    [alert, others],
    [
      {
        id,
        recall,
        causes: ['large'],
        createdAt: '2026-11-23T12:00:00.000Z',
        acknowledged: false,
        acknowledgedBy: null,
        acknowledgedAt: null,
      },
      [],
    ],
  );
  const made = await dia.call('AdminAlert/changes', { sinceState: since });
  assert.deepEqual([made['created'], made['updated'], made['newState']], [[id], [], await stateOf('AdminAlert')]);

  assert.equal((await acknowledge(cho, id))['error'], 'forbidden');
  assert.deepEqual((await acknowledge(dia, id))['updated'], {
    [id]: { acknowledgedBy: 'dia@pigeon.test', acknowledgedAt: '2026-11-23T12:00:00.000Z' },
  });
  // Who comes second hears who was first.
  const second = (await acknowledge(eli, id))['updated'] as Record<string, Json>;
  assert.equal(second[id]?.['acknowledgedBy'], 'dia@pigeon.test');
  assert.deepEqual(await alerts(dia, { acknowledged: false }), []);
  assert.equal((await alerts(dia, { acknowledged: true }))[0]?.['acknowledgedBy'], 'dia@pigeon.test');
  const seen = await dia.call('AdminAlert/changes', { sinceState: made['newState'] });
  assert.deepEqual([seen['created'], seen['updated']], [[], [id]]);
  const all = await dia.call('AdminAlert/changes', { sinceState: since });
  assert.deepEqual([all['created'], all['updated']], [[id], []], 'what came since is new, whatever came of it');
  const audited = await homing.sql<{ actor: string }>(`SELECT actor FROM audit WHERE action = 'alert.acknowledged'`);
  assert.deepEqual(audited, [{ actor: 'dia@pigeon.test' }]);
});

test('what is none, or is set wrongly', async () => {
  const { notUpdated } = await dia.call('AdminAlert/set', {
    update: {
      al999: { acknowledged: true },
      r1: { acknowledged: true },
      al1: { acknowledged: false },
      al2: { causes: [] },
    },
  });
  const types = Object.values(notUpdated as Record<string, Json>).map((error) => error['type']);
  assert.deepEqual(types, ['notFound', 'notFound', 'invalidProperties', 'invalidProperties']);
  assert.ok((await dia.call('AdminAlert/set', { create: { k: {} } }))['notCreated']);
  assert.equal((await dia.call('AdminAlert/query', { filter: { recall: 'r1' } }))['error'], 'unsupportedFilter');
  assert.equal((await dia.call('AdminAlert/get', { ids: null }))['error'], 'invalidArguments');
  assert.equal((await dia.call('AdminAlert/changes', { sinceState: '999999' }))['error'], 'cannotCalculateChanges');
});

test('who may see recalls is told of each at once, and of its end; nobody else is', async () => {
  const [auditor, user] = await Promise.all([listen(cho, { types: 'AdminRecall' }), listen(ben)]);
  const before = await stateOf('AdminRecall');
  const same = await dia.call('AdminRecall/changes', { sinceState: before });
  assert.deepEqual([same['newState'], same['created'], same['hasMoreChanges']], [before, [], false]);
  const recall = await recalled(['eli@pigeon.test'], 'Heard of');
  const state = await told(auditor, cho, 'AdminRecall');
  assert.notEqual(state, before);
  assert.equal((await dia.call('AdminRecall/changes', { sinceState: before }))['error'], 'cannotCalculateChanges');
  await homing.settle();
  while ((await adminRecallOf(cho, recall))['status'] !== 'done') await told(auditor, cho, 'AdminRecall');
  const end = await stateOf('AdminRecall');
  for (let now = ''; now !== end;) now = await told(auditor, cho, 'AdminRecall');
  // Ben's mail changes; nothing is said to him of the organisation.
  await sendMail(ana, ['ben@pigeon.test'], 'Hello');
  const types = changedOf(await user.next())[ben.accountId] ?? {};
  assert.ok('Email' in types && !('AdminRecall' in types), JSON.stringify(types));
  auditor.close();
  user.close();
});

test('a request that waits is told at once, with whether forwards go along; so is its end', async () => {
  await homing.admin.setPolicy(homing.tenant, { dualControl: true });
  const message = await fromOutside(homing, THREE, 'Overdue');
  const stream = await listen(eli, { types: 'AdminRecall,AdminAlert' });
  const waiting = await askAdminRecall(dia, message, { forwards: true, includeRead: true });
  assert.deepEqual([waiting['status'], waiting['includeForwards'], waiting['forwards']], ['waiting', true, []]);
  await told(stream, eli, 'AdminRecall');
  assert.equal((await adminRecallOf(eli, waiting['id']))['includeForwards'], true);
  assert.ok(!(await alerts(eli)).some(({ recall }) => recall === waiting['id']), 'a request is no alert');
  const approved = await setAdminRecall(eli, waiting['id'], 'approved');
  assert.deepEqual([approved?.['status'], approved?.['includeForwards']], ['sweeping', true]);
  await told(stream, eli, 'AdminAlert');
  const [alert] = await alerts(eli, { acknowledged: false });
  assert.deepEqual([alert?.['recall'], alert?.['causes']], [waiting['id'], ['large', 'read-copies']]);

  const other = await askAdminRecall(dia, await fromOutside(homing, THREE, 'Paid'));
  assert.equal(other['includeForwards'], false);
  const asked = await told(stream, eli, 'AdminRecall');
  await setAdminRecall(dia, other['id'], 'withdrawn');
  for (let now = asked; now === asked;) now = await told(stream, eli, 'AdminRecall');
  stream.close();
  await homing.admin.setPolicy(homing.tenant, { dualControl: false });
});

test('who has got a role hears of recalls when they listen again; who has lost it does not', async () => {
  const stream = await listen(ben, { types: 'AdminRecall' });
  await homing.admin.setAccount('ben@pigeon.test', { addRoles: ['auditor'] });
  assert.equal(await stream.next(), undefined, 'the stream has ended');
  const again = await listen(ben, { types: 'AdminRecall' });
  await recalled(['eli@pigeon.test'], 'Heard by Ben');
  await told(again, ben, 'AdminRecall');
  await homing.admin.setAccount('ben@pigeon.test', { removeRoles: ['auditor'] });
  while ((await again.next()) !== undefined);
});
