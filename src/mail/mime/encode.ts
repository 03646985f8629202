// Text to what a header may hold: encoded words (RFC 2047), parameters (RFC 2231), folds (RFC 5322 §2.2.3). Nothing
// given here can end a field and begin another.

/** RFC 5322 §2.1.1: no line has more, and one should have no more than 78. */
export const HARD_LIMIT = 998;
const SOFT_LIMIT = 76;

const TOKEN = /^[\w!#$%&'*+.^`{|}~-]+$/;

/** What could begin another field, or is no character at all. */
export function oneLine(text: string): string {
  return text
    .replace(/[\r\n]+[ \t]*/g, ' ')
    .replaceAll('\0', '')
    .toWellFormed();
}

/** A raw value as it is to stand, its folds kept: every line after the first begins with white space, and none is blank. */
export function safeRaw(value: string): string {
  const lines = value
    .replaceAll('\0', '')
    .toWellFormed()
    .split(/[\r\n]+/)
    .map((line) => line.trimEnd());
  return lines
    .filter((line, i) => i === 0 || line !== '')
    .map((line, i) => (i === 0 || /^[ \t]/.test(line) ? line : ` ${line}`))
    .join('\r\n');
}

/** Breaks lines at white space where they are longer than `limit`. Lines that are short enough, and words, stay as they are. */
export function fold(text: string, limit = SOFT_LIMIT): string {
  if (text.length <= limit) return text;
  return text
    .split('\r\n')
    .map((line) => (line.length <= limit ? line : foldLine(line)))
    .join('\r\n');
}

function foldLine(line: string): string {
  // White space begins the line that it is folded into. A field's name is left alone only before a long encoded word.
  const words = line.match(/^[^ \t]*:(?:[ \t]*(?!=\?)[^ \t]+)?|[ \t]*[^ \t]+|[ \t]+$/g) ?? [line];
  const lines: string[] = [];
  let current = '';
  for (const word of words) {
    if (current.trim() !== '' && current.length + word.length > SOFT_LIMIT && /^[ \t]+\S/.test(word)) {
      lines.push(current);
      current = word;
    } else current += word;
  }
  return [...lines, current].join('\r\n');
}

/** RFC 2047, only where it is needed. Words of an encoded text are apart by one space. */
export function encodeText(text: string): string {
  const line = oneLine(text);
  const plain = /^[\x20-\x7e]*$/.test(line) && !line.includes('=?') && !/^ | $/.test(line);
  return plain && !hasLongWord(line) ? line : encodeWords(line);
}

function hasLongWord(line: string): boolean {
  return line.length > HARD_LIMIT - 100 && line.split(' ').some((word) => word.length > 800);
}

/** RFC 2047 §2 has 75 at most; with a little less, the field's name fits into the line too. */
const WORD = 66;

/** No character is split between two words. In the shorter of the two encodings. */
export function encodeWords(text: string): string {
  const octets = Buffer.from(text);
  const escaped = octets.reduce((count, c) => count + (isQPlain(c) || c === 32 ? 0 : 1), 0);
  const q = octets.length + 2 * escaped <= Math.ceil(octets.length / 3) * 4;
  const room = WORD - '=?utf-8?q??='.length;
  const words: string[] = [];
  let word = '';
  let size = 0;
  for (const character of text) {
    const piece = q ? encodeQ(character) : character;
    const length = q ? piece.length : Buffer.byteLength(piece);
    if (size + length > (q ? room : Math.floor(room / 4) * 3)) {
      words.push(word);
      word = '';
      size = 0;
    }
    word += piece;
    size += length;
  }
  words.push(word);
  return words
    .map((each) => (q ? `=?utf-8?Q?${each}?=` : `=?utf-8?B?${Buffer.from(each).toString('base64')}?=`))
    .join(' ');
}

/** RFC 2047 §5 (3): what a word in a phrase may have. */
function isQPlain(c: number): boolean {
  return (
    (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || '!*+-/'.includes(String.fromCharCode(c))
  );
}

function encodeQ(character: string): string {
  if (character === ' ') return '_';
  let shown = '';
  for (const c of Buffer.from(character)) shown += isQPlain(c) ? String.fromCharCode(c) : `=${hex(c)}`;
  return shown;
}

/** A display name (RFC 5322 §3.2.5 phrase). */
export function encodePhrase(name: string): string {
  const line = oneLine(name).trim();
  if (!/^[\x20-\x7e]*$/.test(line) || line.includes('=?') || hasLongWord(line)) return encodeWords(line);
  return /^[\w!#$%&'*+\-/=?^`{|}~]+(?: [\w!#$%&'*+\-/=?^`{|}~]+)*$/.test(line) ? line : quoted(line);
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** RFC 2231 §3: characters of a section of a parameter that is cut up. */
const SECTION = 54;

/** `text/plain; charset=utf-8`, ready to be folded: no word of it is longer than a line should be. */
export function encodeParameters(value: string, params: Readonly<Record<string, string>>): string {
  const encoded = Object.entries(params)
    .filter(([name]) => TOKEN.test(name) && !name.includes('*'))
    .flatMap(([name, text]) => encodeParameter(name, oneLine(text)));
  return [value, ...encoded].join('; ');
}

function encodeParameter(name: string, text: string): string[] {
  const ascii = /^[\x20-\x7e]*$/.test(text);
  if (ascii && text.length <= SECTION && !text.includes('=?'))
    return [`${name}=${TOKEN.test(text) ? text : quoted(text)}`];
  const pieces = [`utf-8''`];
  for (const character of text) {
    const piece = percentEncode(character);
    const last = pieces.length - 1;
    if ((pieces[last] ?? '').length + piece.length > SECTION) pieces.push(piece);
    else pieces[last] += piece;
  }
  if (pieces.length === 1) return [`${name}*=${pieces[0]}`];
  return pieces.map((piece, i) => `${name}*${i}*=${piece}`);
}

/** RFC 2231 §7 attribute-char, and a percent sign for all else. */
function percentEncode(character: string): string {
  if (/^[\w!#$&+.^`{|}~-]$/.test(character)) return character;
  return [...Buffer.from(character)].map((c) => `%${hex(c)}`).join('');
}

function hex(c: number): string {
  return c.toString(16).toUpperCase().padStart(2, '0');
}

/** 76 characters a line (RFC 2045 §6.8). */
export function encodeBase64(bytes: Uint8Array): Buffer {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return Buffer.from(text.replace(/.{76}(?=.)/g, '$&\r\n'), 'latin1');
}

/** Octets of a line. */
const LINE = 57;

/** The same of what comes in pieces. */
export async function* base64Pieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let rest = Buffer.alloc(0);
  let between = '';
  for await (const piece of pieces) {
    const bytes = Buffer.concat([rest, piece]);
    const whole = bytes.length - (bytes.length % LINE);
    rest = bytes.subarray(whole);
    if (whole === 0) continue;
    yield Buffer.concat([Buffer.from(between), encodeBase64(bytes.subarray(0, whole))]);
    between = '\r\n';
  }
  if (rest.length > 0) yield Buffer.concat([Buffer.from(between), encodeBase64(rest)]);
}

/** RFC 2045 §6.7, of text whose line breaks are CRLF. */
export function encodeQuotedPrintable(text: string): Buffer {
  return Buffer.from(
    Buffer.from(text).toString('latin1').split('\r\n').map(quotedPrintableLine).join('\r\n'),
    'latin1',
  );
}

function quotedPrintableLine(line: string): string {
  let lines = '';
  let current = '';
  for (let i = 0; i < line.length; i++) {
    const c = line.charCodeAt(i);
    const last = i === line.length - 1;
    const plain = (c >= 33 && c <= 126 && c !== 61) || ((c === 32 || c === 9) && !last);
    const piece = plain ? line.charAt(i) : `=${hex(c)}`;
    if (current.length + piece.length > (last ? 76 : 75)) {
      lines += `${current}=\r\n`;
      current = '';
    }
    current += piece;
  }
  return lines + current;
}
