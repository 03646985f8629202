// A place in a command's pieces, and the grammar's small parts (RFC 9051 §9). Each function takes what it is named for, or
// throws BAD.

import { bad, no } from './fault.ts';
import { decodeModifiedUtf7 } from './modified-utf7.ts';
import { LIMITS } from './limits.ts';
import { parseSequenceSet, type SequenceSet } from './sequence-set.ts';
import type { MessageSet, PartialRange } from './command.ts';
import type { Piece } from './reader.ts';

export interface Cursor {
  readonly pieces: readonly Piece[];
  /** Index of the piece; within it, of the character. */
  piece: number;
  at: number;
  /** UTF8=ACCEPT or IMAP4rev2 is enabled: mailbox names are not in modified UTF-7. */
  readonly utf8: boolean;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text from here to the next literal. */
export function rest(c: Cursor): string {
  const piece = c.pieces[c.piece];
  return typeof piece === 'string' ? piece.slice(c.at) : '';
}

/** The next character; "" before a literal and at the end. */
export function peek(c: Cursor): string {
  const piece = c.pieces[c.piece];
  return typeof piece === 'string' ? piece.charAt(c.at) : '';
}

export function atEnd(c: Cursor): boolean {
  settle(c);
  return c.piece >= c.pieces.length;
}

/** After the last character of a text, the literal is next. */
function settle(c: Cursor): void {
  const piece = c.pieces[c.piece];
  if (typeof piece === 'string' && c.at >= piece.length) {
    c.piece++;
    c.at = 0;
  }
}

/** What `pattern` (sticky) has at this place; `undefined`, and nothing is taken, if it has nothing. */
export function match(c: Cursor, pattern: RegExp): string | undefined {
  const piece = c.pieces[c.piece];
  if (typeof piece !== 'string') return undefined;
  pattern.lastIndex = c.at;
  const found = pattern.exec(piece)?.[0];
  if (found !== undefined) c.at += found.length;
  return found;
}

export function accept(c: Cursor, character: string): boolean {
  if (peek(c) !== character) return false;
  c.at++;
  return true;
}

export function expect(c: Cursor, character: string): void {
  if (!accept(c, character)) throw bad(`${character === ' ' ? 'A space' : `"${character}"`} is missing.`);
}

export function space(c: Cursor): void {
  expect(c, ' ');
}

export function end(c: Cursor): void {
  if (!atEnd(c)) throw bad('There is more than the command takes.');
}

/** In capitals: a name of the protocol, not of a person. */
export function word(c: Cursor): string {
  const found = match(c, /[A-Za-z0-9.=\-+/_]+/y);
  if (found === undefined) throw bad('A word is missing.');
  return found.toUpperCase();
}

/** One of `words`, in capitals. `what` names them in the sentence. */
export function oneOf<W extends string>(c: Cursor, words: readonly W[], what: string): W {
  const found = word(c);
  const known = words.find((each) => each === found);
  if (known === undefined) throw bad(`${found.slice(0, 40)} is no ${what}.`);
  return known;
}

export function atom(c: Cursor): string {
  const found = match(c, /[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]+/y);
  if (found === undefined) throw bad('An atom is missing.');
  return found;
}

/** RFC 9051 §9: astring. UTF-8 in quoted strings and literals. */
export function astring(c: Cursor): string {
  const found = match(c, /[!#$&'+,\-./0-9:;<=>?@A-Z[\]^_`a-z|}~]+/y);
  return found ?? string(c);
}

export function string(c: Cursor): string {
  const octets = octetString(c);
  try {
    return utf8.decode(octets);
  } catch {
    throw bad('The string is not UTF-8.');
  }
}

/** A quoted string, or a literal. RFC 9051 §9: CHAR8 has no NUL. */
function octetString(c: Cursor): Buffer {
  if (peek(c) === '"') {
    const quoted = match(c, /"(?:[^"\\\0\r\n]|\\["\\])*"/y);
    if (quoted === undefined) throw bad('The quoted string is none.');
    return Buffer.from(quoted.slice(1, -1).replace(/\\(["\\])/g, '$1'), 'latin1');
  }
  settle(c);
  const piece = c.pieces[c.piece];
  if (typeof piece !== 'object' || !('bytes' in piece)) throw bad('A string is missing.');
  if (piece.binary || piece.bytes.includes(0)) throw bad('A literal with NUL has no place here.');
  c.piece++;
  c.at = 0;
  return piece.bytes;
}

export function nstring(c: Cursor): string | null {
  return match(c, /nil(?![^ )])/iy) === undefined ? string(c) : null;
}

/** RFC 9051 §9: number64. */
const MAX_NUMBER64 = 2n ** 63n - 1n;

/** Of at most `largest`. JavaScript counts to 2^53: what is beyond is more than anything here has, and taken for that. */
export function number(c: Cursor, largest?: number): number {
  const digits = match(c, /\d{1,19}/y);
  if (digits === undefined) throw bad('A number is missing.');
  if (BigInt(digits) > (largest === undefined ? MAX_NUMBER64 : BigInt(largest))) throw bad('The number is too large.');
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** RFC 9051 §5.1: "INBOX" in any case is one mailbox; the rest is decoded. */
export function mailbox(c: Cursor): string {
  const name = mailboxName(astring(c), c.utf8);
  if (name === undefined) throw no('CANNOT', 'The name is not in modified UTF-7.');
  if (name === '') throw bad('The name of a mailbox is missing.');
  return name;
}

/** A name or pattern as it came. One with characters beyond ASCII is UTF-8, enabled or not: modified UTF-7 has none. */
export function mailboxName(name: string, utf8: boolean): string | undefined {
  if (/^inbox$/i.test(name)) return 'INBOX';
  return utf8 || !/^[\x20-\x7e]*$/.test(name) ? name : decodeModifiedUtf7(name);
}

/** `( … )` with a space between; it may be empty where `least` is 0. */
export function list<T>(c: Cursor, item: (c: Cursor) => T, least = 0): T[] {
  expect(c, '(');
  const items: T[] = [];
  if (least === 0 && accept(c, ')')) return items;
  do {
    if (items.length === LIMITS.list) throw bad('The list is too long.');
    items.push(item(c));
  } while (accept(c, ' '));
  expect(c, ')');
  return items;
}

export function sequenceSet(c: Cursor): SequenceSet {
  const text = match(c, /[\d:*,]+/y);
  const set = text === undefined ? undefined : parseSequenceSet(text, LIMITS.ranges);
  if (!set) throw bad('The sequence set is none.');
  return set;
}

/** RFC 9394 §4: 4:2 is 2:4, -1:-100 the last hundred. */
export function partialRange(c: Cursor): PartialRange {
  const found = match(c, /[1-9]\d{0,9}:[1-9]\d{0,9}|-[1-9]\d{0,9}:-[1-9]\d{0,9}/y);
  if (found === undefined) throw bad('PARTIAL takes a range, 1:100 or -1:-100.');
  const [one = 0, other = 0] = found.split(':').map(Number);
  return Math.abs(one) <= Math.abs(other) ? [one, other] : [other, one];
}

/** RFC 5182 §2.1: "$" stands wherever a set may. */
export function messageSet(c: Cursor): MessageSet {
  return accept(c, '$') ? '$' : sequenceSet(c);
}
