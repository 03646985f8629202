import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unavailable } from '../mail/errors.ts';
import { toAuthReply, toReply } from './replies.ts';

test('a store that is away, and one whose disk is full', () => {
  const [away, full] = ['ECONNREFUSED', '53100'].map((code) => new Unavailable('not now', { cause: { code } }));
  const codes = (error: unknown): string[] =>
    [toReply(error), toAuthReply(error)].map(({ responseCode, message }) => `${responseCode} ${message.slice(0, 5)}`);
  assert.deepEqual(codes(away), ['451 4.3.0', '454 4.7.0']);
  assert.deepEqual(codes(full), ['452 4.3.1', '454 4.7.0']);
});
