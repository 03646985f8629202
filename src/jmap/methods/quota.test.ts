import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testJmap } from '../../../test/support/jmap.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { CAPABILITY } from '../wire.ts';
import { quotaChanges, quotaGet, quotaQuery, quotaQueryChanges } from './quota.ts';

const t = await testJmap();
after(() => t.close());
const ben = await t.newUser('ben');

const used = async (): Promise<number> => {
  const { list } = await ben.call(quotaGet, { properties: ['used'] });
  return (list as { used: number }[])[0]?.used ?? -1;
};

test('what is used is what its messages take up, gate or none', async () => {
  assert.equal(await used(), 0);
  const message = mail('Figures');
  const { messageId } = await t.deliver([ben.account], message);
  await t.append(ben.account, 2, message);
  assert.equal(await used(), 2 * message.length);
  await t.gate(messageId);
  assert.equal(await used(), 2 * message.length, 'a gate hides content, not existence');
  await t.ungate(messageId);
});

test('there is one quota, without a limit, and only what it says is used ever changes', async () => {
  const { list, state, notFound } = await ben.call(quotaGet, { ids: ['octets', 'x'] });
  const [quota] = list as Record<string, unknown>[];
  assert.deepEqual(
    [quota?.['resourceType'], quota?.['scope'], quota?.['hardLimit'], notFound],
    ['octets', 'account', Number.MAX_SAFE_INTEGER, ['x']],
  );
  const nothing = await ben.call(quotaChanges, { sinceState: state });
  assert.deepEqual([nothing['updated'], nothing['newState']], [[], state]);
  const { queryState } = await ben.call(quotaQuery, {});
  await t.append(ben.account, 1, mail('Flagged'));
  const { state: before } = await ben.call(quotaGet, { ids: [] });
  await t.sql(`UPDATE account_state SET modseq = modseq + 1 WHERE account_id = $1`, [ben.account]);
  assert.equal((await ben.call(quotaGet, { ids: [] }))['state'], before, 'what else happens is nothing to it');
  await t.deliver([ben.account], mail('More'));
  const changes = await ben.call(quotaChanges, { sinceState: state });
  assert.deepEqual([changes['updated'], changes['updatedProperties']], [['octets'], ['used']]);
  const moved = await ben.call(quotaQueryChanges, { sinceQueryState: queryState, calculateTotal: true });
  assert.deepEqual([moved['removed'], moved['added'], moved['total']], [[], [], 1]);
  assert.equal((await ben.call(quotaChanges, { sinceState: '999999' }))['type'], 'cannotCalculateChanges');
});

test('it is found by what it is', async () => {
  const ids = async (filter: Record<string, unknown>): Promise<unknown> => {
    const answer = await ben.call(quotaQuery, { filter, sort: [{ property: 'used' }] });
    return answer['ids'] ?? answer['type'];
  };
  assert.deepEqual(await ids({ name: 'ai', scope: 'account', resourceType: 'octets', type: 'Email' }), ['octets']);
  assert.deepEqual(await ids({ scope: 'domain' }), []);
  assert.deepEqual(await ids({ operator: 'NOT', conditions: [{ resourceType: 'count' }] }), ['octets']);
  assert.equal(await ids({ used: 3 }), 'unsupportedFilter');
  assert.equal(await ids({ name: 3 }), 'invalidArguments');
});

test('to who does not name the capability of its types there is none', async () => {
  const { using } = ben.context;
  ben.context.using = [CAPABILITY.core, CAPABILITY.quota];
  try {
    const { list, notFound } = await ben.call(quotaGet, { ids: ['octets'] });
    assert.deepEqual([list, notFound], [[], ['octets']]);
    assert.deepEqual((await ben.call(quotaGet, { ids: null }))['list'], []);
    assert.deepEqual((await ben.call(quotaQuery, { filter: {} }))['ids'], []);
    assert.deepEqual((await ben.call(quotaChanges, { sinceState: '0' }))['updated'], []);
  } finally {
    ben.context.using = using;
  }
});
