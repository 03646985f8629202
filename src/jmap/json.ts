// JSON as it comes over the wire: bounded before it is built.

import { RequestError } from './errors.ts';

/** Objects and arrays within each other: a filter or a multipart of that depth is nobody's. */
const MAX_DEPTH = 200;

const [QUOTE, BACKSLASH, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY, COLON] = Buffer.from('"\\{}[]:');

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws RequestError `notJSON`, `notRequest` (nested too deep to be a request). */
export function parseJson(bytes: Uint8Array): unknown {
  const { depth, members } = shapeOf(bytes);
  if (depth > MAX_DEPTH) throw new RequestError('notRequest', `A request nests at most ${MAX_DEPTH} deep.`);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new RequestError('notJSON', 'The body is not JSON in UTF-8.');
  }
  // RFC 7493 §2.3: which of two it means, nobody can say.
  if (membersOf(value) !== members) throw new RequestError('notJSON', 'An object has two members of the same name.');
  return value;
}

/**
 * How deep JSON nests, and how many members its objects have in all; of what is no JSON, some numbers. Bytes, because no
 * UTF-8 sequence contains an ASCII one.
 */
function shapeOf(bytes: Uint8Array): { depth: number; members: number } {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  let quoted = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (quoted) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) deepest = Math.max(deepest, ++depth);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
    else if (byte === COLON) members++;
  }
  return { depth: deepest, members };
}

function membersOf(value: unknown): number {
  let members = 0;
  const waiting = [value];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (typeof one !== 'object' || one === null) continue;
    const inner: unknown[] = Object.values(one);
    if (!Array.isArray(one)) members += inner.length;
    for (const each of inner) if (typeof each === 'object') waiting.push(each);
  }
  return members;
}
