import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Json } from '../../../test/support/http.ts';

const world = await httpWorld({ recallMailbox: false });
after(() => world.close());
const { ana } = world;

/** Zoo > Ape > Bonobo; Alm; each by its first letters. */
const { created } = await ana.call('Mailbox/set', {
  create: {
    bonobo: { name: 'Bonobo', parentId: '#ape', isSubscribed: false },
    zoo: { name: 'Zoo', sortOrder: 1 },
    ape: { name: 'ape', parentId: '#zoo', sortOrder: 9 },
    alm: { name: 'Alm', sortOrder: 5 },
  },
});
const id = (key: string): string => (created as Record<string, { id: string }>)[key]?.id ?? '';
const names = new Map(['bonobo', 'zoo', 'ape', 'alm'].map((key) => [id(key), key]));

const query = async (args: Json): Promise<unknown> => {
  const { error, ids } = await ana.call('Mailbox/query', args);
  return error ?? (ids as string[]).map((one) => names.get(one) ?? one);
};

test('filters', async () => {
  assert.deepEqual(await query({ filter: { parentId: id('zoo') } }), ['ape']);
  assert.deepEqual(await query({ filter: { parentId: null, hasAnyRole: false } }), ['zoo', 'alm']);
  assert.deepEqual(await query({ filter: { name: 'BO' } }), ['f1', 'bonobo']);
  assert.deepEqual(await query({ filter: { role: 'sent' } }), ['f3']);
  assert.deepEqual(await query({ filter: { isSubscribed: false } }), ['bonobo']);
  assert.deepEqual(await query({ filter: { parentId: 'nobody' } }), []);
  const not = { operator: 'NOT', conditions: [{ hasAnyRole: true }, { name: 'o' }] };
  assert.deepEqual(await query({ filter: not, sort: [{ property: 'name' }] }), ['alm', 'ape']);
  const or = { operator: 'OR', conditions: [{ role: 'trash' }, { name: 'zoo' }] };
  assert.deepEqual(await query({ filter: or }), ['f6', 'zoo']);
  assert.deepEqual(await query({ filter: { operator: 'AND', conditions: [or, { role: null }] } }), ['zoo']);
});

test('filters that are none', async () => {
  assert.equal(await query({ filter: { colour: 'red' } }), 'unsupportedFilter');
  for (const filter of [{ name: 1 }, { parentId: 1 }, { hasAnyRole: 'yes' }, { isSubscribed: null }, { role: [] }]) {
    assert.equal(await query({ filter }), 'invalidArguments', JSON.stringify(filter));
  }
});

test('sorting, in either direction and by more than one', async () => {
  const own = { hasAnyRole: false };
  assert.deepEqual(await query({ filter: own, sort: [{ property: 'name' }] }), ['alm', 'ape', 'bonobo', 'zoo']);
  const octet = [{ property: 'name', isAscending: false, collation: 'i;octet' }];
  assert.deepEqual(await query({ filter: own, sort: octet }), ['ape', 'zoo', 'bonobo', 'alm']);
  const both = [{ property: 'sortOrder', isAscending: false }, { property: 'name' }];
  assert.deepEqual(await query({ filter: own, sort: both }), ['ape', 'alm', 'zoo', 'bonobo']);
  assert.equal(await query({ sort: [{ property: 'totalEmails' }] }), 'unsupportedSort');
});

test('as a tree', async () => {
  const own = { hasAnyRole: false };
  const sort = [{ property: 'name' }];
  assert.deepEqual(await query({ filter: own, sort, sortAsTree: true }), ['alm', 'zoo', 'ape', 'bonobo']);
  const subscribed = { ...own, isSubscribed: true };
  assert.deepEqual(await query({ filter: subscribed, sort, filterAsTree: true }), ['alm', 'ape', 'zoo']);
  assert.deepEqual(await query({ filter: { name: 'b' }, filterAsTree: true }), ['f1']);
});

test('pages', async () => {
  const own = { filter: { hasAnyRole: false }, sort: [{ property: 'name' }] };
  const page = await ana.call('Mailbox/query', { ...own, position: 1, limit: 2, calculateTotal: true });
  assert.deepEqual([page['position'], page['total'], page['canCalculateChanges']], [1, 4, true]);
  assert.deepEqual(page['ids'], [id('ape'), id('bonobo')]);
  assert.deepEqual(await query({ ...own, anchor: id('zoo'), anchorOffset: -1 }), ['bonobo', 'zoo']);
  assert.equal(await query({ ...own, anchor: 'f1' }), 'anchorNotFound');
});

/** What a client that keeps the whole list makes of the changes (RFC 8620 §5.6). */
function splice(list: string[], changes: Json): string[] {
  const kept = list.filter((one) => !(changes['removed'] as string[]).includes(one));
  for (const { id: one, index } of changes['added'] as { id: string; index: number }[]) kept.splice(index, 0, one);
  return kept;
}

test('a client that follows the changes has what it would get anew', async () => {
  const questions: Json[] = [
    {},
    { sort: [{ property: 'name' }] },
    { filter: { hasAnyRole: false }, sort: [{ property: 'sortOrder' }] },
    { sort: [{ property: 'name', isAscending: false }], sortAsTree: true },
    { filter: { isSubscribed: true }, sort: [{ property: 'name' }], sortAsTree: true, filterAsTree: true },
  ];
  const steps: Json[] = [
    { create: { new: { name: 'Newer', parentId: id('alm') } } },
    { update: { [id('zoo')]: { name: 'A zoo' } } },
    { update: { [id('ape')]: { isSubscribed: false } } },
    { update: { [id('ape')]: { parentId: null, isSubscribed: true }, [id('alm')]: { sortOrder: 0 } } },
    { destroy: [id('bonobo')] },
  ];
  const ask = async (question: Json): Promise<{ list: string[]; state: string }> => {
    const { ids, queryState } = await ana.call('Mailbox/query', question);
    return { list: ids as string[], state: queryState as string };
  };
  const known = await Promise.all(questions.map(ask));
  for (const step of steps) {
    const { notCreated, notUpdated, notDestroyed } = await ana.call('Mailbox/set', step);
    assert.deepEqual([notCreated, notUpdated, notDestroyed], [null, null, null]);
    for (const [i, question] of questions.entries()) {
      const before = known[i] ?? { list: [], state: '' };
      const changes = await ana.call('Mailbox/queryChanges', { ...question, sinceQueryState: before.state });
      const now = await ask(question);
      assert.equal(changes['newQueryState'], now.state);
      assert.deepEqual(splice(before.list, changes), now.list, JSON.stringify([step, question, changes]));
      known[i] = now;
    }
  }
  const since = { sinceQueryState: known[0]?.state ?? '' };
  assert.deepEqual((await ana.call('Mailbox/queryChanges', since))['added'], []);
  // Counts are in no filter and no order.
  await world.deliver([ana.account], 'Counted');
  assert.deepEqual((await ana.call('Mailbox/queryChanges', since))['removed'], []);
  assert.equal((await ana.call('Mailbox/queryChanges', { sinceQueryState: 'x' }))['error'], 'cannotCalculateChanges');
  const all = { sinceQueryState: '1', maxChanges: 1 };
  assert.equal((await ana.call('Mailbox/queryChanges', all))['error'], 'tooManyChanges');
});
