import { PLAIN_ITEMS, type Command, type FetchItem, type Partial, type Section } from './command.ts';
import * as at from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { bad } from './fault.ts';

/** RFC 9051 §6.4.5. */
const FAST = ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'] as const;
const MACROS: Readonly<Record<string, readonly (typeof PLAIN_ITEMS)[number][]>> = {
  FAST,
  ALL: [...FAST, 'ENVELOPE'],
  FULL: [...FAST, 'ENVELOPE', 'BODY'],
};

export function fetchCommand(c: Cursor, uid: boolean): Command {
  const set = at.messageSet(c);
  at.space(c);
  const macro = MACROS[at.match(c, /(?:all|fast|full)(?![^ ])/iy)?.toUpperCase() ?? ''];
  const items = macro
    ? macro.map((item): FetchItem => ({ item }))
    : at.peek(c) === '('
      ? at.list(c, fetchItem, 1)
      : [fetchItem(c)];
  return { verb: 'FETCH', uid, set, items, ...modifiers(c, uid) };
}

type Modifiers = Pick<Extract<Command, { verb: 'FETCH' }>, 'changedSince' | 'vanished' | 'partial'>;

/** RFC 7162 §3.1.4 and §3.2.6, RFC 9394 §3.3. */
function modifiers(c: Cursor, uid: boolean): Modifiers {
  const found: Modifiers = { changedSince: null, vanished: false, partial: null };
  if (!at.accept(c, ' ')) return found;
  at.list(
    c,
    (c) => {
      const modifier = at.oneOf(c, ['CHANGEDSINCE', 'VANISHED', 'PARTIAL'], 'modifier of FETCH');
      if (modifier === 'VANISHED') {
        found.vanished = true;
        return;
      }
      at.space(c);
      if (modifier === 'CHANGEDSINCE') found.changedSince = at.number(c);
      else found.partial = at.partialRange(c);
    },
    1,
  );
  if (found.vanished && (!uid || found.changedSince === null))
    throw bad('VANISHED goes with UID FETCH and CHANGEDSINCE.');
  if (found.partial && !uid) throw bad('PARTIAL goes with UID FETCH.');
  return found;
}

function fetchItem(c: Cursor): FetchItem {
  const name = at.word(c);
  const peek = name.endsWith('.PEEK');
  if (at.peek(c) === '[') {
    switch (name) {
      case 'BODY':
      case 'BODY.PEEK':
        return { item: 'SECTION', as: 'BODY', section: bracketed(c, section), peek, partial: partial(c) };
      case 'BINARY': // RFC 9051 §6.4.5
      case 'BINARY.PEEK':
        return { item: 'BINARY', part: bracketed(c, part), peek, partial: partial(c) };
      case 'BINARY.SIZE':
        return { item: name, part: bracketed(c, part) };
      default:
        throw bad(`${name.slice(0, 40)} has no section.`);
    }
  }
  switch (name) {
    // RFC 3501 §6.4.5: RFC822 and its kind.
    case 'RFC822':
      return { item: 'SECTION', as: name, section: { part: '', what: 'ALL', fields: [] }, peek: false, partial: null };
    case 'RFC822.HEADER':
      return {
        item: 'SECTION',
        as: name,
        section: { part: '', what: 'HEADER', fields: [] },
        peek: true,
        partial: null,
      };
    case 'RFC822.TEXT':
      return { item: 'SECTION', as: name, section: { part: '', what: 'TEXT', fields: [] }, peek: false, partial: null };
    case 'PREVIEW': // RFC 8970 §3.1
      return { item: name, lazy: at.match(c, / \(lazy\)/iy) !== undefined };
  }
  const item = PLAIN_ITEMS.find((each) => each === name);
  if (item === undefined) throw bad(`${name.slice(0, 40)} is no item of FETCH.`);
  return { item };
}

function bracketed<T>(c: Cursor, content: (c: Cursor) => T): T {
  at.expect(c, '[');
  const found = content(c);
  at.expect(c, ']');
  return found;
}

function part(c: Cursor): string {
  return at.match(c, /[1-9]\d{0,9}(?:\.[1-9]\d{0,9}){0,99}/y) ?? '';
}

/** RFC 9051 §6.4.5.1. */
function section(c: Cursor): Section {
  const number = part(c);
  if (at.peek(c) === ']') return { part: number, what: 'ALL', fields: [] };
  if (number !== '') at.expect(c, '.');
  const name = at.oneOf(c, ['HEADER', 'TEXT', 'MIME', 'HEADER.FIELDS', 'HEADER.FIELDS.NOT'], 'section');
  if (name === 'MIME' && number === '') throw bad('MIME is of a part.');
  if (name === 'HEADER' || name === 'TEXT' || name === 'MIME') return { part: number, what: name, fields: [] };
  at.space(c);
  return { part: number, what: name === 'HEADER.FIELDS' ? 'FIELDS' : 'FIELDS.NOT', fields: at.list(c, at.astring, 1) };
}

function partial(c: Cursor): Partial | null {
  if (!at.accept(c, '<')) return null;
  const offset = at.number(c);
  at.expect(c, '.');
  const count = at.number(c);
  if (count === 0) throw bad('A partial has at least one octet.');
  at.expect(c, '>');
  return { offset, count };
}
