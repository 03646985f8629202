import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testJmap, type JmapUser } from '../../../test/support/jmap.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { Unavailable } from '../../mail/errors.ts';
import { uploadBlob } from '../blob.ts';
import { emailGet } from './email-get.ts';
import { emailImport } from './email-import.ts';
import { emailQuery } from './email-query.ts';

const t = await testJmap();
after(() => t.close());
const ben = await t.newUser('ben');
type Json = Record<string, any>; // eslint-disable-line typescript/no-explicit-any -- answers, looked into by every test

const upload = async (text: string, user: JmapUser = ben): Promise<string> =>
  (
    await uploadBlob(
      user.context,
      { tenant: t.tenant, account: user.account, actor: user.account },
      Buffer.from(text),
      'message/rfc822',
    )
  ).blobId;
const bring = (emails: Json, more: Json = {}): Promise<Json> => ben.call(emailImport, { emails, ...more });
const get = async (id: string, properties: string[]): Promise<Json> =>
  ((await ben.call(emailGet, { ids: [id], properties }))['list'] as Json[])[0] ?? {};

test('a message is brought in as it is', async () => {
  const text = mail('Brought', {
    headers: [
      'Received: from b by c; Mon, 02 Nov 2026 10:00:00 +0100',
      'Received: from a by b; Mon, 02 Nov 2026 09:00:00 +0100',
    ],
  });
  const blobId = await upload(text);
  const result = await bring({
    a: { blobId, mailboxIds: { f1: true }, keywords: { $seen: true }, receivedAt: '2025-06-15T10:30:00Z' },
    b: { blobId, mailboxIds: { f4: true } },
  });
  const { a, b } = result['created'];
  assert.equal(result['notCreated'], null);
  assert.equal(a.size, text.length);
  assert.notEqual(a.id, b.id);
  assert.equal(a.threadId, b.threadId);
  assert.deepEqual(await get(a.id, ['receivedAt', 'keywords', 'mailboxIds', 'subject']), {
    id: a.id,
    receivedAt: '2025-06-15T10:30:00Z',
    keywords: { $seen: true },
    mailboxIds: { f1: true },
    subject: 'Brought',
  });
  assert.equal(
    (await get(b.id, ['receivedAt']))['receivedAt'],
    '2026-11-02T09:00:00Z',
    'of the last server that had it',
  );
  assert.equal(ben.context.createdIds.get('a'), a.id);
  const plain = await bring({ a: { blobId: await upload(mail('Plain')), mailboxIds: { f1: true } } });
  assert.equal((await get(plain['created'].a.id, ['receivedAt']))['receivedAt'], '2026-11-23T13:00:00Z');
});

test('a Received field of a year that cannot be written says nothing', async () => {
  for (const date of ['Fri, 31 Dec 9999 23:59:59 -1200', 'Mon, 1 Jan 0001 00:00:00 +1400']) {
    const blobId = await upload(`Received: from a by b; ${date}\r\n${mail('Far')}`);
    const { created } = await bring({ a: { blobId, mailboxIds: { f1: true } } });
    assert.equal((await get(created.a.id, ['receivedAt']))['receivedAt'], '2026-11-23T13:00:00Z', date);
  }
});

test('what is refused is refused by itself', async () => {
  const blobId = await upload(mail('One'));
  const stranger = await t.newUser('stranger');
  const theirs = await upload(mail('Theirs'), stranger);
  const result = await bring({
    good: { blobId, mailboxIds: { f1: true } },
    none: { blobId: 'nonexistent-blob-xyz', mailboxIds: { f1: true } },
    theirs: { blobId: theirs, mailboxIds: { f1: true } },
    box: { blobId, mailboxIds: { f77: true } },
    noBox: { blobId },
    boxes: { blobId, mailboxIds: { f1: true, f2: true } },
    word: { blobId, mailboxIds: { f1: true }, keywords: { 'a b': true } },
    date: { blobId, mailboxIds: { f1: true }, receivedAt: 5 },
    year: { blobId, mailboxIds: { f1: true }, receivedAt: '0000-12-31T23:59:59Z' },
    more: { blobId, mailboxIds: { f1: true }, subject: 'x' },
    noMail: { blobId: await upload('this is not an email'), mailboxIds: { f1: true } },
    empty: { blobId: await upload(''), mailboxIds: { f1: true } },
  });
  assert.deepEqual(Object.keys(result['created']), ['good']);
  const types = Object.fromEntries(
    Object.entries(result['notCreated'] as Json).map(([key, error]) => [key, error.type]),
  );
  assert.deepEqual(types, {
    none: 'invalidProperties',
    theirs: 'invalidProperties',
    box: 'invalidProperties',
    noBox: 'invalidProperties',
    boxes: 'tooManyMailboxes',
    word: 'invalidProperties',
    date: 'invalidProperties',
    year: 'invalidProperties',
    more: 'invalidProperties',
    noMail: 'invalidEmail',
    empty: 'invalidEmail',
  });
  assert.equal((await bring({ a: { blobId, mailboxIds: { f1: true } } }, { ifInState: '1' }))['type'], 'stateMismatch');
  assert.equal((await ben.call(emailImport, {}))['type'], 'invalidArguments');
  const nothing = await bring({});
  assert.deepEqual(
    [nothing['created'], nothing['notCreated'], nothing['oldState'] === nothing['newState']],
    [null, null, true],
  );
});

test('what was brought in before a fault is told, with what was not', async () => {
  // So large that it is put in by itself, before the others.
  const large = await upload(
    mail('Large', {
      headers: ['Content-Type: application/octet-stream'],
      body: 'x'.repeat(78).concat('\r\n').repeat(220_000),
    }),
  );
  const small = { blobId: await upload(mail('Small')), mailboxIds: { f1: true } };
  let left = 1;
  const pause = async (point: string): Promise<void> => {
    if (point === 'locked' && left-- === 0) throw new Unavailable('The database is away.');
  };
  const call = async (emails: Json): Promise<Json> =>
    emailImport({ accountId: ben.accountId, emails }, { ...ben.context, pause });
  const result = await call({ a: { ...small, blobId: large }, none: { ...small, blobId: 'none' }, b: small, c: small });
  assert.deepEqual(Object.keys(result['created']), ['a']);
  assert.equal((await get(result['created'].a.id, ['subject']))['subject'], 'Large');
  const why = { type: 'serverUnavailable', description: 'The database is away.' };
  const { none, ...others } = result['notCreated'];
  assert.equal(none.type, 'invalidProperties');
  assert.deepEqual(others, { b: why, c: why });
  assert.notEqual(result['newState'], result['oldState']);
  left = 0;
  await assert.rejects(call({ b: small }), Unavailable, 'nothing of it is there');
});

test("a program's own copy of what it sent takes the place of ours", async () => {
  const sent = mail('Sent by SMTP', { from: 'ben@pigeon.test', to: 'somebody@outside.test' });
  const accepted = await ben.context.accept({
    tenant: t.tenant,
    origin: { kind: 'submission', account: ben.account, submittedBy: ben.account, source: 'smtp' },
    mailFrom: 'ben@pigeon.test',
    recipients: [{ address: 'somebody@outside.test' }],
    bytes: Buffer.from(sent),
  });
  const inSent = async (): Promise<string[]> =>
    (await ben.call(emailQuery, { filter: { inMailbox: 'f3' } }))['ids'] as string[];
  assert.deepEqual(await inSent(), [`m${accepted.sentEmailId}`]);
  await t.sql(`UPDATE submission SET accepted_at = accepted_at - interval '1 hour'`);
  await t.sql(`UPDATE message SET created_at = created_at - interval '1 hour'`);
  const blobId = await upload(sent);
  const elsewhere = await bring({ a: { blobId, mailboxIds: { f4: true } } });
  assert.deepEqual(await inSent(), [`m${accepted.sentEmailId}`], 'in Archive it takes no place');
  const own = await bring({ a: { blobId, mailboxIds: { f3: true }, keywords: { $seen: true } } });
  assert.deepEqual(await inSent(), [own['created'].a.id]);
  const again = await bring({ a: { blobId, mailboxIds: { f3: true } } });
  assert.deepEqual(await inSent(), [again['created'].a.id, own['created'].a.id], 'only ours gives way, and once');
  const [submission] = await t.sql<{ email_id: string }>(
    `SELECT email_id FROM submission WHERE tenant_id = $1 AND id = $2`,
    [t.tenant, accepted.submissionId],
  );
  assert.equal(`m${submission?.email_id}`, own['created'].a.id);
  assert.ok(elsewhere['created']);
});

test('importing a message that somebody sent is a download of it; a covered one is not there', async () => {
  const { emailIds, messageId } = await t.deliver([ben.account], mail('Delivered'));
  const blobId = `e${emailIds[0]}`;
  await t.gate(messageId);
  const gated = await bring({ a: { blobId, mailboxIds: { f4: true } } });
  assert.deepEqual(gated['notCreated'].a.type, 'invalidProperties');
  await t.ungate(messageId);
  const result = await bring({ a: { blobId, mailboxIds: { f4: true } } });
  assert.ok(result['created'].a);
  const [row] = await t.sql<{ downloaded_by: string }>(
    `SELECT downloaded_by FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`,
    [t.tenant, ben.account, emailIds[0]],
  );
  assert.equal(row?.downloaded_by, 'Test Mail');
});
