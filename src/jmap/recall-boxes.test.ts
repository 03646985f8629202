// Recall comes and goes with policy and with mailboxes of one's own of that name: who has a state is told, by /changes and push.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { changedOf, listen } from '../../test/support/event-source.ts';
import { httpWorld, type Client, type Json } from '../../test/support/http.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben } = world;
const policy = (recallMailbox: boolean, enabled = true): Promise<void> =>
  world.admin.setPolicy(world.tenant, { recallMailbox, enabled });
beforeEach(() => policy(true));

const changesOf = async (since: string, more: Json = {}, who: Client = ana): Promise<Json> => {
  const { created, updated, destroyed, newState, hasMoreChanges } = await who.call('Mailbox/changes', {
    sinceState: since,
    ...more,
  });
  return { created, updated, destroyed, newState, hasMoreChanges };
};
const NO_CHANGE = { created: [], updated: [], destroyed: [], hasMoreChanges: false };
const ids = async (): Promise<string[]> =>
  ((await ana.call('Mailbox/get', { properties: ['id'] }))['list'] as { id: string }[]).map(({ id }) => id);

test('policy takes it away and brings it back, in no account’s history', async () => {
  const before = await ana.state('Mailbox');
  const { queryState } = await ana.call('Mailbox/query', { sortAsTree: true });
  await policy(false);
  const without = await ana.state('Mailbox');
  assert.notEqual(without, before);
  assert.ok(!(await ids()).some((id) => id.startsWith('f-')));
  assert.deepEqual(await changesOf(before), { ...NO_CHANGE, destroyed: ['f-2', 'f-1'], newState: without });
  const tree = { sortAsTree: true, sinceQueryState: queryState };
  const { removed, added, newQueryState } = await ana.call('Mailbox/queryChanges', tree);
  assert.deepEqual([removed, added, newQueryState], [['f-2', 'f-1'], [], without]);
  assert.equal((await ana.call('Mailbox/set', { ifInState: before, destroy: [] }))['error'], 'stateMismatch');
  const refused = await ana.call('Email/set', { create: { k: { mailboxIds: { 'f-1': true } } } });
  assert.equal((refused['notCreated'] as Record<string, Json>)['k']?.['type'], 'invalidProperties');

  await policy(true);
  assert.deepEqual(await changesOf(without), { ...NO_CHANGE, created: ['f-1', 'f-2'], newState: before });
  const back = await ana.call('Mailbox/queryChanges', { sortAsTree: true, sinceQueryState: without });
  assert.deepEqual(back['removed'], []);
  assert.deepEqual(back['added'], [
    { id: 'f-1', index: 6 },
    { id: 'f-2', index: 7 },
  ]);
  assert.deepEqual(await changesOf(before), { ...NO_CHANGE, newState: before });
  // Recall off altogether.
  await policy(true, false);
  assert.deepEqual((await changesOf(before))['destroyed'], ['f-2', 'f-1']);
});

test('as few at once as are asked for, beside other changes', async () => {
  await policy(false);
  const since = await ana.state('Mailbox');
  await policy(true);
  await ana.call('Mailbox/set', { create: { k: { name: 'Beside' } } });
  const told: unknown[] = [];
  let state = since;
  for (let more: unknown = true; more === true;) {
    const step = await changesOf(state, { maxChanges: 1 });
    const { created, destroyed, newState } = step as { created: string[]; destroyed: string[]; newState: string };
    assert.equal(created.length, 1);
    assert.deepEqual(destroyed, []);
    told.push(...created);
    state = newState;
    more = step['hasMoreChanges'];
  }
  assert.deepEqual(told.slice(0, 2), ['f-1', 'f-2']);
  assert.equal(told.length, 3);
  assert.equal(state, await ana.state('Mailbox'));
  await policy(false);
  const first = await changesOf(state, { maxChanges: 1 });
  assert.deepEqual([first['destroyed'], first['hasMoreChanges']], [['f-2'], true]);
  const second = await changesOf(String(first['newState']), { maxChanges: 1 });
  assert.deepEqual([second['destroyed'], second['hasMoreChanges']], [['f-1'], false]);
});

test("a mailbox of one's own of that name stands in its place, and makes room for it when it goes", async () => {
  await policy(false);
  const { created } = await ana.call('Mailbox/set', { create: { k: { name: 'recall' } } });
  const own = (created as Record<string, { id: string }>)['k']?.id ?? '';
  const since = await ana.state('Mailbox');
  await policy(true);
  assert.deepEqual(await changesOf(since), { ...NO_CHANGE, newState: since });
  assert.ok(!(await ids()).includes('f-1'));
  const { updated, newState } = await ana.call('Mailbox/set', { update: { [own]: { name: 'Mine' } } });
  assert.deepEqual(updated, { [own]: null });
  assert.ok((await ids()).includes('f-1'));
  const { created: came } = await changesOf(String(newState));
  assert.deepEqual(came, ['f-1', 'f-2']);
  assert.deepEqual((await changesOf(since))['created'], ['f-1', 'f-2']);
});

test('what is no state of ours', async () => {
  for (const sinceState of ['x', '1.3', '1.0', '1.2.1', '.2', '1.', '99999.2', '1 2']) {
    assert.equal((await ana.call('Mailbox/changes', { sinceState }))['error'], 'cannotCalculateChanges', sinceState);
    const query = await ana.call('Mailbox/queryChanges', { sinceQueryState: sinceState });
    assert.equal(query['error'], 'cannotCalculateChanges', sinceState);
  }
  for (const args of [{}, { sinceState: 1 }, { sinceState: null }])
    assert.equal((await ana.call('Mailbox/changes', args))['error'], 'invalidArguments');
});

test('push tells of it, with the state that is answered; of the office nothing', async () => {
  const [hers, his] = [await listen(ana, { types: 'Mailbox,Email' }), await listen(ben, { types: 'Email' })];
  for (const recallMailbox of [false, true]) {
    await policy(recallMailbox);
    assert.deepEqual(changedOf(await hers.next()), { [ana.accountId]: { Mailbox: await ana.state('Mailbox') } });
  }
  // The same is no news: the next that both hear is the office's, under a state without Recall.
  await policy(true);
  await ana.call('Mailbox/set', { accountId: `a${world.office}`, create: { k: { name: 'Ours' } } });
  const { state } = await ana.call('Mailbox/get', { accountId: `a${world.office}`, ids: [] });
  assert.deepEqual(changedOf(await hers.next()), { [`a${world.office}`]: { Mailbox: state, Email: state } });
  assert.deepEqual(changedOf(await his.next()), { [`a${world.office}`]: { Email: state } });
  hers.close();
  his.close();
});
