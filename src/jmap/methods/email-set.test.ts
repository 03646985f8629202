import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testJmap, type JmapUser } from '../../../test/support/jmap.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { openBlob, uploadBlob } from '../blob.ts';
import { emailGet } from './email-get.ts';
import { emailQuery } from './email-query.ts';
import { emailSet } from './email-set.ts';

const t = await testJmap();
after(() => t.close());
const ben = await t.newUser('ben');
type Json = Record<string, any>; // eslint-disable-line typescript/no-explicit-any -- answers, looked into by every test

const set = (args: Json, user: JmapUser = ben): Promise<Json> => user.call(emailSet, args);
const get = async (id: string, properties: string[], more: Json = {}): Promise<Json> =>
  ((await ben.call(emailGet, { ids: [id], properties, ...more }))['list'] as Json[])[0] ?? {};
const blobUser = { tenant: t.tenant, account: ben.account, actor: ben.context.user.id, program: 'x' };
const raw = async (id: string): Promise<string> =>
  String(await (await openBlob(ben.context, blobUser, id.replace('m', 'e')))?.read());

async function created(email: Json): Promise<Json> {
  const result = await set({ create: { k: { mailboxIds: { f2: true }, ...email } } });
  assert.equal(result['notCreated'], null, JSON.stringify(result['notCreated']));
  return result['created']['k'] as Json;
}

async function refused(email: Json): Promise<Json> {
  const result = await set({ create: { k: { mailboxIds: { f2: true }, ...email } } });
  assert.equal(result['created'], null, JSON.stringify(email));
  return result['notCreated']['k'] as Json;
}

test('a draft as RFC 8621 has it', async () => {
  const result = await set({
    create: {
      k192: {
        mailboxIds: { f2: true },
        keywords: { $seen: true, $draft: true },
        from: [{ name: 'Joe Bloggs', email: 'joe@example.com' }],
        to: [{ name: 'Jürgen, K.', email: 'jj@example.com' }, { email: 'plain@example.com' }],
        subject: 'World domination – jetzt',
        receivedAt: '2018-07-10T01:03:11Z',
        sentAt: '2018-07-10T11:03:11+10:00',
        'header:X-Mood:asText': 'good',
        'header:References:asMessageIds': ['a@x', 'b@x'],
        'header:List-Post:asURLs': ['mailto:x@y'],
        'header:X-Twice:all': [' 1', ' 2'],
        bodyStructure: { type: 'text/plain', partId: 'bd48', 'header:Content-Language': 'en' },
        bodyValues: { bd48: { value: 'I have the most brilliant plan.\nLet me tell you.', isTruncated: false } },
      },
    },
  });
  const made = result['created']['k192'];
  assert.deepEqual(Object.keys(made).toSorted(), ['blobId', 'id', 'size', 'threadId']);
  assert.notEqual(result['oldState'], result['newState']);
  const email = await get(
    made.id,
    [
      'from',
      'to',
      'subject',
      'sentAt',
      'receivedAt',
      'keywords',
      'mailboxIds',
      'references',
      'messageId',
      'size',
      'textBody',
      'bodyValues',
      'header:X-Mood:asText',
      'header:X-Twice:all',
    ],
    {
      bodyProperties: ['language', 'charset'],
      fetchTextBodyValues: true,
    },
  );
  assert.deepEqual(
    { ...email, messageId: null },
    {
      id: made.id,
      from: [{ name: 'Joe Bloggs', email: 'joe@example.com' }],
      to: [
        { name: 'Jürgen, K.', email: 'jj@example.com' },
        { name: null, email: 'plain@example.com' },
      ],
      subject: 'World domination – jetzt',
      sentAt: '2018-07-10T11:03:11+10:00',
      receivedAt: '2018-07-10T01:03:11Z',
      keywords: { $seen: true, $draft: true },
      mailboxIds: { f2: true },
      references: ['a@x', 'b@x'],
      messageId: null,
      size: made.size,
      textBody: [{ language: ['en'], charset: 'utf-8' }],
      bodyValues: {
        1: { value: 'I have the most brilliant plan.\nLet me tell you.', isEncodingProblem: false, isTruncated: false },
      },
      'header:X-Mood:asText': 'good',
      'header:X-Twice:all': [' 1', ' 2'],
    },
  );
  assert.match(email['messageId'][0], /^[0-9a-f-]{36}@pigeon\.test$/);
  assert.match(await raw(made.id), /^List-Post: <mailto:x@y>\r$/m);
});

test('text, HTML, an embedded picture and a file', async () => {
  const { blobId } = await uploadBlob(ben.context, blobUser, Buffer.from([0, 1, 255]), 'image/png');
  const made = await created({
    subject: 'x',
    textBody: [{ partId: 't', type: 'text/plain' }],
    htmlBody: [{ partId: 'h', type: 'text/html' }],
    attachments: [
      { blobId, type: 'image/png', cid: 'pic@x', disposition: 'inline', name: 'pic.png' },
      { blobId, type: 'application/pdf', name: 'Übersicht.pdf', size: 77 },
    ],
    bodyValues: { t: { value: 'text' }, h: { value: '<img src="cid:pic@x">' } },
  });
  const email = await get(made['id'], ['bodyStructure', 'attachments', 'hasAttachment'], {
    bodyProperties: ['type', 'subParts', 'name', 'cid', 'disposition', 'size', 'blobId'],
  });
  const types = (part: Json): unknown =>
    part['subParts'] ? [part['type'], ...part['subParts'].map(types)] : part['type'];
  assert.deepEqual(types(email['bodyStructure']), [
    'multipart/mixed',
    ['multipart/alternative', 'text/plain', ['multipart/related', 'text/html', 'image/png']],
    'application/pdf',
  ]);
  assert.equal(email['hasAttachment'], true);
  const [picture, file] = email['attachments'];
  assert.deepEqual(
    [picture.cid, picture.disposition, picture.size, file.name, file.disposition, file.size],
    ['pic@x', 'inline', 3, 'Übersicht.pdf', 'attachment', 3],
  );
  assert.deepEqual(await (await openBlob(ben.context, blobUser, file.blobId))?.read(), Buffer.from([0, 1, 255]));
});

test('nothing but a mailbox makes an empty message', async () => {
  const made = await created({});
  const email = await get(made['id'], ['subject', 'from', 'bodyValues', 'keywords'], { fetchAllBodyValues: true });
  assert.deepEqual(email, {
    id: made['id'],
    subject: null,
    from: null,
    keywords: {},
    bodyValues: { 1: { value: '', isEncodingProblem: false, isTruncated: false } },
  });
});

test('an empty list makes no field, and keeps none that is needed away', async () => {
  const lists = [
    'messageId',
    'inReplyTo',
    'references',
    'to',
    'header:List-Post:asURLs',
    'header:Cc:asGroupedAddresses',
  ];
  const made = await created(Object.fromEntries(lists.map((name) => [name, []])));
  const text = await raw(made['id']);
  assert.doesNotMatch(text, /^(?:In-Reply-To|References|To|Cc|List-Post):/im);
  assert.match(text, /^Message-ID: <[0-9a-f-]{36}@pigeon\.test>$/m);
});

test('what may not be created, and why', async () => {
  const text = { bodyValues: { 1: { value: 'x' } } };
  const cases: [Json, string[]][] = [
    [{ mailboxIds: {} }, ['mailboxIds']],
    [{ mailboxIds: { f99: true } }, ['mailboxIds']],
    [{ mailboxIds: { f2: false } }, ['mailboxIds']],
    [{ keywords: { 'a b': true } }, ['keywords']],
    [{ receivedAt: 'yesterday' }, ['receivedAt']],
    [{ headers: [] }, ['headers']],
    [{ id: 'm1' }, ['id']],
    [{ size: 1, preview: 'x' }, ['size', 'preview']],
    [{ subject: 'a', 'header:subject': 'b' }, ['subject', 'header:subject']],
    [{ 'header:From:asDate': '2018-07-10T11:03:11Z' }, ['header:From:asDate']],
    [{ 'header:Content-Type': 'text/plain' }, ['header:Content-Type']],
    [{ from: 'ana@pigeon.test' }, ['from']],
    [{ sentAt: 'now' }, ['sentAt']],
    [{ sentAt: '2026-02-29T10:00:00+01:00' }, ['sentAt']],
    [{ bodyStructure: { partId: '1' }, textBody: [], ...text }, ['textBody']],
    [{ bodyStructure: { partId: '2' }, ...text }, ['bodyStructure/partId']],
    [{ bodyStructure: { partId: '1', blobId: 'u' }, ...text }, ['bodyStructure/blobId']],
    [{ bodyStructure: { partId: '1', charset: 'utf-8' }, ...text }, ['bodyStructure/charset']],
    [{ bodyStructure: { partId: '1', size: 1 }, ...text }, ['bodyStructure/size']],
    [
      { bodyStructure: { partId: '1', 'header:Content-Transfer-Encoding': '8bit' }, ...text },
      ['bodyStructure/header:Content-Transfer-Encoding'],
    ],
    [
      { bodyStructure: { partId: '1', type: 'text/plain', 'header:Content-Type': 'text/html' }, ...text },
      ['bodyStructure/header:Content-Type'],
    ],
    [{ bodyStructure: { partId: '1', headers: [] }, ...text }, ['bodyStructure/headers']],
    [{ subject: 'a', bodyStructure: { partId: '1', 'header:Subject': 'b' }, ...text }, ['bodyStructure']],
    [{ textBody: [{ partId: '1', type: 'text/html' }], ...text }, ['textBody']],
    [{ htmlBody: [{ partId: '1', type: 'text/plain' }], ...text }, ['htmlBody']],
    [{ textBody: [], ...text }, ['textBody']],
    [
      { textBody: [{ partId: '1' }], bodyValues: { 1: { value: 'x', isTruncated: true } } },
      ['bodyValues/1', 'textBody/0/partId'],
    ],
    [{ bodyStructure: { type: 'multipart/mixed', subParts: [] } }, ['bodyStructure']],
    [{ bodyStructure: {} }, ['bodyStructure']],
  ];
  for (const [email, properties] of cases) {
    const error = await refused(email);
    assert.deepEqual([error['type'], error['properties']], ['invalidProperties', properties], JSON.stringify(email));
  }
  assert.equal((await refused({ mailboxIds: { f1: true, f2: true } }))['type'], 'tooManyMailboxes');
  const words = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, true]));
  assert.equal((await refused({ keywords: words }))['type'], 'tooManyKeywords');
  const stranger = await t.newUser('stranger');
  const theirs = await uploadBlob(
    stranger.context,
    { ...blobUser, account: stranger.account, actor: stranger.account },
    Buffer.from('x'),
    'text/plain',
  );
  const blobs = await refused({
    attachments: [{ blobId: 'nothing' }, { blobId: theirs.blobId }, { blobId: 'e99999' }],
  });
  assert.deepEqual([blobs['type'], blobs['notFound']], ['blobNotFound', ['nothing', theirs.blobId, 'e99999']]);
});

test('a message that is too large', async () => {
  const setPolicy = async (policy: Json): Promise<void> => {
    await t.sql(`UPDATE tenant SET policy = $1`, [policy]);
    await t.store.notifier.publishDirectory();
  };
  await setPolicy({ maxMessageSize: 1000 });
  const { blobId } = await uploadBlob(ben.context, blobUser, Buffer.alloc(2000), 'text/plain');
  assert.equal(
    (await refused({ textBody: [{ partId: '1' }], bodyValues: { 1: { value: 'x'.repeat(2000) } } }))['type'],
    'tooLarge',
  );
  assert.equal((await refused({ attachments: [{ blobId }] }))['type'], 'tooLarge');
  await setPolicy({});
  await created({ attachments: [{ blobId }] });
});

test('nobody writes a field into a message through a value', async () => {
  const made = await created({
    subject: 'a\r\nBcc: x@y',
    'header:X-A': ' b\r\nX-Evil: 1',
    from: [{ name: 'n\r\nX-Evil: 2', email: 'a@b\r\nX-Evil: 3' }],
  });
  const { headers } = (await get(made['id'], ['headers'])) as { headers: { name: string }[] };
  assert.deepEqual(
    headers.map((field) => field.name).filter((name) => /evil|bcc/i.test(name)),
    [],
  );
});

test('keywords and mailbox, patched and replaced', async () => {
  const { id } = await created({ keywords: { $seen: true, blue: true } });
  const update = async (patch: Json): Promise<Json> => await set({ update: { [id]: patch } });
  assert.deepEqual((await update({ 'keywords/$Flagged': true, 'keywords/blue': null }))['updated'], { [id]: null });
  assert.deepEqual((await get(id, ['keywords']))['keywords'], { $seen: true, $flagged: true });
  await update({ keywords: { green: true }, mailboxIds: { f4: true } });
  assert.deepEqual(await get(id, ['keywords', 'mailboxIds']), {
    id,
    keywords: { green: true },
    mailboxIds: { f4: true },
  });
  await update({ keywords: null, 'mailboxIds/f4': null, 'mailboxIds/f6': true });
  assert.deepEqual(await get(id, ['keywords', 'mailboxIds']), { id, keywords: {}, mailboxIds: { f6: true } });
  const same = await update({ 'mailboxIds/f6': true, 'keywords/none': null });
  assert.equal(same['oldState'], same['newState'], 'nothing was to be changed');
  const cases: [Json, string][] = [
    [{ 'mailboxIds/f1': true }, 'tooManyMailboxes'],
    [{ 'mailboxIds/f6': null }, 'invalidProperties'],
    [{ mailboxIds: {} }, 'invalidProperties'],
    [{ mailboxIds: null }, 'invalidProperties'],
    [{ mailboxIds: { f99: true } }, 'invalidProperties'],
    [{ 'keywords/a': false }, 'invalidProperties'],
    [{ 'keywords/a b': true }, 'invalidProperties'],
    [{ keywords: { a: true }, 'keywords/b': true }, 'invalidPatch'],
    [{ 'keywords/a/b': true }, 'invalidPatch'],
    [{ 'from/0/email': 'x' }, 'invalidPatch'],
    [{ subject: 'another' }, 'invalidProperties'],
    [{ colour: 'red' }, 'invalidProperties'],
  ];
  for (const [patch, type] of cases)
    assert.equal((await update(patch))['notUpdated'][id].type, type, JSON.stringify(patch));
  assert.deepEqual(await get(id, ['keywords', 'mailboxIds']), { id, keywords: {}, mailboxIds: { f6: true } });
  const whole = await get(id, [
    'id',
    'blobId',
    'threadId',
    'mailboxIds',
    'keywords',
    'size',
    'receivedAt',
    'subject',
    'from',
    'preview',
    'hasAttachment',
    'textBody',
  ]);
  assert.deepEqual(
    (await update({ ...whole, keywords: { $seen: true } }))['updated'],
    { [id]: null },
    'a whole object is a patch',
  );
});

test('keywords that are names of what every object has', async () => {
  const keywords = JSON.parse('{ "__proto__": true, "constructor": true }') as Json;
  const { id } = await created({ keywords });
  assert.deepEqual(Object.entries((await get(id, ['keywords']))['keywords']), Object.entries(keywords));
  for (const keyword of Object.keys(keywords)) {
    assert.deepEqual((await ben.call(emailQuery, { filter: { hasKeyword: keyword } }))['ids'], [id]);
    assert.deepEqual((await ben.call(emailQuery, { sort: [{ property: 'hasKeyword', keyword }] }))['error'], undefined);
    await set({ update: { [id]: { [`keywords/${keyword}`]: null } } });
    assert.deepEqual((await ben.call(emailQuery, { filter: { hasKeyword: keyword } }))['ids'], []);
  }
  await set({ destroy: [id] });
});

test('ifInState, unknown ids, creation ids, destroy', async () => {
  const stale = await set({ ifInState: '1', destroy: ['m1'] });
  assert.equal(stale['type'], 'stateMismatch');
  const state = (await ben.call(emailGet, { ids: [] }))['state'];
  const result = await set({
    ifInState: state,
    create: { a: { mailboxIds: { f2: true } } },
    update: { '#a': { 'keywords/$seen': true }, m99999: { 'keywords/$seen': true }, nonexistent: {} },
    destroy: ['m99999', 'xyz'],
  });
  const made = result['created']['a'].id as string;
  assert.deepEqual(result['updated'], { [made]: null });
  assert.deepEqual(result['notUpdated'], { m99999: { type: 'notFound' }, nonexistent: { type: 'notFound' } });
  assert.deepEqual(result['notDestroyed'], { m99999: { type: 'notFound' }, xyz: { type: 'notFound' } });
  assert.equal(ben.context.createdIds.get('a'), made);
  const destroyed = await set({ destroy: ['#a'] });
  assert.deepEqual([destroyed['destroyed'], destroyed['notDestroyed']], [[made], null]);
  assert.deepEqual((await ben.call(emailGet, { ids: [made] }))['notFound'], [made]);
});

test('reading opens, and a covered copy is absent', async () => {
  const { emailIds, messageId } = await t.deliver([ben.account], mail('Delivered'));
  const id = `m${emailIds[0]}`;
  await t.gate(messageId);
  const result = await set({ update: { [id]: { 'keywords/$seen': true, subject: 'Delivered' } } });
  assert.deepEqual(result['notUpdated'], { [id]: { type: 'notFound' } });
  assert.deepEqual((await set({ update: { [id]: { 'keywords/$seen': true } }, destroy: [id] }))['notUpdated'], {
    [id]: { type: 'notFound' },
  });
  await t.ungate(messageId);
  await set({ update: { [id]: { 'keywords/$seen': true } } });
  const rows = await t.sql<{ opened_at: Date }>(
    `SELECT opened_at FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`,
    [t.tenant, ben.account, emailIds[0]],
  );
  assert.deepEqual(rows[0]?.opened_at, t.now);
});

// RFC 8620 §5.3, RFC 9404 §4.1: what one call of a request has uploaded, a later one may name by its creation id.
test('a blob that was uploaded in the same request', async () => {
  const { blobId } = await uploadBlob(ben.context, blobUser, Buffer.from('pigeon'), 'text/plain');
  ben.context.createdIds.set('blob', blobId);
  const { id } = await created({ textBody: [{ blobId: '#blob', type: 'text/plain' }] });
  assert.match(await raw(id), /\r\n\r\ncGlnZW9u$/);
  const { type, notFound } = await refused({ textBody: [{ blobId: '#none', type: 'text/plain' }] });
  assert.deepEqual([type, notFound], ['blobNotFound', ['#none']]);
});
