import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDotReader } from './dots.ts';

/** What becomes of it, and what follows; undefined: it has no end. */
function read(chunks: Buffer[]): { content: string; rest: string } | undefined {
  const reader = createDotReader();
  const content: Buffer[] = [];
  for (const [i, chunk] of chunks.entries()) {
    const piece = reader(chunk);
    content.push(...piece.content);
    if (piece.rest) {
      const rest = Buffer.concat([piece.rest, ...chunks.slice(i + 1)]);
      return { content: Buffer.concat(content).toString('latin1'), rest: rest.toString('latin1') };
    }
  }
  return undefined;
}

const whole = (text: string): ReturnType<typeof read> => read([Buffer.from(text, 'latin1')]);

test('the end, and stuffed dots', () => {
  assert.deepEqual(whole('.\r\nQUIT\r\n'), { content: '', rest: 'QUIT\r\n' });
  assert.deepEqual(whole('a\r\n.\r\n'), { content: 'a\r\n', rest: '' });
  assert.deepEqual(whole('..\r\n...\r\n..a\r\n.\r\n'), { content: '.\r\n..\r\n.a\r\n', rest: '' });
  assert.deepEqual(whole('.a\r\n.\r\n'), { content: '.a\r\n', rest: '' });
  assert.deepEqual(whole('\r\n\r\n.\r\n'), { content: '\r\n\r\n', rest: '' });
});

test('only CRLF makes a line', () => {
  for (const text of ['a\n.\nb', 'a\n.\r\nb', 'a\r.\r\nb', 'a\r\n.\nb', 'a\r\n.\rb', 'a\n..b', 'a\r..b', '.\n.\r.'])
    assert.deepEqual(whole(`${text}\r\n.\r\n`), { content: `${text}\r\n`, rest: '' }, JSON.stringify(text));
});

test('whatever it is, and in whatever pieces it comes, it comes out as it went in', () => {
  const text = fc.array(fc.constantFrom('\r', '\n', '.', 'x', '\r\n', '\r\n.', '\xff'), { maxLength: 40 });
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 5 })), (parts, sizes) => {
      const message = `${parts.join('')}\r\n`;
      const stuffed = message.replaceAll(/(?<=^|\r\n)\./g, '..');
      const wire = Buffer.from(`${stuffed}.\r\nNOOP\r\n`, 'latin1');
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(wire.subarray(at, at + size));
        at += size;
      }
      chunks.push(wire.subarray(at));
      assert.deepEqual(read(chunks), { content: message, rest: 'NOOP\r\n' });
    }),
    { numRuns: 2000 },
  );
});
