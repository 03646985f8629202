import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from '../../test/support/directory.ts';
import type { Target } from '../directory/directory.ts';
import { GIVEN } from './notify.ts';
import { route } from './route.ts';

const TARGETS: Record<string, Target> = {
  'ana@pigeon.test': { kind: 'account', tenant: 1, account: 7, address: 'ana@pigeon.test' },
  'a@pigeon.test': { kind: 'account', tenant: 1, account: 7, address: 'ana@pigeon.test' },
  'ben@pigeon.test': { kind: 'account', tenant: 1, account: 3, address: 'ben@pigeon.test' },
  'all@pigeon.test': { kind: 'group', tenant: 1, group: 5, address: 'all@pigeon.test' },
  'nobody@pigeon.test': { kind: 'unknown', tenant: 1 },
  'zoe@other.test': { kind: 'account', tenant: 2, account: 9, address: 'zoe@other.test' },
  'nobody@other.test': { kind: 'unknown', tenant: 2 },
};
const directory = { resolve: async (address: string): Promise<Target> => TARGETS[address] ?? { kind: 'outside' } };
const to = (...addresses: string[]): ReturnType<typeof route> =>
  route(
    directory,
    1,
    addresses.map((address) => ({ address })),
  );

test('accounts ascending, groups, and everybody else outside, other tenants among them', async () => {
  const routed = await to(
    'ana@pigeon.test',
    'zoe@other.test',
    'all@pigeon.test',
    'ben@pigeon.test',
    'nobody@other.test',
  );
  assert.deepEqual(
    routed.direct.map(({ account, address, via }) => [account, address, via]),
    [
      [3, 'ben@pigeon.test', null],
      [7, 'ana@pigeon.test', null],
    ],
  );
  assert.deepEqual(routed.groups, [{ group: 5, address: 'all@pigeon.test', notify: 2, originalRecipient: null }]);
  assert.deepEqual(
    routed.outside.map(({ address }) => address),
    ['zoe@other.test', 'nobody@other.test'],
  );
});

test('each once, and its own address wins over its alias, whichever comes first', async () => {
  for (const order of [
    ['a@pigeon.test', 'ana@pigeon.test', 'A@PIGEON.TEST'],
    ['ana@pigeon.test', 'a@pigeon.test'],
  ]) {
    const { direct } = await to(...order);
    assert.deepEqual([direct.length, direct[0]?.via], [1, null]);
  }
  const { direct } = await to('a@pigeon.test', 'a@pigeon.test');
  assert.deepEqual([direct.length, direct[0]?.via], [1, 'a@pigeon.test']);
  assert.equal((await to('all@pigeon.test', 'ALL@pigeon.test')).groups.length, 1);
});

test('outside, the local part stays as it was written and the domain becomes ASCII; cases are the same recipient', async () => {
  const { outside } = await to('Jürgen.M@BÜCHER.test', 'jürgen.m@xn--bcher-kva.test');
  assert.deepEqual(outside, [
    { key: 'jürgen.m@xn--bcher-kva.test', address: 'Jürgen.M@xn--bcher-kva.test', notify: 2, originalRecipient: null },
  ]);
});

test('what a sender asked for goes with the recipient', async () => {
  const { direct, outside } = await route(directory, 1, [
    { address: 'ben@pigeon.test', notify: 8 },
    { address: 'x@outside.test', notify: 5, originalRecipient: 'rfc822;y@z.test' },
  ]);
  assert.equal(direct[0]?.notify, 8 | GIVEN);
  assert.deepEqual([outside[0]?.notify, outside[0]?.originalRecipient], [5 | GIVEN, 'rfc822;y@z.test']);
});

test('refuses who is not there, and what is no address, by name', async () => {
  assert.match(await refused(to('ana@pigeon.test', 'Nobody@pigeon.test'), 'unknownRecipient'), /nobody@pigeon\.test/);
  for (const bad of ['', 'ana', '@pigeon.test', 'a b@pigeon.test', 'ana@pigeon.test\r\nX: y', 'a@b@c']) {
    await refused(to(bad), 'badAddress');
  }
});

test('keeps the order of many', async () => {
  const many = Array.from({ length: 230 }, (_, i) => `p${i}@outside.test`);
  assert.deepEqual(
    (await to(...many)).outside.map(({ address }) => address),
    many,
  );
});
