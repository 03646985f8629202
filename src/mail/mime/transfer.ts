// Content-Transfer-Encodings (RFC 2045 §6), tolerant of what is wrong in them. The size of a body once decoded is told
// by the same pass that would decode it, so that the two never differ.

import { CR, isBlank, LF } from './fields.ts';

/** RFC 2045 §6. What is encoded in another way is shown as it is. */
export const KNOWN_ENCODINGS: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary', 'base64', 'quoted-printable']);

/** The encoding undone. May be a view of `bytes`. */
export function decodeTransfer(bytes: Uint8Array, encoding: string): Uint8Array {
  if (encoding === 'base64') {
    const plain = plainBase64(bytes);
    if (plain) return plain;
    const out = new Uint8Array(Math.floor((bytes.length * 3) / 4) + 3);
    return out.subarray(0, base64(bytes, out));
  }
  if (encoding === 'quoted-printable') {
    const out = new Uint8Array(bytes.length);
    return out.subarray(0, quotedPrintable(bytes, out));
  }
  return bytes;
}

export interface Decoder {
  /** What the next octets add. May be a view of them. */
  push(bytes: Uint8Array): Uint8Array;
  /** There was no more. */
  end(): Uint8Array;
}

/** Decodes what comes in pieces: all together what decodeTransfer gives. */
export function createDecoder(encoding: string): Decoder {
  if (encoding === 'base64') return base64Decoder();
  if (encoding === 'quoted-printable') return quotedPrintableDecoder();
  return { push: (bytes) => bytes, end: () => new Uint8Array(0) };
}

function base64Decoder(): Decoder {
  const group = { bits: 0, digits: 0 };
  return {
    push(bytes) {
      const out = new Uint8Array(Math.floor((bytes.length * 3) / 4) + 3);
      return out.subarray(0, base64Groups(bytes, out, group));
    },
    end() {
      const out = new Uint8Array(2);
      return out.subarray(0, flush(out, 0, group.bits, group.digits));
    },
  };
}

function quotedPrintableDecoder(): Decoder {
  let held = new Uint8Array(0);
  return {
    push(bytes) {
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      let end = all.length;
      while (end > 0 && isUndecided(all, end)) end--;
      held = Uint8Array.from(all.subarray(end));
      return decodeTransfer(all.subarray(0, end), 'quoted-printable');
    },
    end: () => decodeTransfer(held, 'quoted-printable'),
  };
}

/** What it is that ends there depends on what follows: blanks, a line break, an escape that is not whole. */
function isUndecided(bytes: Uint8Array, end: number): boolean {
  const [before, last] = [bytes[end - 2], bytes[end - 1]];
  return isBlank(last) || last === CR || last === EQUALS || before === EQUALS;
}

/** Octets of what decodeTransfer gives. */
export function decodedLength(bytes: Uint8Array, encoding: string): number {
  if (encoding === 'base64') return base64(bytes, null);
  if (encoding === 'quoted-printable') return quotedPrintable(bytes, null);
  return bytes.length;
}

const EQUALS = 61;
const PAD = 64;
const NONE = 65;
const DIGITS = new Uint8Array(256).fill(NONE);
for (const [value, digit] of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=').entries())
  DIGITS[digit] = value;

/** Digits of a group that is not whole. */
interface Group {
  bits: number;
  digits: number;
}

/**
 * RFC 2045 §6.8: characters that are no digits are skipped. Padding ends a group of digits, but not the body: some
 * programs put several encoded pieces one after the other. Octets written, or that would be; what is left over is in `group`.
 */
function base64Groups(bytes: Uint8Array, out: Uint8Array | null, group: Group): number {
  let n = 0;
  let { bits, digits } = group;
  for (let i = 0; i < bytes.length; i++) {
    const value = DIGITS[bytes[i] ?? 0] ?? NONE;
    if (value < PAD) {
      bits = (bits << 6) | value;
      if (++digits < 4) continue;
      if (out) {
        out[n] = bits >> 16;
        out[n + 1] = bits >> 8;
        out[n + 2] = bits;
      }
      n += 3;
      bits = digits = 0;
    } else if (value === PAD) {
      n = flush(out, n, bits, digits);
      bits = digits = 0;
    }
  }
  group.bits = bits;
  group.digits = digits;
  return n;
}

function base64(bytes: Uint8Array, out: Uint8Array | null): number {
  const group = { bits: 0, digits: 0 };
  const n = base64Groups(bytes, out, group);
  return flush(out, n, group.bits, group.digits);
}

/** What decides how many octets a piece of base64 is among others: digits before its first padding, octets up to its last, digits after. */
export interface Digits {
  first: number;
  octets: number;
  /** -1: there is no padding, and all are `first`. */
  last: number;
}

export const NO_DIGITS: Digits = { first: 0, octets: 0, last: -1 };

export function digitsOf(bytes: Uint8Array): Digits {
  let [first, octets, padded, digits] = [0, 0, false, 0];
  for (let i = 0; i < bytes.length; i++) {
    const value = DIGITS[bytes[i] ?? 0] ?? NONE;
    if (value < PAD) digits++;
    else if (value === PAD) {
      if (padded) octets += octetsOfDigits(digits);
      else first = digits;
      padded = true;
      digits = 0;
    }
  }
  return padded ? { first, octets, last: digits } : { first: digits, octets: 0, last: -1 };
}

/** One after the other. */
export function joinDigits(a: Digits, b: Digits): Digits {
  if (a.last < 0) return { first: a.first + b.first, octets: b.octets, last: b.last };
  if (b.last < 0) return { first: a.first, octets: a.octets, last: a.last + b.first };
  return { first: a.first, octets: a.octets + octetsOfDigits(a.last + b.first) + b.octets, last: b.last };
}

/** As decodedLength has it. */
export function octetsOf({ first, octets, last }: Digits): number {
  return octetsOfDigits(first) + octets + octetsOfDigits(Math.max(0, last));
}

function octetsOfDigits(digits: number): number {
  return 3 * Math.floor(digits / 4) + Math.max(0, (digits % 4) - 1);
}

/** Padding and what may follow it are shorter than this in what programs write. */
const TAIL = 100;

/**
 * Nothing but digits and line breaks, with padding at the end alone, as programs write it: then the platform decodes the
 * same, several times as quick. Undefined: it is not like that.
 */
function plainBase64(bytes: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const at = text.search(/[^A-Za-z\d+/\r\n]/);
  if (at >= 0 && (text.length - at > TAIL || !/^={1,2}[\r\n]*$/.test(text.slice(at)))) return undefined;
  const octets = Buffer.from(text, 'base64');
  return new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
}

/** What an unfinished group of two or three digits says. */
function flush(out: Uint8Array | null, n: number, group: number, digits: number): number {
  if (digits < 2) return n;
  if (out) {
    out[n] = digits === 2 ? group >> 4 : group >> 10;
    if (digits === 3) out[n + 1] = group >> 2;
  }
  return n + digits - 1;
}

/** RFC 2045 §6.7: white space at the end of a line is no part of it; a wrong escape is kept as it stands. */
function quotedPrintable(bytes: Uint8Array, out: Uint8Array | null): number {
  const end = bytes.length;
  let n = 0;
  for (let i = 0; i < end; i++) {
    let c = bytes[i] ?? 0;
    if (isBlank(c)) {
      let after = i + 1;
      while (after < end && isBlank(bytes[after])) after++;
      if (!isLineEnd(bytes, after)) {
        for (; i < after; i++, n++) if (out) out[n] = bytes[i] ?? 0;
      }
      i = after - 1;
      continue;
    }
    if (c === EQUALS) {
      const value = (hex(bytes[i + 1]) << 4) | hex(bytes[i + 2]);
      if (value >= 0) {
        c = value;
        i += 2;
      } else {
        // A soft line break, with the white space that transport may add.
        let after = i + 1;
        while (after < end && isBlank(bytes[after])) after++;
        if (isLineEnd(bytes, after)) {
          i = bytes[after] === CR ? after + 1 : after;
          continue;
        }
      }
    }
    if (out) out[n] = c;
    n++;
  }
  return n;
}

function isLineEnd(bytes: Uint8Array, at: number): boolean {
  return at >= bytes.length || bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF);
}

/** Value of a hexadecimal digit; a negative number so large that it stays one, if it is none. */
function hex(c: number | undefined): number {
  if (c === undefined) return -4096;
  if (c >= 48 && c <= 57) return c - 48;
  if (c >= 65 && c <= 70) return c - 55;
  if (c >= 97 && c <= 102) return c - 87;
  return -4096;
}
