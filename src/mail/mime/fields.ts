// Header blocks in bytes: where one ends, and where each field stands in it. Reading (headers.ts), scanning
// (structure.ts) and editing (trace.ts) go by this one answer, so that none sees a field that another does not.

import type { ByteRange } from '../message.ts';

export const LF = 10;
export const CR = 13;
const TAB = 9;
export const SPACE = 32;
export const DASH = 45;
const COLON = 58;

export interface HeaderBlock {
  /** Where a further field would go: before the empty line. */
  last: number;
  /** Where the body begins. */
  end: number;
  /** There is an empty line between the two. */
  separated: boolean;
}

/** Offset after the line that `at` is in. */
export function nextLine(bytes: Uint8Array, at: number, end: number): number {
  const lf = bytes.indexOf(LF, at);
  return lf < 0 || lf >= end ? end : lf + 1;
}

/**
 * The header block at the beginning of a range. It ends at an empty line (CRLF or a bare LF; one of white space alone
 * continues a field, RFC 5322 §4.2), at a line of which `stop` is true, or before the line that passes `maximum` octets.
 * Lines that are no field are left where they are, unless there is no empty line at all: then the first of them begins
 * the body. One that begins the range means that there is no header.
 */
export function headerBlock(
  bytes: Uint8Array,
  [start, end]: ByteRange,
  maximum = Number.POSITIVE_INFINITY,
  stop?: (line: number) => boolean,
): HeaderBlock {
  let stray = -1;
  let at = start;
  while (at < end) {
    const c = bytes[at];
    if (c === LF) return { last: at, end: at + 1, separated: true };
    if (c === CR && at + 1 < end && bytes[at + 1] === LF) return { last: at, end: at + 2, separated: true };
    if (c === DASH && stop?.(at)) break;
    if (stray < 0 && !isFieldLine(bytes, at, end, at > start) && !isMailboxLine(bytes, at)) {
      if (at === start) return { last: start, end: start, separated: false };
      stray = at;
    }
    const next = nextLine(bytes, at, end);
    if (next - start > maximum) break;
    at = next;
  }
  const last = stray < 0 ? at : stray;
  return { last, end: last, separated: false };
}

/** End of the header block, its empty line included. */
export function headerEnd(bytes: Uint8Array, range: ByteRange): number {
  return headerBlock(bytes, range).end;
}

/** Are these the beginning of a message with all of its header? What may follow changes nothing about that. */
export function isHeaderWhole(bytes: Uint8Array): boolean {
  const { end, separated } = headerBlock(bytes, [0, bytes.length]);
  return separated || (end === 0 && bytes.length > 0);
}

export interface FieldRange {
  /** As it was written. */
  name: string;
  start: number;
  /** After the colon. */
  value: number;
  /** After the line break of its last line. */
  end: number;
}

/** The fields of a header block, one character an octet (latin1), in order: each its line and those that continue it. */
export function* fieldRanges(block: string): Generator<FieldRange, void> {
  for (let start = 0, end = 0; start < block.length; start = end) {
    end = endOfField(block, start);
    NAME.lastIndex = start;
    const found = NAME.exec(block);
    if (found) yield { name: found[1] ?? '', start, value: NAME.lastIndex, end };
  }
}

/** RFC 5322 §3.6.8; §4.5: white space before the colon is obsolete, and to be taken. */
const NAME = /([!-9;-~]+)[ \t]*:/y;

/** After the line break of the last line of what begins at `start`. */
function endOfField(block: string, start: number): number {
  let at = start;
  do {
    const lf = block.indexOf('\n', at);
    at = lf < 0 ? block.length : lf + 1;
  } while (at < block.length && isBlank(block.charCodeAt(at)));
  return at;
}

/**
 * Answers a function that takes of a header block, one character an octet, the fields that are named, in any case, or, not
 * `wanted`, those that are not.
 */
export function fieldSelector(names: readonly string[], wanted: boolean): (block: string) => string {
  const possible = names.filter((name) => /^[!-9;-~]+$/.test(name)).map((name) => RegExp.escape(name));
  const named = possible.length === 0 ? null : new RegExp(`(?:${possible.join('|')})[ \\t]*:`, 'iy');
  const isAt = (block: string, at: number, pattern: RegExp | null): boolean => {
    if (!pattern) return false;
    pattern.lastIndex = at;
    return pattern.test(block);
  };
  return (block) => {
    let chosen = '';
    /** Where those begin that stand together and are not in `chosen` yet. */
    let from = -1;
    for (let start = 0, end = 0; start < block.length; start = end) {
      end = endOfField(block, start);
      const isNamed = isAt(block, start, named);
      if (wanted ? isNamed : !isNamed && isAt(block, start, NAME)) {
        if (from < 0) from = start;
      } else if (from >= 0) {
        chosen += block.slice(from, start);
        from = -1;
      }
    }
    return from < 0 ? chosen : chosen + block.slice(from);
  };
}

/** Text of bytes one to one. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}

function isFieldLine(bytes: Uint8Array, at: number, end: number, continues: boolean): boolean {
  if (continues && isBlank(bytes[at])) return true;
  const nameEnd = endOfName(bytes, at, end);
  return nameEnd >= 0 && bytes[skipBlank(bytes, nameEnd, end)] === COLON;
}

/** RFC 5322 §3.6.8; -1 if there is no name. */
function endOfName(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const c = bytes[at] ?? 0;
    if (c <= SPACE || c > 126 || c === COLON) break;
    at++;
  }
  return at === from ? -1 : at;
}

/** RFC 5322 §4.5: white space before the colon is obsolete, and to be taken. */
function skipBlank(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(bytes[at])) at++;
  return at;
}

export function isBlank(c: number | undefined): boolean {
  return c === SPACE || c === TAB;
}

/** The line before each message in an mbox file, quoted or not. */
function isMailboxLine(bytes: Uint8Array, at: number): boolean {
  return /^>?From /.test(latin1(bytes, at, Math.min(at + 6, bytes.length)));
}
