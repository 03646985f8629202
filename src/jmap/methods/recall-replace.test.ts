import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../../../test/support/homing.ts';
import type { Json } from '../../../test/support/http.ts';
import {
  askRecall,
  draft,
  emailsOf,
  INBOX,
  markRead,
  outcomesOf,
  outcomeWords,
  sendMail,
} from '../../../test/support/recalling.ts';

const homing = await startTestHoming();
after(() => homing.close());
const ana = await homing.client('ana@pigeon.test');
const ben = await homing.client('ben@pigeon.test');
const cho = await homing.client('cho@pigeon.test');
const dia = await homing.client('dia@pigeon.test');
const [BEN, CHO, DIA, OUT] = ['ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test', 'anyone@outside.test'] as const;

const arrivedOutside = (subject: string): string[] =>
  homing.outside
    .received()
    .filter((mail) => mail.subject === subject)
    .flatMap((mail) => mail.to)
    .toSorted();

const FROM_HERE = ['mailboxIds', 'receivedAt', 'keywords'] as const;

test('a recall with its replacement: in place for who lost it, ordinary mail for the others', async () => {
  const { emailId } = await sendMail(ana, [BEN, CHO, DIA, OUT], 'Wrong figures');
  const [original] = await emailsOf(ben, 'Wrong figures');
  await ben.call('Email/set', { update: { [String(original?.['id'])]: { mailboxIds: { f4: true } } } });
  await markRead(cho, (await emailsOf(cho, 'Wrong figures'))[0]);
  homing.advance(5000);
  // Dia is left out of it, Eli is new.
  const replacementEmailId = await draft(ana, [BEN, CHO, 'eli@pigeon.test', OUT], 'Right figures');
  const made = await askRecall(ana, emailId, { mode: 'replace', replacementEmailId });
  assert.match(String(made['id']), /^r/, JSON.stringify(made));
  assert.match(String(made['replacementSubmissionId']), /^s\d+$/);
  await homing.settle();
  homing.advance(60_000);
  await homing.settle();
  assert.deepEqual(await outcomeWords(ana, String(made['id'])), {
    [BEN]: 'recalled',
    [CHO]: 'kept-read',
    [DIA]: 'recalled',
    [OUT]: 'intercepted',
  });
  const [placed, ...more] = await emailsOf(ben, 'Right figures');
  assert.equal(more.length, 0);
  assert.deepEqual(
    FROM_HERE.map((name) => placed?.[name]),
    [{ f4: true }, original?.['receivedAt'], {}],
  );
  assert.notEqual(placed?.['id'], original?.['id']);
  assert.equal(placed?.['recallNotice'], null);
  assert.deepEqual(await emailsOf(ben, 'Message recalled'), []);
  const [ordinary] = await emailsOf(cho, 'Right figures', INBOX);
  assert.notEqual(ordinary?.['receivedAt'], original?.['receivedAt']);
  assert.equal((await emailsOf(cho, 'Wrong figures')).length, 1);
  assert.deepEqual(await emailsOf(dia, 'Right figures'), []);
  const [notice] = await emailsOf(dia, 'Message recalled');
  assert.deepEqual([notice?.['recallNotice'], notice?.['keywords']], [made['id'], { $seen: true }]);
  const eli = await homing.client('eli@pigeon.test');
  assert.equal((await emailsOf(eli, 'Right figures', INBOX)).length, 1);
  assert.deepEqual(arrivedOutside('Wrong figures'), []);
  assert.deepEqual(arrivedOutside('Right figures'), [OUT]);
});

test('taken back now, replaced later: the notice gives way where it stands', async () => {
  const { emailId } = await sendMail(ana, [BEN, CHO, OUT], 'Draft of it');
  homing.advance(31_000);
  await homing.settle();
  const [original] = await emailsOf(ben, 'Draft of it');
  await markRead(cho, (await emailsOf(cho, 'Draft of it'))[0]);
  const made = await askRecall(ana, emailId, { mode: 'replace' });
  assert.match(String(made['id']), /^r/);
  homing.advance(1000);
  await homing.settle();
  const [notice] = (await emailsOf(ben, 'Message recalled')).filter((one) => one['recallNotice'] === made['id']);
  assert.deepEqual(
    [notice?.['mailboxIds'], notice?.['receivedAt'], notice?.['keywords'], notice?.['threadId']],
    [original?.['mailboxIds'], original?.['receivedAt'], { $seen: true }, original?.['threadId']],
  );
  homing.advance(3_600_000);
  const replacementEmailId = await draft(ana, [BEN, CHO, OUT], 'Final of it');
  const patch = { [String(made['id'])]: { replacementEmailId } };
  const updated = await ana.call('Recall/set', { update: patch });
  assert.ok(String(made['id']) in (updated['updated'] as Json), JSON.stringify(updated));
  homing.advance(1000);
  await homing.settle();
  const [placed, ...more] = await emailsOf(ben, 'Final of it');
  assert.equal(more.length, 0);
  assert.deepEqual(
    [placed?.['mailboxIds'], placed?.['receivedAt'], placed?.['keywords'], placed?.['recallNotice']],
    [original?.['mailboxIds'], original?.['receivedAt'], {}, null],
  );
  const left = (await ben.call('Email/get', { ids: [notice?.['id']] }))['notFound'];
  assert.deepEqual(left, [notice?.['id']]);
  assert.equal((await emailsOf(cho, 'Final of it', INBOX)).length, 1);
  homing.advance(60_000);
  await homing.settle();
  // It was outside already: the correction is not sent after it by itself.
  assert.deepEqual([arrivedOutside('Draft of it'), arrivedOutside('Final of it')], [[OUT], []]);
  const again = await ana.call('Recall/set', { update: patch });
  assert.equal(((again['notUpdated'] as Json)[String(made['id'])] as Json)['type'], 'alreadyReplaced');
  const { list } = (await ana.call('Recall/get', { ids: [made['id']] })) as { list: Json[] };
  assert.match(String(list[0]?.['replacementSubmissionId']), /^s\d+$/);
});

test('a replacement can itself be recalled', async () => {
  const { emailId } = await sendMail(ana, [BEN], 'First go');
  const replacementEmailId = await draft(ana, [BEN], 'Second go');
  await askRecall(ana, emailId, { mode: 'replace', replacementEmailId });
  await homing.settle();
  homing.advance(1000);
  await homing.settle();
  assert.equal((await emailsOf(ben, 'Second go')).length, 1);
  const second = await askRecall(ana, replacementEmailId);
  await homing.settle();
  assert.deepEqual(await outcomeWords(ana, String(second['id'])), { [BEN]: 'recalled' });
  assert.deepEqual(await emailsOf(ben, 'Second go'), []);
});

test('what cannot replace', async () => {
  const { emailId } = await sendMail(ana, [BEN], 'To be replaced');
  const typeOf = async (replacementEmailId: string): Promise<unknown> =>
    (await askRecall(ana, emailId, { mode: 'replace', replacementEmailId }))['type'];
  assert.equal(await typeOf('m999999'), 'invalidProperties');
  assert.equal(await typeOf(await draft(ana, [], 'For nobody')), 'noRecipients');
  assert.equal(await typeOf(await draft(ana, [BEN], 'Forged', { from: [{ email: CHO }] })), 'forbiddenFrom');
  const deleting = await askRecall(ana, emailId);
  const replacementEmailId = await draft(ana, [BEN], 'Too late for that');
  const update = await ana.call('Recall/set', { update: { [String(deleting['id'])]: { replacementEmailId } } });
  assert.equal(((update['notUpdated'] as Json)[String(deleting['id'])] as Json)['type'], 'notReplace');
  await homing.settle();
});

test('a replacement that would be refused takes nothing back', async () => {
  const { emailId } = await sendMail(ana, [BEN], 'Still wanted');
  for (const [to, why] of [
    [['nobody@pigeon.test'], 'unknownRecipient'],
    [['ben@pigeon..test'], 'badAddress'],
  ] as const) {
    const replacementEmailId = await draft(ana, [BEN, ...to], 'Never sent');
    const made = await askRecall(ana, emailId, { mode: 'replace', replacementEmailId });
    assert.equal(made['type'], why);
  }
  const bodyValues = { 1: { value: 'x'.repeat(30_000) } };
  const large = await draft(ana, [BEN], 'Too large', { bodyValues });
  await homing.admin.setPolicy(homing.tenant, { maxMessageSize: 20_000 });
  assert.equal((await askRecall(ana, emailId, { mode: 'replace', replacementEmailId: large }))['type'], 'tooLarge');
  await homing.admin.setPolicy(homing.tenant, { maxMessageSize: 50 * 1024 * 1024 });
  await homing.settle();
  assert.equal((await emailsOf(ben, 'Still wanted')).length, 1);
  assert.deepEqual((await ana.call('Recall/query', { filter: { emailId } }))['ids'], []);
});

test('restored: with its date and its unread state, in the place of the notice', async () => {
  const { emailId } = await sendMail(ana, [BEN, CHO, DIA], 'Come back');
  const [mine] = await emailsOf(ben, 'Come back');
  await ben.call('Email/set', {
    update: { [String(mine?.['id'])]: { mailboxIds: { f4: true }, 'keywords/$flagged': true } },
  });
  await markRead(dia, (await emailsOf(dia, 'Come back'))[0]);
  const [before] = await emailsOf(ben, 'Come back');
  const { id } = await askRecall(ana, emailId);
  assert.equal((await ana.call('Recall/restore', { recallId: id }))['error'], 'sweeping');
  homing.advance(1000);
  await homing.settle();
  assert.equal((await emailsOf(ben, 'Message recalled')).filter((one) => one['recallNotice'] === id).length, 1);
  homing.advance(60_000);
  assert.deepEqual((await ana.call('Recall/restore', { recallId: id }))['recallId'], id);
  await homing.settle();
  const [after_, ...more] = await emailsOf(ben, 'Come back');
  assert.equal(more.length, 0);
  for (const name of [...FROM_HERE, 'threadId'] as const) assert.deepEqual(after_?.[name], before?.[name], name);
  assert.notEqual(after_?.['id'], before?.['id']);
  assert.deepEqual(
    (await emailsOf(ben, 'Message recalled')).filter((one) => one['recallNotice'] === id),
    [],
  );
  const rows = await outcomesOf(ana, String(id));
  assert.equal(rows[BEN]?.['outcome'], 'recalled');
  assert.match(String(rows[BEN]?.['restoredAt']), /^2026-/);
  assert.deepEqual([rows[DIA]?.['outcome'], rows[DIA]?.['restoredAt']], ['kept-read', null]);
  const source = await ben.fetch(`/jmap/download/${ben.accountId}/${String(after_?.['blobId'])}/x`);
  assert.match(await source.text(), /Text of Come back\./);
  assert.equal((await ana.call('Recall/restore', { recallId: id }))['error'], 'alreadyRestored');
  const [told] = (await ana.call('Recall/get', { ids: [id] }))['list'] as Json[];
  assert.equal(told?.['restoreRequestedAt'], homing.clock().toISOString());
});

test('restored too late', async () => {
  const { emailId } = await sendMail(ana, [BEN], 'Gone for good');
  const { id } = await askRecall(ana, emailId);
  await homing.settle();
  homing.advance(3_600_001);
  assert.equal((await ana.call('Recall/restore', { recallId: id }))['error'], 'tooLate');
  assert.equal((await ana.call('Recall/restore', { recallId: 'r999999' }))['error'], 'notFound');
  assert.equal((await ana.call('Recall/restore', {}))['error'], 'invalidArguments');
});
