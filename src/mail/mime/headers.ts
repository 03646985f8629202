// Header fields: raw, and the parsed forms of RFC 8621 §4.1.2. Nothing here throws, whatever the bytes.

import { addressParser, decodeWords } from 'postal-mime';
import type { AddressGroup, EmailAddress } from '../message.ts';
import { LIMITS } from './limits.ts';

export interface HeaderField {
  /** As it was written. */
  name: string;
  /** Raw (RFC 8621 §4.1.2.1): all after the colon but the final line break, folds included. */
  value: string;
}

/** Fields of a header block, in order. A line that is no field and continues none is skipped. */
export function headerFields(block: Uint8Array): HeaderField[] {
  const text = headerText(block.subarray(0, LIMITS.headerBlock));
  const fields: HeaderField[] = [];
  let current: HeaderField | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (line === '') break;
    if (/^[ \t]/.test(line)) {
      if (current && current.value.length < LIMITS.headerField) current.value += `\r\n${line}`;
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon < 1 ? '' : line.slice(0, colon).trimEnd();
    current = /^[\x21-\x39\x3b-\x7e]+$/.test(name)
      ? { name, value: line.slice(colon + 1, colon + 1 + LIMITS.headerField) }
      : undefined;
    if (current) fields.push(current);
  }
  return fields;
}

/** UTF-8 where it is valid (RFC 6532), else Latin-1: every byte becomes some character. */
function headerText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }
}

/** No NUL (PostgreSQL's text has none), no lone surrogate. */
export function clean(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '') : text).toWellFormed();
}

export function asRaw(value: string): string {
  return clean(value);
}

const unfold = (value: string): string => value.replace(/\r?\n(?=[ \t])/g, '').trim();

/** RFC 8621 §4.1.2.2: unfolded, encoded words decoded, NFC. */
export function asText(value: string): string {
  return clean(decode(unfold(value))).normalize('NFC');
}

function decode(value: string): string {
  if (!value.includes('=?')) return value;
  try {
    return decodeWords(value);
  } catch {
    return value;
  }
}

/** RFC 8621 §4.1.2.3: mailboxes, groups' members among them. */
export function asAddresses(value: string): EmailAddress[] {
  return asGroupedAddresses(value).flatMap((group) => group.addresses);
}

/** RFC 8621 §4.1.2.4. */
export function asGroupedAddresses(value: string): AddressGroup[] {
  const groups: AddressGroup[] = [];
  let loose: AddressGroup | undefined;
  for (const entry of parseAddresses(unfold(value))) {
    if (entry.group) {
      loose = undefined;
      groups.push({ name: named(entry.name), addresses: entry.group.flatMap(toAddress) });
      continue;
    }
    if (!loose) groups.push((loose = { name: null, addresses: [] }));
    loose.addresses.push(...toAddress(entry));
  }
  return groups.filter((group) => group.name !== null || group.addresses.length > 0);
}

interface ParsedAddress {
  name?: string;
  address?: string;
  group?: ParsedAddress[];
}

function parseAddresses(value: string): ParsedAddress[] {
  try {
    return addressParser(value);
  } catch {
    return [];
  }
}

function toAddress(entry: ParsedAddress): EmailAddress[] {
  const email = clean(entry.address ?? '').trim();
  const name = named(entry.name);
  return email === '' && name === null ? [] : [{ name, email }];
}

function named(name: string | undefined): string | null {
  const text = clean(decode(name ?? '')).trim();
  return text === '' ? null : text.normalize('NFC');
}

/** RFC 8621 §4.1.2.5: without angle brackets and comments; null if there is none. */
export function asMessageIds(value: string): string[] | null {
  const bare = unfold(value).replace(/\((?:[^()\\]|\\.)*\)/g, ' ');
  const ids = [...bare.matchAll(/<([^<>]+)>/g)].map((match) => clean((match[1] ?? '').replace(/\s+/g, '')));
  if (ids.length === 0)
    ids.push(
      ...bare
        .split(/[\s,]+/)
        .filter((id) => /^[^\s<>@]+@[^\s<>@]+$/.test(id))
        .map(clean),
    );
  return ids.length === 0 ? null : ids.map((id) => id.slice(0, 998));
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const ZONES: Record<string, number> = {
  ut: 0,
  gmt: 0,
  z: 0,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
};

/** RFC 8621 §4.1.2.6: "2026-11-23T14:02:00+01:00"; null if it is no date (RFC 5322 §3.3, obsolete forms taken). */
export function asDate(value: string): string | null {
  const bare = unfold(value).replace(/\((?:[^()\\]|\\.)*\)/g, ' ');
  const match =
    /^\s*(?:[a-z]{3,9},?\s+)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*[\s-]+(\d{2,4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([+-]\d{4}|[a-z]{1,5})?/i.exec(
      bare,
    );
  if (!match) return null;
  const [, day = '', monthName = '', yearText = '', hour = '', minute = '', second = '0', zone = 'z'] = match;
  const month = MONTHS.indexOf(monthName.toLowerCase());
  let year = Number(yearText);
  if (yearText.length === 2) year += year < 50 ? 2000 : 1900;
  else if (yearText.length === 3) year += 1900;
  const numeric = /^([+-])(\d{2})(\d{2})$/.exec(zone);
  const offset = numeric
    ? (numeric[1] === '-' ? -1 : 1) * (Number(numeric[2]) * 60 + Number(numeric[3]))
    : (ZONES[zone.toLowerCase()] ?? 0);
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Math.min(59, Number(second))];
  if (month < 0 || year < 1 || year > 9999 || d < 1 || d > new Date(Date.UTC(year, month + 1, 0)).getUTCDate())
    return null;
  if (h > 23 || m > 59 || Math.abs(offset) >= 24 * 60) return null;
  const two = (n: number): string => String(n).padStart(2, '0');
  const sign = offset < 0 ? '-' : '+';
  const suffix = offset === 0 ? 'Z' : `${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(d)}T${two(h)}:${two(m)}:${two(s)}${suffix}`;
}

/** RFC 8621 §4.1.2.7 (RFC 2369). */
export function asURLs(value: string): string[] | null {
  const urls = [...unfold(value).matchAll(/<([^<>]*)>/g)].map((match) => clean((match[1] ?? '').replace(/\s+/g, '')));
  return urls.length === 0 ? null : urls;
}

export interface Parameterised {
  value: string;
  params: Record<string, string>;
}

/** "text/plain; charset=utf-8": value lower case, parameters with RFC 2231 continuations and charsets decoded. */
export function parseParameters(value: string): Parameterised {
  const text = unfold(value);
  const semicolon = text.indexOf(';');
  const first = (semicolon < 0 ? text : text.slice(0, semicolon))
    .replace(/\([^()]*\)/g, '')
    .trim()
    .toLowerCase();
  const plain: Record<string, string> = {};
  const pieces = new Map<string, { index: number; encoded: boolean; value: string }[]>();
  if (semicolon >= 0) {
    const pattern = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))/g;
    for (const [, rawName = '', quoted, token] of text.slice(semicolon).matchAll(pattern)) {
      const content =
        quoted === undefined ? (token ?? '').replace(/\([^()]*\)\s*$/, '').trim() : quoted.replace(/\\(.)/g, '$1');
      const name = rawName.toLowerCase();
      const extended = /^([^*]+)\*(?:(\d{1,3})(\*)?)?$/.exec(name);
      if (!extended) {
        plain[name] ??= clean(decode(content));
        continue;
      }
      const [, base = '', index, star] = extended;
      const list = pieces.get(base) ?? [];
      list.push({ index: Number(index ?? 0), encoded: index === undefined || star !== undefined, value: content });
      pieces.set(base, list);
    }
  }
  for (const [name, list] of pieces) plain[name] = clean(joinPieces(list.toSorted((a, b) => a.index - b.index)));
  return { value: clean(first), params: plain };
}

/** RFC 2231 §3–4: charset'language'percent-encoded, in pieces. */
function joinPieces(list: { encoded: boolean; value: string }[]): string {
  let charset = 'utf-8';
  const chunks = list.map((piece, i) => {
    let { value } = piece;
    if (i === 0 && piece.encoded) {
      const match = /^([^']*)'[^']*'(.*)$/s.exec(value);
      if (match) [charset, value] = [match[1] || 'utf-8', match[2] ?? ''];
    }
    if (!piece.encoded) return Buffer.from(value);
    const latin = value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(latin, 'latin1');
  });
  return decodeCharset(Buffer.concat(chunks), charset).text;
}

/** Text of bytes in a named charset; `problem`: the charset is unknown, or bytes in it were wrong. */
export function decodeCharset(bytes: Uint8Array, charset: string): { text: string; problem: boolean } {
  const label = charset.trim().toLowerCase();
  // "us-ascii" with 8-bit bytes in it is UTF-8 more often than anything else.
  const labels =
    label === '' || label === 'us-ascii' || label === 'ascii' || label === 'ansi_x3.4-1968'
      ? ['utf-8', 'windows-1252']
      : [label === 'utf8mb4' ? 'utf-8' : label];
  for (const name of labels) {
    try {
      return { text: new TextDecoder(name, { fatal: true }).decode(bytes), problem: false };
    } catch {
      // the next label
    }
  }
  try {
    return { text: new TextDecoder(labels[0]).decode(bytes), problem: true };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), problem: true };
  }
}
