import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalAddress } from './address.ts';

test('what is an address, and its one form', () => {
  for (const [given, canonical] of [
    ['Ana@Pigeon.TEST', 'ana@pigeon.test'],
    ['a.b+c@x-y.test', 'a.b+c@x-y.test'],
    ['zoë@bücher.test', 'zoë@xn--bcher-kva.test'],
    ['zoe\u0308@x.test', 'zoë@x.test'],
    ['"a b"@x.test', '"a b"@x.test'],
    ['x@a_b.test', 'x@a_b.test'],
    ['x@localhost', 'x@localhost'],
  ] as const)
    assert.equal(canonicalAddress(given), canonical, given);
});

test('what is none', () => {
  for (const given of [
    '',
    '@',
    'ana',
    'ana@',
    '@pigeon.test',
    'a b@x.test',
    'a@b@x.test',
    'a@x..test',
    'a@.test',
    'a@test.',
    'a@-x.test',
    'a@x.test\0',
    'a@\u0001x.test',
    '\ud800@x.test',
    '"\ud800"@x.test',
    'a@\ud800.test',
    'a@x-.test',
    'a@x y.test',
    'a@x:25',
    'a@x/y',
    'a@user:password@x.test',
    'a\0@x.test',
    'a\r\nb@x.test',
    'a@x\r\n.test',
    `${'x'.repeat(250)}@y.test`,
  ])
    assert.equal(canonicalAddress(given), null, JSON.stringify(given));
});
