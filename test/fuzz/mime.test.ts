// Messages: the corpus of src/mail/mime/testdata and what becomes of it when it is broken at random.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import type { Part } from '../../src/mail/message.ts';
import { bodyParts, bodyText, decodeBody } from '../../src/mail/mime/body.ts';
import { LIMITS } from '../../src/mail/mime/limits.ts';
import { parseMessage } from '../../src/mail/mime/parse.ts';
import { fuzz, mutate } from './fuzz.ts';

const corpus = globSync('src/mail/mime/testdata/*.eml')
  .toSorted()
  .map((file) => readFileSync(file));

const TOKENS = [
  [
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    '\r\n ',
    '\0',
    '--',
    '--x\r\n',
    '--x--\r\n',
    ';',
    '"',
    '\\',
    '(',
    ')',
    '<',
    '>',
    ',',
    ':',
    '=',
    '@',
  ],
  'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n',
  'Content-Type: multipart/alternative; boundary=""\r\n',
  'Content-Type: message/rfc822\r\n\r\n',
  'Content-Type: text/html; charset=utf-16\r\n',
  'Content-Type: text/plain; charset=iso-2022-jp; format=flowed\r\n',
  'Content-Type: text/plain; charset="\xff\xfe"\r\n',
  "Content-Disposition: attachment; filename*0*=utf-8''%e2%82; filename*1*=%ac\r\n",
  'Content-Transfer-Encoding: base64\r\n',
  'Content-Transfer-Encoding: quoted-printable\r\n',
  'Content-Transfer-Encoding: x-uuencode\r\n',
  ['=?utf-8?B?', '?=', '=?utf-8?Q?=', '=?x?x?x?=', '=3D', '=\r\n', '=E2=82', '\x1b$B', '\xed\xa0\x80', '\xff'],
  ['From: ', 'To: a:b;', 'Subject: Re: [x] Fwd: ', 'Date: ', 'Message-ID: <', 'References: <a@b> <', 'Received: '],
  ['<a href="', '<!--', '<style>', '<script>', '&#x110000;', '&amp', '</', '<td>'],
].flat();

/** Every string in it is one that the database takes. */
function checkStrings(value: unknown, path: string): void {
  if (typeof value === 'string') {
    assert.ok(!value.includes('\0'), `NUL in ${path}`);
    assert.ok(value.isWellFormed(), `a lone surrogate in ${path}`);
  } else if (Array.isArray(value)) value.forEach((one, i) => checkStrings(one, `${path}[${i}]`));
  else if (typeof value === 'object' && value !== null)
    for (const [name, one] of Object.entries(value)) {
      checkStrings(name, `a name in ${path}`);
      checkStrings(one, `${path}.${name}`);
    }
}

/** Ranges lie within those they are part of, and everything can be decoded. */
function checkPart(bytes: Buffer, part: Part, [from, to]: readonly [number, number], ids: Set<string>): void {
  const { header, body } = part;
  const ordered = [from, header[0], header[1], body[0], body[1], to];
  assert.ok(
    ordered.every((at, i) => i === 0 || at >= (ordered[i - 1] ?? 0)),
    `ranges of ${part.partId}: ${ordered.join(' ')}`,
  );
  // RFC 9051 §6.4.5.1: a multipart that is a whole message is numbered as the part which that is.
  if (!part.parts) {
    assert.ok(!ids.has(part.partId), `two parts ${part.partId}`);
    ids.add(part.partId);
  }
  assert.equal(decodeBody(bytes, part).length, part.decodedSize, `the size of ${part.partId}`);
  const { value } = bodyText(bytes, part, 100);
  assert.ok(Buffer.byteLength(value) <= 100 && value.isWellFormed());
  checkStrings(bodyText(bytes, part).value, `the text of ${part.partId}`);
  for (const child of part.parts ?? []) checkPart(bytes, child, body, ids);
  if (part.message) checkPart(bytes, part.message.root, body, ids);
}

/** Milliseconds for each input, and for each kilobyte of it: nothing takes the square of its length. */
const SLOW_MS = 400;
const SLOW_MS_PER_KB = 4;

fuzz('whatever a message is, it is read, and what is read of it can be stored', { runs: 2500 }, (random) => {
  const bytes = mutate(random, random.pick(corpus), TOKENS, corpus);
  const began = process.cpuUsage();
  const parsed = parseMessage(bytes);
  const whole = { ...parsed, searchText: parsed.searchText, headerText: parsed.headerText };
  const { textBody, htmlBody, attachments } = bodyParts(parsed.root);
  const { user } = process.cpuUsage(began);
  const text = (): string => bytes.toString('base64').slice(0, 20_000);
  assert.ok(user / 1000 < SLOW_MS + (SLOW_MS_PER_KB * bytes.length) / 1024, `${user / 1000} ms: ${text()}`);
  try {
    checkStrings(whole, 'message');
    checkPart(bytes, parsed.root, [0, bytes.length], new Set());
    assert.ok(parsed.preview.length <= LIMITS.preview && parsed.searchText.length <= LIMITS.searchText);
    assert.ok([...textBody, ...htmlBody, ...attachments].every((part) => part.body[1] <= bytes.length));
    const again = parseMessage(Buffer.from(bytes));
    assert.deepEqual({ ...again, searchText: again.searchText, headerText: again.headerText }, whole, 'the same again');
  } catch (error) {
    throw new Error(`of ${text()}`, { cause: error });
  }
});
