// Edits of a message's header at acceptance, byte for byte: nothing but the named fields is touched. They look at the
// whole header block, however long it is.

import { fieldRanges, headerBlock, latin1, LF } from './fields.ts';

/** Does the header have a field of this name? */
export function hasHeader(bytes: Uint8Array, name: string): boolean {
  return countHeader(bytes, name) > 0;
}

/** How many fields of this name there are. */
export function countHeader(bytes: Uint8Array, name: string): number {
  const wanted = name.toLowerCase();
  const { last } = headerBlock(bytes, [0, bytes.length]);
  let count = 0;
  for (const field of fieldRanges(latin1(bytes, 0, last))) if (field.name.toLowerCase() === wanted) count++;
  return count;
}

/** RFC 5321 §6.3: at least 100 Received fields before a message is said to loop. */
const MAX_HOPS = 100;

/** Has it been through so many servers that it must be going round in circles? */
export function isGoingRound(bytes: Uint8Array): boolean {
  return countHeader(bytes, 'received') > MAX_HOPS;
}

/** Removes every field of these names, folds included. The same object if there is none. */
export function removeHeaders(bytes: Buffer, names: readonly string[]): Buffer {
  const unwanted = new Set(names.map((name) => name.toLowerCase()));
  const { last } = headerBlock(bytes, [0, bytes.length]);
  const kept: Buffer[] = [];
  let from = 0;
  for (const field of fieldRanges(latin1(bytes, 0, last))) {
    if (!unwanted.has(field.name.toLowerCase())) continue;
    kept.push(bytes.subarray(from, field.start));
    from = field.end;
  }
  return kept.length === 0 ? bytes : Buffer.concat([...kept, bytes.subarray(from)]);
}

/**
 * Puts complete lines before a message. One that has no header of its own is kept apart from them by an empty line: its
 * first lines would be taken for fields otherwise.
 */
export function prepend(bytes: Buffer, lines: string): Buffer {
  const { last, separated } = headerBlock(bytes, [0, bytes.length]);
  return Buffer.concat([Buffer.from(lines), Buffer.from(last === 0 && !separated ? '\r\n' : ''), bytes]);
}

/**
 * RFC 6409 §8: adds Date and Message-ID where there is none, after the fields that are there, and the empty line between
 * header and body where it is missing. `messageId` comes without angle brackets. The same object if nothing is missing.
 */
export function addMissing(bytes: Buffer, missing: { date: Date; messageId: string }): Buffer {
  const { last, end, separated } = headerBlock(bytes, [0, bytes.length]);
  const lines: string[] = [];
  if (!hasHeader(bytes, 'date')) lines.push(`Date: ${mailDate(missing.date)}`);
  if (!hasHeader(bytes, 'message-id')) lines.push(`Message-ID: <${missing.messageId}>`);
  const apart = separated || end === bytes.length;
  if (lines.length === 0 && apart) return bytes;
  const before = last > 0 && bytes[last - 1] !== LF ? '\r\n' : ''; // the last field ends with the message
  const after = separated || (apart && last > 0) ? '' : '\r\n';
  const added = before + lines.map((line) => `${line}\r\n`).join('') + after;
  return Buffer.concat([bytes.subarray(0, last), Buffer.from(added), bytes.subarray(last)]);
}

/** RFC 5322 §3.3, in UTC. */
export function mailDate(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}
