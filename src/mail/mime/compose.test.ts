import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EmailAddress } from '../message.ts';
import { bodyParts, bodyText, decodeBody } from './body.ts';
import {
  compose,
  composePieces,
  encodeAddressList,
  encodeText,
  reportMessage,
  simpleMessage,
  type ComposeInput,
  type ComposePart,
} from './compose.ts';
import { asText, headerFields, parseParameters } from './headers.ts';
import { parseMessage } from './parse.ts';
import { scan } from './structure.ts';

const given = { date: new Date(0), messageId: 'm@pigeon.test' };
const make = (root: ComposePart, headers: ComposeInput['headers'] = []): Buffer => compose({ headers, root, ...given });
const plain = (text: string): ComposePart => ({ type: 'text/plain', body: { text } });
const lines = (bytes: Buffer): string[] => bytes.toString('latin1').split('\r\n');

const simple = {
  from: { name: 'Ana "the boss" Silva', email: 'ana@pigeon.test' },
  to: [{ name: 'Bén', email: 'ben@pigeon.test' }],
  subject: 'Überraschung für alle, die so lange Betreffzeilen mögen wie diese hier',
  ...given,
  text: 'Grüße\n.\nEnde ',
};

test('what is composed reads back', () => {
  const bytes = simpleMessage({
    ...simple,
    html: '<b>x</b>',
    attachments: [
      { name: 'zahlen €.csv', type: 'text/csv', bytes: Buffer.from('1;2') },
      { name: `${'lang '.repeat(40)}"é".bin`, type: 'nonsense', bytes: Uint8Array.of(0, 255) },
    ],
  });
  const { envelope, root } = parseMessage(bytes);
  assert.equal(envelope.subject, simple.subject);
  assert.deepEqual([envelope.from, envelope.to], [[simple.from], simple.to]);
  assert.deepEqual([envelope.sentAt, envelope.messageId], ['1970-01-01T00:00:00Z', ['m@pigeon.test']]);
  const { textBody, htmlBody, attachments } = bodyParts(root);
  assert.equal(textBody[0] && bodyText(bytes, textBody[0]).value, simple.text);
  assert.equal(htmlBody[0] && bodyText(bytes, htmlBody[0]).value, '<b>x</b>');
  assert.deepEqual(
    attachments.map((part) => [part.name, part.type, part.disposition, part.decodedSize]),
    [
      ['zahlen €.csv', 'text/csv', 'attachment', 3],
      [`${'lang '.repeat(40)}"é".bin`, 'application/octet-stream', 'attachment', 2],
    ],
  );
  assert.ok(bytes.every((octet) => octet < 128));
  assert.ok(lines(bytes).every((line) => line.length <= 78));
});

test('fields of a part', () => {
  const bytes = make({
    type: 'multipart/related',
    body: {
      parts: [
        { type: 'text/html', body: { text: 'x' } },
        {
          type: 'image/png',
          name: 'a b.png',
          cid: 'pic@x',
          language: ['en', 'de'],
          location: 'http://x.test/a',
          headers: [
            { name: 'Content-Description', value: 'é' },
            { name: 'content-type', value: 'text/html' },
          ],
          body: { bytes: Buffer.from('png') },
        },
        { type: 'text/plain', charset: 'iso-8859-1', disposition: 'inline', body: { bytes: Buffer.from([0xe9]) } },
      ],
    },
  });
  const root = scan(bytes);
  assert.equal(root.params['type'], 'text/html', 'RFC 2387');
  const [, picture, text] = root.parts ?? [];
  const { type, name, disposition, cid, language, location, description } = picture ?? root;
  assert.deepEqual(
    { type, name, disposition, cid, language, location, description },
    {
      type: 'image/png',
      name: 'a b.png',
      disposition: null,
      cid: 'pic@x',
      language: ['en', 'de'],
      location: 'http://x.test/a',
      description: 'é',
    },
  );
  assert.equal(text && bodyText(bytes, text).value, 'é');
});

test('text goes as it is where it can', () => {
  const encoding = (text: string): string => scan(make(plain(text))).encoding;
  assert.equal(encoding('plain\ntext'), '7bit');
  assert.equal(encoding('x'.repeat(999)), 'quoted-printable');
  assert.equal(encoding('mostly ASCII, mit Umläuten'), 'quoted-printable');
  assert.equal(encoding('рассвет'), 'base64');
});

test('a message inside goes as it is, and what it is in says so', () => {
  const inner = Buffer.from('Subject: é\r\n\r\nbody');
  const bytes = make({
    type: 'multipart/mixed',
    body: { parts: [plain('x'), { type: 'message/rfc822', body: { bytes: inner } }] },
  });
  const { encoding, parts } = scan(bytes);
  assert.deepEqual([encoding, parts?.[1]?.encoding], ['8bit', '8bit']);
  assert.deepEqual(parts?.[1] && Buffer.from(decodeBody(bytes, parts[1])), inner);
});

test('no multipart is empty, and none of a wrong type', () => {
  assert.equal(scan(make({ type: 'multipart/mixed', body: { parts: [] } })).parts?.length, 1);
  assert.equal(scan(make({ type: 'text/plain', body: { parts: [plain('x')] } })).type, 'multipart/mixed');
});

test('fields as given, and those that are missing', () => {
  const bytes = make(plain(''), [
    { name: 'Date', value: 'Tue, 10 Jul 2018 01:03:11 +0000', raw: true },
    { name: 'X-Raw', value: ' folded\r\n  raw é ', raw: true },
    { name: 'X-Short', value: 'no space', raw: true },
    { name: 'To', value: '', raw: true },
    { name: 'X-Empty', value: '' },
    { name: 'Bcc', value: 'b@x.test', raw: true },
    { name: 'Bad name:', value: 'x' },
    { name: ':', value: 'x' },
  ]);
  assert.deepEqual(
    headerFields(bytes).map(({ name, value }) => `${name}:${value}`),
    [
      'Date: Tue, 10 Jul 2018 01:03:11 +0000',
      'X-Raw: folded\r\n  raw é',
      'X-Short: no space',
      'X-Empty: ',
      'Bcc: b@x.test',
      'Badname: x',
      'Message-ID: <m@pigeon.test>',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 7bit',
    ],
  );
});

test('lines are folded, at white space only', () => {
  const subject = `${'word '.repeat(50)}end`;
  const long = `${'x'.repeat(900)} ${'y'.repeat(900)}`;
  const bytes = make(plain(''), [
    { name: 'Subject', value: subject },
    { name: 'X-Long', value: 'x'.repeat(3000) },
    { name: 'X-Raw', value: long, raw: true },
    { name: 'X-As-It-Is', value: `${'word '.repeat(50)}end`, raw: true },
  ]);
  const [first, second, third, fourth] = headerFields(bytes);
  assert.equal(asText(first?.value ?? ''), subject);
  assert.ok(first?.value.split('\r\n').every((line) => line.length <= 76));
  assert.equal(asText(second?.value ?? ''), 'x'.repeat(3000));
  assert.equal(third?.value, ` ${'x'.repeat(900)}\r\n ${'y'.repeat(900)}`);
  assert.ok(!fourth?.value.includes('\r\n'));
  assert.ok(lines(bytes).every((line) => line.length <= 998));
});

test('addresses that are none are still one each', () => {
  const list = (...addresses: (Partial<EmailAddress> & { email: string })[]): string =>
    encodeAddressList(addresses.map((address) => ({ name: null, ...address })));
  assert.equal(list({ email: 'a@x.test' }, { name: 'B', email: 'b@x.test' }), 'a@x.test,\r\n B <b@x.test>');
  assert.equal(list({ email: '"a b"@x.test' }), '"a b"@x.test');
  assert.equal(list({ email: 'a@x, evil@x' }), '<a@x,evil@x>');
  assert.equal(list({ email: 'a@x> <evil@x' }), 'a@xevil@x');
  assert.equal(list({ email: 'Ana Silva' }), '<Ana Silva>');
  assert.equal(list({ name: 'Ana', email: '' }), 'Ana <>');
  assert.equal(list({ name: 'Silva, Ana', email: 'a@x' }), '"Silva, Ana" <a@x>');
  assert.equal(list({ name: ' ', email: 'a@x' }), 'a@x');
});

test('nothing is injected through a value', () => {
  const evil = 'x\r\nX-Evil: y\r\n\r\nbody\n\rX-Evil: z\0';
  const names = (bytes: Buffer): string[] => headerFields(bytes).map(({ name }) => name);
  const quiet = (value: string): Buffer =>
    make(
      {
        type: value,
        name: value,
        disposition: value,
        cid: value,
        language: [value],
        location: value,
        charset: value,
        params: { [value]: value, ok: value },
        headers: [{ name: `X-${value}`, value }],
        body: { bytes: Buffer.from('x') },
      },
      [
        { name: 'Subject', value },
        { name: 'X-Raw', value, raw: true },
        { name: 'To', value: encodeAddressList([{ name: value, email: value }]), raw: true },
      ],
    );
  const bytes = quiet(evil);
  assert.deepEqual(
    names(bytes).filter((name) => !name.startsWith('X-x')),
    names(quiet('x')).filter((name) => !name.startsWith('X-x')),
  );
  assert.ok(!names(bytes).includes('X-Evil') && !bytes.includes(0));
});

test('any text and any parameter reads back', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom(' ', 'a', 'é', '=?', '?=', '🕊', '"', '\\', ',', "'", '%'),
      fc.string({ unit: 'grapheme', maxLength: 2 }),
    ),
    maxLength: 80,
  });
  fc.assert(
    fc.property(text, (value) => {
      const [field] = headerFields(make(plain(''), [{ name: 'X-Text', value }]));
      const clean = value.toWellFormed();
      fc.pre(!/\p{Cc}/u.test(clean));
      assert.equal(asText(field?.value ?? ''), clean.normalize('NFC'));
      assert.ok(encodeText(value).length < 12 * value.length + 200);
      const bytes = make({
        type: 'a/b',
        params: { value },
        disposition: 'attachment',
        name: value,
        body: { bytes: Buffer.from('') },
      });
      const part = scan(bytes);
      assert.equal(part.params['value'], clean);
      assert.equal(part.name, clean.trim() || null);
      assert.ok(lines(bytes).every((line) => line.length <= 78));
    }),
    { numRuns: 500 },
  );
});

test('a delivery status report has its three parts', () => {
  const bytes = reportMessage({
    ...simple,
    from: { name: null, email: 'postmaster@x.test' },
    text: 'It failed.',
    reportType: 'delivery-status',
    parts: [
      { type: 'message/delivery-status', body: 'Reporting-MTA: dns; x\r\n' },
      { type: 'text/rfc822-headers', body: 'Subject: é\r\n' },
    ],
  });
  const { root } = parseMessage(bytes);
  assert.deepEqual(
    root.parts?.map((part) => [part.type, part.encoding]),
    [
      ['text/plain', '7bit'],
      ['message/delivery-status', '7bit'],
      ['text/rfc822-headers', '8bit'],
    ],
  );
  assert.deepEqual(
    [root.type, root.params['report-type'], root.encoding],
    ['multipart/report', 'delivery-status', '8bit'],
  );
  const machine = root.parts?.[1];
  assert.equal(machine && Buffer.from(decodeBody(bytes, machine)).toString(), 'Reporting-MTA: dns; x\r\n');
  const [type] = headerFields(bytes).filter(({ name }) => name === 'Content-Type');
  assert.equal(parseParameters(type?.value ?? '').value, 'multipart/report');
});

test('in pieces, of whatever length, it is the same message', async () => {
  const message = Buffer.from('Subject: \xe9\r\n\r\nInner\r\n', 'latin1');
  const bytes = fc.uint8Array({ maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(bytes, fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1 }), async (file, lengths) => {
      async function* cut(of: Uint8Array): AsyncGenerator<Uint8Array, void> {
        for (let at = 0, i = 0; at < of.length; i++) yield of.subarray(at, (at += lengths[i % lengths.length] ?? 1));
      }
      const root = (body: (of: Uint8Array) => ComposePart['body']): ComposePart => ({
        type: 'multipart/mixed',
        body: {
          parts: [
            plain('Grüße'),
            { type: 'application/pdf', body: body(file) },
            { type: 'message/rfc822', body: body(message) },
          ],
        },
      });
      const pieces: Uint8Array[] = [];
      const inPieces = root((of) => ({ pieces: () => cut(of), eightBit: of.some((octet) => octet > 127) }));
      for await (const piece of composePieces({ headers: [], root: inPieces, ...given })) pieces.push(piece);
      const boundless = (all: Buffer): string => all.toString('latin1').replaceAll(/=_[0-9a-f]{32}/g, '=_');
      assert.equal(boundless(Buffer.concat(pieces)), boundless(make(root((of) => ({ bytes: of })))));
    }),
  );
});
