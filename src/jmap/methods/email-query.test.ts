import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testJmap } from '../../../test/support/jmap.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { emailChangesMethod } from './email-changes.ts';
import { emailQuery, emailQueryChangesMethod } from './email-query.ts';
import { emailSet } from './email-set.ts';

const t = await testJmap();
after(() => t.close());
const ben = await t.newUser('ben');
const first = await t.append(ben.account, 1, mail('One'), ['$seen'], new Date('2026-11-01T00:00:00Z'));
const second = await t.append(
  ben.account,
  1,
  mail('Two', { from: 'Cho <cho@pigeon.test>' }),
  [],
  new Date('2026-11-02T00:00:00Z'),
);
const third = await t.append(ben.account, 4, mail('Three'), ['$flagged'], new Date('2026-11-03T00:00:00Z'));
const [a, b, c] = [`m${first}`, `m${second}`, `m${third}`];

const ids = async (args: Record<string, unknown>): Promise<unknown> => (await ben.call(emailQuery, args))['ids'];
const refused = async (args: Record<string, unknown>): Promise<unknown> => (await ben.call(emailQuery, args))['type'];

test('filters and operators', async () => {
  assert.deepEqual(await ids({ filter: null }), [c, b, a]);
  assert.deepEqual(await ids({ filter: {} }), [c, b, a]);
  assert.deepEqual(await ids({ filter: { inMailbox: 'f1', hasKeyword: '$SEEN' } }), [a]);
  assert.deepEqual(await ids({ filter: { inMailbox: 'nowhere' } }), []);
  assert.deepEqual(await ids({ filter: { inMailboxOtherThan: ['f1', 'f99', 'x'] } }), [c]);
  assert.deepEqual(await ids({ filter: { after: '2026-11-02T00:00:00Z', before: '2026-11-03T00:00:00Z' } }), [b]);
  assert.deepEqual(
    await ids({
      filter: {
        operator: 'NOT',
        conditions: [{ operator: 'OR', conditions: [{ from: 'cho' }, { subject: 'three' }] }],
      },
    }),
    [a],
  );
  assert.deepEqual(await ids({ filter: { header: ['Subject', 'two'] } }), [b]);
});

test('what a filter or sort cannot be', async () => {
  for (const filter of [
    [],
    'x',
    { operator: 'XOR', conditions: [] },
    { operator: 'AND' },
    { operator: 'AND', conditions: [], text: 'x' },
    { minSize: -1 },
    { before: '2026' },
    { hasKeyword: 'a b' },
    { header: [] },
    { text: 5 },
    { hasAttachment: 'yes' },
  ]) {
    assert.equal(await refused({ filter }), 'invalidArguments', JSON.stringify(filter));
  }
  assert.equal(await refused({ filter: { colour: 'red' } }), 'unsupportedFilter');
  let deep: object = {};
  for (let i = 0; i < 12; i++) deep = { operator: 'AND', conditions: [deep] };
  assert.equal(await refused({ filter: deep }), 'unsupportedFilter');
  // Each looks through the header of every message.
  const headers = (count: number): object[] => Array.from({ length: count }, (_, i) => ({ header: [`X-${i}`] }));
  assert.equal(await refused({ filter: { operator: 'OR', conditions: headers(33) } }), 'unsupportedFilter');
  assert.equal(await refused({ filter: { operator: 'OR', conditions: headers(32) } }), undefined);
  assert.equal(await refused({ sort: [{ property: 'colour' }] }), 'unsupportedSort');
  assert.equal(await refused({ sort: [{ property: 'from', collation: 'i;nothing' }] }), 'unsupportedSort');
  assert.equal(await refused({ sort: [{ property: 'hasKeyword' }] }), 'invalidArguments');
  assert.equal(await refused({ sort: 'from' }), 'invalidArguments');
  assert.equal(await refused({ limit: -1 }), 'invalidArguments');
  assert.equal(await refused({ anchor: 'nonexistent-email-xyz' }), 'anchorNotFound');
  assert.equal(await refused({ filter: { inMailbox: 'f1' }, anchor: c }), 'anchorNotFound');
});

test('sort and window', async () => {
  assert.deepEqual(
    await ids({
      sort: [
        { property: 'hasKeyword', keyword: '$flagged' },
        { property: 'receivedAt', isAscending: true },
      ],
    }),
    [a, b, c],
  );
  assert.deepEqual(await ids({ sort: [{ property: 'subject', collation: 'i;ascii-casemap' }] }), [a, c, b]);
  const page = await ben.call(emailQuery, { anchor: b, anchorOffset: -1, limit: 2, calculateTotal: true });
  assert.deepEqual(
    [page['position'], page['ids'], page['total'], page['limit'], page['canCalculateChanges']],
    [0, [c, b], 3, undefined, true],
  );
  assert.deepEqual((await ben.call(emailQuery, { position: -1 }))['position'], 2);
  assert.equal('total' in (await ben.call(emailQuery, {})), false);
  assert.equal((await ben.call(emailQuery, { limit: 1e9, position: 3 }))['position'], 3);
});

test('changes and queryChanges after them', async () => {
  const before = await ben.call(emailQuery, { filter: { inMailbox: 'f1' } });
  const since = before['queryState'] as string;
  const none = await ben.call(emailQueryChangesMethod, {
    filter: { inMailbox: 'f1' },
    sinceQueryState: since,
    calculateTotal: true,
  });
  assert.deepEqual(none, {
    accountId: ben.accountId,
    oldQueryState: since,
    newQueryState: since,
    total: 2,
    removed: [],
    added: [],
  });
  await ben.call(emailSet, { update: { [c]: { mailboxIds: { f1: true } } }, destroy: [b] });
  const changes = await ben.call(emailQueryChangesMethod, {
    filter: { inMailbox: 'f1' },
    sinceQueryState: since,
    upToId: a,
  });
  assert.deepEqual([changes['removed'], changes['added']], [[b, c], [{ id: c, index: 0 }]]);
  assert.notEqual(changes['newQueryState'], since);
  const told = await ben.call(emailChangesMethod, { sinceState: since });
  assert.deepEqual(
    [told['created'], told['updated'], told['destroyed'], told['hasMoreChanges'], told['newState']],
    [[], [c], [b], false, changes['newQueryState']],
  );
  const part = await ben.call(emailChangesMethod, { sinceState: since, maxChanges: 1 });
  assert.equal(part['hasMoreChanges'], true);
  const rest = await ben.call(emailChangesMethod, { sinceState: part['newState'], maxChanges: 1 });
  assert.deepEqual([rest['hasMoreChanges'], rest['newState']], [false, told['newState']]);
  for (const maxChanges of [0, 1]) {
    const tooMany = await ben.call(emailQueryChangesMethod, {
      filter: { inMailbox: 'f1' },
      sinceQueryState: since,
      maxChanges,
    });
    assert.equal(tooMany['type'], 'tooManyChanges');
  }
});

test('states that are none', async () => {
  for (const sinceState of ['99999', 'x', '', '1.x'])
    assert.equal((await ben.call(emailChangesMethod, { sinceState }))['type'], 'cannotCalculateChanges', sinceState);
  assert.equal((await ben.call(emailChangesMethod, {}))['type'], 'invalidArguments');
  assert.equal((await ben.call(emailChangesMethod, { sinceState: '1', maxChanges: 0 }))['type'], 'invalidArguments');
  for (const sinceQueryState of ['99999', 'x', '1-x'])
    assert.equal((await ben.call(emailQueryChangesMethod, { sinceQueryState }))['type'], 'cannotCalculateChanges');
});
