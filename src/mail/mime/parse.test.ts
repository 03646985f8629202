import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Part } from '../message.ts';
import { bodyParts, bodyText, decodeBody } from './body.ts';
import { headerFields } from './headers.ts';
import { LIMITS } from './limits.ts';
import { parseMessage } from './parse.ts';
import { addMissing, hasHeader, prepend, removeHeaders } from './trace.ts';

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'));
const preview = (text: string): string => parseMessage(crlf(`Subject: x\n\n${text}`)).preview;

test('the last field of a name counts', () => {
  const { envelope } = parseMessage(crlf('From: a@x\nFROM: b@x\nTo:\nSubject: a\n\n'));
  assert.deepEqual(envelope.from, [{ name: null, email: 'b@x' }]);
  assert.deepEqual([envelope.to, envelope.cc, envelope.subject, envelope.messageId], [[], null, 'a', null]);
});

test('previews', () => {
  assert.equal(preview('  a\n\n\tb  c\n'), 'a b c');
  assert.equal(preview('On Monday Ana wrote:\n\n> quoted\n>> twice\n\nanswer\n'), 'answer');
  assert.equal(preview('> nothing but\n> a quotation\n'), '> nothing but > a quotation');
  assert.equal(preview('x'.repeat(300)).length, 256);
  assert.equal(preview(`${'x'.repeat(255)}🕊`), 'x'.repeat(255), 'no half of a character');
  assert.equal(preview('a\u00adb\u200bc \u200c\u200d d 👩\u200d🌾'), 'abc d 👩\u200d🌾');
  const html = 'Content-Type: text/html; charset=utf-8\n\n<style>b{}</style><p>Hi&nbsp;<b>Ana</b>';
  assert.equal(parseMessage(crlf(html)).preview, 'Hi Ana');
});

test('a preview of a long text is the same however much of it is read', () => {
  const bits = [
    'word',
    ' ',
    '  ',
    '\r\n',
    '\r\n\r\n',
    '\t',
    '\x07',
    '\0',
    '-',
    'Ben wrote:\r\n',
    '> quoted\r\n',
    '\x1b(B',
    'é',
  ];
  const bit = fc.oneof({ weight: 400, arbitrary: fc.constantFrom('word', ' ', '\r\n') }, fc.constantFrom(...bits));
  const texts = fc
    .array(bit, { minLength: 600, maxLength: 1200, size: 'max' })
    .map((list) => Buffer.from(list.join('')));
  fc.assert(
    fc.property(
      texts,
      fc.constantFrom('utf-8', 'us-ascii', 'iso-8859-1', 'iso-2022-jp', 'utf-16be'),
      (text, charset) => {
        const of = (encoding: string, body: string): string =>
          parseMessage(
            Buffer.from(
              `Content-Type: text/plain; charset=${charset}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}`,
              'latin1',
            ),
          ).preview;
        assert.equal(of('8bit', text.toString('latin1')), of('base64', text.toString('base64')));
      },
    ),
    { numRuns: 60 },
  );
});

test('what is searched: bodies, text files, messages inside; once each, and to a bound', () => {
  const searched = (text: string): string => parseMessage(crlf(text)).searchText;
  const part = (type: string, body: string): string => `--x\nContent-Type: ${type}\n\n${body}\n`;
  const mixed = `Content-Type: multipart/mixed; boundary=x\n\n${part('text/plain', 'body')}${part('text/csv; name=a.csv', 'file')}${part('image/png', 'picture')}${part('message/rfc822', 'Subject: inner\n\ntext')}--x--`;
  assert.equal(searched(mixed), 'body\nfile\ninner\ntext');
  const both = (plain: string): string =>
    `Content-Type: multipart/alternative; boundary=x\n\n${part('text/plain', plain)}${part('text/html', '<p>formatted</p>')}--x--`;
  assert.equal(searched(both('See the HTML.')), 'See the HTML.\nformatted', 'a text that may be none');
  assert.ok(!searched(both('a real text '.repeat(50))).includes('formatted'));
  assert.equal(searched(`A: b\n\n${'word '.repeat(LIMITS.textPart)}`).length, LIMITS.searchText);
  assert.equal(searched(`A: b\n\n${'🕊'.repeat(LIMITS.searchText)}`).isWellFormed(), true);
});

test('attachments that somebody would want to be told of', () => {
  const has = (...parts: string[]): boolean =>
    parseMessage(
      crlf(
        `Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\nbody\n${parts.map((fields) => `--x\n${fields}\n\ncontent\n`).join('')}--x--`,
      ),
    ).hasAttachment;
  assert.equal(has(), false);
  assert.equal(has('Content-Type: application/pdf'), true);
  assert.equal(has('Content-Type: image/png\nContent-Disposition: attachment\nContent-ID: <a@b>'), true);
  assert.equal(has('Content-Type: image/png\nContent-Disposition: inline'), false);
  assert.equal(has('Content-Type: application/pdf; name=a.pdf\nContent-Disposition: inline'), true);
  assert.equal(has('Content-Type: application/json\nContent-Disposition: inline'), false);
  assert.equal(has('Content-Type: application/pgp-signature; name=a.asc'), false);
  assert.equal(has('Content-Type: message/rfc822'), true);
});

const testdata = new URL('testdata/', import.meta.url);
const corpus = globSync('*.eml', { cwd: fileURLToPath(testdata) }).map((file) => readFileSync(new URL(file, testdata)));

/** A message of the corpus with a piece of it replaced by noise, or by a piece of another one. */
const mutated = fc
  .tuple(
    fc.constantFrom(...corpus),
    fc.nat(),
    fc.nat(80),
    fc.oneof(
      fc.uint8Array({ maxLength: 30 }).map((octets) => Buffer.from(octets)),
      fc
        .constantFrom(
          '\r\n',
          '\n',
          '\r\n\r\n',
          '--x\r\n',
          '"',
          '(',
          '=?utf-8?Q?',
          '\0',
          '\r',
          'Content-Type: message/rfc822\r\n\r\n',
        )
        .map((text) => Buffer.from(text)),
      fc.tuple(fc.constantFrom(...corpus), fc.nat(), fc.nat(400)).map(([other, from, length]) => {
        const start = from % (other.length + 1);
        return other.subarray(start, start + length);
      }),
    ),
  )
  .map(([message, from, drop, put]) => {
    const start = from % (message.length + 1);
    return Buffer.concat([message.subarray(0, start), put, message.subarray(start + drop)]);
  });

test('any bytes: a tree whose ranges lie in each other, and no string that a database would refuse', () => {
  fc.assert(
    fc.property(fc.oneof({ weight: 20, arbitrary: mutated }, fc.uint8Array({ maxLength: 300 })), (given) => {
      const bytes = Buffer.from(given);
      const parsed = parseMessage(bytes);
      checkRanges(parsed.root, 0, bytes.length);
      checkBodies(bytes, parsed.root);
      const whole = { ...parsed, searchText: parsed.searchText, headerText: parsed.headerText };
      checkStrings(whole);
      assert.ok(parsed.preview.length <= LIMITS.preview && parsed.searchText.length <= LIMITS.searchText);
      assert.deepEqual(JSON.parse(JSON.stringify(whole)), whole);
    }),
    { numRuns: 1500 },
  );
});

function checkRanges(part: Part, from: number, to: number): void {
  const { header, body, parts, message } = part;
  assert.ok(
    header[0] >= from && header[0] <= header[1] && header[1] === body[0] && body[0] <= body[1] && body[1] <= to,
  );
  let at = body[0];
  for (const child of parts ?? (message ? [message.root] : [])) {
    checkRanges(child, at, body[1]);
    at = child.body[1];
  }
  if (message) assert.deepEqual([message.root.header[0], message.root.body[1]], body);
  if (parts) assert.ok(parts.length > 0);
}

function checkBodies(bytes: Buffer, root: Part): void {
  const { textBody, htmlBody, attachments } = bodyParts(root);
  const placed = new Set([...textBody, ...htmlBody, ...attachments]);
  const visit = (part: Part): void => {
    assert.equal(part.decodedSize, decodeBody(bytes, part).length);
    if (part.type.startsWith('text/')) checkStrings(bodyText(bytes, part, 50));
    for (const { name, value } of headerFields(bytes.subarray(...part.header))) checkStrings([name, value]);
    if (part.parts) part.parts.forEach(visit);
    else assert.ok(placed.delete(part));
  };
  visit(root);
  assert.equal(placed.size, 0);
}

function checkStrings(value: unknown): void {
  if (typeof value === 'string') assert.ok(value.isWellFormed() && !value.includes('\0'));
  else if (typeof value === 'object' && value !== null)
    for (const [key, each] of Object.entries(value)) {
      checkStrings(key);
      checkStrings(each);
    }
}

test('any bytes: edits of the header do what they say, and nothing to the body', () => {
  const missing = { date: new Date(0), messageId: 'new@pigeon.test' };
  fc.assert(
    fc.property(mutated, (bytes) => {
      const { root, envelope } = parseMessage(bytes);
      const body = bytes.subarray(root.body[0]);
      const bare = removeHeaders(bytes, ['BCC', 'subject']);
      assert.equal(parseMessage(bare).envelope.bcc, null);
      assert.ok(
        !hasHeader(bare, 'Bcc') && !hasHeader(bare, 'Subject') && bare.subarray(bare.length - body.length).equals(body),
      );

      const complete = addMissing(bytes, missing);
      const parsed = parseMessage(complete);
      assert.ok(hasHeader(complete, 'Date') && hasHeader(complete, 'Message-ID'));
      assert.equal(addMissing(complete, missing), complete);
      if (!hasHeader(bytes, 'message-id')) assert.deepEqual(parsed.envelope.messageId, ['new@pigeon.test']);
      assert.deepEqual(parsed.envelope.from, envelope.from);
      assert.ok(complete.subarray(parsed.root.body[0]).equals(body));

      const traced = prepend(bytes, 'Received: from a\r\n\tby b\r\n');
      assert.deepEqual(parseMessage(traced).envelope, envelope);
      assert.ok(traced.subarray(-bytes.length || traced.length).equals(bytes));
    }),
    { numRuns: 800 },
  );
});
