import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matches } from './shortcuts.ts';

const press = (key: string, held: Partial<KeyboardEvent> = {}): KeyboardEvent =>
  ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held }) as KeyboardEvent;

test('a key alone, with shift, with control', () => {
  assert.equal(matches('R', press('r')), true);
  assert.equal(matches('R', press('R', { shiftKey: true })), false);
  assert.equal(matches('Shift+R', press('R', { shiftKey: true })), true);
  assert.equal(matches('R', press('r', { ctrlKey: true })), false);
  assert.equal(matches('Ctrl+Shift+Z', press('Z', { ctrlKey: true, shiftKey: true })), true);
  assert.equal(matches('Ctrl+Shift+Z', press('z', { metaKey: true, shiftKey: true })), true);
  assert.equal(matches('Delete', press('Delete')), true);
  assert.equal(matches('E', press('e', { altKey: true })), false);
});

test('a sign is a sign, whether shift makes it or not', () => {
  assert.equal(matches('?', press('?', { shiftKey: true })), true);
  assert.equal(matches('/', press('/')), true);
});
