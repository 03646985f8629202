import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rows } from './rows.ts';

async function read(chunks: Buffer[]): Promise<{ count: number; digest: string; text: string }> {
  const rows = new Rows();
  const out: Buffer[] = [];
  const into = new Writable({ write: (chunk: Buffer, _encoding, done) => (out.push(chunk), done()) });
  await pipeline(Readable.from(chunks), rows, into);
  return { count: rows.count, digest: rows.digest, text: Buffer.concat(out).toString() };
}

const textOf = (rows: string[]): Buffer => Buffer.from(rows.map((row) => `${row}\n`).join(''));
const row = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n'));

test('rows are counted and hashed however they are cut, whatever their order, and passed on as they came', () =>
  fc.assert(
    fc.asyncProperty(fc.array(row), fc.array(fc.nat(200)), async (rows, cuts) => {
      const bytes = textOf(rows);
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
      const whole = await read([bytes]);
      assert.equal(whole.count, rows.length);
      assert.equal(whole.text, bytes.toString());
      assert.deepEqual(await read(at.slice(1).map((end, i) => bytes.subarray(at[i], end))), whole);
      assert.equal((await read([textOf(rows.toReversed())])).digest, whole.digest);
    }),
    { numRuns: 200 },
  ));

test('a row that is missing, doubled or another changes the digest', async () => {
  const digests = [['a', 'b'], ['a'], ['a', 'b', 'b'], ['a', 'c'], ['ab'], ['', 'a', 'b'], []].map(async (rows) =>
    read([textOf(rows)]),
  );
  assert.equal(new Set((await Promise.all(digests)).map((one) => one.digest)).size, digests.length);
});

test('a text that ends within a row is an error', async () => {
  await assert.rejects(read([Buffer.from('1\t2\n1\t')]), /in the middle of a row/);
});
