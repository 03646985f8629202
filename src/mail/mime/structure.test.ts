import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Part } from '../message.ts';
import { LIMITS } from './limits.ts';
import { headerEnd, scan } from './structure.ts';

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'));
const bodyOf = (bytes: Buffer, part: Part | undefined): string | undefined =>
  part && bytes.subarray(...part.body).toString('latin1');

/** `partId type` of all parts, messages' contents among them. */
const tree = (part: Part): string[] => [
  `${part.partId} ${part.type}`,
  ...(part.parts ?? (part.message ? [part.message.root] : [])).flatMap(tree),
];

test('a header ends at its empty line', () => {
  const end = (text: string): number => headerEnd(Buffer.from(text), [0, text.length]);
  assert.equal(end('A: b\r\n\r\nbody'), 8);
  assert.equal(end('A: b\n\nbody'), 6);
  assert.equal(end('A: b\r\n \r\n c\r\n\r\nbody'), 15, 'a line of white space continues the field');
  assert.equal(end('\r\nbody'), 2);
  assert.equal(end('A: b'), 4);
  assert.equal(end('A: b\r\njunk\r\nC: d\r\n\r\nbody'), 20, 'a stray line in a header is passed over');
  assert.equal(end('A: b\r\nthe body, without an empty line'), 6);
  assert.equal(end('no header\r\n\r\nA: b'), 0);
  assert.equal(end(''), 0);
});

test('types that are not given, or are none', () => {
  const typed = (field: string): [string, Record<string, string>] => {
    const { type, params } = scan(crlf(`${field}\n\nbody`));
    return [type, params];
  };
  assert.deepEqual(typed('Subject: x'), ['text/plain', { charset: 'us-ascii' }]);
  assert.deepEqual(typed('Content-Type: text; charset=utf-8'), ['text/plain', { charset: 'utf-8' }]);
  assert.deepEqual(typed('Content-Type: text/plain'), ['text/plain', {}]);
  assert.deepEqual(typed('Content-Type: IMAGE/png (a picture)'), ['image/png', {}]);
  assert.deepEqual(typed('Content-Type: multipart/mixed'), ['text/plain', { charset: 'us-ascii' }]);
});

test('the encoding, without what is written around it', () => {
  const encoding = (value: string): string => scan(crlf(`Content-Transfer-Encoding:${value}\n\n`)).encoding;
  assert.equal(encoding(' (as always) BASE64 ; x=y'), 'base64');
  assert.equal(encoding(''), '7bit');
  assert.equal(encoding(' x-UUencode'), 'x-uuencode');
});

test('the line break before a delimiter is the delimiter’s', () => {
  const bytes = crlf('Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n\n--x\n\n\n--x\n\n--x--');
  const { parts } = scan(bytes);
  assert.deepEqual(
    parts?.map((part) => [bodyOf(bytes, part), part.lines, part.decodedSize]),
    [
      ['a\r\n', 1, 3],
      ['', 0, 0],
      ['', 0, 0],
    ],
  );
});

test('an outer delimiter ends whatever is open inside', () => {
  const bytes = crlf(
    'Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\nContent-Type: message/rfc822\n\nSubject: s\n\nin\n--o\nX: y\n--o--\n',
  );
  const root = scan(bytes);
  assert.deepEqual(tree(root), [
    ' multipart/mixed',
    '1 multipart/mixed',
    '1.1 message/rfc822',
    '1.1.1 text/plain',
    '2 text/plain',
  ]);
  assert.equal(bodyOf(bytes, root.parts?.[0]?.parts?.[0]?.message?.root), 'in');
  assert.equal(bodyOf(bytes, root.parts?.[1]), '');
});

test('a boundary that is not ASCII, and one of 300 characters', () => {
  for (const boundary of ['é', 'x'.repeat(300), "a'()+_,-./:=?b"]) {
    const bytes = crlf(`Content-Type: multipart/mixed; boundary="${boundary}"\n\n--${boundary}\n\na\n--${boundary}--`);
    assert.equal(bodyOf(bytes, scan(bytes).parts?.[0]), 'a', boundary);
  }
});

test('lines are those of the encoded body, sizes those of the decoded one', () => {
  const measures = (body: string, encoding = '7bit'): [number, number] => {
    const { lines, decodedSize } = scan(Buffer.from(`Content-Transfer-Encoding: ${encoding}\n\n${body}`));
    return [lines, decodedSize];
  };
  assert.deepEqual(measures(''), [0, 0]);
  assert.deepEqual(measures('a'), [1, 1]);
  assert.deepEqual(measures('a\nb\n'), [2, 4]);
  assert.deepEqual(measures('aGVs\nbG8=\n', 'base64'), [2, 5]);
  assert.deepEqual(measures('a=\n=C3=A4\n', 'quoted-printable'), [2, 4]);
  const message = crlf('Content-Type: message/rfc822\n\nSubject: s\n\na\nb');
  assert.deepEqual([scan(message).lines, scan(message).decodedSize], [4, 18]);
});

test('a message in a message, numbered', () => {
  assert.deepEqual(tree(scan(crlf('Content-Type: message/rfc822\n\nSubject: s\n\nbody'))), [
    '1 message/rfc822',
    '1.1 text/plain',
  ]);
  const nested = 'Content-Type: message/global\n\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--';
  assert.deepEqual(tree(scan(crlf(nested))), ['1 message/global', '1 multipart/mixed', '1.1 text/plain']);
});

test('beyond a bound all is bytes', () => {
  const depthOf = (part: Part): number =>
    1 + Math.max(0, ...[...(part.parts ?? []), part.message?.root].map((p) => (p ? depthOf(p) : 0)));
  const last = (part: Part): Part => {
    const [child = part.message?.root] = part.parts ?? [];
    return child ? last(child) : part;
  };
  let multiparts = '';
  for (let i = 0; i < LIMITS.depth + 20; i++)
    multiparts += `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`;
  const deep = scan(Buffer.from(`${multiparts}\ntext`));
  assert.equal(depthOf(deep), LIMITS.depth + 1);
  assert.equal(last(deep).type, 'application/octet-stream');
  const messages = scan(Buffer.from('Content-Type: message/rfc822\n\n'.repeat(LIMITS.depth + 20)));
  assert.equal(depthOf(messages), LIMITS.depth + 1);
  assert.equal(last(messages).type, 'message/rfc822');

  const wide = scan(
    Buffer.from(`Content-Type: multipart/mixed; boundary=x\n\n${'--x\n\na\n'.repeat(LIMITS.parts + 20)}`),
  );
  assert.equal(wide.parts?.length, LIMITS.parts - 1);

  const header = `A: b\n${` ${'x'.repeat(1000)}\n`.repeat(1100)}B: c\n\nbody`;
  const root = scan(Buffer.from(header));
  assert.ok(root.header[1] <= LIMITS.headerBlock && root.body[1] === header.length);
});
