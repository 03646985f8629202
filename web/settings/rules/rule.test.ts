import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionsOf, fieldsOf, moved, sayRule, type Conditions, type InboxRule } from './rule.ts';

const rule = (more: Partial<InboxRule>): InboxRule => ({
  id: 'u1',
  name: 'R',
  isEnabled: true,
  sortOrder: 1,
  conditions: {},
  exceptions: {},
  actions: { flag: true },
  ...more,
});

test('a form gives back the conditions it was filled with', () => {
  const all: Conditions[] = [
    {},
    {
      from: ['a, b', 'c;d'],
      to: ['x'],
      subject: ['y z'],
      body: ['1'],
      hasAttachment: false,
      minSize: 1500,
      maxSize: 0,
    },
    { hasAttachment: true },
  ];
  for (const conditions of all) assert.deepEqual(conditionsOf(fieldsOf(conditions)), conditions);
  assert.deepEqual(conditionsOf({ ...fieldsOf({}), subject: ' one \n\n two' }), { subject: ['one', 'two'] });
});

test('a rule in a sentence', () => {
  const name = (id: string): string | undefined => ({ f4: 'Archive' })[id];
  assert.equal(sayRule(rule({}), name), 'Every message: flag.');
  assert.equal(
    sayRule(
      rule({
        conditions: { from: ['ana', 'ben'], hasAttachment: true, minSize: 2048 },
        exceptions: { subject: ['urgent'], maxSize: 512 },
        actions: { moveTo: 'f4', markRead: true, redirectTo: ['x@y.test'], stop: true },
      }),
      name,
    ),
    'From "ana" or "ben", with an attachment, 2 kB or more: move to Archive, mark as read, forward to x@y.test, then stop. Not if subject has "urgent" or less than 0.5 kB.',
  );
  assert.equal(sayRule(rule({ actions: { moveTo: 'f9' } }), name), 'Every message: move to a mailbox that is gone.');
});

test('only the orders that differ are set', () => {
  const three = [1, 2, 3].map((n) => rule({ id: `u${n}`, sortOrder: n }));
  assert.deepEqual(moved(three, 2, 1), { u3: { sortOrder: 2 }, u2: { sortOrder: 3 } });
  const alike = [rule({ id: 'u1', sortOrder: 0 }), rule({ id: 'u2', sortOrder: 0 })];
  assert.deepEqual(moved(alike, 0, 1), { u2: { sortOrder: 1 }, u1: { sortOrder: 2 } });
});
