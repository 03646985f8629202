import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Output } from './output.ts';

function collect(): { out: Output; bytes: () => Buffer; stop: () => void } {
  const got: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      got.push(Buffer.from(chunk));
      done();
    },
  });
  return { out: new Output(stream), bytes: () => Buffer.concat(got), stop: () => void stream.destroy() };
}

test('text of both kinds and octets go out in their order, however they are mixed', () => {
  const { out, bytes } = collect();
  const expected: Buffer[] = [];
  for (let i = 0; i < 3_000; i++) {
    const kinds = [
      () => (out.ascii(`* ${i} FETCH (`), expected.push(Buffer.from(`* ${i} FETCH (`))),
      () => (out.write(`é${i}€`), expected.push(Buffer.from(`é${i}€`))),
      () => (out.latin1(`é${i}ÿ`), expected.push(Buffer.from(`é${i}ÿ`, 'latin1'))),
      () => (out.write(Buffer.from([i & 255, 0, 255])), expected.push(Buffer.from([i & 255, 0, 255]))),
    ];
    // In an order that is not the same each time.
    for (const say of kinds.toSorted((a, b) => kinds.indexOf(a) * ((i % 7) - 3) - kinds.indexOf(b) * ((i % 7) - 3)))
      say();
    if (i % 100 === 0) (out.latin1('x'.repeat(i * 40)), expected.push(Buffer.from('x'.repeat(i * 40))));
    if (i % 333 === 0) (out.write(Buffer.alloc(i * 30, 1)), expected.push(Buffer.alloc(i * 30, 1)));
    if (i % 500 === 0) out.flush();
  }
  out.flush();
  assert.ok(bytes().equals(Buffer.concat(expected)));
});

test('there is something to wait for once enough is gathered, and nobody to wait for once the client is gone', async () => {
  const { out, bytes, stop } = collect();
  out.ascii('a');
  assert.equal(out.more(), undefined);
  assert.equal(bytes().length, 0);
  out.ascii('b'.repeat(70_000));
  await out.more();
  assert.equal(bytes().length, 70_001);
  stop();
  out.ascii('c'.repeat(70_000));
  await assert.rejects(async () => out.more());
});
