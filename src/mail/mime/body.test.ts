import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Part } from '../message.ts';
import { bodyParts, bodyText, decodeBody } from './body.ts';
import { scan } from './structure.ts';

const message = (fields: string, body: string | Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${fields}\r\n\r\n`), Buffer.from(body)]);
const text = (bytes: Buffer, maxBytes?: number): ReturnType<typeof bodyText> => bodyText(bytes, scan(bytes), maxBytes);

test('text, its charset and line breaks undone', () => {
  assert.deepEqual(
    text(message('Content-Type: text/plain; charset=iso-8859-1', Buffer.from('Gr\xfc\xdfe\r\n\rx\n', 'latin1'))),
    {
      value: 'Grüße\n\rx\n',
      isEncodingProblem: false,
      isTruncated: false,
    },
  );
  assert.equal(text(message('A: b', 'a\0b')).value, 'ab');
});

test('encoding problems', () => {
  const problem = (fields: string, body: Uint8Array | string): boolean => text(message(fields, body)).isEncodingProblem;
  assert.equal(problem('Content-Type: text/plain; charset=utf-8', 'é'), false);
  assert.equal(problem('Content-Type: text/plain; charset=utf-8', Uint8Array.of(0xff)), true);
  assert.equal(problem('Content-Type: text/plain; charset=x-none', 'a'), true);
  assert.equal(problem('Content-Transfer-Encoding: x-none', 'a'), true);
  assert.equal(problem('A: b', 'é'), false, 'nobody said, and it is UTF-8');
  assert.equal(problem('A: b', Uint8Array.of(0xe9)), true);
});

test('truncation: whole code points, whole tags', () => {
  const value = (body: string, maxBytes: number, type = 'plain'): [string, boolean] => {
    const { value: cut, isTruncated } = text(message(`Content-Type: text/${type}; charset=utf-8`, body), maxBytes);
    return [cut, isTruncated];
  };
  assert.deepEqual(value('aé€🕊', 0), ['aé€🕊', false]);
  assert.deepEqual(value('aé€🕊', 10), ['aé€🕊', false]);
  assert.deepEqual(value('aé€🕊', 9), ['aé€', true]);
  assert.deepEqual(value('aé€🕊', 5), ['aé', true]);
  assert.deepEqual(value('é', 1), ['', true]);
  assert.deepEqual(value('a<b title="é">', 12, 'html'), ['a', true]);
  assert.deepEqual(value('a<b>c', 4, 'html'), ['a<b>', true]);
  assert.deepEqual(value('a<b>c', 2), ['a<', true]);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 1, max: 60 }), (body, maxBytes) => {
      const [cut] = value(body.toWellFormed(), maxBytes);
      assert.ok(Buffer.byteLength(cut) <= maxBytes && cut.isWellFormed());
    }),
  );
});

test('what is made of parts is not encoded', () => {
  const bytes = message(
    'Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: base64',
    '--x\r\n\r\na\r\n--x--',
  );
  const root = scan(bytes);
  assert.equal(Buffer.from(decodeBody(bytes, root)).toString(), '--x\r\n\r\na\r\n--x--');
  assert.equal(root.decodedSize, root.body[1] - root.body[0]);
});

/** A part from "mixed(plain, alternative(plain, html), png@inline, pdf)". */
function part(text: string): Part {
  const types: Record<string, string> = {
    plain: 'text/plain',
    html: 'text/html',
    png: 'image/png',
    pdf: 'application/pdf',
  };
  let at = 0;
  let count = 0;
  const read = (): Part => {
    const [whole = '', word = '', disposition = null, name = null] =
      /^(\w+)(?:@(\w+))?(?:#(\w+))?/.exec(text.slice(at)) ?? [];
    at += whole.length;
    const one = { ...scan(Buffer.alloc(0)), partId: `${word}${count++}`, disposition, name };
    if (text[at] !== '(') return { ...one, type: types[word] ?? '' };
    const parts: Part[] = [];
    while (text[at] !== ')') {
      at++;
      parts.push(read());
      while (text[at] === ' ') at++;
    }
    at++;
    return { ...one, type: `multipart/${word}`, parts };
  };
  return read();
}

test('which part is what (RFC 8621 §4.1.4)', () => {
  const cases: Record<string, [text: string, html: string, attachments: string]> = {
    plain: ['plain0', 'plain0', ''],
    pdf: ['', '', 'pdf0'],
    'alternative(plain,html)': ['plain1', 'html2', ''],
    'alternative(html)': ['html1', 'html1', ''],
    'alternative(plain)': ['plain1', 'plain1', ''],
    'alternative(plain,html,pdf)': ['plain1', 'html2', 'pdf3'],
    'mixed(plain,png,plain)': ['plain1 png2 plain3', 'plain1 png2 plain3', ''],
    'mixed(plain,png@attachment,pdf)': ['plain1', 'plain1', 'png2 pdf3'],
    'mixed(plain,plain#name)': ['plain1', 'plain1', 'plain2'],
    'mixed(plain#name,html)': ['plain1 html2', 'plain1 html2', ''],
    'related(html,png)': ['html1', 'html1', 'png2'],
    'alternative(plain,related(html,png))': ['plain1', 'html3', 'png4'],
    'mixed(alternative(plain,related(html,png)),pdf)': ['plain2', 'html4', 'png5 pdf6'],
    // The example of the RFC: A to K.
    'mixed(plain@inline,mixed(alternative(mixed(plain@inline,png@inline,plain@inline),related(html,png)),png@attachment,pdf),plain@inline)':
      ['plain1 plain5 png6 plain7 plain13', 'plain1 html9 plain13', 'png6 png10 png11 pdf12'],
    // Nothing is lost that is in neither body.
    'alternative(mixed(html,alternative(plain,html)),plain)': ['plain6', 'html2 html5', 'plain4'],
    'alternative(mixed(plain,html))': ['plain2', 'plain2', 'html3'],
    // An alternative of pictures: in both bodies, so attached to neither.
    'alternative(mixed(html,png))': ['html2 png3', 'html2 png3', ''],
  };
  for (const [structure, expected] of Object.entries(cases)) {
    const { textBody, htmlBody, attachments } = bodyParts(part(structure));
    assert.deepEqual(
      [textBody, htmlBody, attachments].map((list) => list.map(({ partId }) => partId).join(' ')),
      expected,
      structure,
    );
  }
});
