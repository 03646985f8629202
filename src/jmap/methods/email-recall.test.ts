// Recall as any JMAP client sees it: two mailboxes; one sent message moved into them, over HTTP.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../../../test/support/homing.ts';
import type { Client, Json } from '../../../test/support/http.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { submitter } from '../../../test/support/smtp.ts';
import { barrier } from '../../../test/support/world.ts';
import { requestRecall } from '../../recall/request.ts';
import type { JmapServices } from '../services.ts';

const homing = await startTestHoming({ policy: { rateLimit: 0 } });
after(() => homing.close());
const client = (name: string): Promise<Client> => homing.client(`${name}@pigeon.test`);
const [ana, ben, cho] = [await client('ana'), await client('ben'), await client('cho')];

/** Answers the id of the copy in Sent Items. */
async function send(subject: string, to = ['ben@pigeon.test', 'cho@pigeon.test'], body = 'Text.'): Promise<string> {
  const line = await submitter(homing.ports, ana.address);
  await line.send(ana.address, to, mail(subject, { from: ana.address, to: to.join(', '), body }));
  line.close();
  await homing.settle();
  const [id] = await found(ana, { inMailbox: 'f3', subject });
  return id ?? assert.fail();
}

const found = async (who: Client, filter: Json): Promise<string[]> =>
  (await who.call('Email/query', { filter }))['ids'] as string[];

const placeOf = async (id: string): Promise<unknown> => {
  const { list } = await ana.call('Email/get', { ids: [id], properties: ['mailboxIds', 'keywords'] });
  return (list as Json[])[0];
};

const move = (update: Record<string, Json>): Promise<Json> => ana.call('Email/set', { update });

const outcomes = async (subject: string): Promise<string[]> => {
  const rows = await homing.sql<{ outcome: string }>(
    `SELECT o.outcome FROM outcome o JOIN recall r ON r.tenant_id = o.tenant_id AND r.id = o.recall_id WHERE r.subject = $1 ORDER BY o.n`,
    [subject],
  );
  return rows.map(({ outcome }) => outcome);
};

const errorOf = (answer: Json, which: string, key: string): Json => (answer[which] as Record<string, Json>)[key] ?? {};

test('moved into Recall, it is taken back: the answer has where it is, and the state of before leads there', async () => {
  const id = await send('Salaries');
  const [received] = await found(ben, { subject: 'Salaries' });
  const sentItems = { filter: { inMailbox: 'f3' } };
  const { queryState } = await ana.call('Email/query', sentItems);
  const { oldState, newState, updated, notUpdated } = await move({ [id]: { mailboxIds: { 'f-1': true } } });
  assert.deepEqual([updated, notUpdated], [{ [id]: { mailboxIds: { f3: true } } }, null]);
  // The gate: from the answer on nobody opens it.
  assert.deepEqual((await ben.call('Email/get', { ids: [received] }))['notFound'], [received]);
  assert.deepEqual(await found(cho, { subject: 'Salaries' }), []);
  for (const sinceState of [oldState, newState]) {
    const changes = await ana.call('Email/changes', { sinceState });
    assert.deepEqual([changes['created'], changes['updated'], changes['destroyed']], [[], [id], []]);
  }
  // A list that it was taken out of has it again.
  const { removed, added } = await ana.call('Email/queryChanges', { ...sentItems, sinceQueryState: queryState });
  assert.deepEqual([removed, added], [[id], [{ id, index: 0 }]]);
  assert.deepEqual(await placeOf(id), { id, mailboxIds: { f3: true }, keywords: { $seen: true } });
  await homing.settle();
  assert.deepEqual(await outcomes('Salaries'), ['recalled', 'recalled']);
  assert.equal((await found(ana, { inMailbox: 'f1', subject: 'Recall report: Salaries' })).length, 1);
});

test('moved into Replace, its draft comes with the changes that follow, and replaces when it is sent', async () => {
  const id = await send('Plan', ['ben@pigeon.test']);
  const patch = { 'mailboxIds/f3': null, 'mailboxIds/f-2': true, 'keywords/$flagged': true };
  const { newState, updated } = await move({ [id]: patch });
  assert.deepEqual(updated, { [id]: { mailboxIds: { f3: true } } });
  assert.deepEqual(await placeOf(id), { id, mailboxIds: { f3: true }, keywords: { $seen: true, $flagged: true } });
  const { created, updated: changed } = await ana.call('Email/changes', { sinceState: newState });
  assert.deepEqual(changed, [id]);
  const [draft] = created as string[];
  const { list } = await ana.call('Email/get', { ids: [draft], properties: ['mailboxIds', 'keywords', 'subject'] });
  const keywords = { $seen: true, $draft: true };
  assert.deepEqual(list, [{ id: draft, mailboxIds: { f2: true }, keywords, subject: 'Plan' }]);
  await homing.settle();
  const { list: identities } = await ana.call('Identity/get');
  const identityId = (identities as Json[])[0]?.['id'];
  const sent = await ana.call('EmailSubmission/set', { create: { s: { identityId, emailId: draft } } });
  assert.equal(sent['notCreated'], null);
  await homing.settle();
  assert.deepEqual(await outcomes('Plan'), ['recalled']);
  assert.equal((await found(ben, { subject: 'Plan' })).length, 1);
});

test('of a large message, too', async () => {
  const body = `${'All of it. '.repeat(6)}\r\n`.repeat(30_000);
  const id = await send('Large', ['ben@pigeon.test'], body);
  const { newState } = await move({ [id]: { mailboxIds: { 'f-2': true } } });
  const { created } = await ana.call('Email/changes', { sinceState: newState });
  const asked = { ids: created, properties: ['size', 'subject', 'bodyValues'], fetchTextBodyValues: true };
  const [draft] = (await ana.call('Email/get', asked))['list'] as Json[];
  const { value } = Object.values(draft?.['bodyValues'] as Record<string, Json>)[0] ?? {};
  assert.equal(draft?.['subject'], 'Large');
  assert.equal(String(value).trimEnd(), body.replaceAll('\r\n', '\n').trimEnd());
  await homing.settle();
});

test('one message a request: of several in one call none, of several calls the first', async () => {
  const ids = [await send('First', ['ben@pigeon.test']), await send('Second', ['ben@pigeon.test'])];
  const [first = '', second = ''] = ids;
  const intoRecall = { mailboxIds: { 'f-1': true }, 'keywords/$flagged': true };
  const both = await move({ [first]: intoRecall, [second]: intoRecall });
  assert.equal(both['updated'], null);
  for (const id of ids) {
    const error = { type: 'forbidden', description: 'One message at a time is taken back.' };
    assert.deepEqual(errorOf(both, 'notUpdated', id), error);
    assert.deepEqual(await placeOf(id), { id, mailboxIds: { f3: true }, keywords: { $seen: true } });
  }
  const [[, one], [, other]] = (await ana.responses(
    ids.map((id) => ['Email/set', { accountId: ana.accountId, update: { [id]: intoRecall } }]),
  )) as [[string, Json], [string, Json]];
  assert.deepEqual(one['updated'], { [first]: { mailboxIds: { f3: true } } });
  assert.equal(errorOf(other, 'notUpdated', second)['type'], 'forbidden');
  await homing.settle();
  assert.deepEqual([await outcomes('First'), await outcomes('Second')], [['recalled'], []]);
});

test('what is not taken back stays where it is, and the answer says why', async () => {
  await send('Theirs', ['ben@pigeon.test']);
  const [received = ''] = await found(ben, { subject: 'Theirs' });
  const update = { [received]: { mailboxIds: { 'f-1': true }, 'keywords/$flagged': true } };
  const { notUpdated } = await ben.call('Email/set', { update });
  const description = 'Only its sender can recall a message, and this one was not sent from here.';
  assert.deepEqual(notUpdated, { [received]: { type: 'notSender', description } });
  const { list } = await ben.call('Email/get', { ids: [received], properties: ['mailboxIds', 'keywords'] });
  assert.deepEqual(list, [{ id: received, mailboxIds: { f1: true }, keywords: {} }]);

  const id = await send('Late', ['ben@pigeon.test']);
  const intoRecall = { [id]: { mailboxIds: { 'f-1': true } } };
  const state = await ana.state('Email');
  assert.equal((await ana.call('Email/set', { ifInState: `${state}0`, update: intoRecall }))['error'], 'stateMismatch');
  homing.advance(31 * 86_400_000);
  assert.equal(errorOf(await move(intoRecall), 'notUpdated', id)['type'], 'tooOld');
  homing.advance(-31 * 86_400_000);
  assert.equal(await ana.state('Email'), state);
  const both = { [id]: { mailboxIds: { 'f-1': true, f3: true } } };
  assert.equal(errorOf(await move(both), 'notUpdated', id)['type'], 'tooManyMailboxes');
  assert.deepEqual(await outcomes('Late'), []);
  // A program that tries again means the same recall.
  for (const _ of [1, 2]) assert.deepEqual((await move(intoRecall))['updated'], { [id]: { mailboxIds: { f3: true } } });
  const [{ count } = { count: 0 }] = await homing.sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM recall WHERE subject = 'Late'`,
  );
  assert.equal(count, 1);
});

test('nothing else is put into it, and nothing of it changed', async () => {
  const forbidden = { type: 'forbidden', description: 'Move a sent message into it; nothing is stored there.' };
  const mailboxIds = { 'f-2': true };
  const made = await ana.call('Email/set', { create: { k: { mailboxIds, subject: 'x' } } });
  assert.deepEqual(errorOf(made, 'notCreated', 'k'), forbidden);
  const [letter] = await found(ana, { inMailbox: 'f3', subject: 'Late' });
  const { list } = await ana.call('Email/get', { ids: [letter], properties: ['blobId'] });
  const blobId = (list as Json[])[0]?.['blobId'];
  const imported = await ana.call('Email/import', { emails: { k: { blobId, mailboxIds } } });
  assert.deepEqual(errorOf(imported, 'notCreated', 'k'), forbidden);
  const [office = ''] = Object.keys(await accounts()).filter((id) => id !== ana.accountId);
  const create = { k: { mailboxIds: { f1: true }, subject: 'Ours' } };
  const put = await ana.call('Email/set', { accountId: office, create });
  const copy = { fromAccountId: office, onSuccessDestroyOriginal: true };
  const { id } = (put['created'] as Record<string, Json>)['k'] ?? {};
  const copied = await ana.call('Email/copy', { ...copy, create: { k: { id, mailboxIds } } });
  assert.deepEqual(errorOf(copied, 'notCreated', 'k'), forbidden);
  // In an account that is shared there is none, as in IMAP.
  const shared = await ana.call('Email/set', { accountId: office, update: { [String(id)]: { mailboxIds } } });
  assert.equal(errorOf(shared, 'notUpdated', String(id))['type'], 'invalidProperties');
  const recall = { k: { name: 'Recall' } };
  const theirs = await ana.call('Mailbox/set', { accountId: office, create: recall });
  const { description: why } = errorOf(theirs, 'notCreated', 'k');
  assert.equal(why, 'Move a message into your own Recall.');

  const state = await ana.state('Mailbox');
  const changes = {
    update: { 'f-1': { name: 'Mine' }, 'f-2': { isSubscribed: false }, f1: { sortOrder: 1 } },
    destroy: ['f-1', 'f-2'],
    create: {
      in: { name: 'In it', parentId: 'f-1' },
      same: { name: 'RECALL' },
      below: { name: 'Recall', parentId: 'f1' },
    },
  };
  const set = await ana.call('Mailbox/set', { ...changes, ifInState: state });
  assert.deepEqual(Object.keys(set['updated'] as Json), ['f1']);
  assert.deepEqual(Object.keys(set['created'] as Json), ['below']);
  for (const key of ['f-1', 'f-2'])
    for (const which of ['notUpdated', 'notDestroyed']) assert.equal(errorOf(set, which, key)['type'], 'forbidden');
  assert.equal(errorOf(set, 'notCreated', 'in')['type'], 'forbidden');
  const { type, existingId } = errorOf(set, 'notCreated', 'same');
  assert.deepEqual([type, existingId], ['alreadyExists', 'f-1']);
  const below = (set['created'] as Record<string, Json>)['below']?.['id'];
  const up = await ana.call('Mailbox/set', { update: { [String(below)]: { parentId: null } } });
  assert.equal(errorOf(up, 'notUpdated', String(below))['type'], 'alreadyExists');
  assert.equal((await ana.call('Mailbox/set', { destroy: [below] }))['notDestroyed'], null);
});

async function accounts(): Promise<Json> {
  const session = (await (await ana.fetch('/.well-known/jmap')).json()) as { accounts: Json };
  return session.accounts;
}

test('it is listed last, empty, for what may be done with it; of a shared account it is none', async () => {
  const { list, notFound } = await ana.call('Mailbox/get', { ids: ['f-1', 'f-2', 'f-3'] });
  const rights = ['mayReadItems', 'mayAddItems'];
  const all = [
    'mayRemoveItems',
    'maySetSeen',
    'maySetKeywords',
    'mayCreateChild',
    'mayRename',
    'mayDelete',
    'maySubmit',
  ];
  const common = {
    sortOrder: 2147483647,
    totalEmails: 0,
    unreadEmails: 0,
    totalThreads: 0,
    unreadThreads: 0,
    isSubscribed: true,
    myRights: Object.fromEntries([...rights.map((one) => [one, true]), ...all.map((one) => [one, false])]),
  };
  assert.deepEqual(list, [
    { id: 'f-1', name: 'Recall', parentId: null, role: 'x-recall', ...common },
    { id: 'f-2', name: 'Replace', parentId: 'f-1', role: 'x-recall-replace', ...common },
  ]);
  assert.deepEqual(notFound, ['f-3']);
  const sort = [{ property: 'sortOrder' }, { property: 'name' }];
  const { ids, queryState } = await ana.call('Mailbox/query', { sort, sortAsTree: true });
  assert.deepEqual((ids as string[]).slice(-2), ['f-1', 'f-2']);
  assert.equal(queryState, await ana.state('Mailbox'));
  assert.deepEqual((await ana.call('Mailbox/query', { filter: { parentId: 'f-1' } }))['ids'], ['f-2']);
  assert.deepEqual(await found(ana, { inMailbox: 'f-1' }), []);
  assert.deepEqual(
    await found(ana, { inMailbox: 'f1', inMailboxOtherThan: ['f-1'] }),
    await found(ana, { inMailbox: 'f1' }),
  );
  const [office = ''] = Object.keys(await accounts()).filter((id) => id !== ana.accountId);
  const theirs = await ana.call('Mailbox/get', { accountId: office });
  assert.ok(!(theirs['list'] as Json[]).some(({ id }) => String(id).startsWith('f-')));
});

const services: JmapServices = homing.services;
const WHOLE = { properties: ['subject', 'bodyValues'], fetchTextBodyValues: true };

test('who has looked and not yet been given anything is given nothing once the answer has come', async () => {
  const id = await send('Slip', ['ben@pigeon.test']);
  const [received] = await found(ben, { subject: 'Slip' });
  const held = barrier('looked');
  services.pause = held.pause;
  const reading = ben.call('Email/get', { ids: [received], ...WHOLE });
  await held.reached;
  assert.deepEqual((await move({ [id]: { mailboxIds: { 'f-1': true } } }))['updated'], {
    [id]: { mailboxIds: { f3: true } },
  });
  held.release();
  const { list, notFound } = await reading;
  assert.deepEqual([list, notFound], [[], [received]]);
  delete services.pause;
  await homing.settle();
  assert.deepEqual(await outcomes('Slip'), ['recalled']);
});

test('who is given it before the gate stands is counted, and it is in its place meanwhile', async () => {
  const id = await send('Glimpse', ['ben@pigeon.test']);
  const [received] = await found(ben, { subject: 'Glimpse' });
  const { recalls, store, ids, directory: people, clock } = services;
  const held = barrier('gated');
  const request = (asked: Parameters<typeof requestRecall>[1]): ReturnType<typeof requestRecall> =>
    requestRecall({ store, ids, people, clock, pause: held.pause }, asked);
  services.recalls = { ...recalls, request };
  const moving = move({ [id]: { mailboxIds: { 'f-1': true } } });
  await held.reached;
  assert.deepEqual(((await placeOf(id)) as Json)['mailboxIds'], { f3: true });
  const { list } = await ben.call('Email/get', { ids: [received], ...WHOLE });
  assert.equal((list as Json[]).length, 1);
  held.release();
  assert.deepEqual((await moving)['updated'], { [id]: { mailboxIds: { f3: true } } });
  services.recalls = recalls;
  assert.deepEqual((await ben.call('Email/get', { ids: [received], ...WHOLE }))['notFound'], [received]);
  await homing.settle();
  const [row] = await homing.sql<Json>(
    `SELECT o.outcome, o.exposure FROM outcome o JOIN recall r ON r.tenant_id = o.tenant_id AND r.id = o.recall_id WHERE r.subject = 'Glimpse'`,
  );
  assert.deepEqual(row, { outcome: 'recalled', exposure: 'downloaded' });
});

test('what a fault of ours stops is not said to be done, and is done when it is asked for again', async () => {
  const id = await send('Again', ['ben@pigeon.test']);
  const { recalls } = services;
  services.recalls = { ...recalls, request: () => Promise.reject(new Error('out of order')) };
  const update = { [id]: { mailboxIds: { 'f-1': true } }, [(await found(ana, { inMailbox: 'f1' }))[0] ?? '']: SEEN };
  const answer = await move(update);
  services.recalls = recalls;
  assert.equal(errorOf(answer, 'notUpdated', id)['type'], 'serverFail');
  assert.equal(Object.keys(answer['updated'] as Json).length, 1, 'the rest of the call is done');
  assert.deepEqual((await move({ [id]: { mailboxIds: { 'f-1': true } } }))['updated'], {
    [id]: { mailboxIds: { f3: true } },
  });
});
const SEEN = { 'keywords/$seen': true };
