// What an account does that is not its owner's any more, or an owner in a rage: told of, bounded, undone.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../../test/support/homing.ts';
import type { Client, Json } from '../../test/support/http.ts';
import { adminRecallOf, askAdminRecall, fromOutside, setAdminRecall } from '../../test/support/administering.ts';
import { askRecall, emailsOf, INBOX, markRead, sendMail } from '../../test/support/recalling.ts';
import { DEFAULT_POLICY } from '../mail/policy.ts';
import { unusual } from './alerts.ts';

const homing = await startTestHoming({ policy: { readCopies: 'sender-chooses', alertRecipients: 4, rateLimit: 0 } });
after(() => homing.close());
const [ana, ben, dia, eli] = (await Promise.all(
  ['ana', 'ben', 'dia', 'eli'].map((name) => homing.client(`${name}@pigeon.test`)),
)) as [Client, Client, Client, Client];
await homing.admin.setAccount('dia@pigeon.test', { addRoles: ['recall-admin'] });
await homing.admin.setAccount('eli@pigeon.test', { addRoles: ['owner'] });
await homing.admin.setAccount('cho@pigeon.test', { addRoles: ['directory-admin'] });

async function alertsOf(client: Client, text: string): Promise<string[]> {
  const { ids } = await client.call('Email/query', { filter: { body: text, subject: 'recall by', inMailbox: INBOX } });
  const { list } = await client.call('Email/get', {
    ids,
    fetchTextBodyValues: true,
    properties: ['bodyValues', 'subject'],
  });
  return (list as { subject: string; bodyValues: Record<string, { value: string }> }[]).map(
    (email) => `${email.subject}\n${Object.values(email.bodyValues)[0]?.value}`,
  );
}

test('what is unusual: old, large, many, or with read copies', () => {
  const day = 86_400_000;
  const recall = { total: 1, include_read: false, gated_at: new Date(100 * day) };
  const causes = (change: object, sent: object = {}, policy: object = {}): string[] =>
    unusual(
      { ...recall, ...change },
      { ...DEFAULT_POLICY, ...policy },
      { acceptedAt: recall.gated_at, recent: 1, ...sent },
    );
  assert.deepEqual(causes({}), []);
  assert.deepEqual(causes({}, { acceptedAt: new Date(93 * day) }), ['old']);
  assert.deepEqual(causes({}, { acceptedAt: new Date(93 * day + 1) }), []);
  assert.deepEqual(causes({ total: 500 }), ['large']);
  assert.deepEqual(causes({}, { recent: 10 }), ['many']);
  assert.deepEqual(causes({ include_read: true }), ['read-copies']);
  const off = { alertAgeDays: 0, alertRecipients: 0, alertPerHour: 0, alertReadCopies: false };
  assert.deepEqual(causes({ total: 9999, include_read: true }, { acceptedAt: new Date(0), recent: 99 }, off), []);
});

test('administrators are mailed of one that is unusual, once, and nobody else is', async () => {
  const plain = await sendMail(ana, ['ben@pigeon.test'], 'Plain');
  await askRecall(ana, plain.emailId);
  const large = await sendMail(
    ana,
    ['ben', 'cho', 'dia', 'eli'].map((name) => `${name}@pigeon.test`),
    'Large',
  );
  const { id } = await askRecall(ana, large.emailId, { includeRead: true });
  await homing.settle();
  await homing.settle();
  for (const who of [dia, eli]) {
    const [alert, ...others] = await alertsOf(who, String(id));
    assert.equal(others.length, 0);
    assert.match(alert ?? '', /^Unusual recall by ana@pigeon\.test\n/);
    assert.match(alert ?? '', /Subject: +Large\r?\n/);
    assert.match(alert ?? '', /many recipients\.\r?\nIt takes back copies that were read\./);
  }
  assert.deepEqual(await alertsOf(await homing.client('cho@pigeon.test'), 'Recall'), []);
  assert.equal((await alertsOf(dia, 'Recall')).length, 1, 'nothing of the plain one');
});

test('a request that waits is told of, and so is what becomes of it', async () => {
  await homing.admin.setPolicy(homing.tenant, { dualControl: true });
  const message = await fromOutside(homing, ['ben@pigeon.test'], 'Waits');
  const { id } = await askAdminRecall(dia, message, { includeRead: true });
  await homing.settle();
  assert.match(
    (await alertsOf(eli, String(id)))[0] ?? '',
    /^Approval needed: recall by dia@pigeon\.test\n[^]*Reason: +Phishing/,
  );
  await setAdminRecall(eli, id, 'approved');
  await homing.settle();
  assert.equal((await alertsOf(dia, String(id))).length, 2);
  await homing.admin.setPolicy(homing.tenant, { dualControl: false });
});

test('one command undoes all that a compromised account recalled', async () => {
  homing.advance(3_600_000);
  const kept = await sendMail(ana, ['ben@pigeon.test'], 'Rightly recalled');
  const rightly = await askRecall(ana, kept.emailId);
  await homing.settle();
  homing.advance(60_000);
  const since = homing.clock().toISOString();
  const recalls: unknown[] = [];
  for (const subject of ['Evidence 1', 'Evidence 2']) {
    const { emailId } = await sendMail(ana, ['ben@pigeon.test', 'eli@pigeon.test'], subject);
    if (subject === 'Evidence 1') await markRead(ben, (await emailsOf(ben, subject))[0]);
    recalls.push((await askRecall(ana, emailId, { includeRead: true }))['id']);
    await homing.settle();
  }
  // And one that is still under way.
  const last = await sendMail(ana, ['ben@pigeon.test'], 'Evidence 3');
  recalls.push((await askRecall(ana, last.emailId))['id']);
  const undo = async (by: Client, more: Json = {}): Promise<Json> =>
    by.call('AdminRecall/undo', { account: 'ana@pigeon.test', since, ...more });
  assert.equal((await undo(ana))['error'], 'forbidden');
  assert.equal((await undo(dia, { account: 'zoe@other.test' }))['error'], 'notFound');
  const dry = await undo(dia, { dryRun: true });
  assert.deepEqual(
    (dry['recalls'] as Json[]).map((one) => [one['id'], one['underWay']]),
    [
      [recalls[0], false],
      [recalls[1], false],
      [recalls[2], true],
    ],
  );
  assert.deepEqual(await emailsOf(ben, 'Evidence', INBOX), []);
  await undo(dia);
  for (let i = 0; i < 3; i++) {
    homing.advance(1000);
    await homing.settle();
  }
  const back = await emailsOf(ben, 'Evidence', INBOX);
  assert.deepEqual(back.map((email) => String(email['subject'])).toSorted(), [
    'Evidence 1',
    'Evidence 2',
    'Evidence 3',
  ]);
  assert.deepEqual(await emailsOf(ben, 'Rightly recalled', INBOX), []);
  assert.equal((await adminRecallOf(dia, rightly['id']))['restoreRequestedAt'], null);
  assert.deepEqual(((await undo(dia))['recalls'] as Json[]).length, 0, 'asking again changes nothing');
  const { verifyTenant } = await import('../store/verify/verify.ts');
  for await (const page of verifyTenant(homing.services.store, homing.tenant, homing.clock()))
    assert.deepEqual(page, []);
});

test('the rate limit is a person’s, not an administrator’s', async () => {
  await homing.admin.setPolicy(homing.tenant, { rateLimit: 1 });
  homing.advance(3_600_000);
  const messages = await Promise.all([1, 2, 3].map((n) => fromOutside(homing, ['ben@pigeon.test'], `Wave ${n}`)));
  for (const message of messages) assert.equal((await askAdminRecall(dia, message))['status'], 'sweeping');
  const two = [await sendMail(eli, ['ben@pigeon.test'], 'One'), await sendMail(eli, ['ben@pigeon.test'], 'Two')];
  assert.equal((await askRecall(eli, two[0]?.emailId ?? ''))['status'], 'sweeping');
  assert.equal((await askRecall(eli, two[1]?.emailId ?? ''))['type'], 'rateLimit');
  await homing.settle();
});
