// What goes back to a client, as text (RFC 9051 §7, §9). A literal is `{n}` with the octets of its UTF-8 after it, so a
// response is written as UTF-8. Octets that are no text of ours go as octets beside it: octets() has their head.

import { encodeModifiedUtf7 } from './modified-utf7.ts';

/** What is written: text as UTF-8, octets as they are. */
export type Chunk = string | Uint8Array;

/** Octets of a quoted string beyond which a literal is kinder to a client's line buffer. */
const QUOTED = 1_000;

/** RFC 9051 §9: quoted where that may hold it, else a literal. */
export function string(text: string): string {
  return !/[\0\r\n]|\P{ASCII}/u.test(text) && text.length <= QUOTED ? quoted(text) : literal(text);
}

function quoted(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

/** CHAR8 has no NUL. */
function literal(text: string): string {
  const whole = text.replaceAll('\0', '');
  return `{${Buffer.byteLength(whole)}}\r\n${whole}`;
}

export function nstring(text: string | null | undefined): string {
  return text === null || text === undefined ? 'NIL' : string(text);
}

/** An atom where it is one. */
export function astring(text: string): string {
  return /^[!#$&'+,\-./0-9:;<=>?@A-Z[\]^_`a-z|}~]+$/.test(text) && !/^nil$/i.test(text) ? text : string(text);
}

/** `utf8`: UTF8=ACCEPT or IMAP4rev2 is enabled: the name goes as it is, in a quoted string (RFC 6855 §3). */
export function mailbox(name: string, utf8: boolean): string {
  if (!utf8) return astring(encodeModifiedUtf7(name));
  return /^[^\0\r\n"\\\x80-\u{10ffff}]*$/u.test(name) ? astring(name) : quoted(name.replace(/[\0\r\n]/g, ''));
}

/** The head of a literal whose octets follow. */
export function octets(size: number, binary = false): string {
  return `${binary ? '~' : ''}{${size}}\r\n`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number): string => String(n).padStart(2, '0');

/** RFC 9051 §9 date-time, in UTC: "27-Nov-2026 09:00:00 +0000". */
export function dateTime(date: Date): string {
  const day = String(date.getUTCDate()).padStart(2, ' ');
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  return `"${day}-${MONTHS[date.getUTCMonth()]}-${year} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000"`;
}
