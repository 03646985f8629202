import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Json } from '../../../test/support/http.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben, zoe, office } = world;

const set = (change: Json, of = ben): Promise<Json> => of.call('VacationResponse/set', change);
const refusal = async (patch: Json): Promise<unknown> => {
  const { notUpdated } = await set({ update: { singleton: patch } });
  const { type, properties } = (notUpdated as Record<string, Json>)['singleton'] ?? {};
  return [type, properties];
};

test('there is one, off, until somebody sets it; then it is shown, with its changes', async () => {
  const { state, list, notFound } = await ben.call('VacationResponse/get', { ids: ['singleton', 'x'] });
  assert.deepEqual(list, [
    {
      id: 'singleton',
      isEnabled: false,
      fromDate: null,
      toDate: null,
      subject: null,
      textBody: null,
      htmlBody: null,
    },
  ]);
  assert.deepEqual(notFound, ['x']);
  const patch = {
    isEnabled: true,
    fromDate: '2026-11-23T00:00:00Z',
    toDate: '2026-12-01T00:00:00.500Z',
    subject: 'Away',
    textBody: 'On the roof.',
  };
  const { updated, oldState, newState } = await set({ ifInState: state, update: { singleton: patch } });
  assert.deepEqual([updated, oldState], [{ singleton: null }, state]);
  const after = await ben.call('VacationResponse/get', { properties: ['subject', 'toDate'] });
  assert.deepEqual(after['list'], [{ id: 'singleton', subject: 'Away', toDate: '2026-12-01T00:00:00.500Z' }]);
  assert.equal(after['state'], newState);
  const changes = await ben.call('VacationResponse/changes', { sinceState: state });
  assert.deepEqual([changes['updated'], changes['newState']], [['singleton'], newState]);
  const none = await ben.call('VacationResponse/changes', { sinceState: newState });
  assert.deepEqual(none['updated'], []);
  const mismatch = await set({ ifInState: state, update: { singleton: { isEnabled: false } } });
  assert.equal(mismatch['error'], 'stateMismatch');
  assert.deepEqual((await set({ update: { singleton: { subject: null } } }))['updated'], { singleton: null });
});

test('it is neither created nor destroyed, and nothing wrong is kept', async () => {
  const { notCreated, notDestroyed } = await set({ create: { k: {} }, destroy: ['singleton'] });
  assert.equal((notCreated as Record<string, Json>)['k']?.['type'], 'singleton');
  assert.equal((notDestroyed as Record<string, Json>)['singleton']?.['type'], 'singleton');
  assert.deepEqual(await refusal({ isEnabled: 1 }), ['invalidProperties', ['isEnabled']]);
  assert.deepEqual(await refusal({ fromDate: 'today' }), ['invalidProperties', ['fromDate']]);
  assert.deepEqual(await refusal({ subject: 'a\r\nBcc: zoe@other.test' }), ['invalidProperties', ['subject']]);
  const wrong = await set({ update: { singleton: { toDate: 'never' } } });
  assert.equal(wrong['newState'], wrong['oldState'], 'nothing has changed');
  assert.deepEqual(await refusal({ x: 1 }), ['invalidProperties', ['x']]);
  assert.deepEqual(await refusal({ id: 'other' }), ['invalidProperties', ['id']]);
  assert.deepEqual(await refusal({ fromDate: '2026-12-01T00:00:00Z', toDate: '2026-11-01T00:00:00Z' }), [
    'invalidProperties',
    ['fromDate', 'toDate'],
  ]);
  const { notUpdated } = await set({ update: { other: { isEnabled: true } } });
  assert.equal((notUpdated as Record<string, Json>)['other']?.['type'], 'notFound');
});

test('each account has its own; a shared mailbox’s is set by who may use it', async () => {
  assert.equal((await set({ update: { singleton: { isEnabled: true } } }, ana))['error'], undefined);
  const shared = await ana.call('VacationResponse/set', {
    accountId: `a${office}`,
    update: { singleton: { isEnabled: true, textBody: 'The office is closed.' } },
  });
  assert.deepEqual(shared['updated'], { singleton: null });
  const foreign = await zoe.call('VacationResponse/get', { accountId: ben.accountId });
  assert.equal(foreign['error'], 'accountNotFound');
});
