import assert from 'node:assert/strict';
import { test } from 'node:test';
import { undoSentence } from './undo.ts';

test('it counts down while something is held, and says no more than is true', () => {
  const held = { held: 3, heldOutside: 2, until: 28_000 };
  assert.equal(undoSentence(held, null, 0), 'Sent. 2 outside leave in 28 s.');
  assert.equal(undoSentence(held, null, 27_100), 'Sent. 2 outside leave in 1 s.');
  assert.equal(undoSentence(held, null, 30_000), 'Sent. 2 outside leave in 0 s.');
  assert.equal(undoSentence(held, null, null), 'Sent. 2 outside leave.');
  assert.equal(undoSentence({ ...held, heldOutside: 1 }, null, 0), 'Sent. 1 outside leaves in 28 s.');
  assert.equal(undoSentence({ ...held, heldOutside: 0 }, null, 0), 'Sent. 3 leave in 28 s.');
  assert.equal(undoSentence({ held: 0, heldOutside: 0, until: null }, null, 0), 'Sent.');
  assert.equal(undoSentence(null, null, 0), 'Sent.');
  assert.match(undoSentence(held, new Date(2026, 10, 25, 8), 0), /^It leaves on Wed,? 25 Nov.* 08:00\.$/);
});
