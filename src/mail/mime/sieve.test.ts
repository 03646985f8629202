import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMessage } from './parse.ts';
import { createSieve } from './sieve.ts';

const line = fc.oneof(
  { weight: 6, arbitrary: fc.constant('QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\r\n') },
  { weight: 6, arbitrary: fc.constant('QUJDREVGR0hJSktMTU5PUFFSU1RV\r\n') },
  fc.constantFrom(
    'a=20b =\r\n',
    'x\n',
    '\r\n',
    '=',
    '- - \r\n',
    '--\r\n',
    '--no\r\n',
    '   \r\n',
    'QQ==\r\n',
    'Q\r\n',
    '--- a\n',
  ),
);
const body = fc.array(line, { minLength: 5, maxLength: 80, size: 'max' }).map((lines) => lines.join(''));
const encoding = fc.constantFrom('base64', 'quoted-printable', '7bit', '8bit');
const part = fc
  .tuple(encoding, body, fc.constantFrom('text/plain', 'application/pdf', 'message/rfc822'))
  .map(([of, text, type]) => `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${of}\r\n\r\n${text}`);
const message = fc.oneof(
  part,
  fc
    .array(part, { minLength: 1, maxLength: 4 })
    .map(
      (parts) =>
        `Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n${parts.map((one) => `--b\r\n${one}\r\n`).join('')}--b--\r\nepilogue`,
    ),
);

test('what is read of a message is the same, whatever the sieve has left out of it', () => {
  let dropped = 0;
  fc.assert(
    fc.property(message, fc.integer({ min: 200, max: 900 }), fc.integer({ min: 1, max: 700 }), (text, keep, step) => {
      const bytes = Buffer.from(text);
      const sieve = createSieve(keep);
      for (let at = 0; at < bytes.length; at += step) sieve.push(bytes.subarray(at, at + step));
      const { kept, cuts } = sieve.end();
      dropped += bytes.length - kept.length;
      assert.equal(kept.length + cuts.reduce((sum, { octets }) => sum + octets, 0), bytes.length);
      const whole = parseMessage(bytes);
      const read = parseMessage(kept, cuts);
      assert.deepEqual(read.root, whole.root);
      assert.deepEqual(read.imap, whole.imap);
      assert.deepEqual(read.envelope, whole.envelope);
      assert.equal(read.hasAttachment, whole.hasAttachment);
    }),
    { numRuns: 800 },
  );
  assert.ok(dropped > 100_000, 'much was left out');
});
