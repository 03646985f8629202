import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Json } from '../../../test/support/http.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben } = world;

type Mailbox = Json & { id: string };

const mailbox = async (id: string): Promise<Json> =>
  ((await ben.call('Mailbox/get', { ids: [id] }))['list'] as Mailbox[])[0] ?? {};

const counts = async (id: string): Promise<unknown[]> => {
  const { totalEmails, unreadEmails, totalThreads, unreadThreads } = await mailbox(id);
  return [totalEmails, unreadEmails, totalThreads, unreadThreads];
};

async function emailIds(subject: string): Promise<string[]> {
  return (await ben.call('Email/query', { filter: { subject }, sort: [{ property: 'receivedAt' }] }))[
    'ids'
  ] as string[];
}

const patch = async (id: string | undefined, change: Json): Promise<unknown> =>
  (await ben.call('Email/set', { update: { [id ?? '']: change } }))['updated'];

test('what every account has', async () => {
  const { list, notFound, accountId } = await ana.call('Mailbox/get');
  assert.deepEqual([accountId, notFound], [ana.accountId, []]);
  const rows = list as Mailbox[];
  assert.deepEqual(
    rows.map(({ id, name, role, parentId, isSubscribed }) => [id, name, role, parentId, isSubscribed]),
    [
      ['f1', 'Inbox', 'inbox', null, true],
      ['f2', 'Drafts', 'drafts', null, true],
      ['f3', 'Sent Items', 'sent', null, true],
      ['f4', 'Archive', 'archive', null, true],
      ['f5', 'Junk', 'junk', null, true],
      ['f6', 'Trash', 'trash', null, true],
      ['f-1', 'Recall', 'x-recall', null, true],
      ['f-2', 'Replace', 'x-recall-replace', 'f-1', true],
    ],
  );
  for (const { myRights } of rows) {
    assert.equal((myRights as Json)['mayAddItems'], true);
    assert.equal((myRights as Json)['mayDelete'], false);
  }
});

test('some of it: in the order asked for, the id always, each once', async () => {
  const { list, notFound } = await ana.call('Mailbox/get', { ids: ['f3', 'x', 'f1', 'f3'], properties: ['name'] });
  assert.deepEqual(list, [
    { id: 'f3', name: 'Sent Items' },
    { id: 'f1', name: 'Inbox' },
  ]);
  assert.deepEqual(notFound, ['x']);
  assert.deepEqual((await ana.call('Mailbox/get', { ids: [] }))['list'], []);
  assert.equal((await ana.call('Mailbox/get', { properties: ['nothing'] }))['error'], 'invalidArguments');
});

test('counts, and threads that are unread elsewhere', async () => {
  await world.deliver([ben.account], 'Lunch', { headers: ['Message-ID: <l1@x>'] });
  world.advance(1000);
  await world.deliver([ben.account], 'Re: Lunch', { headers: ['Message-ID: <l2@x>', 'References: <l1@x>'] });
  assert.deepEqual(await counts('f1'), [2, 2, 1, 1]);
  const [first, second] = await emailIds('Lunch');
  await patch(first, { 'keywords/$seen': true });
  assert.deepEqual(await counts('f1'), [2, 1, 1, 1]);
  // The unread one is in the Archive: its thread is still shown as unread in the Inbox, and in the Archive.
  await patch(second, { mailboxIds: { f4: true } });
  assert.deepEqual(await counts('f1'), [1, 0, 1, 1]);
  assert.deepEqual(await counts('f4'), [1, 1, 1, 1]);
  // RFC 8621 §2: what is in the Trash counts there, and only there.
  await patch(second, { mailboxIds: { f6: true } });
  assert.deepEqual(await counts('f1'), [1, 0, 1, 0]);
  assert.deepEqual(await counts('f6'), [1, 1, 1, 1]);
  await patch(first, { 'keywords/$seen': null });
  await patch(second, { 'keywords/$seen': true });
  assert.deepEqual(await counts('f1'), [1, 1, 1, 1]);
  assert.deepEqual(await counts('f6'), [1, 0, 1, 0]);
});

test('a draft is not unread', async () => {
  await ben.call('Email/set', {
    create: {
      k: { mailboxIds: { f2: true }, keywords: { $draft: true }, subject: 'Half' },
      l: { mailboxIds: { f2: true } },
    },
  });
  assert.deepEqual(await counts('f2'), [2, 1, 2, 1]);
  const { list } = await ben.call('Mailbox/get', { ids: ['f2'], properties: ['unreadEmails'] });
  assert.deepEqual(list, [{ id: 'f2', unreadEmails: 1 }]);
});

test('what a gate covers still counts', async () => {
  const message = await world.deliver([ben.account], 'Covered');
  const before = await counts('f1');
  await world.sql(
    `INSERT INTO gate (tenant_id, message_id, recall_id, all_recipients, include_read) VALUES ($1, $2, 1, true, false)`,
    [world.tenant, message],
  );
  assert.deepEqual(await counts('f1'), before);
  await world.sql(`DELETE FROM gate WHERE message_id = $1`, [message]);
});

test('changes: what is new, what is only counted anew, what is gone', async () => {
  const since = await ben.state('Mailbox');
  const changes = async (sinceState = since, more: Json = {}): Promise<Json> =>
    ben.call('Mailbox/changes', { sinceState, ...more });
  assert.deepEqual(await changes(), {
    accountId: ben.accountId,
    oldState: since,
    newState: since,
    hasMoreChanges: false,
    created: [],
    updated: [],
    destroyed: [],
    updatedProperties: null,
  });
  await world.deliver([ben.account], 'Counted');
  const counted = await changes();
  assert.deepEqual(counted['updated'], ['f1']);
  assert.deepEqual(counted['updatedProperties'], ['totalEmails', 'unreadEmails', 'totalThreads', 'unreadThreads']);
  assert.equal(counted['newState'], await ben.state('Mailbox'));

  const { created } = await ben.call('Mailbox/set', { create: { a: { name: 'A' }, b: { name: 'B' } } });
  const [a, b] = ['a', 'b'].map((key) => (created as Record<string, { id: string }>)[key]?.id ?? '');
  await ben.call('Mailbox/set', { update: { f4: { sortOrder: 77 } } });
  await ben.call('Mailbox/set', { update: { [a ?? '']: { name: 'A2' } } });
  const all = await changes();
  assert.deepEqual([all['created'], all['destroyed'], all['updatedProperties']], [[a, b], [], null]);
  assert.deepEqual((all['updated'] as string[]).toSorted(), ['f1', 'f4']);

  // In steps: what is new is told before what became of it later.
  const told: string[] = [];
  for (let state = since, more = true; more;) {
    const step = await changes(state, { maxChanges: 1 });
    for (const id of step['created'] as string[]) told.push(`+${id}`);
    for (const id of step['updated'] as string[]) told.push(id);
    state = step['newState'] as string;
    more = step['hasMoreChanges'] as boolean;
  }
  assert.deepEqual(told, ['f1', `+${a}`, `+${b}`, 'f4', a]);

  await ben.call('Mailbox/set', { destroy: [b] });
  assert.deepEqual((await changes(all['newState'] as string))['destroyed'], [b]);
  for (const sinceState of ['99999999', 'x']) {
    assert.equal((await changes(sinceState))['error'], 'cannotCalculateChanges');
  }
});

test('changes: a mailbox in which a thread has become read or unread by what is elsewhere', async () => {
  await world.deliver([ben.account], 'Plans', { headers: ['Message-ID: <p1@x>'] });
  const [first] = await emailIds('Plans');
  await patch(first, { 'keywords/$seen': true, mailboxIds: { f4: true } });
  const unreadThreads = async (): Promise<unknown> => (await mailbox('f4'))['unreadThreads'];
  let known = await unreadThreads();
  let since = await ben.state('Mailbox');
  const changed = async (): Promise<boolean> => {
    const { updated, newState, updatedProperties } = await ben.call('Mailbox/changes', { sinceState: since });
    since = newState as string;
    assert.deepEqual(updatedProperties, ['totalEmails', 'unreadEmails', 'totalThreads', 'unreadThreads']);
    return (updated as string[]).includes('f4');
  };
  const differs = async (): Promise<boolean> => {
    const before = known;
    known = await unreadThreads();
    return before !== known;
  };
  world.advance(1000);
  await world.deliver([ben.account], 'Re: Plans', { headers: ['Message-ID: <p2@x>', 'References: <p1@x>'] });
  assert.deepEqual([await differs(), await changed()], [true, true], 'an answer in the Inbox');
  const second = (await emailIds('Plans'))[1];
  await patch(second, { 'keywords/$seen': true });
  assert.deepEqual([await differs(), await changed()], [true, true], 'read there');
  await patch(second, { 'keywords/$seen': null });
  assert.deepEqual([await differs(), await changed()], [true, true], 'unread again');
  await patch(second, { mailboxIds: { f6: true } });
  assert.deepEqual([await differs(), await changed()], [true, true], 'thrown away');
  await patch(second, { mailboxIds: { f5: true } });
  assert.deepEqual([await differs(), await changed()], [true, true], 'fetched back, to another place');
  await ben.call('Email/set', { destroy: [second] });
  assert.deepEqual([await differs(), await changed()], [true, true], 'destroyed');
  await world.deliver([ben.account], 'Of another thread');
  assert.deepEqual([await differs(), await changed()], [false, false]);
});
