// What people and programs do to their copies, stopped, and every operation beside it.

import { meetAll } from './pairs.ts';

const FIRST = new Set([
  'content read',
  'listing',
  'FETCH BODY.PEEK[]',
  'FETCH BODY[]',
  'mark read',
  'mark unread',
  'copy',
  'move',
  'destroy',
  'append',
]);

meetAll((first) => FIRST.has(first.name));
