// Header fields: raw, and the parsed forms of RFC 8621 §4.1.2. Nothing here throws, whatever the bytes.

import { isAscii } from 'node:buffer';
import type { AddressGroup, EmailAddress } from '../message.ts';
import { parseAddressList } from './addresses.ts';
import { clean, decodeHeaderBytes } from './charset.ts';
import { parseDate } from './dates.ts';
import { CR, fieldRanges, headerBlock, latin1, LF } from './fields.ts';
import { endOfComment, endOfQuoted, unfold, withoutComments } from './lexical.ts';
import { LIMITS } from './limits.ts';
import { decodeWords } from './words.ts';

export { clean, decodeCharset } from './charset.ts';
export { parseParameters, type Parameterised } from './parameters.ts';

export interface HeaderField {
  /** As it was written. */
  name: string;
  /** Raw (RFC 8621 §4.1.2.1): all after the colon but the final line break, folds included, NULs dropped. */
  value: string;
}

/** Fields of the header block that begins here, in order. A line that is no field and continues none is skipped. */
export function headerFields(block: Uint8Array): HeaderField[] {
  const { last } = headerBlock(block, [0, block.length]);
  const text = latin1(block, 0, last);
  const ascii = isAscii(block.subarray(0, last));
  const fields: HeaderField[] = [];
  for (const { name, value, end } of fieldRanges(text)) {
    let to = end;
    if (block[to - 1] === LF) to -= to - 1 > value && block[to - 2] === CR ? 2 : 1;
    const raw = ascii ? text.slice(value, to) : decodeHeaderBytes(block.subarray(value, to));
    fields.push({ name, value: clean(raw) });
    if (fields.length === LIMITS.headerFields) break;
  }
  return fields;
}

export function asRaw(value: string): string {
  return clean(value);
}

/** RFC 8621 §4.1.2.2: unfolded, without the white space before it, encoded words decoded, NFC. */
export function asText(value: string): string {
  return clean(decodeWords(unfold(value).replace(/^[ \t]+/, ''))).normalize('NFC');
}

/** RFC 8621 §4.1.2.3: mailboxes, groups' members among them. */
export function asAddresses(value: string): EmailAddress[] {
  const groups = asGroupedAddresses(value);
  return groups.length === 1 && groups[0] ? groups[0].addresses : groups.flatMap((group) => group.addresses);
}

/** RFC 8621 §4.1.2.4. */
export function asGroupedAddresses(value: string): AddressGroup[] {
  const groups = parseAddressList(value);
  // RFC 5322 §4.4: "the route portion SHOULD be ignored".
  for (const { addresses } of groups)
    for (const address of addresses) if (address.route !== undefined) delete address.route;
  return groups;
}

/** RFC 8621 §4.1.2.5: without angle brackets and comments; null if there is none. */
export function asMessageIds(value: string): string[] | null {
  const text = unfold(value);
  let ids = [...angled(text)];
  // Without angle brackets: not for anything that might be a phrase (RFC 5322 §4.5.4).
  if (ids.length === 0)
    ids = withoutComments(text)
      .split(/[\s,]+/)
      .filter((id) => /^[^\s<>@]+@[^\s<>@]+$/.test(id));
  return ids.length === 0 ? null : ids.slice(0, LIMITS.ids).map((id) => clean(id.slice(0, LIMITS.id)));
}

/** RFC 8621 §4.1.2.6: "2026-11-23T14:02:00+01:00"; null if it is no date. */
export function asDate(value: string): string | null {
  return parseDate(unfold(value));
}

/** RFC 8621 §4.1.2.7 (RFC 2369 §2: in angle brackets; white space in them is to be ignored); null if there is none. */
export function asURLs(value: string): string[] | null {
  const urls = [...angled(unfold(value))];
  return urls.length === 0 ? null : urls.map(clean);
}

/** What stands in angle brackets outside comments, its white space removed; those with nothing in them are left out. */
function* angled(text: string): Generator<string, void> {
  const endless = new Set<string>();
  let count = 0;
  for (let at = 0; at < text.length && count < LIMITS.ids;) {
    const c = text[at];
    if ((c === '(' || c === '"') && !endless.has(c)) {
      const end = c === '(' ? endOfComment(text, at) : endOfQuoted(text, at);
      if (end < 0) endless.add(c);
      at = end < 0 ? at + 1 : end;
      continue;
    }
    if (c !== '<') {
      at++;
      continue;
    }
    const start = at + 1;
    ANGLED.lastIndex = start;
    at = start + (ANGLED.exec(text)?.[0].length ?? 0);
    if (text[at] !== '>') continue;
    const content = text.slice(start, at);
    const bare = /^\s*"/.test(content) ? content.trim() : content.replace(/\s+/g, '');
    if (bare === '') continue;
    count++;
    yield bare;
  }
}

const ANGLED = /[^<>]*/y;

/** Content-ID (RFC 2045 §7): as a Message-ID, and whatever else somebody has written there. */
export function asContentId(value: string): string | null {
  return asMessageIds(value)?.[0] ?? (clean(withoutComments(unfold(value)).replace(/[<>\s]+/g, '')) || null);
}
