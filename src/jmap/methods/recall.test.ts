import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../../../test/support/homing.ts';
import type { Json } from '../../../test/support/http.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import {
  askRecall,
  emailsOf,
  INBOX,
  markRead,
  outcomesOf,
  outcomeWords,
  SENT,
  sendMail,
} from '../../../test/support/recalling.ts';
import { submitter } from '../../../test/support/smtp.ts';

const homing = await startTestHoming();
after(() => homing.close());
const ana = await homing.client('ana@pigeon.test');
const ben = await homing.client('ben@pigeon.test');
const cho = await homing.client('cho@pigeon.test');
const zoe = await homing.client('zoe@other.test');
const [BEN, CHO, DIA] = ['ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test'];

async function recallOf(id: unknown): Promise<Json> {
  const { list } = (await ana.call('Recall/get', { ids: [id] })) as { list: Json[] };
  assert.equal(list.length, 1);
  return list[0] ?? {};
}

test('the whole of it: preview, recall, gate, sweep, report', async () => {
  const to = [BEN, CHO, 'anyone@outside.test', 'zoe@other.test'];
  const { emailId } = await sendMail(ana, to, 'Salaries');
  await markRead(cho, (await emailsOf(cho, 'Salaries'))[0]);
  const preview = await ana.call('Recall/preview', { emailId, recipients: null });
  assert.deepEqual(
    ['inside', 'outside', 'held', 'queued', 'total', 'refusal', 'readCopiesAllowed'].map((name) => preview[name]),
    [2, 0, 2, 0, 4, null, false], // each recipient once: where it is by now
  );
  const state = await ana.state('Recall');
  const made = await askRecall(ana, emailId, { reason: 'Wrong file', notifyMe: true });
  assert.match(String(made['id']), /^r\d+$/);
  assert.deepEqual([made['status'], made['total'], made['emailId']], ['sweeping', 4, emailId]);
  assert.ok(Number(made['gateMs']) >= 0);
  // The gate has committed: nothing of it is to be seen, before any sweep has run.
  assert.deepEqual(await emailsOf(ben, 'Salaries'), []);
  assert.equal((await emailsOf(cho, 'Salaries')).length, 1);
  assert.equal((await emailsOf(ana, 'Salaries', SENT)).length, 1);

  await homing.settle();
  const done = await recallOf(made['id']);
  assert.equal(done['status'], 'done');
  assert.deepEqual(done['counts'], { recalled: 1, 'kept-read': 1, intercepted: 2 });
  const rows = await outcomesOf(ana, String(made['id']));
  assert.deepEqual(
    Object.entries(rows)
      .map(([recipient, row]) => [recipient, row['outcome'], row['exposure']])
      .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    [
      ['anyone@outside.test', 'intercepted', 'none'],
      [BEN, 'recalled', 'none'],
      [CHO, 'kept-read', 'opened'],
      ['zoe@other.test', 'intercepted', 'none'],
    ],
  );
  assert.equal(rows[BEN ?? '']?.['reason'], 'Taken back: no program had shown it.');
  assert.equal(rows[CHO ?? '']?.['reason'], 'Still there: opened before you recalled it.');
  const changes = await ana.call('Recall/changes', { sinceState: state });
  assert.deepEqual([changes['created'], changes['updated'], changes['destroyed']], [[made['id']], [], []]);
  const [report] = await emailsOf(ana, 'Recall report: Salaries', INBOX);
  assert.ok(report);
  const [notice, ...others] = await emailsOf(ben, 'Message recalled', INBOX);
  assert.deepEqual([others.length, notice?.['keywords']], [0, { $seen: true }]);
  homing.advance(60_000);
  await homing.settle();
  assert.equal(
    homing.outside.received().some((mail) => mail.subject === 'Salaries'),
    false,
  );
  assert.deepEqual(await emailsOf(zoe, 'Salaries'), []);
});

test('after the hold it has left; inside it is taken back all the same', async () => {
  const { emailId } = await sendMail(
    ana,
    [BEN, 'anyone@outside.test', 'bounce@outside.test', 'lost@outside.test', 'zoe@other.test'],
    'Left',
  );
  homing.advance(31_000);
  await homing.settle();
  const preview = await ana.call('Recall/preview', { emailId, recipients: null });
  // Of lost@ nobody knows: it waits to be tried again.
  assert.deepEqual([preview['inside'], preview['outside'], preview['held'], preview['queued']], [1, 3, 0, 1]);
  const { id } = await askRecall(ana, emailId);
  await homing.settle();
  assert.deepEqual(await outcomeWords(ana, String(id)), {
    [BEN ?? '']: 'recalled',
    'anyone@outside.test': 'outside',
    'bounce@outside.test': 'not-delivered',
    'lost@outside.test': 'outside-unknown',
    'zoe@other.test': 'outside',
  });
  const rows = await outcomesOf(ana, String(id));
  const remote = rows['anyone@outside.test']?.['remote'] as Json;
  assert.equal(remote['host'], 'mx.outside.test');
  assert.match(String(remote['reply']), /^250/);
  assert.equal((rows['zoe@other.test']?.['remote'] as Json | undefined)?.['host'], 'this server');
  assert.equal((await emailsOf(zoe, 'Left')).length, 1);
});

test('a preview is no read receipt: it says the same whoever has read', async () => {
  const { emailId } = await sendMail(ana, [BEN, CHO], 'Looked at');
  const before = await ana.call('Recall/preview', { emailId, recipients: null });
  await markRead(ben, (await emailsOf(ben, 'Looked at'))[0]);
  assert.deepEqual(await ana.call('Recall/preview', { emailId, recipients: null }), before);
});

test('asked again it is the same recall; asked for more it has to wait', async () => {
  const { emailId } = await sendMail(ana, [BEN, CHO, DIA ?? ''], 'Twice');
  const narrow = await askRecall(ana, emailId, { recipients: [BEN] });
  const again = await askRecall(ana, emailId, { recipients: [BEN] });
  assert.deepEqual([again['type'], again['existingId']], ['alreadyExists', narrow['id']]);
  assert.equal((await askRecall(ana, emailId))['type'], 'underWay');
  await homing.settle();
  // Another, once it has ended, takes what still stands.
  const wide = await askRecall(ana, emailId);
  await homing.settle();
  assert.equal(wide['total'], 3);
  assert.deepEqual(new Set(Object.values(await outcomeWords(ana, String(wide['id'])))), new Set(['recalled']));
  const query = await ana.call('Recall/query', { filter: { emailId } });
  assert.deepEqual(query['ids'], [wide['id'], narrow['id']]);
  const oldest = await ana.call('Recall/query', {
    filter: { emailId },
    sort: [{ property: 'createdAt', isAscending: true }],
  });
  assert.deepEqual(oldest['ids'], [narrow['id'], wide['id']]);
});

test('only the ticked ones lose it', async () => {
  const { emailId } = await sendMail(ana, [BEN, CHO, DIA ?? '', 'x@outside.test'], 'Ticked');
  const unknown = await askRecall(ana, emailId, { recipients: [BEN, 'eli@pigeon.test', 'y@outside.test'] });
  assert.equal(unknown['type'], 'unknownRecipient');
  assert.deepEqual(unknown['recipients'], ['eli@pigeon.test', 'y@outside.test']);
  assert.equal((await askRecall(ana, emailId, { recipients: [] }))['type'], 'unknownRecipient');
  const preview = await ana.call('Recall/preview', { emailId, recipients: [BEN, 'X@Outside.test'] });
  assert.deepEqual([preview['inside'], preview['held'], preview['total']], [1, 1, 2]);
  const made = await askRecall(ana, emailId, { recipients: ['Ben@PIGEON.test', 'x@outside.test'] });
  assert.equal(made['total'], 2);
  await homing.settle();
  assert.deepEqual(await outcomeWords(ana, String(made['id'])), {
    [BEN ?? '']: 'recalled',
    'x@outside.test': 'intercepted',
  });
  assert.equal((await emailsOf(cho, 'Ticked')).length, 1);
});

test('who is not its sender cannot, and learns nothing', async () => {
  const { emailId } = await sendMail(ana, [BEN, CHO], 'Not yours');
  const [received] = await emailsOf(ben, 'Not yours');
  assert.equal((await askRecall(ben, String(received?.['id'])))['type'], 'notSender');
  assert.equal((await askRecall(ben, 'm999999'))['type'], 'notFound');
  assert.equal((await askRecall(zoe, emailId))['type'], 'notFound');
  const { id } = await askRecall(ana, emailId);
  for (const stranger of [ben, zoe]) {
    assert.deepEqual((await stranger.call('Recall/get', { ids: [id] }))['notFound'], [id]);
    assert.deepEqual((await stranger.call('RecallOutcome/query', { filter: { recallId: id } }))['ids'], []);
    const number = String(id).slice(1);
    const outcomes = await stranger.call('RecallOutcome/get', { ids: [`o${number}_1`] });
    assert.deepEqual(outcomes['notFound'], [`o${number}_1`]);
    const update = await stranger.call('Recall/set', { update: { [String(id)]: { status: 'cancelled' } } });
    assert.equal(((update['notUpdated'] as Json)[String(id)] as Json)['type'], 'notFound');
    assert.equal((await stranger.call('Recall/restore', { recallId: id }))['error'], 'notFound');
  }
  await homing.settle();
});

test('what is wrong with a request', async () => {
  const { emailId } = await sendMail(ana, [BEN], 'Wrong');
  const typeOf = async (more: Json, of = emailId): Promise<unknown> => (await askRecall(ana, of, more))['type'];
  assert.equal(await typeOf({ mode: 'burn' }), 'invalidProperties');
  assert.equal(await typeOf({ recipients: BEN }), 'invalidProperties');
  assert.equal(await typeOf({ includeRead: 1 }), 'invalidProperties');
  assert.equal(await typeOf({ total: 1 }), 'invalidProperties');
  assert.equal(await typeOf({ replacementEmailId: emailId }), 'invalidProperties');
  assert.equal(await typeOf({}, 'nonsense'), 'invalidProperties');
  assert.equal(await typeOf({ includeRead: true }), 'readCopies');
  assert.equal(await typeOf({ reason: 'x'.repeat(201) }), 'badReason');
  assert.equal(await typeOf({ reason: 'see https://x.test' }), 'badReason');
  assert.equal(await typeOf({ reason: 'two\nlines' }), 'badReason');
  assert.equal(
    await typeOf({ recipients: Array.from({ length: 10_001 }, (_, i) => `a${i}@b.test`) }),
    'tooManyRecipients',
  );
  const answer = await ana.call('Recall/set', { destroy: ['r1'], ifInState: 'x' });
  assert.equal(answer['error'], 'stateMismatch');
  const destroyed = await ana.call('Recall/set', { destroy: ['r1'] });
  assert.equal(((destroyed['notDestroyed'] as Json)['r1'] as Json)['type'], 'forbidden');
  assert.equal((await ana.call('Recall/query', { filter: { colour: 1 } }))['error'], 'unsupportedFilter');
  assert.equal((await ana.call('Recall/changes', { sinceState: '999999999' }))['error'], 'cannotCalculateChanges');
  assert.deepEqual((await ana.call('Recall/get', { ids: ['r0', 'x'] }))['notFound'], ['r0', 'x']);
  // A refusal changes nothing: it can still be recalled.
  assert.match(String((await askRecall(ana, emailId))['id']), /^r/);
  await homing.settle();
});

test('policy: off, too old, so many an hour', async () => {
  const { emailId } = await sendMail(ana, [BEN], 'By policy');
  const set = (policy: Parameters<typeof homing.admin.setPolicy>[1]): Promise<void> =>
    homing.admin.setPolicy(homing.tenant, policy);
  await set({ enabled: false });
  assert.equal((await askRecall(ana, emailId))['type'], 'disabled');
  const preview = await ana.call('Recall/preview', { emailId, recipients: null });
  assert.equal((preview['refusal'] as Json)['reason'], 'disabled');
  await set({ enabled: true, maxAgeDays: 1 });
  homing.advance(86_400_000 + 1000);
  const old = await askRecall(ana, emailId);
  assert.deepEqual([old['type'], old['description']], ['tooOld', 'Sent 1 days ago; your organisation allows 1.']);
  await set({ maxAgeDays: 30, rateLimit: 1 });
  assert.match(String((await askRecall(ana, emailId))['id']), /^r/);
  await homing.settle();
  const limited = await askRecall(ana, emailId);
  assert.equal(limited['type'], 'rateLimit');
  assert.match(String(limited['description']), /^1 recalls? this hour; the next at \d\d:\d\d UTC\.$/);
  homing.advance(3_600_001);
  await set({ rateLimit: 0, readCopies: 'sender-chooses' });
  const { emailId: read } = await sendMail(ana, [BEN], 'Read');
  await markRead(ben, (await emailsOf(ben, 'Read'))[0]);
  const { id } = await askRecall(ana, read, { includeRead: true });
  assert.deepEqual(await emailsOf(ben, 'Read'), []);
  await homing.settle();
  const rows = await outcomesOf(ana, String(id));
  assert.deepEqual([rows[BEN ?? '']?.['outcome'], rows[BEN ?? '']?.['exposure']], ['recalled', 'opened']);
  await set({ readCopies: 'keep' });
});

test('cancelled before the sweep: everything stays, and says so', async () => {
  const { emailId } = await sendMail(ana, [BEN, CHO], 'Cancelled');
  const { id } = await askRecall(ana, emailId);
  const update = async (patch: Json): Promise<Json> => ana.call('Recall/set', { update: { [String(id)]: patch } });
  assert.ok(String(id) in ((await update({ status: 'cancelled' }))['updated'] as Json));
  const wrong = await update({ status: 'done' });
  assert.equal(((wrong['notUpdated'] as Json)[String(id)] as Json)['type'], 'invalidProperties');
  assert.equal((await recallOf(id))['cancelRequested'], true);
  await homing.settle();
  const recall = await recallOf(id);
  assert.deepEqual([recall['status'], recall['counts']], ['cancelled', { cancelled: 2 }]);
  assert.equal((await emailsOf(ben, 'Cancelled')).length, 1);
  const late = await update({ status: 'cancelled' });
  assert.equal(((late['notUpdated'] as Json)[String(id)] as Json)['type'], 'done');
});

test('two messages that bear one Message-ID are ambiguous', async () => {
  const messageId = [`${crypto.randomUUID()}@pigeon.test`];
  const [identity] = (await ana.call('Identity/get'))['list'] as { id: string }[];
  const ids: string[] = [];
  for (const subject of ['One', 'Other']) {
    const email = {
      mailboxIds: { [SENT]: true },
      from: [{ email: ana.address }],
      to: [{ email: BEN }],
      subject: `Ambiguous ${subject}`,
      messageId,
    };
    const { created } = await ana.call('Email/set', { create: { d: email } });
    const emailId = (created as Record<string, { id: string }>)['d']?.id ?? '';
    await ana.call('EmailSubmission/set', { create: { s: { emailId, identityId: identity?.id } } });
    ids.push(emailId);
  }
  assert.equal((await askRecall(ana, ids[0] ?? ''))['type'], 'ambiguous');
});

test('for a shared mailbox: by who has the right to, and nobody else who reads it', async () => {
  const target = await homing.services.directory.resolve('office@pigeon.test');
  const accountId = target.kind === 'account' ? `a${target.account}` : '';
  const client = await submitter(homing.ports, 'ana@pigeon.test');
  const message = mail('By the office', { from: 'office@pigeon.test' });
  assert.match(await client.send('office@pigeon.test', [CHO], message), /^250/);
  client.close();
  const { ids } = (await ana.call('Email/query', { accountId, filter: { subject: 'By the office' } })) as {
    ids: string[];
  };
  const create = { r: { emailId: ids[0], mode: 'delete' } };
  const refused = await ana.call('Recall/set', { accountId, create });
  assert.equal(((refused['notCreated'] as Json)['r'] as Json)['type'], 'notSender');
  const preview = await ana.call('Recall/preview', { accountId, emailId: ids[0], recipients: null });
  assert.equal((preview['refusal'] as Json)['reason'], 'notSender');
  assert.equal(preview['total'], 0);
  await homing.admin.delegate('office@pigeon.test', 'ana@pigeon.test', ['full', 'send-as', 'recall']);
  const made = await ana.call('Recall/set', { accountId, create });
  const { id } = (made['created'] as Record<string, { id: string }>)['r'] ?? { id: '' };
  await homing.settle();
  assert.deepEqual(await emailsOf(cho, 'By the office'), []);
  // The office's recall, asked for by Ana: among her own too, and among nobody else's who reads the office's mail.
  assert.deepEqual((await ana.call('Recall/get', { ids: [id] }))['notFound'], []);
  assert.deepEqual((await ben.call('Recall/get', { ids: [id] }))['notFound'], [id]);
  const { list } = (await ben.call('Recall/get', { accountId, ids: [id] })) as { list: Json[] };
  assert.equal(list[0]?.['status'], 'done');
});
