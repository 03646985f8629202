import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, isAddress, isOutside, parseAddressList, uniqueRecipients } from './addresses.ts';

const parse = (text: string): string[] => parseAddressList(text).map(({ name, email }) => `${name ?? '-'} ${email}`);

test('a list as people paste it', () => {
  assert.deepEqual(parse('ana@pigeon.test, ben@pigeon.test;cho@pigeon.test\ndia@pigeon.test\teli@pigeon.test'), [
    '- ana@pigeon.test',
    '- ben@pigeon.test',
    '- cho@pigeon.test',
    '- dia@pigeon.test',
    '- eli@pigeon.test',
  ]);
  assert.deepEqual(parse('ana@pigeon.test ben@pigeon.test'), ['- ana@pigeon.test', '- ben@pigeon.test']);
  assert.deepEqual(parse(' ,; \n'), []);
});

test('names: quoted, unquoted, with a comma in them', () => {
  assert.deepEqual(parse('Ana Silva <ana@pigeon.test>'), ['Ana Silva ana@pigeon.test']);
  assert.deepEqual(parse('"Silva, Ana" <ana@pigeon.test>, Ben <b@x.test>'), [
    'Silva, Ana ana@pigeon.test',
    'Ben b@x.test',
  ]);
  assert.deepEqual(parse('Silva, Ana <ana@pigeon.test>; Ben <b@x.test>'), [
    'Silva, Ana ana@pigeon.test',
    'Ben b@x.test',
  ]);
  assert.deepEqual(parse('"A \\"B\\" C" <a@b.test>'), ['A "B" C a@b.test']);
  assert.deepEqual(parse('ana@pigeon.test <ana@pigeon.test>'), ['- ana@pigeon.test']);
  assert.deepEqual(parse('mailto:ana@pigeon.test'), ['- ana@pigeon.test']);
  assert.deepEqual(parse('"never closed <a@b.test>\nben@pigeon.test').at(-1), '- ben@pigeon.test');
});

test('what is no address stays to be mended', () => {
  assert.deepEqual(parse('ana, ben@'), ['- ana', '- ben@']);
  for (const good of ['a@b', 'a.b+c@d.test', '"a b"@c.test', 'jörg@exämple.test', "o'neil@x.test"])
    assert.ok(isAddress(good), good);
  for (const bad of [
    '',
    'a',
    '@b.test',
    'a@',
    'a b@c.test',
    'a@b@c',
    'a@b..c',
    'a@.b',
    'a,b@c.test',
    `${'x'.repeat(320)}@b.test`,
  ])
    assert.ok(!isAddress(bad), bad);
});

test('outside is every domain but the organisation’s own', () => {
  assert.ok(!isOutside('ben@PIGEON.test', ['pigeon.test']));
  assert.ok(isOutside('ben@sub.pigeon.test', ['pigeon.test']));
  assert.ok(isOutside('ben@pigeon.test.evil.test', ['pigeon.test']));
  assert.ok(!isOutside('ben', ['pigeon.test']));
});

test('there and back again', () => {
  for (const one of [
    { name: 'Ana Silva', email: 'ana@pigeon.test' },
    { name: 'Silva, "A"', email: 'ana@pigeon.test' },
    { name: null, email: 'ana@pigeon.test' },
  ])
    assert.deepEqual(parseAddressList(formatAddress(one)), [one]);
  const list = [
    { name: null, email: 'A@b.test' },
    { name: 'A', email: 'a@B.test' },
    { name: null, email: 'c@b.test' },
  ];
  assert.deepEqual(
    uniqueRecipients(list).map(({ email }) => email),
    ['A@b.test', 'c@b.test'],
  );
  assert.deepEqual(uniqueRecipients(list, [{ name: null, email: 'C@b.test' }]).length, 1);
});
