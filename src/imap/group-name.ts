// Names of groups, which ENVELOPE has in the place of an address (RFC 9051 §7.5.2) and the addresses of a message have not.

import { decodeWords } from '../mail/mime/words.ts';

const FIELDS = { from: 2, to: 5, cc: 6 } as const;

/** Of the group that a field begins with, in an ENVELOPE as imap.ts of mail/mime writes it. Null: with none. */
export function groupName(envelope: string, field: keyof typeof FIELDS): string | null {
  const [fields] = listAt(Buffer.from(envelope).toString('latin1'), 0);
  const list = fields[FIELDS[field]];
  const first = Array.isArray(list) ? list[0] : null;
  if (!Array.isArray(first)) return null;
  const [, , mailbox, host] = first;
  return typeof mailbox === 'string' && host === null ? decodeWords(mailbox) : null;
}

type Value = string | null | Value[];

/** The list that begins here, and where it ends; octets as characters. */
function listAt(text: string, from: number): [Value[], end: number] {
  const values: Value[] = [];
  let at = from + 1;
  while (at < text.length && text[at] !== ')') {
    if (text[at] === ' ') at++;
    else if (text[at] === '(') {
      const [list, end] = listAt(text, at);
      values.push(list);
      at = end;
    } else {
      const [value, end] = stringAt(text, at);
      values.push(value);
      at = end;
    }
  }
  return [values, at + 1];
}

const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const LITERAL = /\{(\d+)\}\r\n/y;

function stringAt(text: string, from: number): [string | null, end: number] {
  for (const pattern of [QUOTED, LITERAL]) pattern.lastIndex = from;
  const quoted = QUOTED.exec(text)?.[1];
  if (quoted !== undefined) return [quoted.replace(/\\(.)/gs, '$1'), QUOTED.lastIndex];
  const size = LITERAL.exec(text)?.[1];
  if (size === undefined) return [null, from + 'NIL'.length];
  const [start, end] = [LITERAL.lastIndex, LITERAL.lastIndex + Number(size)];
  return [Buffer.from(text.slice(start, end), 'latin1').toString(), end];
}
