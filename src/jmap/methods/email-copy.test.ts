import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testJmap } from '../../../test/support/jmap.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { Unavailable } from '../../mail/errors.ts';
import { openBlob, uploadBlob } from '../blob.ts';
import { blobCopy } from './blob-copy.ts';
import { emailCopy } from './email-copy.ts';
import { emailGet } from './email-get.ts';

const t = await testJmap();
after(() => t.close());
const office = await t.newUser('office');
const ben = await t.newUser('ben', [office.account]);
type Json = Record<string, any>; // eslint-disable-line typescript/no-explicit-any -- answers, looked into by every test

const across = { fromAccountId: ben.accountId, accountId: office.accountId };
const copy = (create: Json, more: Json = {}): Promise<Json> => ben.call(emailCopy, { ...across, create, ...more });
const get = async (accountId: string, id: string, properties: string[]): Promise<Json> =>
  ((await ben.call(emailGet, { accountId, ids: [id], properties }))['list'] as Json[])[0] ?? {};

test('an Email is copied, with what is to be other', async () => {
  const id = await t.append(ben.account, 1, mail('One'), ['$flagged'], new Date('2026-11-01T00:00:00Z'));
  const result = await copy({
    a: { id: `m${id}`, mailboxIds: { f1: true } },
    b: { id: `m${id}`, mailboxIds: { f4: true }, keywords: { $seen: true }, receivedAt: '2025-01-01T00:00:00Z' },
    none: { id: 'm99999', mailboxIds: { f1: true } },
    box: { id: `m${id}`, mailboxIds: { f99: true } },
    more: { id: `m${id}`, mailboxIds: { f1: true }, subject: 'x' },
  });
  const { a, b } = result['created'];
  assert.deepEqual(
    Object.fromEntries(Object.entries(result['notCreated'] as Json).map(([key, error]) => [key, error.type])),
    { none: 'notFound', box: 'invalidProperties', more: 'invalidProperties' },
  );
  assert.equal(a.size, (await get(ben.accountId, `m${id}`, ['size']))['size']);
  assert.deepEqual(await get(office.accountId, a.id, ['keywords', 'receivedAt', 'subject']), {
    id: a.id,
    keywords: { $flagged: true },
    receivedAt: '2026-11-01T00:00:00Z',
    subject: 'One',
  });
  assert.deepEqual(await get(office.accountId, b.id, ['keywords', 'receivedAt', 'mailboxIds']), {
    id: b.id,
    keywords: { $seen: true },
    receivedAt: '2025-01-01T00:00:00Z',
    mailboxIds: { f4: true },
  });
});

test('the original can go', async () => {
  const id = await t.append(ben.account, 1, mail('Two'));
  const create = { a: { id: `m${id}`, mailboxIds: { f1: true } } };
  const failed = await ben.replies(emailCopy, {
    ...across,
    create,
    onSuccessDestroyOriginal: true,
    destroyFromIfInState: '1',
  });
  assert.deepEqual(
    failed.map(([name, result]) => [name, result['type']]),
    [
      ['Email/copy', undefined],
      ['error', 'stateMismatch'],
    ],
  );
  const done = await ben.replies(emailCopy, { ...across, create, onSuccessDestroyOriginal: true });
  assert.deepEqual(
    done.map(([name]) => name),
    ['Email/copy', 'Email/set'],
  );
  assert.deepEqual(done[1]?.[1]['destroyed'], [`m${id}`]);
  assert.deepEqual(await get(ben.accountId, `m${id}`, ['id']), {});
});

test('arguments', async () => {
  assert.equal(
    (await ben.call(emailCopy, { fromAccountId: ben.accountId, accountId: ben.accountId, create: {} }))['type'],
    'invalidArguments',
  );
  assert.equal((await copy({}, { ifInState: '1000' }))['type'], 'stateMismatch');
  assert.equal((await copy({}, { ifFromInState: '1000' }))['type'], 'stateMismatch');
});

test('what somebody sent: the original counts as downloaded, and a recall finds the copy of another recipient', async () => {
  const { emailIds, messageId } = await t.deliver([ben.account, office.account], mail('To both'));
  const alone = await t.deliver([ben.account], mail('To ben'));
  const [id = 0] = emailIds;
  const create = {
    a: { id: `m${id}`, mailboxIds: { f4: true } },
    b: { id: `m${alone.emailIds[0]}`, mailboxIds: { f4: true } },
  };
  await t.gate(messageId);
  const gated = await copy({ a: create.a });
  assert.equal(gated['notCreated'].a.type, 'notFound');
  await t.ungate(messageId);
  const { a, b } = (await copy(create))['created'];
  const row = async (account: number, emailId: string): Promise<Json> =>
    (
      await t.sql<Json>(
        `SELECT delivery_n, downloaded_by FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`,
        [t.tenant, account, emailId.slice(1)],
      )
    )[0] ?? {};
  assert.deepEqual(await row(ben.account, `m${id}`), { delivery_n: 1, downloaded_by: 'Test Mail' });
  assert.deepEqual(await row(office.account, a.id), { delivery_n: 2, downloaded_by: null });
  assert.deepEqual(await row(office.account, b.id), { delivery_n: null, downloaded_by: null });
});

test('blobs are copied as uploads', async () => {
  const { blobId } = await uploadBlob(
    ben.context,
    { tenant: t.tenant, account: ben.account, actor: ben.account },
    Buffer.from('bytes'),
    'text/plain',
  );
  const id = await t.append(ben.account, 1, mail('Three'));
  const result = await ben.call(blobCopy, { ...across, blobIds: [blobId, `e${id}`, 'none', `e${id}_9`] });
  const copied = result['copied'] as Json;
  assert.deepEqual(Object.keys(copied), [blobId, `e${id}`]);
  assert.deepEqual(
    Object.values(result['notCopied'] as Json).map((error) => error.type),
    ['blobNotFound', 'blobNotFound'],
  );
  const user = { tenant: t.tenant, account: office.account, actor: ben.account, program: 'x' };
  assert.equal(String(await (await openBlob(ben.context, user, copied[blobId]))?.read()), 'bytes');
  assert.match(String(await (await openBlob(ben.context, user, copied[`e${id}`]))?.read()), /^Subject: Three\r$/m);
  assert.equal(
    await openBlob(ben.context, { ...user, actor: office.account }, copied[blobId]),
    null,
    'only for who uploaded it',
  );
  assert.equal(
    (await ben.call(blobCopy, { fromAccountId: ben.accountId, accountId: ben.accountId, blobIds: [] }))['type'],
    'invalidArguments',
  );
});

test('what was copied is told, though the original could not be taken away for a fault of ours', async () => {
  const id = await t.append(ben.account, 1, mail('Half'));
  let transactions = 0;
  const { store } = t;
  const inTurn: typeof store.inTurn = async (of, work) => {
    if (++transactions > 1) throw new Unavailable('away');
    return store.inTurn(of, work);
  };
  const create = { ['__proto__']: { id: `m${id}`, mailboxIds: { f1: true } } };
  const replies = await emailCopy(
    { ...across, create, onSuccessDestroyOriginal: true },
    { ...ben.context, store: { ...store, inTurn } },
  );
  assert.ok(Array.isArray(replies));
  assert.deepEqual(
    replies.map(([name, result]) => [name, Object.keys((result['created'] as Json | undefined) ?? {}), result['type']]),
    [
      ['Email/copy', ['__proto__'], undefined],
      ['error', [], 'serverUnavailable'],
    ],
  );
});
