import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testJmap } from '../../../test/support/jmap.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { uploadBlob } from '../blob.ts';
import { emailParse } from './email-parse.ts';

const t = await testJmap();
after(() => t.close());
const ben = await t.newUser('ben');
type Json = Record<string, any>; // eslint-disable-line typescript/no-explicit-any -- answers, looked into by every test

const upload = async (text: string): Promise<string> =>
  (
    await uploadBlob(
      ben.context,
      { tenant: t.tenant, account: ben.account, actor: ben.account },
      Buffer.from(text),
      'message/rfc822',
    )
  ).blobId;
const nested = (inner: string, b = 'b'): string =>
  `Subject: outer\r\nContent-Type: multipart/mixed; boundary=${b}\r\n\r\n--${b}\r\n\r\ntext\r\n--${b}\r\nContent-Type: message/rfc822\r\n\r\n${inner}\r\n--${b}--\r\n`;

test('an upload is parsed: no metadata, the rest as Email/get', async () => {
  const blobId = await upload(mail('Parsed', { body: 'The body content.' }));
  const result = await ben.call(emailParse, { blobIds: [blobId, 'nonexistent-blob-xyz'], fetchTextBodyValues: true });
  const email = (result['parsed'] as Json)[blobId];
  assert.deepEqual(Object.keys(email).toSorted(), [
    'attachments',
    'bcc',
    'bodyValues',
    'cc',
    'from',
    'hasAttachment',
    'htmlBody',
    'inReplyTo',
    'messageId',
    'preview',
    'references',
    'replyTo',
    'sender',
    'sentAt',
    'subject',
    'textBody',
    'to',
  ]);
  assert.deepEqual([email.subject, email.bodyValues['1'].value], ['Parsed', 'The body content.\n']);
  assert.deepEqual([result['notFound'], result['notParsable']], [['nonexistent-blob-xyz'], null]);
  const metadata = await ben.call(emailParse, {
    blobIds: [blobId],
    properties: [
      'id',
      'blobId',
      'threadId',
      'mailboxIds',
      'keywords',
      'receivedAt',
      'size',
      'header:To:asAddresses:all',
    ],
  });
  const { size, ...shown } = (metadata['parsed'] as Json)[blobId];
  assert.ok(size > 100);
  assert.deepEqual(shown, {
    id: null,
    blobId,
    threadId: null,
    mailboxIds: null,
    keywords: null,
    receivedAt: null,
    'header:To:asAddresses:all': [[{ name: null, email: 'ben@pigeon.test' }]],
  });
});

test('a message within a message within a message', async () => {
  const id = await t.append(ben.account, 1, nested(nested(mail('Innermost')), 'outside'));
  const parse = async (blobId: string): Promise<Json> =>
    ((await ben.call(emailParse, { blobIds: [blobId], properties: ['subject', 'attachments'] }))['parsed'] as Json)[
      blobId
    ];
  const outer = await parse(`e${id}`);
  assert.deepEqual([outer['subject'], outer['attachments'][0].blobId], ['outer', `e${id}_2`]);
  const middle = await parse(outer['attachments'][0].blobId);
  assert.deepEqual([middle['subject'], middle['attachments'][0].blobId], ['outer', `e${id}_2_2`]);
  assert.equal((await parse(middle['attachments'][0].blobId))['subject'], 'Innermost');
  const blobId = await upload(nested(mail('Uploaded')));
  assert.equal((await parse(`${blobId}_2`))['subject'], 'Uploaded');
});

test('what is no message, and what is no argument', async () => {
  const blobId = await upload('this is not an email at all, just random text');
  assert.deepEqual((await ben.call(emailParse, { blobIds: [blobId] }))['notParsable'], [blobId]);
  assert.equal(
    (await ben.call(emailParse, { blobIds: [blobId], properties: ['header:From:asDate'] }))['type'],
    'invalidArguments',
  );
  assert.equal((await ben.call(emailParse, {}))['type'], 'invalidArguments');
  for (const none of ['e1_', 'e1_0', 'e1_1_1_1_1_1_1_1_1_1', 'e01', 'u1', '', 'e1.1'])
    assert.deepEqual((await ben.call(emailParse, { blobIds: [none] }))['notFound'], [none]);
});

test('a covered copy is not found; another one is recorded as downloaded', async () => {
  const { emailIds, messageId } = await t.deliver([ben.account], mail('Delivered'));
  const blobId = `e${emailIds[0]}`;
  await t.gate(messageId);
  assert.deepEqual((await ben.call(emailParse, { blobIds: [blobId, `${blobId}_1`] }))['notFound'], [
    blobId,
    `${blobId}_1`,
  ]);
  await t.ungate(messageId);
  assert.ok(((await ben.call(emailParse, { blobIds: [blobId], properties: ['subject'] }))['parsed'] as Json)[blobId]);
  const [row] = await t.sql<{ downloaded_by: string }>(
    `SELECT downloaded_by FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`,
    [t.tenant, ben.account, emailIds[0]],
  );
  assert.equal(row?.downloaded_by, 'Test Mail');
});
