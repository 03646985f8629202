import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { mail, testMail } from '../../test/support/mailboxes.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { createBlobs } from './blobs.ts';
import { createIds } from './ids.ts';
import { indexMessages } from './indexing.ts';
import { messageById, messageIdOf, insertMessages, storeMessage } from './messages.ts';
import { openStore } from './postgres.ts';

const t = await testMail();
after(() => t.close());
const { store, ids, blobs, tenant } = t;
const now = new Date('2026-11-23T12:00:00Z');

interface Stored {
  id: number;
  threadId: number;
}

/** Puts them in one transaction. */
async function put(...messages: (string | Buffer)[]): Promise<Stored[]> {
  const numbers = await ids.take('message_id', messages.length);
  const list = messages.map((message, i) => {
    const bytes = Buffer.from(message);
    return { id: numbers[i] ?? 0, bytes, parsed: parseMessage(bytes) };
  });
  return store.transact((tx) => insertMessages(tx, blobs, tenant, list, now));
}

async function putOne(message: string | Buffer): Promise<Stored> {
  const [stored] = await put(message);
  assert.ok(stored);
  return stored;
}

async function putIndexed(message: string): Promise<Stored> {
  const stored = await putOne(message);
  await indexMessages(t.searched, tenant, [stored.id]);
  return stored;
}

const message = (id: string, subject: string, ...headers: string[]): string =>
  [`From: a@b.test`, `Subject: ${subject}`, `Message-ID: <${id}>`, ...headers, '', 'text', ''].join('\r\n');

test('threads: the same reference and the same base subject', async () => {
  const first = await putOne(message('1@t', 'Plans'));
  assert.equal(first.threadId, first.id, 'a new thread has its first message’s number');
  const reply = await putOne(message('2@t', 'Re: plans', 'In-Reply-To: <1@t>'));
  const deeper = await putOne(message('3@t', 'RE: [list] Re: Plans', 'References: <1@t> <2@t>'));
  const elsewhere = await putOne(message('4@t', 'Other plans', 'In-Reply-To: <1@t>'));
  const unknown = await putOne(message('5@t', 'Plans', 'In-Reply-To: <nobody-knows@t>'));
  assert.deepEqual([reply.threadId, deeper.threadId], [first.id, first.id]);
  assert.equal(elsewhere.threadId, elsewhere.id);
  assert.equal(unknown.threadId, unknown.id);
  const sibling = await putOne(message('6@t', 'Plans', 'In-Reply-To: <nobody-knows@t>'));
  assert.equal(sibling.threadId, unknown.id, 'a reference to what never came holds them together');
});

test('threads: within one transaction too, and whichever of two comes first', async () => {
  const [a, b, c] = await put(
    message('b2@t', 'Lunch', 'References: <b1@t>'),
    message('b1@t', 'Lunch'),
    message('b3@t', 'Re: Lunch', 'References: <b1@t> <b2@t>'),
  );
  assert.ok(a && b && c);
  assert.deepEqual([b.threadId, c.threadId], [a.id, a.id]);
});

test('threads: of one tenant are nothing to another', async () => {
  const first = await putOne(message('x1@t', 'Secret'));
  const bytes = Buffer.from(message('x2@t', 'Secret', 'In-Reply-To: <x1@t>'));
  const [id = 0] = await ids.take('message_id');
  const [other] = await store.transact((tx) =>
    insertMessages(tx, blobs, tenant + 1, [{ id, bytes, parsed: parseMessage(bytes) }], now),
  );
  assert.notEqual(other?.threadId, first.threadId);
});

test('two transactions that bring the same references do not wait for each other in a circle', async () => {
  const of = (n: number): string[] =>
    Array.from({ length: 20 }, (_, i) =>
      message(`r${n}-${i}@t`, 'Storm', `References: <s${i}@t> <s${19 - i}@t> <s${(i * 7) % 20}@t>`),
    );
  await Promise.all(Array.from({ length: 8 }, (_, n) => put(...of(n))));
  const [row] = await t.sql<{ deadlocks: number }>(
    `SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`,
  );
  assert.equal(row?.deadlocks, 0);
});

test('the bytes are those that came, and the row says what is in them', async () => {
  const text = mail('Quartalszahlen', { body: 'Zahlen\r\n.\r\n..\r\n' });
  const { id } = await putOne(text);
  const row = await messageById(store, tenant, id);
  assert.ok(row);
  assert.equal((await blobs.read(tenant, row.blob_id)).toString(), text);
  assert.deepEqual([row.size, row.envelope.subject, row.structure.type], [text.length, 'Quartalszahlen', 'text/plain']);
  assert.equal(await messageById(store, tenant + 1, id), undefined);
});

test('search finds subject, sender, recipients and text, each by its field', async () => {
  const { id } = await putIndexed(
    mail('Xylophone', { from: 'Yolanda <y.zeta@quince.test>', to: 'Walter <w@v.test>', body: 'umbrella' }),
  );
  const found = async (query: string): Promise<boolean> =>
    (await t.sql(`SELECT FROM message_words WHERE message_id = $1 AND words @@ $2::tsquery`, [id, query])).length === 1;
  for (const query of [
    'xylophone',
    `':subject:xylophone'`,
    `':from:yolanda'`,
    `':from:zeta' <-> ':from:quince'`,
    `':to:walter'`,
    'umbrella:D',
  ]) {
    assert.ok(await found(query), query);
  }
  for (const query of ['xylophone:D', `':to:xylophone'`, `':to:yolanda'`, 'umbrella:ABC', `':subject:umbrella'`])
    assert.ok(!(await found(query)), query);
});

test('text that would fill more than a search index holds is cut, not refused', async () => {
  // Compounds are indexed whole and in their parts; letters of three octets make the most of every character.
  const words = Array.from({ length: 60_000 }, (_, i) => {
    const letter = (n: number): string => String.fromCharCode(0x4e00 + (n % 20_000));
    return `${letter(i)}${letter(i * 7 + 1)}-${letter(i * 13 + 2)}${letter(i * 17 + 3)}`;
  }).join(' ');
  const addresses = Array.from({ length: 3000 }, (_, i) => `"Person ${i}" <p${i}-${i * 7}@d${i}.test>`).join(', ');
  const { id } = await putIndexed(
    `From: a@b.test\r\nTo: ${addresses}\r\nCc: ${addresses}\r\nSubject: ${words.slice(0, 20_000)}\r\n\r\n${words}\r\n`,
  );
  const [row] = await t.sql<{ words: number }>(
    `SELECT length(words) AS words FROM message_words WHERE message_id = $1`,
    [id],
  );
  assert.ok((row?.words ?? 0) > 10_000);
});

test('a Message-ID that no index could hold is cut', async () => {
  let random = '';
  for (let i = 0; random.length < 3000; i++) random += String.fromCodePoint(0x10000 + ((i * 7919) % 50_000));
  const bytes = Buffer.from(message(`${random}@t`, 'Long'));
  const { id } = await putOne(bytes);
  const kept = messageIdOf(parseMessage(bytes));
  assert.ok(kept !== null && Buffer.byteLength(kept) <= 998);
  assert.doesNotMatch(kept, /\uFFFD/);
  const [row] = await t.sql<{ message_id_header: string }>(`SELECT message_id_header FROM message WHERE id = $1`, [id]);
  assert.equal(row?.message_id_header, kept);
});

/** Headers and bodies as nobody should write them. */
const nasty = (): fc.Arbitrary<Buffer> => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(
      '\0',
      '\uD800',
      '\\u0000',
      '"',
      "'",
      '\\',
      '{}',
      '$1',
      '=?utf-8?q?=00=FF?=',
      '=?x?b?AAAA?=',
      '<a@b>',
      'é',
      '\x80',
      ' ',
      '\t',
    ),
  );
  const date = fc.constantFrom(
    'Mon, 31 Feb 99999 25:61:61 +9999',
    'Thu, 1 Jan 1970 00:00:00 -0000',
    '1 Jan 0001 00:00 GMT',
    'never',
    '31 Dec 275760 23:59:59 +0000',
    '29 Feb 2023 10:00:00 +1400',
  );
  const field = fc
    .tuple(
      fc.constantFrom(
        'Subject',
        'From',
        'To',
        'Cc',
        'Bcc',
        'Date',
        'Message-ID',
        'References',
        'In-Reply-To',
        'Content-Type',
        'Content-Disposition',
        'Content-ID',
        'Content-Transfer-Encoding',
        'Content-Language',
        'X',
      ),
      fc.array(
        fc.oneof(
          text,
          date,
          fc.constantFrom(
            'multipart/mixed; boundary=b',
            'text/plain; charset="',
            'text/html; charset=utf-7',
            'message/rfc822',
            'base64',
            'quoted-printable',
            "name*=utf-8''%00%ff",
          ),
        ),
        { maxLength: 4 },
      ),
    )
    .map(([name, parts]) => `${name}: ${parts.join('')}`);
  return fc
    .tuple(
      fc.array(field, { maxLength: 8 }),
      fc.array(fc.oneof(text, fc.constantFrom('--b', '--b--', 'Content-Type: text/plain', '', '=00=', 'AAAA')), {
        maxLength: 12,
      }),
      fc.constantFrom('\r\n', '\n', '\r'),
    )
    .map(([fields, lines, end]) => Buffer.from([...fields, '', ...lines].join(end), 'latin1'));
};

test('whatever the bytes, they are stored', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          nasty(),
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        ),
        { minLength: 1, maxLength: 20 },
      ),
      async (list) => {
        const stored = await put(...list);
        for (const [i, { id }] of stored.entries()) {
          const row = await messageById(store, tenant, id);
          assert.ok(row && (await blobs.read(tenant, row.blob_id)).equals(list[i] ?? Buffer.alloc(0)));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('a transaction needs no other connection, even where it uses up a block of numbers', async () => {
  const narrow = openStore({ connection: t.connection, listen: false, faceConnections: 1 });
  const numbers = createIds(narrow);
  const deps = { ids: numbers, blobs: createBlobs({ store: narrow, ids: numbers }) };
  const bytes = Buffer.from(message('notice@t', 'Notice'));
  const one = { bytes, parsed: parseMessage(bytes) };
  const stored = await narrow.transact(async (tx) => {
    const ids = new Set<number>();
    for (let i = 0; i < 201; i++) ids.add((await storeMessage(tx, deps, tenant, one, now)).id);
    return ids;
  });
  assert.equal(stored.size, 201);
  await narrow.close();
});
