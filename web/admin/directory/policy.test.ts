import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_POLICY, POLICY_SETTINGS } from '../../../src/directory/policy.ts';
import type { Policy } from '../../../src/mail/policy.ts';
import { choiceLabel, defaultWords, grouped, labelOf, type Setting } from './policy.ts';

const SETTINGS = (Object.keys(POLICY_SETTINGS) as (keyof Policy)[]).map((name): Setting => {
  const { help, form } = POLICY_SETTINGS[name];
  return { name, help, default: DEFAULT_POLICY[name], ...form, choices: 'choices' in form ? [...form.choices] : [] };
});

test('every setting stands under a heading, once, with a name; every choice has words', () => {
  const shown = grouped(SETTINGS).flatMap(({ settings }) => settings);
  assert.deepEqual(shown.map(({ name }) => name).toSorted(), SETTINGS.map(({ name }) => name).toSorted());
  for (const { name, choices } of SETTINGS)
    for (const choice of choices ?? []) assert.notEqual(choiceLabel(name, choice), choice, `${name} ${choice}`);
});

test('a setting of a later server is shown, too', () => {
  const later: Setting = { name: 'newThingDays', help: 'What it is.', default: 3, type: 'number', of: 'days' };
  assert.equal(grouped([later])[0]?.heading, 'More');
  assert.equal(labelOf('newThingDays'), 'New thing days');
  assert.equal(defaultWords(later), 'Default: 3 days.');
});
