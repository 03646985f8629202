// Address lists (RFC 5322 §3.4), read as well as they can be: what is wrong with one address is no reason to lose the
// next. Every address that some other program could take out of the field is taken out of it here.

import type { AddressGroup, EmailAddress } from '../message.ts';
import { clean } from './charset.ts';
import { endOfComment, endOfQuoted, unfold, unquote, withoutComments } from './lexical.ts';
import { LIMITS } from './limits.ts';
import { decodeMisplacedWords, decodeWords, isAllWords } from './words.ts';

/** A word of a phrase or of a bare address. */
interface Piece {
  /** As it is written, quotes included. */
  raw: string;
  quoted: boolean;
  /** White space or a comment stands before it. */
  apart: boolean;
}

/** What stands between two commas. */
interface Entry {
  pieces: Piece[];
  /** Content of its angle brackets; and the source route in them (RFC 5322 §4.4), '' for none. */
  angle: string | null;
  route: string;
  /** Words after the angle brackets. */
  rest: Piece[];
  comment: string | null;
}

/** With the source route that ENVELOPE tells of (RFC 9051 §7.5.2), "@a,@b", where there is one. */
export interface RoutedAddress extends EmailAddress {
  route?: string;
}

export interface RoutedGroup extends AddressGroup {
  addresses: RoutedAddress[];
}

/** RFC 8621 §4.1.2.4; those of no group are together in groups without a name. `value` is raw. */
export function parseAddressList(value: string): RoutedGroup[] {
  return new Parser(unfold(value)).parse();
}

class Parser {
  private readonly text: string;
  private at = 0;
  private apart = false;
  private entry: Entry = emptyEntry();
  private readonly groups: RoutedGroup[] = [];
  private group: RoutedGroup | null = null;
  private count = 0;
  /** Delimiters that are opened and never closed are text: there is no use in looking for their end again. */
  private readonly endless = new Set<string>();

  constructor(text: string) {
    this.text = text;
  }

  parse(): RoutedGroup[] {
    while (this.at < this.text.length && this.count < LIMITS.addresses) this.step();
    this.finish();
    return this.groups;
  }

  private step(): void {
    const c = this.text[this.at] ?? '';
    switch (c) {
      case ' ':
      case '\t':
        this.apart = true;
        this.at++;
        return;
      case ',':
        this.finish();
        this.at++;
        return;
      case ';': // ends a group, and is a comma to some programs
        this.finish();
        this.group = null;
        this.at++;
        return;
      case ':':
        this.at++;
        this.openGroup();
        return;
      case '"':
        return this.delimited(c, endOfQuoted, (raw) => this.add(raw, true));
      case '(':
        return this.delimited(c, endOfComment, (raw) => {
          this.entry.comment = decodeWords(unquote(raw)).trim() || this.entry.comment;
          this.apart = true;
        });
      case '<':
        return this.angle();
      case '>':
      case ')':
        this.at++;
        return;
      default:
        this.atom();
    }
  }

  private delimited(c: string, endOf: (text: string, from: number) => number, take: (raw: string) => void): void {
    const end = this.endless.has(c) ? -1 : endOf(this.text, this.at);
    if (end < 0) {
      this.endless.add(c);
      this.at++;
      return;
    }
    const raw = this.text.slice(this.at, end);
    this.at = end;
    take(raw);
  }

  private angle(): void {
    if (this.entry.angle !== null) this.finish(); // two addresses without a comma
    while (this.text[this.at] === '<') this.at++;
    const start = this.at;
    let end = start;
    while (end < this.text.length && this.text[end] !== '>' && this.text[end] !== '<') {
      const opens = this.text[end] === '"' && /[\s<:.,]/.test(this.text[end - 1] ?? '') && !this.endless.has('"');
      const quoted = opens ? endOfQuoted(this.text, end) : -1;
      if (opens && quoted < 0) this.endless.add('"');
      end = quoted < 0 ? end + 1 : quoted;
    }
    if (this.text[end] === '>') this.at = end + 1;
    else {
      const comma = this.text.slice(start, end).search(/[,;]/);
      if (comma >= 0) end = start + comma;
      this.at = end;
    }
    const content = withoutComments(this.text.slice(start, end)).trim();
    const route = ROUTE.exec(content)?.[0] ?? '';
    this.entry.angle = addrSpec(content.slice(route.length));
    this.entry.route = clean(route.replace(/\s+|:$/g, ''));
    this.apart = true;
  }

  private atom(): void {
    const { text } = this;
    const start = this.at;
    // An encoded word may hold what would end an atom (RFC 2047 §5 forbids it); one with an "@" is not so trusted.
    const word = text.startsWith('=?', start) ? ENCODED_WORD.exec(text.slice(start, start + 1000)) : null;
    let end = start + (word?.[0].length ?? 0);
    let at = false;
    while (end < text.length) {
      const c = text[end] ?? '';
      if (ENDS_ATOM.has(c) || (c === ':' && !at)) break;
      if (c === '@') at = true;
      if (c === '[' && text[end - 1] === '@') end = this.endOfLiteral(end);
      else end++;
    }
    this.at = end;
    this.add(text.slice(start, end), false);
  }

  /** Offset after the domain literal that begins at `from`. */
  private endOfLiteral(from: number): number {
    const end = this.endless.has('[') ? -1 : this.text.indexOf(']', from);
    if (end >= 0) return end + 1;
    this.endless.add('[');
    return from + 1;
  }

  private add(raw: string, quoted: boolean): void {
    const list = this.entry.angle === null ? this.entry.pieces : this.entry.rest;
    list.push({ raw, quoted, apart: this.apart });
    this.apart = false;
  }

  private openGroup(): void {
    const { pieces, angle } = this.entry;
    if (angle !== null || pieces.length === 0) return;
    if (pieces.some(hasAt)) return this.finish(); // no name of a group
    if (this.group === null) {
      this.group = { name: phrase(pieces), addresses: [] };
      this.groups.push(this.group);
    }
    this.entry = emptyEntry(); // a group within a group: its members belong to the outer one
  }

  private finish(): void {
    const addresses = addressesOf(this.entry);
    this.entry = emptyEntry();
    this.apart = false;
    if (addresses.length === 0) return;
    this.count += addresses.length;
    let into = this.group ?? this.groups.at(-1);
    if (!into || (into.name !== null && into !== this.group)) {
      into = { name: null, addresses: [] };
      this.groups.push(into);
    }
    into.addresses.push(...addresses);
  }
}

const ENDS_ATOM: ReadonlySet<string> = new Set(' \t,;"()<>');
const ENCODED_WORD = /^=\?[^?\s]+\?[bq]\?[^?\s@<>"]*\?=(?=[\s<(,;]|$)/i;

function emptyEntry(): Entry {
  return { pieces: [], angle: null, route: '', rest: [], comment: null };
}

function addressesOf({ pieces, angle, route, rest, comment }: Entry): RoutedAddress[] {
  if (angle === null) return bareAddresses(pieces, comment);
  const name = phrase(pieces) ?? (comment === null ? null : asName(comment));
  const more = bareAddresses(rest, null).filter(({ email }) => email.includes('@'));
  return angle === '' && name === null ? more : [{ name, email: angle, ...(route === '' ? {} : { route }) }, ...more];
}

/** RFC 8621 §4.1.2.3: the name is the phrase, else the comment that follows. */
function bareAddresses(pieces: Piece[], comment: string | null): EmailAddress[] {
  if (pieces.length === 0) return [];
  const words = wordsOf(pieces);
  const addresses = words.filter(isAddress);
  if (addresses.length > 1) return addresses.map((word) => ({ name: null, email: joined(word) }));
  const [address] = addresses;
  if (address) {
    const others = words.filter((word) => word !== address).flat();
    return [{ name: phrase(others) ?? (comment === null ? null : asName(comment)), email: joined(address) }];
  }
  // A draft, say: one word is half an address, several are a name.
  const [only] = words;
  const half = words.length === 1 && only?.every((piece) => !piece.quoted && !isAllWords(piece.raw));
  return half && only ? [{ name: null, email: joined(only) }] : [{ name: phrase(pieces), email: '' }];
}

/** Pieces that stand together; an "@", and a dot after it, joins both its sides whatever stands between (RFC 5322 §4.4). */
function wordsOf(pieces: Piece[]): Piece[][] {
  const words: Piece[][] = [];
  for (const piece of pieces) {
    const last = words.at(-1);
    const before = last?.at(-1);
    if (last && before && (!piece.apart || (!piece.quoted && joins(last, before, piece)))) last.push(piece);
    else words.push([piece]);
  }
  return words;
}

function joins(word: Piece[], before: Piece, piece: Piece): boolean {
  if (!word.some(hasAt)) return piece.raw.startsWith('@');
  return !before.quoted && (/[@.]$/.test(before.raw) || /^\.(?!\.)/.test(piece.raw)) && !hasAt(piece);
}

const hasAt = (piece: Piece): boolean => !piece.quoted && piece.raw.includes('@');
const isAddress = (word: Piece[]): boolean => word.some(hasAt) && !isAllWords(joined(word));
const joined = (word: Piece[]): string => clean(word.map((piece) => piece.raw).join(''));

/** Octets; RFC 5321 §4.5.3.1 has less. What is longer is no address, and shown as it is. */
const MAX_ADDRESS = 1000;

/** RFC 5322 §4.4. */
const ROUTE = /^@[^:"]*:/;

/** RFC 5322 §3.4 addr-spec between angle brackets, where comments and route are gone: without white space. */
function addrSpec(bare: string): string {
  if (bare.length > MAX_ADDRESS || !/\s/.test(bare) || !bare.includes('@')) return clean(bare);
  return clean(bare.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part.startsWith('"') ? part : '')));
}

/** Display name; null if nothing is left of it. */
function phrase(pieces: Piece[]): string | null {
  let name = '';
  for (let i = 0; i < pieces.length;) {
    const piece = pieces[i];
    if (!piece) break;
    const space = piece.apart && name !== '' ? ' ' : '';
    if (piece.quoted) {
      const content = unquote(piece.raw);
      // RFC 2047 §5 has no encoded words in quoted strings. One made of nothing else was meant as them all the same.
      name += space + (isAllWords(content) ? decodeMisplacedWords(content) : content);
      i++;
      continue;
    }
    let atoms = piece.raw;
    for (i++; i < pieces.length && !pieces[i]?.quoted; i++) atoms += (pieces[i]?.apart ? ' ' : '') + pieces[i]?.raw;
    name += space + decodeWords(atoms);
  }
  return asName(name);
}

function asName(text: string): string | null {
  return clean(text).trim().normalize('NFC') || null;
}
