import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { testJmap, type JmapUser } from '../../../test/support/jmap.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { blobGet, blobLookup, blobUpload } from './blob.ts';

type Json = Record<string, unknown>;

const t = await testJmap();
after(() => t.close());
const office = await t.newUser('office');
const ben = await t.newUser('ben', [office.account]);
const ana = await t.newUser('ana', [office.account]);

const upload = async (create: Record<string, Json>, of: JmapUser = ben, more: Json = {}): Promise<Json> =>
  of.call(blobUpload, { create, ...more });
const idsOf = (answer: Json): Record<string, string> =>
  Object.fromEntries(
    Object.entries((answer['created'] ?? {}) as Record<string, { id: string }>).map(([key, { id }]) => [key, id]),
  );
const refusal = async (of: Json): Promise<unknown> => {
  const { notCreated } = await upload({ k: of });
  return (notCreated as Record<string, Json> | null)?.['k']?.['type'];
};
const get = async (args: Json, of: JmapUser = ben): Promise<Json> => {
  const { list } = await of.call(blobGet, args);
  return (list as Json[])[0] ?? {};
};

test('a blob is made of texts, base64 and octets of blobs, and of those made before it', async () => {
  const answer = await upload({
    a: {
      data: [{ 'data:asText': 'Taube ' }, { 'data:asBase64': Buffer.from('fliegt').toString('base64') }],
      type: 'text/plain',
    },
    b: { data: [{ blobId: '#a', offset: 6, length: 5 }, { 'data:asText': '!' }] },
    c: { data: [] },
  });
  const ids = idsOf(answer);
  assert.deepEqual(answer['created'], {
    a: { id: ids['a'], type: 'text/plain', size: 12 },
    b: { id: ids['b'], type: null, size: 6 },
    c: { id: ids['c'], type: null, size: 0 },
  });
  assert.deepEqual(await get({ ids: [ids['b']] }), { id: ids['b'], 'data:asText': 'flieg!', size: 6 });
  assert.deepEqual(await get({ ids: ['#b'], properties: ['size'] }), { id: ids['b'], size: 6 });
});

test('what is no source is refused, and says why', async () => {
  assert.equal(await refusal({ data: [{}] }), 'invalidProperties');
  assert.equal(await refusal({ data: [{ 'data:asText': 'a', 'data:asBase64': 'YQ==' }] }), 'invalidProperties');
  for (const wrong of ['Y*==', 'Y', 'YQ=', 'YWI==', '====', 'YQ==YQ==', 'YWJj='])
    assert.equal(await refusal({ data: [{ 'data:asBase64': wrong }] }), 'invalidProperties', wrong);
  assert.equal(await refusal({ data: [{ 'data:asText': 'a', offset: 1 }] }), 'invalidProperties');
  assert.equal(await refusal({ data: [{ 'data:asText': '\ud800' }] }), 'invalidProperties');
  assert.equal(await refusal({ data: 'a' }), 'invalidProperties');
  assert.equal(await refusal({ data: [], type: 3 }), 'invalidProperties');
  assert.equal(await refusal({ data: [], name: 'x' }), 'invalidProperties');
  assert.equal(await refusal({ data: [{ blobId: 'e1' }] }), 'blobNotFound');
  assert.equal(
    await refusal({ data: Array.from({ length: 65 }, () => ({ 'data:asText': 'a' })) }),
    'invalidProperties',
  );
  const { a } = idsOf(await upload({ a: { data: [{ 'data:asText': 'abc' }] } }));
  assert.equal(await refusal({ data: [{ blobId: a, offset: 2, length: 5 }] }), 'invalidProperties');
  const three = Array.from({ length: 3 }, () => ({ blobId: '#big' }));
  const { notCreated } = await upload({
    big: { data: [{ 'data:asText': 'x'.repeat(20 << 20) }] },
    k: { data: three },
  });
  assert.equal((notCreated as Record<string, Json>)['k']?.['type'], 'tooLarge');
});

test('base64 as long as a request may be', async () => {
  const bytes = Buffer.alloc(6 << 20, 'x');
  const answer = await upload({ a: { data: [{ 'data:asBase64': bytes.toString('base64') }] } });
  assert.equal((answer['created'] as Record<string, Json>)['a']?.['size'], bytes.length);
});

test('a part of it, its digests, and what is no text', async () => {
  const bytes = Buffer.from([0xff, 0x00, 0x80, 0x41]);
  const { a = '' } = idsOf(await upload({ a: { data: [{ 'data:asBase64': bytes.toString('base64') }] } }));
  assert.deepEqual(await get({ ids: [a] }), {
    id: a,
    'data:asBase64': bytes.toString('base64'),
    isEncodingProblem: true,
    size: 4,
  });
  assert.deepEqual(await get({ ids: [a], properties: ['data:asText'] }), {
    id: a,
    'data:asText': null,
    isEncodingProblem: true,
  });
  assert.deepEqual(await get({ ids: [a], properties: ['data', 'size'], offset: 3, length: 9 }), {
    id: a,
    'data:asText': 'A',
    isTruncated: true,
    size: 4,
  });
  const sha = (name: string): string => createHash(name).update(bytes).digest('base64');
  assert.deepEqual(await get({ ids: [a], properties: ['digest:sha', 'digest:sha-256'] }), {
    id: a,
    'digest:sha': sha('sha1'),
    'digest:sha-256': sha('sha256'),
  });
  assert.equal((await ben.call(blobGet, { ids: [a], properties: ['digest:md5'] }))['type'], 'invalidArguments');
  assert.equal((await ben.call(blobGet, { ids: null }))['type'], 'invalidArguments');
  assert.deepEqual((await ben.call(blobGet, { ids: ['x', a], properties: ['size'] }))['notFound'], ['x']);
});

test('an upload is its maker’s alone, in a shared account too', async () => {
  const { a } = idsOf(await upload({ a: { data: [{ 'data:asText': 'mine' }] } }, ben, { accountId: office.accountId }));
  const args = { accountId: office.accountId, ids: [a] };
  assert.equal((await get(args))['data:asText'], 'mine');
  assert.deepEqual((await ana.call(blobGet, args))['notFound'], [a]);
});

test('what refers to a blob: an Email, its Thread and its mailbox; looking exposes nothing', async () => {
  const { emailIds, messageId } = await t.deliver([ben.account], mail('Figures'));
  const [row] = await t.sql<{ thread_id: string }>(`SELECT thread_id FROM message WHERE id = $1`, [messageId]);
  const blob = `e${emailIds[0]}`;
  const { a } = idsOf(await upload({ a: { data: [{ 'data:asText': 'a' }] } }));
  const { list } = await ben.call(blobLookup, {
    typeNames: ['Mailbox', 'Thread', 'Email'],
    ids: [blob, `${blob}_1`, `${blob}_7`, a, 'not-a-blob'],
  });
  const matchedIds = { Mailbox: ['f1'], Thread: [`t${row?.thread_id}`], Email: [`m${emailIds[0]}`] };
  const none = { Mailbox: [], Thread: [], Email: [] };
  assert.deepEqual(list, [
    { id: blob, matchedIds },
    { id: `${blob}_1`, matchedIds },
    { id: `${blob}_7`, matchedIds: none },
    { id: a, matchedIds: none },
    { id: 'not-a-blob', matchedIds: none },
  ]);
  const exposed = `SELECT listed_at IS NOT NULL AS listed, downloaded_at IS NOT NULL AS downloaded FROM copy WHERE message_id = $1`;
  assert.deepEqual(await t.sql(exposed, [messageId]), [{ listed: false, downloaded: false }]);
  assert.match(String((await get({ ids: [blob] }))['data:asText']), /Text of Figures/);
  assert.deepEqual(await t.sql(exposed, [messageId]), [{ listed: false, downloaded: true }]);
  assert.equal((await ben.call(blobLookup, { typeNames: ['Foo'], ids: [] }))['type'], 'unknownDataType');
});
