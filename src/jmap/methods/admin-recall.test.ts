import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import {
  adminOutcomes,
  adminRecallOf,
  askAdminRecall,
  fromOutside,
  setAdminRecall,
} from '../../../test/support/administering.ts';
import { startTestHoming } from '../../../test/support/homing.ts';
import type { Client, Json } from '../../../test/support/http.ts';
import { askRecall, draft, emailsOf, INBOX, markRead, sendMail } from '../../../test/support/recalling.ts';
import { auditPage } from '../../store/audit.ts';

const homing = await startTestHoming({ policy: { holdOutsideSeconds: 0 }, people: 3 });
after(() => homing.close());
const [ana, ben, cho, dia, eli] = (await Promise.all(
  ['ana', 'ben', 'cho', 'dia', 'eli'].map((name) => homing.client(`${name}@pigeon.test`)),
)) as [Client, Client, Client, Client, Client];
const zoe = await homing.client('zoe@other.test');
await homing.admin.setAccount('dia@pigeon.test', { addRoles: ['recall-admin'] });
await homing.admin.setAccount('eli@pigeon.test', { addRoles: ['owner'] });
await homing.admin.setAccount('cho@pigeon.test', { addRoles: ['auditor'] });
await homing.admin.setAccount('zoe@other.test', { addRoles: ['owner'] });

const audited = async (action: string): Promise<Json[]> =>
  (await auditPage(homing.services.store, homing.tenant, 0, 10_000))
    .filter((entry) => entry.action === action)
    .map(({ actor, subject, detail }) => ({ actor, subject, ...detail }));

async function found(by: Client, filter: Json): Promise<Json[]> {
  const { ids } = await by.call('AdminMessage/query', { filter });
  return (await by.call('AdminMessage/get', { ids }))['list'] as Json[];
}

const file = Buffer.from('%PDF an invoice');
const WITH_FILE = [
  'From: Eve <eve@outside.test>',
  'To: ana@pigeon.test',
  'Message-ID: <file@outside.test>',
  'Subject: Your invoice',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  '',
  'Pay.',
  '--b',
  'Content-Type: application/pdf; name="Invoice 7.pdf"',
  'Content-Transfer-Encoding: base64',
  '',
  file.toString('base64'),
  '--b--',
  '',
].join('\n');

test('finds a message by Message-ID, sender, subject, time, and the name or hash of a file in it', async () => {
  const id = await fromOutside(homing, ['ana@pigeon.test', 'ben@pigeon.test'], '', { raw: WITH_FILE });
  await fromOutside(homing, ['ana@pigeon.test'], 'Something else');
  const now = homing.clock().toISOString();
  const sha256 = createHash('sha256').update(file).digest('hex');
  for (const filter of [
    { messageId: '<file@outside.test>' },
    { from: 'EVE@', subject: 'invoice' },
    { subject: 'YOUR', after: now },
    { attachmentName: 'invoice 7' },
    { attachmentSha256: sha256.toUpperCase() },
  ]) {
    const [message, ...others] = await found(dia, filter);
    assert.deepEqual([message?.['id'], others.length], [id, 0], JSON.stringify(filter));
    const shown = ['messageId', 'subject', 'sender', 'attachmentNames', 'recipientCount'].map(
      (name) => message?.[name],
    );
    assert.deepEqual(shown, ['file@outside.test', 'Your invoice', null, ['Invoice 7.pdf'], 2]);
  }
  assert.deepEqual(await found(dia, { subject: 'YOUR', before: now }), []);
  assert.deepEqual(await found(zoe, { messageId: 'file@outside.test' }), []); // another organisation's owner
  assert.equal((await dia.call('AdminMessage/query', { filter: {} }))['error'], 'invalidArguments');
  assert.equal((await dia.call('AdminMessage/query', { filter: { body: 'x' } }))['error'], 'unsupportedFilter');
  const { emailId } = await sendMail(ana, ['ben@pigeon.test'], 'Own');
  await draft(ana, ['ben@pigeon.test'], 'Only a draft');
  assert.deepEqual(
    (await found(dia, { from: 'ana@', subject: 'Own' })).map((one) => [one['subject'], one['sender']]),
    [['Own', 'ana@pigeon.test']],
  );
  assert.ok(emailId);
  const searches = await audited('messages.searched');
  assert.deepEqual([searches[0]?.['actor'], searches[0]?.['subject']], ['dia@pigeon.test', 'file@outside.test']);
});

test('takes back what came from outside: filed, declined and read copies too, never protected ones', async () => {
  const to = ['ana', 'ben', 'cho', 'p1', 'p2', 'p3'].map((name) => `${name}@pigeon.test`);
  await homing.admin.setPolicy(homing.tenant, {
    recipientConsent: 'recipient-decides',
    processedCopies: 'keep',
    protectedRecipients: ['cho@pigeon.test'],
  });
  await homing.admin.setAccount('ana@pigeon.test', { acceptsRecalls: false });
  const message = await fromOutside(homing, to, 'Prize');
  await markRead(ben, (await emailsOf(ben, 'Prize'))[0]);
  const p1 = await homing.client('p1@pigeon.test');
  const [filed] = await emailsOf(p1, 'Prize');
  await p1.call('Email/set', { update: { [String(filed?.['id'])]: { mailboxIds: { f4: true } } } });

  const preview = await dia.call('AdminRecall/preview', { message });
  assert.deepEqual(
    ['inside', 'outside', 'held', 'queued', 'total', 'protected', 'forwards', 'needsApproval'].map(
      (name) => preview[name],
    ),
    [6, 0, 0, 0, 6, 1, null, false],
  );
  assert.deepEqual(preview['exposure'], { none: 4, listed: 1, downloaded: 0, opened: 1 });
  const few = await dia.call('AdminRecall/preview', { message, recipients: ['ana@pigeon.test', 'ben@pigeon.test'] });
  assert.deepEqual([few['inside'], few['exposure']], [2, null]);
  assert.equal((await emailsOf(ana, 'Prize')).length, 1, 'nothing was done');

  const made = await askAdminRecall(dia, message, { includeRead: true, notifyMe: true });
  assert.deepEqual(
    [made['status'], made['byAdministrator'], made['sender'], made['total']],
    ['sweeping', true, null, 6],
  );
  assert.deepEqual(await emailsOf(ben, 'Prize'), [], 'the gate covers what was read');
  await homing.settle();
  const outcomes = await adminOutcomes(cho, made['id']);
  assert.deepEqual(
    Object.fromEntries(
      Object.entries(outcomes).map(([who, row]) => [who.split('@')[0], [row['outcome'], row['exposure']]]),
    ),
    {
      ana: ['recalled', 'listed'],
      ben: ['recalled', 'opened'],
      cho: ['kept-protected', 'none'],
      p1: ['recalled', 'listed'],
      p2: ['recalled', 'none'],
      p3: ['recalled', 'none'],
    },
  );
  const [notice] = await emailsOf(ana, 'Message recalled', INBOX);
  const { list } = (await ana.call('Email/get', { ids: [notice?.['id']], properties: ['from', 'preview'] })) as {
    list: Json[];
  };
  assert.deepEqual(list[0]?.['from'], [{ name: 'Administration', email: 'postmaster@pigeon.test' }]);
  assert.match(String(list[0]?.['preview']), /^An administrator of your organisation took this message back/);
  assert.doesNotMatch(String(list[0]?.['preview']), /Phishing|Prize|Eve/);
  assert.equal((await emailsOf(dia, 'Recall report: Prize', INBOX)).length, 1);
  const recall = await adminRecallOf(cho, made['id']);
  assert.deepEqual(
    ['status', 'requestedBy', 'decidedBy', 'reason', 'forwardOf', 'counts'].map((name) => recall[name]),
    ['done', 'dia@pigeon.test', null, 'Phishing', null, { recalled: 5, 'kept-protected': 1 }],
  );
  const [created] = (await audited('recall.created')).filter((one) => one['subject'] === made['id']);
  assert.deepEqual(
    [created?.['byAdministrator'], created?.['actor'], created?.['reason']],
    [true, 'dia@pigeon.test', 'Phishing'],
  );
  await homing.admin.setPolicy(homing.tenant, {
    recipientConsent: null,
    processedCopies: null,
    protectedRecipients: null,
  });
});

test('the sender sees it and cannot undo it; an administrator can', async () => {
  const { emailId } = await sendMail(ana, ['ben@pigeon.test'], 'Leak');
  const own = await askRecall(ana, emailId);
  await homing.settle();
  const [message] = await found(dia, { subject: 'Leak' });
  const made = await askAdminRecall(dia, String(message?.['id']));
  assert.equal(made['sender'], 'ana@pigeon.test');
  const { notUpdated } = await ana.call('Recall/set', { update: { [String(made['id'])]: { status: 'cancelled' } } });
  assert.equal((notUpdated as Record<string, Json>)[String(made['id'])]?.['type'], 'byAdministrator');
  await homing.settle();
  const { list } = (await ana.call('Recall/get', { ids: [made['id']] })) as { list: Json[] };
  assert.deepEqual([list[0]?.['status'], list[0]?.['byAdministrator'], list[0]?.['reason']], ['done', true, null]);
  // Neither the administrator's recall, nor her own from before it.
  for (const id of [made['id'], own['id']])
    assert.equal((await ana.call('Recall/restore', { recallId: id }))['error'], 'byAdministrator');
  assert.equal((await ben.call('AdminRecall/restore', { recallId: own['id'] }))['error'], 'forbidden');
  assert.equal((await zoe.call('AdminRecall/restore', { recallId: own['id'] }))['error'], 'notFound');
  homing.advance(30 * 86_400_000);
  assert.equal((await dia.call('AdminRecall/restore', { recallId: own['id'] }))['error'], undefined);
  await homing.settle();
  assert.equal((await emailsOf(ben, 'Leak', INBOX)).length, 1);
  assert.equal((await adminRecallOf(dia, own['id']))['restoreRequestedAt'] === null, false);
});

test('an administrator may stop any recall under way', async () => {
  const { emailId } = await sendMail(ana, ['ben@pigeon.test', 'cho@pigeon.test'], 'Stopped');
  const { id } = await askRecall(ana, emailId);
  assert.equal(await setAdminRecall(dia, id, 'cancelled'), null);
  await homing.settle();
  assert.deepEqual((await adminRecallOf(dia, id))['counts'], { cancelled: 2 });
  assert.equal((await setAdminRecall(dia, id, 'cancelled'))?.['type'], 'done');
});

test('a sender’s recall under way is not as wide as an administrator’s', async () => {
  const { emailId } = await sendMail(ana, ['ben@pigeon.test'], 'Twice');
  await askRecall(ana, emailId);
  const [message] = await found(dia, { subject: 'Twice' });
  assert.equal((await askAdminRecall(dia, String(message?.['id'])))['type'], 'underWay');
  await homing.settle();
  const made = await askAdminRecall(dia, String(message?.['id']));
  assert.equal((await askRecall(ana, emailId))['type'], 'alreadyExists');
  assert.equal((await askAdminRecall(eli, String(message?.['id'])))['existingId'], made['id']);
  await homing.settle();
});

test('what is refused changes nothing and is in the audit log', async () => {
  const message = await fromOutside(homing, ['ben@pigeon.test'], 'Refused');
  const refusals: [by: Client, more: Json, type: string][] = [
    [dia, { reason: ' ' }, 'badReason'],
    [dia, { reason: 'see https://x.test' }, 'badReason'],
    [dia, { recipients: ['ana@pigeon.test'] }, 'unknownRecipient'],
    [dia, { mode: 'replace' }, 'invalidProperties'],
    [zoe, {}, 'notFound'],
  ];
  for (const [by, more, type] of refusals) assert.equal((await askAdminRecall(by, message, more))['type'], type);
  for (const by of [ana, cho])
    assert.equal((await by.call('AdminRecall/set', { create: { r: { message, reason: 'x' } } }))['error'], 'forbidden');
  assert.equal((await emailsOf(ben, 'Refused')).length, 1);
  const reasons = (await audited('recall.refused')).slice(-3).map((one) => one['reason']);
  assert.deepEqual(reasons, ['badReason', 'badReason', 'unknownRecipient']);
});

test('a role that was taken is void at once', async () => {
  const message = await fromOutside(homing, ['ben@pigeon.test'], 'Demoted');
  await homing.admin.setAccount('p1@pigeon.test', { addRoles: ['recall-admin'] });
  const actor = await homing.services.directory.account(homing.tenant, (await homing.client('p1@pigeon.test')).account);
  // Whatever this process still remembers of the role, the transaction does not.
  await homing.sql(`UPDATE account SET roles = '{}' WHERE address = 'p1@pigeon.test'`);
  await assert.rejects(
    homing.services.recalls.administrators.request({
      actor: actor ?? assert.fail(),
      message: Number(message.slice(2)),
      recipients: null,
      includeRead: false,
      forwards: false,
      notifyMe: false,
      reason: 'x',
    }),
    { reason: 'forbidden' },
  );
  assert.equal((await emailsOf(ben, 'Demoted')).length, 1);
});

test('forwards inside go along when asked, and nothing that only looks like one', async () => {
  const message = await fromOutside(homing, ['ana@pigeon.test', 'ben@pigeon.test'], 'Offer');
  const [{ messageId = '' } = {}] = (await found(dia, { subject: 'Offer' })) as { messageId?: string }[];
  const [copy] = await emailsOf(ana, 'Offer');
  const send = async (from: Client, subject: string, more: Json): Promise<void> => {
    const emailId = await draft(from, ['cho@pigeon.test', 'x@outside.test'], subject, more);
    const { list } = (await from.call('Identity/get')) as { list: { id: string; email: string }[] };
    const identityId = list.find((one) => one.email === from.address)?.id;
    await from.call('EmailSubmission/set', { create: { s: { emailId, identityId } } });
  };
  await send(ana, 'Fwd: Offer', { inReplyTo: [messageId], references: [messageId] });
  await send(ana, 'Look', { attachments: [{ blobId: copy?.['blobId'], type: 'message/rfc822' }], textBody: undefined });
  await send(ben, 'What is that?', { 'header:X-Forwarded-Message-Id:asMessageIds': [messageId] });
  // A reply; another subject; somebody who never had it; one without any reference.
  await send(ana, 'Re: Offer', { inReplyTo: [messageId], references: [messageId] });
  await send(ana, 'Fwd: Lunch', { inReplyTo: [messageId], references: [messageId] });
  await send(eli, 'Fwd: Offer', { inReplyTo: [messageId], references: [messageId], subject: 'Fwd: Offer' });
  await send(ben, 'Fwd: Offer', {});
  await homing.settle();
  // And a forward of a forward.
  const [forwarded] = await emailsOf(cho, 'Look');
  await send(cho, 'Look here', { attachments: [{ blobId: forwarded?.['blobId'], type: 'message/rfc822' }] });
  await homing.settle();

  const preview = await dia.call('AdminRecall/preview', { message, forwards: true });
  const subjects = (preview['forwards'] as Json[]).map((one) => String(one['subject']));
  assert.deepEqual(subjects.toSorted(), ['Fwd: Offer', 'Look', 'Look here', 'What is that?']);
  const made = await askAdminRecall(dia, message, { forwards: true });
  assert.equal((made['forwards'] as string[]).length, 4);
  await homing.settle();
  for (const id of made['forwards'] as string[]) {
    const recall = await adminRecallOf(dia, id);
    assert.deepEqual([recall['forwardOf'], recall['status']], [made['id'], 'done']);
    assert.deepEqual(recall['counts'], { recalled: 1, outside: 1 }, String(recall['subject']));
  }
  const left = (await emailsOf(cho, 'Offer')).map((one) => String(one['subject']));
  assert.deepEqual(left.toSorted(), ['Fwd: Offer', 'Fwd: Offer', 'Re: Offer']);
  assert.equal((await emailsOf(cho, 'Fwd: Lunch')).length, 1);
});

test('where two have to agree: asked, approved by another, and only then done', async () => {
  await homing.admin.setPolicy(homing.tenant, { dualControl: true });
  const message = await fromOutside(homing, ['ben@pigeon.test', 'cho@pigeon.test'], 'Two eyes');
  assert.equal((await dia.call('AdminRecall/preview', { message }))['needsApproval'], true);
  const asked = await askAdminRecall(dia, message, { recipients: ['ben@pigeon.test'] });
  assert.deepEqual([asked['status'], asked['recipients'], asked['gatedAt']], ['waiting', ['ben@pigeon.test'], null]);
  await homing.settle();
  assert.equal((await emailsOf(ben, 'Two eyes')).length, 1, 'nothing has happened yet');
  assert.equal((await setAdminRecall(dia, asked['id'], 'approved'))?.['type'], 'samePerson');
  assert.equal((await setAdminRecall(zoe, asked['id'], 'approved'))?.['type'], 'notFound');
  const { ids } = await cho.call('AdminRecall/query', { filter: { status: 'waiting' } });
  assert.deepEqual(ids, [asked['id']]);
  const approved = await setAdminRecall(eli, asked['id'], 'approved');
  assert.deepEqual([approved?.['id'], approved?.['status'], approved?.['total']], [asked['id'], 'sweeping', 1]);
  assert.deepEqual(await emailsOf(ben, 'Two eyes'), []);
  await homing.settle();
  const recall = await adminRecallOf(cho, asked['id']);
  assert.deepEqual(
    [recall['status'], recall['requestedBy'], recall['decidedBy'], recall['counts']],
    ['done', 'dia@pigeon.test', 'eli@pigeon.test', { recalled: 1 }],
  );
  assert.equal((await setAdminRecall(eli, asked['id'], 'approved'))?.['type'], 'decided');
  assert.equal((await emailsOf(cho, 'Two eyes')).length, 1);
});

test('a request is withdrawn, denied, or runs out', async () => {
  const message = await fromOutside(homing, ['ben@pigeon.test'], 'Undecided');
  const ask = async (): Promise<unknown> => (await askAdminRecall(dia, message))['id'];
  const [withdrawn, denied, late, orphan] = [await ask(), await ask(), await ask(), await ask()];
  assert.equal(await setAdminRecall(dia, withdrawn, 'withdrawn'), null);
  assert.equal(await setAdminRecall(eli, denied, 'denied'), null);
  assert.equal((await setAdminRecall(eli, withdrawn, 'approved'))?.['type'], 'decided');
  await homing.admin.setAccount('dia@pigeon.test', { removeRoles: ['recall-admin'] });
  assert.equal((await setAdminRecall(eli, orphan, 'approved'))?.['type'], 'requesterGone');
  await homing.admin.setAccount('dia@pigeon.test', { addRoles: ['recall-admin'] });
  homing.advance(24 * 3_600_000);
  assert.equal((await setAdminRecall(eli, late, 'approved'))?.['type'], 'expired');
  const statuses = await Promise.all(
    [withdrawn, denied, late].map(async (id) => (await adminRecallOf(cho, id))['status']),
  );
  assert.deepEqual(statuses, ['withdrawn', 'denied', 'expired']);
  assert.deepEqual((await cho.call('AdminRecall/query', { filter: { status: 'expired' } }))['ids'], [orphan, late]);
  assert.equal((await emailsOf(ben, 'Undecided')).length, 1);
  for (const action of ['recall.requested', 'recall.approved', 'recall.denied', 'recall.withdrawn'])
    assert.ok((await audited(action)).length > 0, action);
  await homing.admin.setPolicy(homing.tenant, { dualControl: false });
});

test('what the store says of it all is as it must be', async () => {
  const { verifyTenant } = await import('../../store/verify/verify.ts');
  for await (const page of verifyTenant(homing.services.store, homing.tenant, homing.clock()))
    assert.deepEqual(page, []);
});
