// JSON as it comes over the wire: bounded before it is built.

import { RequestError } from './errors.ts';

/** Objects and arrays within each other: a filter or a multipart of that depth is nobody's. */
const MAX_DEPTH = 200;

const [QUOTE, BACKSLASH, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = Buffer.from('"\\{}[]');

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws RequestError `notJSON`, `notRequest` (nested too deep to be a request). */
export function parseJson(bytes: Uint8Array): unknown {
  if (depthOf(bytes) > MAX_DEPTH) throw new RequestError('notRequest', `A request nests at most ${MAX_DEPTH} deep.`);
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw new RequestError('notJSON', 'The body is not JSON in UTF-8.');
  }
}

/** How deep JSON nests; of what is no JSON, some number. Bytes, because no UTF-8 sequence contains an ASCII one. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (quoted) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) deepest = Math.max(deepest, ++depth);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
  }
  return deepest;
}
