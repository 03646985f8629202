import assert from 'node:assert/strict';
import { test } from 'node:test';
import { branchesOf } from './branches.ts';

async function textOf(pieces: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece.toString();
  return text;
}

function source(...texts: string[]): { asked: () => number; pieces: AsyncIterable<Buffer>; isOver: () => boolean } {
  let asked = 0;
  let over = false;
  async function* pieces(): AsyncGenerator<Buffer, void> {
    try {
      for (const text of texts) {
        asked++;
        if (text === 'fault') throw new Error(text);
        yield Buffer.from(text);
      }
    } finally {
      over = true;
    }
  }
  return { asked: () => asked, pieces: pieces(), isOver: () => over };
}

test('each reads all of it, no faster than the slowest', async () => {
  const from = source('one ', 'two ', 'three');
  const [first, second] = branchesOf(from.pieces, 2);
  assert.ok(first && second);
  const read = textOf(first.pieces);
  const slow = second.pieces[Symbol.asyncIterator]();
  await slow.next();
  assert.equal(from.asked(), 1);
  while (!(await slow.next()).done);
  assert.equal(await read, 'one two three');
});

test('one who leaves holds up nobody, and what nobody reads is ended', async () => {
  const from = source('one ', 'two');
  const [first, second, third] = branchesOf(from.pieces, 3);
  assert.ok(first && second && third);
  const read = textOf(first.pieces);
  second.leave();
  third.leave();
  assert.equal(await read, 'one two');
  const other = source('one', 'two');
  const [only] = branchesOf(other.pieces, 1);
  await only?.pieces[Symbol.asyncIterator]().next();
  only?.leave();
  await new Promise(setImmediate);
  assert.ok(other.isOver());
});

test('what fails fails for all, and nobody reads it twice', async () => {
  const [first, second] = branchesOf(source('one', 'fault').pieces, 2);
  assert.ok(first && second);
  const read = await Promise.allSettled([textOf(first.pieces), textOf(second.pieces)]);
  assert.deepEqual(
    read.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await assert.rejects(textOf(first.pieces), /try again/);
});
