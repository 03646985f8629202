// Bytes to text, in the charsets that mail comes in.

import { isAscii, isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

/** No NUL (PostgreSQL's text has none), no lone surrogate. */
export function clean(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '') : text).toWellFormed();
}

/** Labels seen in mail that the Encoding Standard does not list, without their separators. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['utf8mb4', 'utf-8'],
  ['eucjp', 'euc-jp'],
  ['cp51932', 'euc-jp'],
  ['cp932', 'shift_jis'],
  ['ibm932', 'shift_jis'],
  ['windows932', 'shift_jis'],
  ['sjiswin', 'shift_jis'],
  ['mskanji', 'shift_jis'],
  ['cp50220', 'iso-2022-jp'],
  ['cp50221', 'iso-2022-jp'],
  ['cp50222', 'iso-2022-jp'],
  ['iso2022jp', 'iso-2022-jp'],
  ['iso2022jp1', 'iso-2022-jp'],
  ['iso2022jp2', 'iso-2022-jp'],
  ['iso2022jp3', 'iso-2022-jp'],
  ['iso2022jpms', 'iso-2022-jp'],
  ['euckr', 'euc-kr'],
  ['cp949', 'euc-kr'],
  ['ms949', 'euc-kr'],
  ['uhc', 'euc-kr'],
  ['cp936', 'gbk'],
  ['ms936', 'gbk'],
  ['windows936', 'gbk'],
  ['euccn', 'gbk'],
  ['cp950', 'big5'],
  ['ms950', 'big5'],
  ['windows950', 'big5'],
  ['big5', 'big5'],
  ['big5hkscs', 'big5'],
  ['cp874', 'windows-874'],
  ['tis620', 'windows-874'],
  ['koi8u', 'koi8-u'],
  ['latin1', 'windows-1252'],
  ['latin9', 'iso-8859-15'],
]);

interface Decoder {
  lax: TextDecoder;
  encoding: string;
}

/** By label as given; what a label means never changes. Bounded, as senders make labels up. */
const decoders = new Map<string, Decoder | null>();
const MAX_LABELS = 500;

function decoderOf(charset: string): Decoder | null {
  const label = charset.trim().toLowerCase();
  let decoder = decoders.get(label);
  if (decoder !== undefined) return decoder;
  const bare = label.replace(/^['"]|['"]$/g, '').replace(/[\s._:-]/g, '');
  decoder = tryLabel(label) ?? tryLabel(ALIASES.get(bare.replace(/^(?:x|cs)/, '')) ?? ALIASES.get(bare));
  // "iso_8859_1", "utf_8", "windows1252" and the like.
  decoder ??= tryLabel(bare.replace(/^(iso8859|windows|utf|koi8)(?=\w)/, '$1-').replace(/^iso8859/, 'iso-8859'));
  if (decoders.size < MAX_LABELS) decoders.set(label, decoder);
  return decoder;
}

function tryLabel(label: string | undefined): Decoder | null {
  if (label === undefined || !/^[\w.:-]{2,40}$/.test(label)) return null;
  try {
    const lax = new TextDecoder(label);
    return { lax, encoding: lax.encoding };
  } catch {
    return null;
  }
}

/** Can text in it be read? */
export function isKnownCharset(charset: string): boolean {
  return decoderOf(charset) !== null;
}

export interface DecodedText {
  text: string;
  /** The charset is unknown, or bytes in it were wrong: U+FFFD stands in their place. */
  problem: boolean;
}

/** RFC 2046 §4.1.2: nothing but ASCII was announced, or nothing at all. */
const UNSAID: ReadonlySet<string> = new Set([
  '',
  'us-ascii',
  'ascii',
  'ansi_x3.4-1968',
  'unknown-8bit',
  'x-unknown',
  'default',
]);

/** Text of bytes in a named charset. Any bytes give a text. */
export function decodeCharset(bytes: Uint8Array, charset: string): DecodedText {
  const label = charset.trim().toLowerCase();
  if (UNSAID.has(label)) return guess(bytes);
  const decoder = decoderOf(label);
  if (!decoder) return { text: guess(bytes).text, problem: true };
  if (decoder.encoding === 'utf-8') {
    if (isUtf8(bytes)) return { text: withoutMark(utf8(bytes)), problem: false };
    return { text: decoder.lax.decode(bytes), problem: true };
  }
  if (decoder.encoding.startsWith('utf-16')) return decodeUtf16(bytes, label, decoder);
  const text = decoder.lax.decode(decoder.encoding === 'iso-2022-jp' ? withoutIdleEscapes(bytes) : bytes);
  return { text, problem: text.includes('\uFFFD') };
}

/**
 * The Encoding Standard holds an escape sequence that another one follows at once for an attack; in mail they come from
 * encoded words put together, and from programs that end every run in ASCII.
 */
function withoutIdleEscapes(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const bare = text.replace(IDLE_ESCAPE, '');
  return bare.length === text.length ? bytes : Buffer.from(bare, 'latin1');
}

const ESCAPE = String.fromCharCode(27);
const IDLE_ESCAPE = new RegExp(String.raw`${ESCAPE}(?:\([BIJ]|\$[@B])(?=${ESCAPE})`, 'g');

/** 8-bit bytes that nobody announced are UTF-8 more often than anything else. */
function guess(bytes: Uint8Array): DecodedText {
  if (isUtf8(bytes)) return { text: withoutMark(utf8(bytes)), problem: false };
  return { text: decodeCharset(bytes, 'windows-1252').text, problem: true };
}

/** UTF-8 where it is valid (RFC 6532), else windows-1252, which holds Latin-1: every byte becomes some character. */
export function decodeHeaderBytes(bytes: Uint8Array): string {
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return isUtf8(bytes) ? utf8(bytes) : decodeCharset(bytes, 'windows-1252').text;
}

/** RFC 2781 §4.3: big endian unless the text begins with a mark that says otherwise. */
function decodeUtf16(bytes: Uint8Array, label: string, named: Decoder): DecodedText {
  const little = bytes[0] === 0xff && bytes[1] === 0xfe;
  const decoder = label === 'utf-16' && !little ? (decoderOf('utf-16be') ?? named) : named;
  const text = decoder.lax.decode(bytes);
  return { text, problem: text.includes('\uFFFD') };
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
