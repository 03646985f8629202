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
  const say = {
    ascii: (text: string): void => out.ascii(text),
    utf8: (text: string): void => out.write(text),
    latin1: (text: string): void => out.latin1(text),
  };
  const put = (kind: keyof typeof say, text: string): void => {
    say[kind](text);
    expected.push(Buffer.from(text, kind));
  };
  const octets = (some: Buffer): void => {
    out.write(some);
    expected.push(some);
  };
  for (let i = 0; i < 3_000; i++) {
    put('ascii', `* ${i} FETCH (`);
    if (i % 3 > 0) put('utf8', `é${i}€`);
    if (i % 5 > 0) put('latin1', `é${i}ÿ`);
    if (i % 7 === 0) octets(Buffer.from([i & 255, 0, 255]));
    put('ascii', ')');
    if (i % 100 === 0) put('latin1', 'é'.repeat(i * 40));
    if (i % 333 === 0) octets(Buffer.alloc(i * 30, 1));
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
