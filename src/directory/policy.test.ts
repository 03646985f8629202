import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../mail/errors.ts';
import { changedPolicy, checkPolicy, DEFAULT_POLICY, policyOf, POLICY_SETTINGS, readSetting } from './policy.ts';

function sentence(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Refusal && error.reason === 'badPolicy', String(error));
    return error.message;
  }
  return assert.fail('not refused');
}

test('every setting is explained, and its default is allowed', () => {
  assert.deepEqual(Object.keys(POLICY_SETTINGS).toSorted(), Object.keys(DEFAULT_POLICY).toSorted());
  assert.deepEqual(checkPolicy({ ...DEFAULT_POLICY }), DEFAULT_POLICY);
});

test('a change is merged; null is the default again', () => {
  const stored = changedPolicy({ rateLimit: 0, notices: 'none' }, { maxAgeDays: 7, notices: null });
  assert.deepEqual(stored, { rateLimit: 0, maxAgeDays: 7 });
  assert.deepEqual(policyOf(stored), { ...DEFAULT_POLICY, rateLimit: 0, maxAgeDays: 7 });
  assert.deepEqual(policyOf(undefined), DEFAULT_POLICY);
});

test('what is wrong is named', () => {
  assert.match(
    sentence(() => changedPolicy({}, { colour: null })),
    /^There is no policy "colour"; there are enabled, /,
  );
  assert.match(
    sentence(() => checkPolicy({ toString: 1 })),
    /^There is no policy "toString"/,
  );
  assert.equal(
    sentence(() => checkPolicy({ rateLimit: -1 })),
    'rateLimit takes a number of recalls an hour from 0 to 1000000, not -1.',
  );
  assert.equal(
    sentence(() => checkPolicy({ notices: 'some' })),
    'notices takes all, noticed-only or none, not "some".',
  );
  for (const value of [1.5, '7', null, Number.NaN, 36_501]) sentence(() => checkPolicy({ maxAgeDays: value }));
  for (const value of [['ana'], 'ana@pigeon.test', [1]]) sentence(() => checkPolicy({ protectedRecipients: value }));
  sentence(() => checkPolicy({ enabled: 'yes' }));
});

test('addresses are kept in their canonical form', () => {
  assert.deepEqual(checkPolicy({ protectedRecipients: ['Eli@Pigeon.TEST'] }), {
    protectedRecipients: ['eli@pigeon.test'],
  });
});

test('reads what is written', () => {
  assert.equal(readSetting('enabled', 'no'), false);
  assert.equal(readSetting('enabled', 'true'), true);
  assert.equal(readSetting('maxAgeDays', '7'), 7);
  assert.equal(readSetting('maxAgeDays', 'default'), null);
  assert.deepEqual(readSetting('protectedRecipients', 'a@b.test, c@b.test'), ['a@b.test', 'c@b.test']);
  assert.deepEqual(readSetting('protectedRecipients', ''), []);
  assert.equal(readSetting('senderSees', 'counts'), 'counts');
  assert.match(
    sentence(() => readSetting('colour', 'red')),
    /colour/,
  );
  for (const [name, text] of [
    ['maxAgeDays', ''],
    ['maxAgeDays', '-1'],
    ['enabled', ''],
    ['maxAgeDays', '1e3'],
  ] as const) {
    sentence(() => checkPolicy({ [name]: readSetting(name, text) }));
  }
});
