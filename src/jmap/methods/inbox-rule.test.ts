import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Client, type Json } from '../../../test/support/http.ts';
import { emailsOf, INBOX, sendMail } from '../../../test/support/recalling.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben } = world;

type Refused = Record<string, { type: string; properties?: string[] }>;

const set = (client: Client, change: Json): Promise<Json> => client.call('InboxRule/set', change);
const make = async (rule: Json, client = ben): Promise<string> => {
  const { created, notCreated } = await set(client, { create: { k: rule } });
  return (created as Record<string, { id: string }> | null)?.['k']?.id ?? JSON.stringify(notCreated);
};
const refusal = async (rule: Json): Promise<string> => {
  const { notCreated } = await set(ben, { create: { k: { name: 'R', actions: { flag: true }, ...rule } } });
  const error = (notCreated as Refused | null)?.['k'];
  return `${error?.type} ${error?.properties?.join(' ')}`;
};
const all = async (client = ben): Promise<Json[]> => (await client.call('InboxRule/get'))['list'] as Json[];

test('a rule is made, shown, changed in part, put in order and removed', async () => {
  const { state: began } = await ben.call('InboxRule/get');
  const answer = await set(ben, {
    create: {
      k: { name: ' Bills ', conditions: { subject: ['bill'], from: [] }, actions: { moveTo: 'f4', flag: false } },
    },
  });
  const created = (answer['created'] as Record<string, Json>)['k'];
  assert.deepEqual(created, {
    id: created?.['id'],
    name: 'Bills',
    isEnabled: true,
    sortOrder: 0,
    conditions: { subject: ['bill'] },
    exceptions: {},
    actions: { moveTo: 'f4' },
  });
  const bills = created?.['id'] as string;
  const second = await make({ name: 'All', sortOrder: 5, actions: { flag: true, stop: true } });
  const changed = await set(ben, { update: { [bills]: { 'actions/markRead': true, sortOrder: 9, conditions: null } } });
  assert.deepEqual(changed['updated'], { [bills]: null }, JSON.stringify(changed));
  assert.deepEqual(
    (await all()).map((rule) => [rule['id'], rule['actions']]),
    [
      [second, { flag: true, stop: true }],
      [bills, { moveTo: 'f4', markRead: true }],
    ],
    'as they run',
  );
  const off = await set(ben, { update: { [second]: { isEnabled: false } } });
  assert.deepEqual(off['updated'], { [second]: null });
  const { ids } = await ben.call('InboxRule/query', { filter: { isEnabled: true } });
  assert.deepEqual(ids, [bills]);
  assert.deepEqual(
    (await ben.call('InboxRule/query', { sort: [{ property: 'sortOrder', isAscending: false }] }))['ids'],
    [bills, second],
  );
  const { created: news } = await ben.call('InboxRule/changes', { sinceState: began });
  assert.deepEqual(news, [bills, second]);
  assert.deepEqual((await set(ben, { ifInState: began, destroy: [bills] }))['type'], 'stateMismatch');
  const { destroyed, oldState, newState } = await set(ben, { destroy: [bills, second] });
  assert.deepEqual(destroyed, [bills, second]);
  const gone = await ben.call('InboxRule/changes', { sinceState: oldState });
  assert.deepEqual([gone['destroyed'], gone['newState']], [[bills, second], newState]);
  assert.deepEqual(await all(), []);
  assert.deepEqual((await set(ben, { destroy: [bills] }))['notDestroyed'], {
    [bills]: { type: 'notFound', description: 'There is no such rule.' },
  });
});

test('what cannot be a rule is refused, and says what of it', async () => {
  const WRONG: [Json, string][] = [
    [{ name: '' }, 'name'],
    [{ name: 'two\nlines' }, 'name'],
    [{ isEnabled: 'yes' }, 'isEnabled'],
    [{ sortOrder: -1 }, 'sortOrder'],
    [{ conditions: { colour: ['red'] } }, 'conditions/colour'],
    [{ conditions: { subject: 'red' } }, 'conditions/subject'],
    [{ exceptions: { subject: [' '] } }, 'exceptions/subject'],
    [{ conditions: { minSize: -1 } }, 'conditions/minSize'],
    [{ conditions: { hasAttachment: 1 } }, 'conditions/hasAttachment'],
    [{ actions: {} }, 'actions'],
    [{ actions: { flag: 1 } }, 'actions/flag'],
    [{ actions: { moveTo: 'f99' } }, 'actions/moveTo'],
    [{ actions: { moveTo: 'nowhere' } }, 'actions/moveTo'],
    [{ actions: { redirectTo: ['nobody@pigeon.test'] } }, 'actions/redirectTo'],
    [{ actions: { redirectTo: ['no address'] } }, 'actions/redirectTo'],
    [{ actions: { redirectTo: ['ben@pigeon.test'] } }, 'actions/redirectTo'],
    [{ extra: 1 }, 'extra'],
  ];
  for (const [rule, property] of WRONG)
    assert.equal(await refusal(rule), `invalidProperties ${property}`, JSON.stringify(rule));
  assert.equal((await ben.call('InboxRule/query', { filter: { name: 'x' } }))['type'], 'unsupportedFilter');
  const stranger = await ben.call('InboxRule/get', { accountId: ana.accountId });
  assert.equal(stranger['type'], 'accountNotFound', 'nobody’s rules but one’s own');
});

test('a rule does what it says to the next message, and nothing once it is off', async () => {
  const id = await make({
    name: 'File',
    conditions: { subject: ['minutes'] },
    actions: { moveTo: 'f4', markRead: true },
  });
  await sendMail(ana, ['ben@pigeon.test'], 'Minutes of Monday');
  const [filed] = await emailsOf(ben, 'Minutes of Monday');
  assert.deepEqual([filed?.['mailboxIds'], filed?.['keywords']], [{ f4: true }, { $seen: true }]);
  await set(ben, { update: { [id]: { isEnabled: false } } });
  await sendMail(ana, ['ben@pigeon.test'], 'Minutes of Tuesday');
  const [there] = await emailsOf(ben, 'Minutes of Tuesday');
  assert.deepEqual(there?.['mailboxIds'], { [INBOX]: true });
});

test('a rule whose mailbox or address is gone can be switched off and changed, and not switched on', async () => {
  const { created } = await ben.call('Mailbox/set', { create: { m: { name: 'Printers' } } });
  const box = (created as Record<string, Json>)['m']?.['id'] as string;
  const id = await make({ name: 'Printers', conditions: { from: ['printers'] }, actions: { moveTo: box, flag: true } });
  await ben.call('Mailbox/set', { destroy: [box] });
  const change = async (patch: Json): Promise<unknown> => {
    const { updated, notUpdated } = await set(ben, { update: { [id]: patch } });
    return (updated as Json | null)?.[id] === undefined
      ? (notUpdated as Record<string, Json>)[id]?.['properties']
      : 'done';
  };
  assert.equal(await change({ sortOrder: 7 }), 'done');
  assert.equal(await change({ isEnabled: false }), 'done');
  assert.equal(await change({ name: 'Printers, once' }), 'done');
  assert.deepEqual(await change({ isEnabled: true }), ['actions/moveTo']);
  assert.deepEqual(await change({ 'actions/moveTo': 'f98' }), ['actions/moveTo']);
  assert.equal(await change({ isEnabled: true, 'actions/moveTo': null }), 'done');
});
