import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { refused, testDirectory } from '../../test/support/directory.ts';
import { Refusal } from '../mail/errors.ts';
import { createDirectory, type Directory } from './directory.ts';
import { createGuard, placeOf, type GuardLimits } from './guard.ts';

const t = await testDirectory();
let now = new Date('2026-11-23T12:00:00Z');
const clock = (): Date => now;
const LIMITS: GuardLimits = { address: { free: 5, most: 64 }, account: { free: 3, most: 8 } };
const directories: Directory[] = [];
const newDirectory = (): Directory => {
  const directory = createDirectory({ store: t.store, clock, limits: LIMITS });
  directories.push(directory);
  return directory;
};
const directory = newDirectory();
after(async () => {
  for (const one of directories) one.close();
  await t.close();
});

const signIn = (ip: string, password: string, address = 'ana@pigeon.test', of = directory) =>
  of.signIn(address, password, { face: 'smtp', ip });
const retryAfter = async (work: Promise<unknown>): Promise<unknown> => {
  const error = await work.then(
    () => assert.fail('not refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Refusal && error.reason === 'tooManyFailures', String(error));
  return error.detail['retryAfter'];
};
const later = (seconds: number): void => void (now = new Date(now.getTime() + seconds * 1000));

test('an account: the first are free, then each costs twice the time, up to a limit', async () => {
  for (let i = 0; i < 4; i++) assert.equal(await signIn(`192.0.2.${i}`, `guess ${i}`), null);
  const waits: unknown[] = [];
  for (let i = 0; i < 5; i++) {
    const wait = await retryAfter(signIn(`198.51.100.${i}`, 'guess'));
    waits.push(wait);
    later(Number(wait));
    assert.equal(await signIn(`198.51.100.${i}`, 'guess'), null, 'once the time is over');
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 8]);
  assert.equal(await retryAfter(signIn('203.0.113.1', 'anas word')), 8, 'the right one too, from where nobody knows');
  later(8);
  assert.equal((await signIn('203.0.113.1', 'anas word'))?.account.id, t.ana);
  for (let i = 0; i < 3; i++) assert.equal(await signIn(`192.0.2.${i + 50}`, 'guess'), null, 'it begins anew');
});

test('who has signed in before is not kept out by what others guess, here or in another process', async () => {
  for (let i = 0; i < 9; i++) await signIn(`192.0.2.${100 + i}`, 'guess').catch(() => null);
  await retryAfter(signIn('192.0.2.200', 'anas word 2'));
  assert.ok(await signIn('203.0.113.1', 'anas word'), 'remembered');
  assert.ok(
    await signIn('203.0.113.1', 'anas word', 'ana@pigeon.test', newDirectory()),
    'a process that has just begun',
  );
  for (let i = 0; i < 4; i++) assert.equal(await signIn('203.0.113.1', `guess ${i}`), null);
  assert.equal(await retryAfter(signIn('203.0.113.1', 'guess')), 1, 'but to guess there is slow as well');
  later(86_401);
});

test('a whole office behind one address: what some mistype does not keep the others out', async () => {
  const office = '198.51.100.77';
  assert.ok(await signIn(office, 'anas word', 'ana@pigeon.test', newDirectory()));
  for (let i = 0; i < 6; i++) assert.equal(await signIn(office, 'typo', `nobody${i}@pigeon.test`), null);
  assert.equal(await retryAfter(signIn(office, 'typo', 'ben@pigeon.test')), 1);
  assert.ok(await signIn(office, 'anas word', 'ana@pigeon.test', newDirectory()));
  later(86_401);
});

test('a place: whichever accounts it tries; loopback is none', async () => {
  for (let i = 0; i < 6; i++) assert.equal(await signIn('2001:db8:1:2::a', 'guess', `nobody${i}@pigeon.test`), null);
  assert.equal(await retryAfter(signIn('2001:db8:1:2:ffff::1', 'guess', 'ben@pigeon.test')), 1, 'the same network');
  assert.equal(await signIn('2001:db8:1:3::1', 'guess', 'ben@pigeon.test'), null, 'another');
  for (let i = 0; i < 20; i++) assert.equal(await signIn('127.0.0.1', 'guess', `p${i}@pigeon.test`), null);
  for (let i = 0; i < 20; i++) assert.equal(await signIn('::1', 'guess', `q${i}@pigeon.test`), null);
});

test('however many come at once, no more are looked at than may', async () => {
  later(86_401);
  const guard = createGuard({ store: t.store, clock, limits: LIMITS });
  let looked = 0;
  const tries = Array.from({ length: 40 }, (_, i) =>
    guard.attempt({ ip: `192.0.2.${i}`, account: 'cho@pigeon.test' }, async () => {
      looked++;
      return null;
    }),
  );
  const settled = await Promise.allSettled(tries);
  assert.equal(looked, 4, 'three free ones, and the one that costs a second');
  assert.equal(settled.filter((one) => one.status === 'rejected').length, 36);
});

test('without limits nothing is counted', async () => {
  const lenient = createDirectory({ store: t.store, clock });
  directories.push(lenient);
  for (let i = 0; i < 12; i++) assert.equal(await signIn('192.0.2.77', 'guess', 'ben@pigeon.test', lenient), null);
  assert.deepEqual(await t.sql(`SELECT FROM sign_in_failure WHERE subject LIKE '%192.0.2.77%'`), []);
});

test('a wrong token is a guess', async () => {
  later(86_401);
  const from = { face: 'http', ip: '192.0.2.9' } as const;
  for (let i = 0; i < 4; i++)
    assert.equal(
      await directory.signInByToken(`hp-${t.pigeon}-${t.ana}-1-aaaaaaaaaaaaaaaaaaaaaaaaa${i + 2}`, from),
      null,
    );
  await refused(directory.signInByToken('hp-1-1-1-x', from), 'tooManyFailures');
});

test('places', () => {
  assert.equal(placeOf('192.0.2.7'), '192.0.2.7');
  assert.equal(placeOf('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(placeOf('2001:DB8::1'), '2001:db8:0:0::/64');
  assert.equal(placeOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(placeOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
  for (const here of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '']) assert.equal(placeOf(here), null);
});
