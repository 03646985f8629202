import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeBase64, encodeQuotedPrintable } from './encode.ts';
import { createDecoder, decodedLength, decodeTransfer } from './transfer.ts';

const decoded = (text: string, encoding: string): string =>
  Buffer.from(decodeTransfer(Buffer.from(text, 'latin1'), encoding)).toString('latin1');

test('base64', () => {
  const cases: Record<string, string> = {
    'aGVsbG8=': 'hello',
    'aGVs\r\nbG8=\r\n': 'hello',
    aGVsbG8: 'hello',
    aGVsbG: 'hell',
    aGVsb: 'hel',
    'aGVs?b!G8=': 'hello',
    'aGk=aGk=': 'hihi',
    'aA==\r\naQ==': 'hi',
    '====': '',
    '': '',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(decoded(text, 'base64'), expected, text);
});

test('quoted-printable', () => {
  const cases: Record<string, string> = {
    'a=3Db=3db': 'a=b=b',
    'a=\r\nb=\nc': 'abc',
    'a=  \t\r\nb': 'ab',
    'a \t\r\nb  \nc  ': 'a\r\nb\nc',
    'a=20\r\n': 'a \r\n',
    'a  b': 'a  b',
    'a=zzb=4': 'a=zzb=4',
    'a=': 'a',
    'a=\rb': 'a=\rb',
    '\xe9': '\xe9',
    '': '',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(decoded(text, 'quoted-printable'), expected, text);
});

test('the length is that of what is decoded, whatever the bytes', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .string({ unit: fc.constantFrom('=', '\r', '\n', ' ', '\t', 'A', '4', 'z', '?'), maxLength: 60 })
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(bytes, fc.constantFrom('base64', 'quoted-printable', '7bit', 'x-other'), (octets, encoding) => {
      assert.equal(decodedLength(octets, encoding), decodeTransfer(octets, encoding).length);
    }),
  );
});

test('what is encoded is decoded again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      assert.deepEqual(decodeTransfer(encodeBase64(octets), 'base64'), octets);
    }),
  );
  const line = fc.string({ unit: 'binary', maxLength: 200 }).map((text) => text.replace(/[\r\n]/g, ' ').toWellFormed());
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join('\r\n');
      const encoded = encodeQuotedPrintable(text);
      assert.equal(Buffer.from(decodeTransfer(encoded, 'quoted-printable')).toString(), text);
      assert.ok(
        encoded
          .toString('latin1')
          .split('\r\n')
          .every((each) => /^[\t\x20-\x7e]{0,76}$/.test(each)),
      );
    }),
  );
});

test('base64 as programs write it is decoded as any other', () => {
  const digits = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n'.split(''));
  const tails = fc.constantFrom('', '=', '==', '=\r\n', '==\r\n\r\n', '===', '=a', '= ');
  fc.assert(
    fc.property(fc.array(digits), tails, (text, tail) => {
      const written = text.join('') + tail;
      // A space is skipped, and keeps it from the quick way.
      assert.equal(decoded(written, 'base64'), decoded(` ${written}`, 'base64'), JSON.stringify(written));
      assert.equal(decodedLength(Buffer.from(written), 'base64'), decoded(written, 'base64').length);
    }),
  );
});

test('in pieces, wherever they are cut, it is the same', () => {
  const text = fc.string({
    unit: fc.constantFrom(...'=\r\n \t3DABz/+\xe9'.split(''), '=3D', '=\r\n', '  \r\n', 'QUJD', '=='),
  });
  const encoding = fc.constantFrom('base64', 'quoted-printable', '8bit');
  fc.assert(
    fc.property(text, encoding, fc.array(fc.nat(8)), (whole, how, cuts) => {
      const bytes = Buffer.from(whole, 'latin1');
      const decoder = createDecoder(how);
      const pieces: Uint8Array[] = [];
      let from = 0;
      for (const length of cuts) pieces.push(decoder.push(bytes.subarray(from, (from += length))));
      const together = Buffer.concat([...pieces, decoder.push(bytes.subarray(from)), decoder.end()]);
      assert.equal(together.toString('latin1'), decoded(whole, how));
    }),
    { numRuns: 2000 },
  );
});
