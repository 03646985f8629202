// Encoded words (RFC 2047; RFC 2231 §5 adds a language).

import { decodeCharset, isKnownCharset } from './charset.ts';

const WORD = String.raw`=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bq])\?`;
/** RFC 2047 §5: a word stands alone between white space. */
const PLACED = new RegExp(String.raw`(?<=^|[ \t])${WORD}([!->@-~]*)\?=(?=[ \t]|$)`, 'gi');
/** Anywhere, and with spaces in it: what is written into parameters, where no encoded word belongs at all. */
const ANYWHERE = new RegExp(String.raw`${WORD}([^?]*)\?=`, 'gi');

/**
 * RFC 8621 §4.1.2.2: syntactically right words in a known charset decoded, and only where they may stand. White space
 * between two of them is not part of the text (RFC 2047 §6.2).
 */
export function decodeWords(text: string): string {
  return text.includes('=?') ? join(text, PLACED) : text;
}

/** The same wherever they stand. */
export function decodeMisplacedWords(text: string): string {
  return text.includes('=?') ? join(text, ANYWHERE) : text;
}

/** Is it made of encoded words alone? */
export function isAllWords(text: string): boolean {
  return text.startsWith('=?') && text.replace(ANYWHERE, '').trim() === '';
}

/** Neighbours in one charset are decoded together: a character may be split between them. */
function join(text: string, pattern: RegExp): string {
  let shown = '';
  let at = 0;
  let charset = '';
  let pieces: Uint8Array[] = [];
  const flush = (): string => {
    const [first] = pieces;
    if (!first) return '';
    const { text: decoded } = decodeCharset(pieces.length === 1 ? first : Buffer.concat(pieces), charset);
    pieces = [];
    return decoded.replace(/\p{Cc}+/gu, '');
  };
  for (const match of text.matchAll(pattern)) {
    const [whole, label = '', encoding, content = ''] = match;
    if (!isKnownCharset(label)) continue;
    const between = text.slice(at, match.index);
    if (pieces.length === 0 || /[^ \t]/.test(between)) shown += flush() + between;
    else if (label.toLowerCase() !== charset) shown += flush();
    charset = label.toLowerCase();
    pieces.push(encoding === 'b' || encoding === 'B' ? Buffer.from(content, 'base64') : decodeQ(content));
    at = match.index + whole.length;
  }
  return shown + flush() + text.slice(at);
}

/** RFC 2047 §4.2. */
function decodeQ(content: string): Buffer {
  const latin = content
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin, 'latin1');
}
