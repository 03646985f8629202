import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSearch } from './search.ts';

const BOXES = [
  { id: 'f1', name: 'Inbox', role: 'inbox' },
  { id: 'f9', name: 'Roof repair', role: null },
];
const filterOf = (text: string): unknown => parseSearch(text, BOXES).filter;

test('words are looked for as they stand', () => {
  assert.deepEqual(filterOf('roof  repair'), { text: 'roof repair' });
  assert.deepEqual(filterOf('"roof repair"'), { text: '"roof repair"' });
  assert.deepEqual(filterOf('"never closed'), { text: '"never closed"' });
  assert.deepEqual(filterOf('12:30'), { text: '12:30' });
  assert.deepEqual(filterOf('https://pigeon.test'), { text: 'https://pigeon.test' });
  assert.deepEqual(filterOf('nonsense:x'), { text: 'nonsense:x' });
  assert.deepEqual(filterOf(' '), {});
});

test('operators, alone and together', () => {
  assert.deepEqual(filterOf('from:ben'), { from: 'ben' });
  assert.deepEqual(filterOf('subject:"the roof"'), { subject: 'the roof' });
  assert.deepEqual(filterOf('has:attachment is:unread roof'), {
    operator: 'AND',
    conditions: [{ text: 'roof' }, { hasAttachment: true }, { notKeyword: '$seen' }],
  });
  assert.deepEqual(filterOf('-from:ben'), { operator: 'NOT', conditions: [{ from: 'ben' }] });
  assert.deepEqual(filterOf('-roof'), { operator: 'NOT', conditions: [{ text: 'roof' }] });
});

test('a mailbox by its role or name; an unknown one is words', () => {
  assert.deepEqual(parseSearch('in:inbox', BOXES), { filter: { inMailbox: 'f1' }, everywhere: false });
  assert.deepEqual(filterOf('in:"roof repair"'), { inMailbox: 'f9' });
  assert.deepEqual(parseSearch('in:nowhere', BOXES), { filter: { text: 'in:nowhere' }, everywhere: true });
});

test('days are days; what is none is words', () => {
  assert.deepEqual(filterOf('before:2026-11-24'), {
    before: new Date(2026, 10, 24).toISOString().replace('.000Z', 'Z'),
  });
  assert.deepEqual(filterOf('after:2026-02-31'), { text: 'after:2026-02-31' });
  assert.deepEqual(filterOf('before:'), { text: 'before:' });
});
