import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../mail/errors.ts';
import {
  DEFAULT_POLICY,
  GROUP_SETTINGS,
  POLICY_SETTINGS,
  changedGroupPolicy,
  changedPolicy,
  checkPolicy,
  policyOf,
  readSetting,
  withGroups,
  type Policy,
} from './policy.ts';

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

test('every setting has a sentence that explains it, and is a group’s to have or the organisation’s', () => {
  for (const [name, { help, takes }] of Object.entries(POLICY_SETTINGS)) {
    assert.match(help, /^[A-Z].{15,}\.$/, name);
    assert.ok(takes.length > 5, name);
  }
  const whole = Object.keys(DEFAULT_POLICY).filter((name) => !Object.hasOwn(GROUP_SETTINGS, name));
  assert.deepEqual(whole, [
    'recipientConsent',
    'processedCopies',
    'protectedRecipients',
    'vaultRetentionDays',
    'trackingRetentionDays',
    'dualControl',
    'recallMailbox',
  ]);
  assert.deepEqual(changedGroupPolicy({ maxAgeDays: 1 }, { maxAgeDays: null, rateLimit: 3 }), { rateLimit: 3 });
  for (const name of whole) sentence(() => changedGroupPolicy({}, { [name]: null }));
  sentence(() => changedGroupPolicy({}, { colour: 1 }));
});

test('a group’s setting takes the place of the organisation’s; of two groups’ the stricter holds', () => {
  const of = (...groups: Partial<Policy>[]): Policy => withGroups({ ...DEFAULT_POLICY, maxAgeDays: 30 }, groups);
  assert.deepEqual(of(), { ...DEFAULT_POLICY, maxAgeDays: 30 });
  assert.equal(of({ maxAgeDays: 90 }).maxAgeDays, 90);
  const pairs: [name: keyof Policy, a: unknown, b: unknown, stricter: unknown][] = [
    ['enabled', true, false, false],
    ['maxAgeDays', 90, 7, 7],
    ['readCopies', 'sender-chooses', 'keep', 'keep'],
    ['notices', 'none', 'noticed-only', 'noticed-only'],
    ['reasonInNotices', true, false, false],
    ['holdOutsideSeconds', 0, 300, 300],
    ['holdInsideSeconds', 0, 5, 5],
    ['rateLimit', 0, 50, 50],
    ['alertAgeDays', 0, 3, 3],
    ['alertRecipients', 10, 100, 10],
    ['alertPerHour', 0, 100, 100],
    ['alertReadCopies', false, true, true],
    ['restoreWindowSeconds', 60, 3600, 60],
    ['senderSees', 'outcome+exposure', 'counts', 'counts'],
    ['maxRecipients', 10, 20, 10],
    ['maxMessageSize', 2048, 4096, 2048],
  ];
  assert.deepEqual(
    pairs.map(([name]) => name),
    Object.keys(GROUP_SETTINGS),
  );
  for (const [name, a, b, stricter] of pairs)
    for (const two of [
      [a, b],
      [b, a],
    ])
      assert.equal(of(...two.map((value) => ({ [name]: value })))[name], stricter, name);
  assert.deepEqual(of({ protectedRecipients: ['a@b.test'] }).protectedRecipients, []);
});
