import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Json } from '../../../test/support/http.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben } = world;

const identities = (await ana.call('Identity/get'))['list'] as { id: string; email: string }[];
const identityOf = (email: string): string => identities.find((one) => one.email === email)?.id ?? '';

interface Sent {
  id: string;
  emailId: string;
  threadId: string;
}

async function send(from: string, to: string, more: Json = {}): Promise<Sent> {
  const [, answer] = await ana.responses([
    [
      'Email/set',
      {
        accountId: ana.accountId,
        create: {
          e: { mailboxIds: { f3: true }, from: [{ email: from }], to: [{ email: to }], subject: crypto.randomUUID() },
        },
      },
    ],
    [
      'EmailSubmission/set',
      { accountId: ana.accountId, create: { k: { identityId: identityOf(from), emailId: '#e', ...more } } },
    ],
  ]);
  const id = (answer?.[1]['created'] as Record<string, { id: string }> | undefined)?.['k']?.id ?? '';
  const [shown] = (await ana.call('EmailSubmission/get', { ids: [id] }))['list'] as Sent[];
  assert.ok(shown);
  return shown;
}

const first = await send('ana@pigeon.test', 'ben@pigeon.test');
world.advance(60_000);
const second = await send('a.silva@pigeon.test', 'anyone@outside.test');
world.advance(60_000);
const third = await send('ana@pigeon.test', 'ben@pigeon.test', { sendAt: '2026-11-30T00:00:00Z' });
const names = new Map([
  [first.id, 1],
  [second.id, 2],
  [third.id, 3],
]);

const query = async (args: Json): Promise<unknown> => {
  const { error, ids } = await ana.call('EmailSubmission/query', args);
  return error ?? (ids as string[]).map((id) => names.get(id));
};

test('filters', async () => {
  const filter = (filter: Json): Promise<unknown> => query({ filter });
  assert.deepEqual(await filter({}), [1, 2, 3]);
  assert.deepEqual(await filter({ identityIds: [identityOf('a.silva@pigeon.test'), 'x'] }), [2]);
  assert.deepEqual(await filter({ emailIds: [first.emailId, third.emailId] }), [1, 3]);
  assert.deepEqual(await filter({ threadIds: [second.threadId] }), [2]);
  assert.deepEqual(await filter({ emailIds: [] }), []);
  assert.deepEqual(await filter({ undoStatus: 'pending' }), [2, 3]);
  assert.deepEqual(await filter({ before: '2026-11-23T12:01:30Z' }), [1]);
  assert.deepEqual(await filter({ after: '2026-11-23T12:01:30Z' }), [2, 3]);
  const not = { operator: 'NOT', conditions: [{ undoStatus: 'final' }, { emailIds: [third.emailId] }] };
  assert.deepEqual(await filter(not), [2]);
  assert.deepEqual(await filter({ operator: 'AND', conditions: [not, { undoStatus: 'final' }] }), []);
  assert.deepEqual(await filter({ operator: 'OR', conditions: [not, { undoStatus: 'final' }] }), [1, 2]);
  assert.deepEqual(await filter({ colour: 'red' }), 'unsupportedFilter');
  for (const bad of [{ emailIds: 'x' }, { before: 'soon' }, { before: '2026' }, { after: 5 }, { undoStatus: '\0' }]) {
    assert.deepEqual(await filter(bad as Json), 'invalidArguments', JSON.stringify(bad));
  }
});

test('order and pages', async () => {
  const by = (property: string, isAscending = true): Promise<unknown> => query({ sort: [{ property, isAscending }] });
  for (const property of ['emailId', 'threadId', 'sentAt', 'sendAt']) {
    assert.deepEqual(await by(property), [1, 2, 3], property);
    assert.deepEqual(await by(property, false), [3, 2, 1], property);
  }
  assert.equal(await by('subject'), 'unsupportedSort');
  const page = await ana.call('EmailSubmission/query', { position: 1, limit: 1, calculateTotal: true });
  assert.deepEqual(
    [page['ids'], page['position'], page['total'], page['canCalculateChanges']],
    [[second.id], 1, 3, true],
  );
  assert.deepEqual(await query({ anchor: third.id, anchorOffset: -1 }), [2, 3]);
});

test("get: all, some, and what is nobody's", async () => {
  const { list, notFound } = await ana.call('EmailSubmission/get', {
    ids: [third.id, 's999', first.id],
    properties: ['undoStatus'],
  });
  assert.deepEqual(list, [
    { id: third.id, undoStatus: 'pending' },
    { id: first.id, undoStatus: 'final' },
  ]);
  assert.deepEqual(notFound, ['s999']);
  assert.equal(((await ana.call('EmailSubmission/get'))['list'] as Json[]).length, 3);
  assert.deepEqual((await ben.call('EmailSubmission/get', { ids: [first.id] }))['notFound'], [first.id]);
  assert.deepEqual((await ben.call('EmailSubmission/query'))['ids'], []);
});

test('changes, and those of a query', async () => {
  const since = await ana.state('EmailSubmission');
  const pending = { filter: { undoStatus: 'pending' }, sort: [{ property: 'sentAt', isAscending: false }] };
  await world.deliver([ana.account], 'Mail that changes nothing here');
  assert.equal(await ana.state('EmailSubmission'), since);
  const fourth = await send('ana@pigeon.test', 'anyone@outside.test');
  await ana.call('EmailSubmission/set', { update: { [third.id]: { undoStatus: 'canceled' } } });
  const changes = await ana.call('EmailSubmission/changes', { sinceState: since });
  assert.deepEqual([changes['created'], changes['updated'], changes['destroyed']], [[fourth.id], [third.id], []]);
  assert.equal(changes['newState'], await ana.state('EmailSubmission'));
  const step = await ana.call('EmailSubmission/changes', { sinceState: since, maxChanges: 1 });
  assert.deepEqual([step['created'], step['updated'], step['hasMoreChanges']], [[fourth.id], [], true]);
  const rest = await ana.call('EmailSubmission/changes', { sinceState: step['newState'] });
  assert.deepEqual([rest['created'], rest['updated'], rest['hasMoreChanges']], [[], [third.id], false]);

  const spliced = await ana.call('EmailSubmission/queryChanges', {
    ...pending,
    sinceQueryState: since,
    calculateTotal: true,
  });
  assert.deepEqual(
    [spliced['removed'], spliced['added'], spliced['total']],
    [[third.id], [{ id: fourth.id, index: 0 }], 2],
  );
  assert.equal(spliced['newQueryState'], (await ana.call('EmailSubmission/query', pending))['queryState']);
  for (const sinceState of ['99999999', 'x']) {
    assert.equal((await ana.call('EmailSubmission/changes', { sinceState }))['error'], 'cannotCalculateChanges');
    const args = { ...pending, sinceQueryState: sinceState };
    assert.equal((await ana.call('EmailSubmission/queryChanges', args))['error'], 'cannotCalculateChanges');
  }
});
