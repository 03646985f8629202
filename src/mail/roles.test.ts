import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DUTIES, dutiesOf, GIVEN_ROLES, hasDuty } from './roles.ts';

test('a user has no duty, an owner all of them, nobody one that there is not', () => {
  assert.deepEqual(dutiesOf(['user']), []);
  assert.deepEqual(dutiesOf(['owner']), DUTIES.owner);
  for (const role of GIVEN_ROLES) for (const duty of DUTIES[role]) assert.ok(DUTIES.owner.includes(duty), duty);
});

test('who sees everything changes nothing, and only an owner changes rules and roles', () => {
  for (const duty of ['recall', 'hold', 'change-directory', 'change-policy', 'change-queue', 'give-roles'] as const)
    assert.ok(!hasDuty(['auditor'], duty), duty);
  for (const duty of ['change-policy', 'give-roles'] as const)
    assert.ok(!hasDuty(['recall-admin', 'directory-admin', 'auditor'], duty), duty);
  assert.ok(hasDuty(['auditor', 'recall-admin'], 'recall'));
});
