import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestError } from './errors.ts';
import { parseJson } from './json.ts';

const parse = (text: string | Uint8Array): unknown => parseJson(typeof text === 'string' ? Buffer.from(text) : text);

const nested = (depth: number, inner = ''): string => '['.repeat(depth) + inner + ']'.repeat(depth);

test('what is JSON is read', () => {
  assert.deepEqual(parse('{"a":[1,{"b":"ü[[{{\\"[\\\\"}]}'), { a: [1, { b: 'ü[[{{"[\\' }] });
  assert.deepEqual(parse(nested(200)), JSON.parse(nested(200)));
});

test('what is none is refused as notJSON', () => {
  for (const bad of [
    '',
    '{',
    '{"a":1}x',
    "{'a':1}",
    '[1,]',
    Buffer.from([0x22, 0xff, 0x22]),
    Buffer.from('"\u0001"'),
  ]) {
    assert.throws(() => parse(bad), { type: 'urn:ietf:params:jmap:error:notJSON', status: 400 }, String(bad));
  }
});

test('what nests too deep is refused before it is built', () => {
  for (const deep of [nested(201), nested(1_000_000), '{"a":'.repeat(201) + '1' + '}'.repeat(201)]) {
    assert.throws(
      () => parse(deep),
      (error) => error instanceof RequestError && error.type.endsWith(':notRequest'),
    );
  }
});

test('brackets in text do not nest', () => {
  const text = JSON.stringify('[{"\\'.repeat(1000));
  assert.equal(parse(text), JSON.parse(text));
});

test('two members of one name in an object are no I-JSON (RFC 7493 §2.3)', () => {
  for (const bad of ['{"a":1,"a":1}', '[{"b":{"a":1,"\\u0061":{}}}]', '{"__proto__":1,"__proto__":2}'])
    assert.throws(() => parse(bad), { type: 'urn:ietf:params:jmap:error:notJSON', status: 400 }, bad);
  for (const good of ['{"a":{"a":":"},"A":[{"a":1},{"a":1}],":":null}', '{"__proto__":{"a":1},"a":1}'])
    assert.deepEqual(parse(good), JSON.parse(good));
});
