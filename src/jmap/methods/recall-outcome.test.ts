import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../../../test/support/homing.ts';
import type { Json } from '../../../test/support/http.ts';
import { askRecall, emailsOf, markRead, outcomesOf, sendMail } from '../../../test/support/recalling.ts';

const homing = await startTestHoming();
after(() => homing.close());
const ana = await homing.client('ana@pigeon.test');
const ben = await homing.client('ben@pigeon.test');
const PEOPLE = ['ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test', 'eli@pigeon.test'];
for (const [address, membersVisibleTo] of [
  ['hidden@pigeon.test', 'administrators'],
  ['club@pigeon.test', 'members'],
] as const)
  await homing.admin.addGroup({ address, members: PEOPLE.slice(0, 3), membersVisibleTo });

/** Sends, lets Ben read it, recalls, and answers the recall's id once it is done. */
async function recalled(to: string[], subject: string, more: Json = {}): Promise<string> {
  const { emailId } = await sendMail(ana, to, subject);
  await homing.settle();
  await markRead(ben, (await emailsOf(ben, subject))[0]);
  const { id } = await askRecall(ana, emailId, more);
  await homing.settle();
  return String(id);
}

/** The mailed report, text and attached JSON, as it was sent. */
async function reportOf(subject: string): Promise<string> {
  const [email] = await emailsOf(ana, `Recall report: ${subject}`);
  const response = await ana.fetch(`/jmap/download/${ana.accountId}/${String(email?.['blobId'])}/x`);
  const parts = (await response.text()).split(/Content-Transfer-Encoding: base64\r\n(?:.*\r\n)*?\r\n/);
  const decoded = parts.slice(1).map((part) => Buffer.from(part.split('--')[0] ?? '', 'base64').toString());
  return [parts[0], ...decoded].join('\n');
}

test('filter, sort, position, limit and total', async () => {
  const recallId = await recalled([...PEOPLE, 'x@outside.test'], 'Queried');
  const query = async (args: Json = {}, filter: Json = {}): Promise<Json> =>
    ana.call('RecallOutcome/query', { filter: { recallId, ...filter }, ...args });
  const recipients = async (ids: unknown): Promise<unknown[]> => {
    const { list } = (await ana.call('RecallOutcome/get', { ids, properties: ['recipient'] })) as { list: Json[] };
    for (const row of list) assert.deepEqual(Object.keys(row).toSorted(), ['id', 'recipient']);
    return list.map((row) => row['recipient']);
  };
  const byName = [{ property: 'recipient', isAscending: true }];
  const all = [...PEOPLE, 'x@outside.test'];
  assert.deepEqual(await recipients((await query({ sort: byName }))['ids']), all);
  const down = await query({ sort: [{ property: 'recipient', isAscending: false }] });
  assert.deepEqual(await recipients(down['ids']), all.toReversed());
  const page = await query({ sort: byName, position: 1, limit: 2, calculateTotal: true });
  assert.deepEqual([await recipients(page['ids']), page['position'], page['total']], [all.slice(1, 3), 1, 5]);
  assert.deepEqual(await recipients((await query({}, { outcome: 'kept-read' }))['ids']), ['ben@pigeon.test']);
  const several = await query({ sort: byName }, { outcome: ['kept-read', 'intercepted'] });
  assert.deepEqual(await recipients(several['ids']), ['ben@pigeon.test', 'x@outside.test']);
  assert.deepEqual(await recipients((await query({}, { text: 'OUTSIDE' }))['ids']), ['x@outside.test']);
  assert.deepEqual((await query({}, { text: '%' }))['ids'], []);
  assert.deepEqual((await query({}, { text: '_' }))['ids'], []);
  assert.deepEqual((await query({ limit: 0 }))['ids'], []);
  assert.equal((await query({ limit: -1 }))['error'], 'invalidArguments');
  assert.equal((await query({}, { outcome: 'vanished' }))['error'], 'invalidArguments');
  assert.equal((await query({}, { colour: 1 }))['error'], 'unsupportedFilter');
  assert.equal((await query({ sort: [{ property: 'reason' }] }))['error'], 'unsupportedSort');
  assert.equal((await ana.call('RecallOutcome/query', { filter: {} }))['error'], 'invalidArguments');
  assert.equal((await ana.call('RecallOutcome/get', { ids: null }))['error'], 'invalidArguments');
});

test('it says which program had downloaded it', async () => {
  const { emailId } = await sendMail(ana, ['cho@pigeon.test'], 'Fetched');
  const cho = await homing.client('cho@pigeon.test');
  const [email] = await emailsOf(cho, 'Fetched');
  await cho.fetch(`/jmap/download/${cho.accountId}/${String(email?.['blobId'])}/x`, {
    headers: { 'user-agent': 'Pocket Mail 3' },
  });
  const { id } = await askRecall(ana, emailId);
  await homing.settle();
  const row = (await outcomesOf(ana, String(id)))['cho@pigeon.test'];
  assert.deepEqual(
    [row?.['outcome'], row?.['exposure'], row?.['downloadedBy'], row?.['downloadedAt']],
    ['recalled', 'downloaded', 'Pocket Mail 3', homing.clock().toISOString()],
  );
  assert.equal(row?.['reason'], 'Taken back: not opened, but a device had downloaded it.');
});

test('it says when that program was told of the removal, and not when another was', async () => {
  const pocket = { headers: { 'user-agent': 'Pocket Mail 4' } };
  const dia = await homing.client('dia@pigeon.test');
  const { emailId } = await sendMail(ana, ['dia@pigeon.test'], 'Told');
  const [email] = await emailsOf(dia, 'Told');
  await dia.fetch(`/jmap/download/${dia.accountId}/${String(email?.['blobId'])}/x`, pocket);
  const ask = async (user: string, method: string, args: Json): Promise<Response> =>
    dia.fetch('/jmap', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': user },
      body: JSON.stringify({
        using: ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail'],
        methodCalls: [[method, { accountId: dia.accountId, ...args }, '0']],
      }),
    });
  const before = await dia.state('Email');
  await ask('Pocket Mail 4', 'Email/query', {});
  const { id } = await askRecall(ana, emailId);
  await homing.settle();
  const told = async (): Promise<unknown> => (await outcomesOf(ana, String(id)))['dia@pigeon.test']?.['toldAt'];
  assert.equal(await told(), null);
  await ask('Another 1', 'Email/changes', { sinceState: before });
  await ask('Pocket Mail 4', 'Mailbox/get', {});
  assert.equal(await told(), null);
  const state = await ana.state('Recall');
  await ask('Pocket Mail 4', 'Email/changes', { sinceState: before });
  assert.equal(await told(), homing.clock().toISOString());
  const { updated } = await ana.call('Recall/changes', { sinceState: state });
  assert.deepEqual(updated, [id]);
});

test('a StateChange tells it too', async () => {
  const eli = await homing.client('eli@pigeon.test');
  const { emailId } = await sendMail(ana, ['eli@pigeon.test'], 'Pushed');
  const [email] = await emailsOf(eli, 'Pushed');
  const headers = { 'user-agent': 'Listener 1' };
  await eli.fetch(`/jmap/download/${eli.accountId}/${String(email?.['blobId'])}/x`, { headers });
  const abort = new AbortController();
  const stream = await eli.fetch('/jmap/eventsource/?types=*&closeafter=state&ping=0', {
    headers,
    signal: abort.signal,
  });
  const { id } = await askRecall(ana, emailId);
  await homing.settle();
  await stream.text();
  let told: unknown = null;
  for (let i = 0; i < 200 && told === null; i++)
    told = (await outcomesOf(ana, String(id)))['eli@pigeon.test']?.['toldAt'];
  assert.equal(told, homing.clock().toISOString());
});

test('a group whose members are not shown is one row with counts', async () => {
  const recallId = await recalled(['hidden@pigeon.test', 'eli@pigeon.test'], 'To the hidden');
  const rows = await outcomesOf(ana, recallId);
  assert.deepEqual(Object.keys(rows).toSorted(), ['eli@pigeon.test', 'hidden@pigeon.test']);
  const group = rows['hidden@pigeon.test'];
  assert.deepEqual(
    [group?.['outcome'], group?.['exposure'], group?.['counts']],
    [null, null, { recalled: 2, 'kept-read': 1 }],
  );
  const { ids } = await ana.call('RecallOutcome/query', { filter: { recallId, text: 'ben' } });
  assert.deepEqual(ids, []);
  // Nor by guessing the rows' numbers.
  const number = recallId.slice(1);
  const guessed = Array.from({ length: 8 }, (_, i) => `o${number}_${i}`);
  const { list } = (await ana.call('RecallOutcome/get', { ids: guessed })) as { list: Json[] };
  assert.deepEqual(
    list.map((row) => row['recipient']),
    ['eli@pigeon.test'],
  );
  const { total } = await ana.call('RecallOutcome/query', { filter: { recallId }, calculateTotal: true });
  assert.equal(total, 2);
});

test('nor does ticking one of them, or looking what to expect, tell that it is one', async () => {
  const { emailId } = await sendMail(ana, ['hidden@pigeon.test', 'eli@pigeon.test', 'dia@pigeon.test'], 'Who is in?');
  const preview = async (recipients: string[]): Promise<Json> => ana.call('Recall/preview', { emailId, recipients });
  const of = await Promise.all([['ben@pigeon.test'], ['office@pigeon.test']].map(preview));
  for (const one of of) assert.equal((one['refusal'] as Json | null)?.['reason'], 'unknownRecipient');
  assert.equal((await askRecall(ana, emailId, { recipients: ['ben@pigeon.test'] }))['type'], 'unknownRecipient');
  assert.equal((await preview(['dia@pigeon.test']))['total'], 1); // named by herself too
  assert.equal((await preview(['hidden@pigeon.test', 'ben@pigeon.test']))['refusal'] === null, false);
  const made = await askRecall(ana, emailId, { recipients: ['hidden@pigeon.test', 'eli@pigeon.test'] });
  assert.equal(made['total'], 3);
  await homing.settle();
});

test('a group that its members see: Ana is none', async () => {
  const rows = await outcomesOf(ana, await recalled(['club@pigeon.test'], 'To the club'));
  assert.deepEqual(Object.keys(rows), ['club@pigeon.test']);
  await homing.admin.setGroup('club@pigeon.test', { add: ['ana@pigeon.test'] });
  const mine = await outcomesOf(ana, await recalled(['club@pigeon.test'], 'To my club'));
  assert.deepEqual(Object.keys(mine).toSorted(), ['ana@pigeon.test', ...PEOPLE.slice(0, 3)]);
  assert.equal(mine['ben@pigeon.test']?.['via'], 'club@pigeon.test');
});

test('senderSees: outcome says nothing of exposure, counts name nobody and not few', async () => {
  await homing.admin.setPolicy(homing.tenant, { senderSees: 'outcome' });
  const row = (await outcomesOf(ana, await recalled(PEOPLE, 'Outcome only')))['cho@pigeon.test'];
  assert.deepEqual(
    [row?.['outcome'], row?.['exposure'], row?.['reason'], row?.['downloadedBy']],
    ['recalled', null, 'Taken back.', null],
  );
  const sorted = { sort: [{ property: 'recipient', isAscending: true }] };
  const byExposure = { sort: [{ property: 'exposure', isAscending: true }] };
  const kept = (await outcomesOf(ana, await recalled(PEOPLE, 'Kept, that is')))['ben@pigeon.test'];
  assert.deepEqual([kept?.['outcome'], kept?.['exposure']], ['kept-read', null]);
  const filter = { recallId: kept?.['recallId'] };
  assert.equal((await ana.call('RecallOutcome/query', { filter, ...byExposure }))['error'], 'unsupportedSort');
  await homing.admin.setPolicy(homing.tenant, { senderSees: 'counts' });
  const few = await recalled(PEOPLE, 'Four');
  assert.deepEqual(await outcomesOf(ana, few), {});
  const countsOf = async (id: string): Promise<unknown> =>
    ((await ana.call('Recall/get', { ids: [id] }))['list'] as Json[])[0]?.['counts'];
  assert.deepEqual(await countsOf(few), {});
  const many = await recalled([...PEOPLE, 'x@outside.test', 'y@outside.test'], 'Six');
  assert.deepEqual(await outcomesOf(ana, many), {});
  assert.deepEqual(await countsOf(many), { 'kept-read': 1, recalled: 3, intercepted: 2 });
  const number = many.slice(1);
  const guessed = await ana.call('RecallOutcome/get', { ids: [`o${number}_1`, `o${number}_2`] });
  assert.deepEqual(guessed['list'], []);
  // Not by a group's row either, where there are few.
  const hidden = await recalled(['hidden@pigeon.test'], 'Three, hidden');
  const { ids } = await ana.call('RecallOutcome/query', { filter: { recallId: hidden }, ...sorted });
  const { list } = (await ana.call('RecallOutcome/get', { ids })) as { list: Json[] };
  for (const one of list) assert.deepEqual(one['counts'] ?? {}, {}, JSON.stringify(one));
  await homing.admin.setPolicy(homing.tenant, { senderSees: 'outcome+exposure' });
});

test('the mailed report says no more than the page, and nothing that is not so', async () => {
  await recalled(PEOPLE, 'All told', { notifyMe: true });
  const full = await reportOf('All told');
  assert.match(full, /Taken back from 3 of 4/);
  assert.match(full, /cho@pigeon\.test: Taken back: no program had shown it\./);
  await homing.admin.setPolicy(homing.tenant, { senderSees: 'outcome' });
  await recalled([...PEOPLE, 'hidden@pigeon.test'], 'Outcomes told', { notifyMe: true });
  const outcomes = await reportOf('Outcomes told');
  assert.match(outcomes, /cho@pigeon\.test: Taken back\.\r?\n/);
  assert.doesNotMatch(outcomes, /no program had shown/);
  await homing.admin.setPolicy(homing.tenant, { senderSees: 'counts' });
  await recalled(['hidden@pigeon.test'], 'Nothing told', { notifyMe: true });
  const counts = await reportOf('Nothing told');
  assert.doesNotMatch(counts, /Taken back from|ben@|cho@|dia@|kept-read/);
  assert.match(counts, /The recall has ended/);
  await homing.admin.setPolicy(homing.tenant, { senderSees: 'outcome+exposure' });
});

test('members that are not shown are not named in the mailed report either, nor in what is attached to it', async () => {
  await recalled(['hidden@pigeon.test', 'eli@pigeon.test'], 'Hidden, mailed', { notifyMe: true });
  const hidden = await reportOf('Hidden, mailed');
  assert.match(hidden, /hidden@pigeon\.test: (?:2 recalled, 1 kept-read|1 kept-read, 2 recalled)/);
  assert.match(hidden, /eli@pigeon\.test: Taken back/);
  assert.match(hidden, /"recipients": \[/);
  assert.doesNotMatch(hidden, /ben@|cho@|dia@/);
  await homing.admin.setGroup('hidden@pigeon.test', { membersVisibleTo: 'everyone' });
  await recalled(['hidden@pigeon.test'], 'Shown, mailed', { notifyMe: true });
  assert.match(await reportOf('Shown, mailed'), /cho@pigeon\.test: Taken back/);
  await homing.admin.setGroup('hidden@pigeon.test', { membersVisibleTo: 'administrators' });
});

test('nor does a push tell that somebody’s device was about, where exposure is not shown', async () => {
  const cho = await homing.client('cho@pigeon.test');
  const headers = { 'user-agent': 'Pocket 1', 'content-type': 'application/json' };
  const using = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail'];
  const asPocket = async (name: string, args: Json): Promise<void> => {
    const body = JSON.stringify({ using, methodCalls: [[name, { accountId: cho.accountId, ...args }, 'a']] });
    await (await cho.fetch('/jmap/', { method: 'POST', headers, body })).text();
  };
  const changed = async (senderSees: 'outcome+exposure' | 'outcome' | 'counts'): Promise<boolean> => {
    await homing.admin.setPolicy(homing.tenant, { senderSees });
    const subject = `Pushed, ${senderSees}`;
    const { emailId } = await sendMail(ana, ['cho@pigeon.test'], subject);
    const [email] = await emailsOf(cho, subject);
    await cho.fetch(`/jmap/download/${cho.accountId}/${String(email?.['blobId'])}/x`, {
      headers: { 'user-agent': 'Pocket 1' },
    });
    const sinceState = await cho.state('Email');
    await askRecall(ana, emailId);
    await homing.settle();
    const before = await ana.state('Recall');
    await asPocket('Email/changes', { sinceState });
    const [told] = await homing.sql<{ n: string }>(
      `SELECT count(*) AS n FROM outcome o JOIN recall r ON r.id = o.recall_id WHERE r.subject = $1 AND o.told_at IS NOT NULL`,
      [subject],
    );
    assert.equal(told?.n, '1', 'it is on record for administrators');
    return (await ana.state('Recall')) !== before;
  };
  assert.equal(await changed('outcome+exposure'), true);
  assert.equal(await changed('outcome'), false);
  assert.equal(await changed('counts'), false);
  await homing.admin.setPolicy(homing.tenant, { senderSees: 'outcome+exposure' });
});
