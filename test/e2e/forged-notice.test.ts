// That an Email is a recall's notice is known from a column that only the server writes: nothing in a message makes it one.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../support/homing.ts';
import { mail } from '../support/mailboxes.ts';
import { askRecall, draft, emailsOf, sendMail } from '../support/recalling.ts';
import { rawSmtp } from '../support/smtp.ts';

const homing = await startTestHoming();
after(() => homing.close());
const [ana, ben] = await Promise.all([homing.client('ana@pigeon.test'), homing.client('ben@pigeon.test')]);

test('a message that looks like a notice in every word is none', async () => {
  const { emailId } = await sendMail(ana, ['ben@pigeon.test'], 'Salaries');
  await homing.settle();
  const recall = await askRecall(ana, emailId);
  await homing.settle();
  const [real] = await emailsOf(ben, 'Message recalled');
  assert.equal(real?.['recallNotice'], recall['id']);
  const { list } = await ben.call('Email/get', { ids: [real?.['id']], properties: ['blobId'] });
  const source = await ben.fetch(
    `/jmap/download/${ben.accountId}/${String((list as { blobId: string }[])[0]?.blobId)}/x`,
  );
  const bytes = Buffer.from(await source.arrayBuffer());

  const outside = await rawSmtp(homing.ports.smtp);
  assert.match(await outside.send('evil@outside.test', ['ben@pigeon.test'], bytes), /^250/);
  assert.match(
    await outside.send('evil@outside.test', ['ben@pigeon.test'], mail('Message recalled', { from: ana.address })),
    /^250/,
  );
  outside.close();
  await homing.settle();
  const seen = await emailsOf(ben, 'Message recalled');
  assert.equal(seen.length, 3);
  assert.deepEqual(
    seen.filter((email) => email['recallNotice'] !== null).map((email) => email['id']),
    [real?.['id']],
  );
});

test('nor does its owner make it one', async () => {
  const id = await draft(ben, ['ben@pigeon.test'], 'Message recalled too');
  const { notUpdated } = await ben.call('Email/set', { update: { [id]: { recallNotice: 'r1' } } });
  assert.equal((notUpdated as Record<string, { type: string }>)[id]?.type, 'invalidProperties');
  const create = { k: { mailboxIds: { f1: true }, subject: 'Message recalled', recallNotice: 'r1' } };
  const { notCreated } = await ben.call('Email/set', { create });
  assert.equal((notCreated as Record<string, { type: string }>)['k']?.type, 'invalidProperties');
});
