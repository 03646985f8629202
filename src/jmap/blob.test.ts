import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testJmap } from '../../test/support/jmap.ts';
import { mail } from '../../test/support/mailboxes.ts';
import { downloadBlob, openBlob, uploadBlob } from './blob.ts';
import { parseBlobId, parseEmailId, parseMailboxId, partBlobId } from './email/ids.ts';

const t = await testJmap();
after(() => t.close());
const ben = await t.newUser('ben');
const user = { tenant: t.tenant, account: ben.account, actor: ben.account, program: 'Test Mail' };

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('ids', () => {
  assert.deepEqual(parseBlobId('e12_2-1_3'), { of: { kind: 'email', emailId: 12 }, parts: ['2.1', '3'] });
  assert.equal(partBlobId('e12_2-1', '3.4'), 'e12_2-1_3-4');
  for (const id of [
    'e',
    'e0',
    'e01',
    'e1_',
    'e1_a',
    'e1_1.2',
    'e1_0',
    'x1',
    'uabc',
    'e99999999999999999',
    'u00000000-0000-0000-0000-00000000000G',
  ])
    assert.equal(parseBlobId(id), null, id);
  assert.deepEqual(
    [parseEmailId('m7'), parseEmailId('m07'), parseEmailId('7'), parseEmailId('m7 ')],
    [7, null, null, null],
  );
  assert.deepEqual([parseMailboxId('f7'), parseMailboxId('f9999999999')], [7, null]);
});

test('what was uploaded comes back, byte for byte, to who uploaded it', async () => {
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 7) % 251));
  const { blobId, type, size } = await uploadBlob(ben.context, user, bytes, 'application/x-thing');
  assert.deepEqual([type, size], ['application/x-thing', bytes.length]);
  const opened = await openBlob(ben.context, user, blobId);
  assert.deepEqual([opened?.type, opened?.size], ['application/x-thing', bytes.length]);
  assert.ok(bytes.equals(await (opened?.read() ?? Promise.reject(new Error('nothing')))));
  const empty = await uploadBlob(ben.context, user, Buffer.alloc(0), 'text/plain');
  assert.equal((await openBlob(ben.context, user, empty.blobId))?.size, 0);
  assert.equal(
    await openBlob(ben.context, { ...user, actor: 99 }, blobId),
    null,
    'another person with the same account',
  );
  assert.equal(await openBlob(ben.context, { ...user, account: 99 }, blobId), null);
  assert.equal(await openBlob(ben.context, { ...user, tenant: 99 }, blobId), null);
});

test('a download says what it was asked to say, and is kept by nobody', async () => {
  const { emailIds } = await t.deliver([ben.account], mail('Delivered'));
  const download = await downloadBlob(ben.context, user, {
    blobId: `e${emailIds[0]}`,
    type: 'message/rfc822',
    name: "Übersicht 'x'.eml",
  });
  assert.ok(download);
  const bytes = await bytesOf(download.body);
  assert.match(String(bytes), /^Subject: Delivered\r$/m);
  assert.deepEqual(download.headers, {
    'content-type': 'message/rfc822',
    'content-length': String(bytes.length),
    'content-disposition': "attachment; filename*=UTF-8''%C3%9Cbersicht%20%27x%27.eml",
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  });
  const [row] = await t.sql<{ downloaded_by: string }>(
    `SELECT downloaded_by FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`,
    [t.tenant, ben.account, emailIds[0]],
  );
  assert.equal(row?.downloaded_by, 'Test Mail');
  const typed = async (type: string): Promise<string | undefined> =>
    (await downloadBlob(ben.context, user, { blobId: `e${emailIds[0]}`, type, name: '' }))?.headers['content-type'];
  assert.equal(await typed('text/plain; charset=utf-8'), 'text/plain; charset=utf-8');
  assert.equal(await typed('text/plain\r\nX-Evil: 1'), 'application/octet-stream');
  assert.equal(await typed('nothing'), 'application/octet-stream');
});

test('a part comes decoded', async () => {
  const id = await t.append(
    ben.account,
    1,
    'Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAH/\r\n--b--\r\n',
  );
  const read = async (blobId: string): Promise<Buffer | undefined> =>
    (await openBlob(ben.context, user, blobId))?.read();
  assert.equal(String(await read(`e${id}_1`)), 'a=b');
  assert.deepEqual(await read(`e${id}_2`), Buffer.from([0, 1, 255]));
  assert.equal((await openBlob(ben.context, user, `e${id}_2`))?.type, 'image/png');
  for (const none of ['_3', '_1-1', '_2_2']) assert.equal(await read(`e${id}${none}`), undefined, none);
});

test('bytes are read after the recording, without looking at the copy again', async () => {
  const { emailIds, messageId } = await t.deliver([ben.account], mail('Overlapping'));
  const points: string[] = [];
  const opened = await openBlob(
    {
      ...ben.context,
      pause: async (point) => void (points.push(point) && point === 'opened' && (await t.gate(messageId))),
    },
    user,
    `e${emailIds[0]}`,
  );
  assert.deepEqual(points, ['looked', 'recorded', 'opened']);
  assert.match(String(await opened?.read()), /Overlapping/, 'it was counted as downloaded before the gate');
  assert.equal(await openBlob(ben.context, user, `e${emailIds[0]}`), null);
});
