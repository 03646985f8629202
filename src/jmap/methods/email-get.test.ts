import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testJmap } from '../../../test/support/jmap.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { emailGet } from './email-get.ts';

const t = await testJmap();
after(() => t.close());
const ben = await t.newUser('ben');

const MULTIPART = [
  'From: "Jones, Bob" <bob@example.org>',
  'To: Friends: =?utf-8?Q?J=C3=BCrgen?= <jj@example.net>, second@example.net;, third@example.net',
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
  'Subject: The last one counts',
  'Date: Mon, 02 Nov 2026 12:00:00 +0100',
  'Message-ID: <q3@example.org>',
  'References: <a@x> <b@x>',
  'List-Unsubscribe: <https://example.org/unsub>, <mailto:u@example.org>',
  'X-Trace: one',
  'X-Trace: two',
  ' folded',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: multipart/alternative; boundary=c',
  '',
  '--c',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Gr=FC=DFe an alle',
  'zweite Zeile',
  '--c',
  'Content-Type: text/html',
  'X-Part: yes',
  '',
  '<p>Hello <b>there</b></p>',
  '--c--',
  '--b',
  'Content-Type: application/pdf; name=report.pdf',
  'Content-Disposition: attachment; filename="Report 1.pdf"',
  'Content-ID: <cid@x>',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from('PDF').toString('base64'),
  '--b',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner',
  '',
  'inner text',
  '--b--',
  '',
].join('\r\n');

async function get(emailId: number, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const result = await ben.call(emailGet, { ids: [`m${emailId}`], ...args });
  const list = result['list'] as Record<string, unknown>[] | undefined;
  assert.ok(list?.[0], JSON.stringify(result));
  return list[0];
}

const id = await t.append(ben.account, 4, MULTIPART, ['$seen', 'Blue'], new Date('2026-11-02T11:00:01.500Z'));

test('metadata, and the id always', async () => {
  assert.deepEqual(
    await get(id, {
      properties: ['threadId', 'mailboxIds', 'keywords', 'size', 'receivedAt', 'blobId', 'recallNotice'],
    }),
    {
      id: `m${id}`,
      blobId: `e${id}`,
      threadId: (await get(id, { properties: ['threadId'] }))['threadId'],
      mailboxIds: { f4: true },
      keywords: { $seen: true, blue: true },
      size: MULTIPART.length,
      receivedAt: '2026-11-02T11:00:01.500Z',
      recallNotice: null,
    },
  );
  assert.deepEqual(await get(id, { properties: [] }), { id: `m${id}` });
});

test('default properties are those of RFC 8621, bodies without values', async () => {
  const email = await get(id, {});
  assert.deepEqual(Object.keys(email).toSorted(), [
    'attachments',
    'bcc',
    'blobId',
    'bodyValues',
    'cc',
    'from',
    'hasAttachment',
    'htmlBody',
    'id',
    'inReplyTo',
    'keywords',
    'mailboxIds',
    'messageId',
    'preview',
    'receivedAt',
    'references',
    'replyTo',
    'sender',
    'sentAt',
    'size',
    'subject',
    'textBody',
    'threadId',
    'to',
  ]);
  assert.deepEqual(email['from'], [{ name: 'Jones, Bob', email: 'bob@example.org' }]);
  assert.deepEqual(email['to'], [
    { name: 'Jürgen', email: 'jj@example.net' },
    { name: null, email: 'second@example.net' },
    { name: null, email: 'third@example.net' },
  ]);
  assert.deepEqual(
    [email['cc'], email['subject'], email['sentAt']],
    [null, 'The last one counts', '2026-11-02T12:00:00+01:00'],
  );
  assert.deepEqual(
    [email['messageId'], email['references'], email['inReplyTo']],
    [['q3@example.org'], ['a@x', 'b@x'], null],
  );
  assert.deepEqual([email['hasAttachment'], email['bodyValues']], [true, {}]);
  assert.match(email['preview'] as string, /^Grüße an alle/);
  assert.deepEqual((email['textBody'] as object[])[0], {
    partId: '1.1',
    blobId: `e${id}_1-1`,
    size: 'Grüße an alle\r\nzweite Zeile'.length,
    name: null,
    type: 'text/plain',
    charset: 'iso-8859-1',
    disposition: null,
    cid: null,
    language: null,
    location: null,
  });
  assert.deepEqual(
    (email['attachments'] as { name: string }[]).map((part) => part.name),
    ['Report 1.pdf', null],
  );
});

test('header fields in every form, under the name they were asked by', async () => {
  const properties = [
    'header:subject',
    'header:SUBJECT:asText',
    'header:Subject:all',
    'header:x-trace:all',
    'header:X-Trace:asText',
    'header:X-None',
    'header:X-None:all',
    'header:To:asGroupedAddresses',
    'header:From:asAddresses:all',
    'header:References:asMessageIds',
    'header:Date:asDate',
    'header:List-Unsubscribe:asURLs',
  ];
  const email = await get(id, { properties });
  assert.deepEqual(email, {
    id: `m${id}`,
    'header:subject': ' The last one counts',
    'header:SUBJECT:asText': 'The last one counts',
    'header:Subject:all': [' =?utf-8?Q?Gr=C3=BC=C3=9Fe?=', ' The last one counts'],
    'header:x-trace:all': [' one', ' two\r\n folded'],
    'header:X-Trace:asText': 'two folded',
    'header:X-None': null,
    'header:X-None:all': [],
    'header:To:asGroupedAddresses': [
      {
        name: 'Friends',
        addresses: [
          { name: 'Jürgen', email: 'jj@example.net' },
          { name: null, email: 'second@example.net' },
        ],
      },
      { name: null, addresses: [{ name: null, email: 'third@example.net' }] },
    ],
    'header:From:asAddresses:all': [[{ name: 'Jones, Bob', email: 'bob@example.org' }]],
    'header:References:asMessageIds': ['a@x', 'b@x'],
    'header:Date:asDate': '2026-11-02T12:00:00+01:00',
    'header:List-Unsubscribe:asURLs': ['https://example.org/unsub', 'mailto:u@example.org'],
  });
  const { headers } = (await get(id, { properties: ['headers'] })) as { headers: { name: string; value: string }[] };
  assert.deepEqual(headers[0], { name: 'From', value: ' "Jones, Bob" <bob@example.org>' });
  assert.equal(headers.length, 11);
});

test('structure and parts', async () => {
  const { bodyStructure } = (await get(id, {
    properties: ['bodyStructure'],
    bodyProperties: ['partId', 'type', 'blobId', 'subParts', 'header:X-Part:asText', 'charset', 'cid'],
  })) as {
    bodyStructure: Record<string, unknown> & {
      subParts: { type: string; subParts: Record<string, unknown>[] | null; cid: string }[];
    };
  };
  assert.deepEqual(
    [bodyStructure['partId'], bodyStructure['blobId'], bodyStructure['type'], bodyStructure['charset']],
    [null, null, 'multipart/mixed', null],
  );
  assert.deepEqual(
    bodyStructure.subParts.map((part) => part.type),
    ['multipart/alternative', 'application/pdf', 'message/rfc822'],
  );
  assert.deepEqual(bodyStructure.subParts[0]?.subParts?.[1], {
    partId: '1.2',
    type: 'text/html',
    blobId: `e${id}_1-2`,
    subParts: null,
    'header:X-Part:asText': 'yes',
    charset: 'us-ascii',
    cid: null,
  });
  assert.deepEqual([bodyStructure.subParts[1]?.cid, bodyStructure.subParts[2]?.subParts], ['cid@x', null]);
});

test('body values: those asked for, cut to size', async () => {
  const values = async (
    args: Record<string, unknown>,
  ): Promise<Record<string, { value: string; isTruncated: boolean }>> =>
    (await get(id, { properties: ['bodyValues'], ...args }))['bodyValues'] as never;
  assert.deepEqual(await values({ fetchTextBodyValues: true }), {
    '1.1': { value: 'Grüße an alle\nzweite Zeile', isEncodingProblem: false, isTruncated: false },
  });
  assert.deepEqual(Object.keys(await values({ fetchHTMLBodyValues: true })), ['1.2']);
  assert.deepEqual(Object.keys(await values({ fetchAllBodyValues: true })), ['1.1', '1.2']);
  const cut = await values({ fetchAllBodyValues: true, maxBodyValueBytes: 4 });
  assert.deepEqual(cut['1.1'], { value: 'Grü', isEncodingProblem: false, isTruncated: true });
  assert.deepEqual(cut['1.2']?.value, '<p>H');
});

test('arguments that are wrong', async () => {
  const refuse = async (args: Record<string, unknown>): Promise<unknown> =>
    (await ben.call(emailGet, { ids: [], ...args }))['type'];
  for (const property of [
    'header:From:asDate',
    'header:Subject:asAddresses',
    'header:X:asNothing',
    'header:',
    'nothing',
    'header:Received:asText',
  ]) {
    assert.equal(await refuse({ properties: [property] }), 'invalidArguments', property);
  }
  assert.equal(await refuse({ bodyProperties: ['nothing'] }), 'invalidArguments');
  assert.equal(await refuse({ maxBodyValueBytes: -1 }), 'invalidArguments');
  assert.equal(await refuse({ fetchAllBodyValues: 'yes' }), 'invalidArguments');
  assert.equal(await refuse({ ids: [7] }), 'invalidArguments');
});

test('ids that are not there, twice, or none: all', async () => {
  const result = await ben.call(emailGet, {
    ids: [`m${id}`, 'm99999', 'nonexistent-xyz', `m${id}`],
    properties: ['id'],
  });
  assert.deepEqual([result['list'], result['notFound']], [[{ id: `m${id}` }], ['m99999', 'nonexistent-xyz']]);
  assert.match(result['state'] as string, /^\d+$/);
  assert.deepEqual((await ben.call(emailGet, { ids: null, properties: ['id'] }))['list'], [{ id: `m${id}` }]);
  assert.match((await ben.call(emailGet, { ids: [] }))['state'] as string, /^\d+$/);
});

test('what is handed out is what is recorded', async () => {
  const exposure = async (emailId: number): Promise<string> => {
    const [row] = await t.sql<{
      listed_at: Date | null;
      downloaded_at: Date | null;
      downloaded_by: string | null;
      opened_at: Date | null;
    }>(
      `SELECT listed_at, downloaded_at, downloaded_by, opened_at FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`,
      [t.tenant, ben.account, emailId],
    );
    return row?.opened_at
      ? 'opened'
      : row?.downloaded_at
        ? `downloaded by ${row.downloaded_by}`
        : row?.listed_at
          ? 'listed'
          : 'none';
  };
  const cases: [Record<string, unknown>, string][] = [
    [
      { properties: ['id', 'blobId', 'threadId', 'mailboxIds', 'keywords', 'size', 'receivedAt', 'recallNotice'] },
      'none',
    ],
    [{ properties: ['subject'] }, 'listed'],
    [{ properties: ['preview'] }, 'listed'],
    [{ properties: ['hasAttachment'] }, 'listed'],
    [{ properties: ['header:X-Any'] }, 'listed'],
    [{ properties: ['headers'] }, 'listed'],
    [{ properties: ['bodyStructure'] }, 'listed'],
    [{}, 'listed'],
    [{ properties: ['bodyValues'] }, 'listed'],
    [{ properties: ['bodyValues'], fetchTextBodyValues: true }, 'downloaded by Test Mail'],
    [{ properties: ['bodyValues'], fetchHTMLBodyValues: true }, 'downloaded by Test Mail'],
    [{ fetchAllBodyValues: true }, 'downloaded by Test Mail'],
    [{ properties: ['subject'], fetchAllBodyValues: true }, 'listed'],
  ];
  for (const [args, expected] of cases) {
    const { emailIds } = await t.deliver([ben.account], mail('Delivered'));
    await get(emailIds[0] ?? 0, args);
    assert.equal(await exposure(emailIds[0] ?? 0), expected, JSON.stringify(args));
  }
});

test('a notice says which recall it is of', async () => {
  const notice = await t.append(ben.account, 1, mail('Message recalled'));
  await t.sql(`UPDATE copy SET notice_of = 17 WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`, [
    t.tenant,
    ben.account,
    notice,
  ]);
  assert.equal((await get(notice, { properties: ['recallNotice'] }))['recallNotice'], 'r17');
});

test('a gate between looking and recording: notFound', async () => {
  const { emailIds, messageId } = await t.deliver([ben.account], mail('Gated'));
  const [gated = 0] = emailIds;
  const context = {
    ...ben.context,
    pause: async (point: string) => void (point === 'looked' && (await t.gate(messageId))),
  };
  const result = (await emailGet({ accountId: ben.accountId, ids: [`m${gated}`, `m${id}`] }, context)) as Record<
    string,
    unknown
  >;
  assert.deepEqual([(result['list'] as object[]).length, result['notFound']], [1, [`m${gated}`]]);
});
