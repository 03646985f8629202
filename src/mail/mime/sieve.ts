// What of a large message has to be at hand for reading it: all but the insides of long bodies. It goes through here a piece at
// a time, and what is left out is counted instead (parse.ts puts it back into the numbers).

import type { ByteRange, Part } from '../message.ts';
import { DASH, LF } from './fields.ts';
import { digitsOf, decodedLength, joinDigits, NO_DIGITS, octetsOf, type Digits } from './transfer.ts';

/** Whole lines that were left out, none of which can be a delimiter. */
export interface Cut {
  /** Where they would stand in what was kept. */
  at: number;
  octets: number;
  /** Line breaks. */
  breaks: number;
  /** Octets of them as quoted-printable; and as a piece of base64. */
  quoted: number;
  digits: Digits;
}

export interface Sieve {
  /** The next octets, in pieces of about a MiB: each is looked through as it comes. */
  push(bytes: Uint8Array): void;
  /** There was no more. */
  end(): { kept: Buffer; cuts: Cut[] };
}

/**
 * Octets that are kept after each line that may be a delimiter, and at the beginning: a header block and the text that is
 * searched (LIMITS.headerBlock, textPart) are in it.
 */
const KEEP = 2 << 20;

/** A line longer than this is kept whole. */
const LONGEST_LINE = 1 << 20;

const DELIMITER = Buffer.from('\n--');

export function createSieve(keep = KEEP): Sieve {
  const kept: Buffer[] = [];
  let size = 0;
  const cuts: Cut[] = [];
  /** Octets since the last line that may be a delimiter. */
  let run = 0;
  let cut: Cut | null = null;
  /** The last line of those, which is not left out: what comes next says where a body ends in it. */
  let held: Buffer | null = null;
  /** The line that is coming in. */
  let rest: Buffer = Buffer.alloc(0);
  let isLong = false;

  const put = (bytes: Buffer): void => {
    // A copy: a small part of a large piece would keep all of it.
    kept.push(Buffer.from(bytes));
    size += bytes.length;
  };
  const settle = (): void => {
    if (cut) cuts.push(cut);
    if (held) put(held);
    cut = held = null;
  };
  const drop = (lines: Buffer): void => {
    if (lines.length === 0) return;
    cut ??= { at: size, octets: 0, breaks: 0, quoted: 0, digits: NO_DIGITS };
    cut.octets += lines.length;
    cut.breaks += countBreaks(lines);
    cut.quoted += decodedLength(lines, 'quoted-printable');
    cut.digits = joinDigits(cut.digits, digitsOf(lines));
  };
  /** Whole lines, none of which begins with "--". */
  const add = (all: Buffer): void => {
    let lines = all;
    if (run < keep) {
      const enough = lines.indexOf(LF, keep - run) + 1;
      const some = enough === 0 ? lines : lines.subarray(0, enough);
      put(some);
      run += some.length;
      lines = lines.subarray(some.length);
    }
    if (lines.length === 0) return;
    run += lines.length;
    const last = lines.lastIndexOf(LF, lines.length - 2) + 1;
    if (held) drop(held);
    drop(lines.subarray(0, last));
    held = Buffer.from(lines.subarray(last));
  };
  /** Whole lines. */
  const takeLines = (lines: Buffer): void => {
    let from = 0;
    for (;;) {
      let at = isDelimiter(lines, from) ? from : lines.indexOf(DELIMITER, from);
      if (at < 0) return add(lines.subarray(from));
      if (at > from || !isDelimiter(lines, from)) at++;
      add(lines.subarray(from, at));
      settle();
      const end = lines.indexOf(LF, at) + 1;
      put(lines.subarray(at, end));
      run = 0;
      from = end;
    }
  };

  return {
    push(given) {
      const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
      let lines = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
      if (isLong) {
        const end = lines.indexOf(LF) + 1;
        put(end === 0 ? lines : lines.subarray(0, end));
        if (end === 0) return;
        lines = lines.subarray(end);
        isLong = false;
      }
      const end = lines.lastIndexOf(LF) + 1;
      takeLines(lines.subarray(0, end));
      rest = Buffer.from(lines.subarray(end));
      if (rest.length <= LONGEST_LINE) return;
      settle();
      put(rest);
      run = isDelimiter(rest, 0) ? 0 : run + rest.length;
      rest = Buffer.alloc(0);
      isLong = true;
    },
    end() {
      settle();
      put(rest);
      return { kept: Buffer.concat(kept.splice(0)), cuts };
    },
  };
}

function isDelimiter(bytes: Buffer, at: number): boolean {
  return bytes[at] === DASH && bytes[at + 1] === DASH;
}

function countBreaks(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) count++;
  return count;
}

/** The numbers of a tree that was scanned in what was kept, as they are in the whole message. */
export function putBack(part: Part, kept: Uint8Array, cuts: readonly Cut[]): void {
  const within = cuts.filter(({ at }) => at >= part.body[0] && at <= part.body[1]);
  if (within.length > 0 && !part.parts && !part.message) part.decodedSize = decodedSize(part, kept, within);
  for (const { breaks } of within) part.lines += breaks;
  for (const child of part.parts ?? (part.message ? [part.message.root] : [])) putBack(child, kept, cuts);
  part.header = [moved(part.header[0], cuts), moved(part.header[1], cuts)];
  part.body = movedBody(part.body, cuts);
  if (part.parts || part.message) part.decodedSize = part.body[1] - part.body[0];
}

/** Where a body ends, what was left out before it is in it; where one begins, nothing was left out right before it. */
function movedBody([start, end]: ByteRange, cuts: readonly Cut[]): ByteRange {
  const before = cuts.reduce((sum, cut) => (cut.at >= start && cut.at <= end ? sum + cut.octets : sum), 0);
  const first = moved(start, cuts);
  return [first, first + end - start + before];
}

function moved(offset: number, cuts: readonly Cut[]): number {
  return cuts.reduce((sum, { at, octets }) => (at < offset ? sum + octets : sum), offset);
}

function decodedSize({ body: [start, end], encoding }: Part, kept: Uint8Array, within: readonly Cut[]): number {
  const edges = [start, ...within.map(({ at }) => at), end];
  const between = edges.slice(1).map((to, i) => kept.subarray(edges[i], to));
  if (encoding === 'base64') {
    let digits = NO_DIGITS;
    for (const [i, bytes] of between.entries())
      digits = joinDigits(joinDigits(digits, digitsOf(bytes)), within[i]?.digits ?? NO_DIGITS);
    return octetsOf(digits);
  }
  const quoted = encoding === 'quoted-printable';
  return between.reduce(
    (sum, bytes, i) => sum + decodedLength(bytes, encoding) + ((quoted ? within[i]?.quoted : within[i]?.octets) ?? 0),
    0,
  );
}
