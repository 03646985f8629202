// Edits of a message's header at acceptance, byte for byte: nothing but the named fields is touched.

import { headerEnd } from './structure.ts';

const LF = 10;

/** Ranges of each field of a header block: its line and the lines that continue it. */
function* fieldRanges(bytes: Uint8Array): Generator<{ name: string; start: number; end: number }> {
  const end = headerEnd(bytes, [0, bytes.length]);
  let at = 0;
  while (at < end) {
    const start = at;
    do {
      const lf = bytes.indexOf(LF, at);
      at = lf < 0 || lf >= end ? end : lf + 1;
    } while (at < end && (bytes[at] === 32 || bytes[at] === 9));
    const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(at - start, 200)).toString('latin1');
    const name = /^([\x21-\x39\x3b-\x7e]+)[ \t]*:/.exec(line)?.[1];
    if (name !== undefined) yield { name: name.toLowerCase(), start, end: at };
  }
}

/** Does the header have a field of this name (lower case)? */
export function hasHeader(bytes: Uint8Array, name: string): boolean {
  for (const field of fieldRanges(bytes)) if (field.name === name) return true;
  return false;
}

/** How many fields of this name (lower case) there are. */
export function countHeader(bytes: Uint8Array, name: string): number {
  let count = 0;
  for (const field of fieldRanges(bytes)) if (field.name === name) count++;
  return count;
}

/** Removes every field of these names (lower case), folds included. The same bytes if there is none. */
export function removeHeaders(bytes: Buffer, names: string[]): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  for (const field of fieldRanges(bytes)) {
    if (!names.includes(field.name)) continue;
    kept.push(bytes.subarray(from, field.start));
    from = field.end;
  }
  return from === 0 ? bytes : Buffer.concat([...kept, bytes.subarray(from)]);
}

/**
 * RFC 6409 §8: adds Date and Message-ID where there is none, after the fields that are there. `messageId` comes without
 * angle brackets.
 */
export function addMissing(bytes: Buffer, missing: { date: Date; messageId: string }): Buffer {
  const lines: string[] = [];
  if (!hasHeader(bytes, 'date')) lines.push(`Date: ${mailDate(missing.date)}\r\n`);
  if (!hasHeader(bytes, 'message-id')) lines.push(`Message-ID: <${missing.messageId}>\r\n`);
  if (lines.length === 0) return bytes;
  let at = 0;
  for (const field of fieldRanges(bytes)) at = field.end;
  const added = Buffer.from(lines.join(''));
  if (at === 0)
    return Buffer.concat([
      added,
      /^\r?\n/.test(bytes.subarray(0, 2).toString('latin1')) ? Buffer.alloc(0) : Buffer.from('\r\n'),
      bytes,
    ]);
  const broken = bytes[at - 1] !== LF; // the last field has no line break: the message ends in it
  return Buffer.concat([bytes.subarray(0, at), ...(broken ? [Buffer.from('\r\n')] : []), added, bytes.subarray(at)]);
}

/** RFC 5322 §3.3, in UTC. */
export function mailDate(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}
