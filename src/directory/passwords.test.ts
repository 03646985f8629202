import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unavailable } from '../mail/errors.ts';
import { createPasswordChecker, hashPassword, hashPasswords, isPasswordHash } from './passwords.ts';

// From the reference implementation's own tests (phc-winner-argon2, src/test.c).
const REFERENCE = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';

test('checks a hash that another program made', async () => {
  const { check } = createPasswordChecker();
  assert.equal(await check('password', REFERENCE), true);
  assert.equal(await check('Password', REFERENCE), false);
});

test('hashes with a salt of its own, at the cost that OWASP asks for', async () => {
  const [one = '', other = ''] = await hashPasswords(['homing', 'homing']);
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(one, other);
  const { check } = createPasswordChecker();
  assert.equal(await check('homing', one), true);
});

test('is the same word however the keyboard writes it', async () => {
  const { check } = createPasswordChecker();
  assert.equal(await check('gru\u0308\u00dfe', await hashPassword('gr\u00fc\u00dfe')), true);
});

test('derives once for a right password, every time for a wrong one', async () => {
  const derived: string[] = [];
  const { check } = createPasswordChecker((password, phc) => {
    derived.push(`${password} ${phc}`);
    return Promise.resolve(password === 'right');
  });
  for (let i = 0; i < 3; i++) {
    assert.equal(await check('right', 'hash'), true);
    assert.equal(await check('wrong', 'hash'), false);
  }
  assert.equal(derived.filter((one) => one === 'right hash').length, 1);
  assert.equal(derived.filter((one) => one === 'wrong hash').length, 3);
  assert.equal(await check('right', 'new hash'), true);
  assert.equal(derived.at(-1), 'right new hash');
});

test('nobody has any password, and it takes a derivation to say so', async () => {
  const derived: string[] = [];
  const { check } = createPasswordChecker((_, phc) => {
    derived.push(phc);
    return Promise.resolve(true);
  });
  assert.deepEqual([await check('', null), await check('', null)], [false, false]);
  assert.equal(derived.length, 2);
  assert.ok(derived.every(isPasswordHash), derived[0]);
});

test('derives two at a time, lets a thousand wait, and sends the rest away', async () => {
  const go = Promise.withResolvers<boolean>();
  let [running, most] = [0, 0];
  const { check } = createPasswordChecker(async () => {
    most = Math.max(most, ++running);
    await go.promise;
    running--;
    return true;
  });
  const waiting = Array.from({ length: 1002 }, (_, i) => check(`${i}`, 'hash'));
  await assert.rejects(check('one too many', 'hash'), Unavailable);
  const same = check('0', 'hash'); // waits with the one that asked before
  go.resolve(true);
  assert.ok((await Promise.all([...waiting, same])).every(Boolean));
  assert.equal(most, 2);
});

test('knows a hash that it can check from anything else', () => {
  assert.ok(isPasswordHash(REFERENCE));
  for (const text of [
    'homing',
    '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=65536,t=2,p=1$c29t$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFh',
  ]) {
    assert.equal(isPasswordHash(text), false, text);
  }
});
