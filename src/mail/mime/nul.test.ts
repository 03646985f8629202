import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Part } from '../message.ts';
import { decodeBody } from './body.ts';
import { encodeNul } from './nul.ts';
import { parseMessage } from './parse.ts';

const textOf = (bytes: Buffer, part: Part): string => Buffer.from(decodeBody(bytes, part)).toString('latin1');
const lines = (...list: string[]): Buffer => Buffer.from(list.join('\r\n'), 'latin1');

test('a binary part with NUL becomes base64, and nothing else changes', () => {
  const plain = lines('Subject: x', 'Content-Transfer-Encoding: 8bit', '', 'caf\xe9');
  assert.equal(encodeNul(plain, parseMessage(plain).root), plain);
  const content = 'a\0b\r\n\xff\0';
  const single = lines(
    'Content-Type: application/octet-stream',
    'content-transfer-encoding:',
    ' binary',
    'X: y',
    '',
    content,
  );
  const encoded = encodeNul(single, parseMessage(single).root);
  assert.ok(!encoded.includes(0));
  assert.match(
    encoded.toString('latin1'),
    /^Content-Type: application\/octet-stream\r\nContent-Transfer-Encoding: base64\r\nX: y\r\n\r\n/,
  );
  const { root } = parseMessage(encoded);
  assert.equal(textOf(encoded, root), content);
});

test('in a multipart, each by itself', () => {
  const part = (content: string): string[] => ['--b', 'Content-Transfer-Encoding: binary', '', content];
  const message = lines(
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    ...part('\0one'),
    ...part('two'),
    ...part('\0three'),
    '--b--',
    '',
  );
  const encoded = encodeNul(message, parseMessage(message).root);
  const { root } = parseMessage(encoded);
  const texts = (root.parts ?? []).map((one) => [one.encoding, textOf(encoded, one)]);
  assert.deepEqual(texts, [
    ['base64', '\0one'],
    ['binary', 'two'],
    ['base64', '\0three'],
  ]);
});
