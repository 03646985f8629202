// What goes back to a client, as text (RFC 9051 §7, §9). A literal is `{n}` with the octets of its UTF-8 after it, so a
// response is written as UTF-8. Octets that are no text of ours go as octets beside it: octets() has their head.

import { quoted, string } from '../../mail/mime/imap.ts';
import { encodeModifiedUtf7 } from './modified-utf7.ts';

/** What is written: text as UTF-8, octets as they are. */
export type Chunk = string | Uint8Array;

export { nstring, string } from '../../mail/mime/imap.ts';

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

/** RFC 9051 §9 date-time, in UTC, of seconds since 1970: "27-Nov-2026 09:00:00 +0000". */
export function dateTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const day = String(date.getUTCDate()).padStart(2, ' ');
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  return `"${day}-${MONTHS[date.getUTCMonth()]}-${year} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000"`;
}
