import { STATUS_ITEMS, type Command, type ListReturn, type ListSelection } from './command.ts';
import * as at from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { bad } from './fault.ts';

/** RFC 9051 §6.3.9, RFC 5258 §3, RFC 5819 §2, RFC 6154 §2. */
export function listCommand(c: Cursor): Command {
  const select: ListSelection = { subscribed: false, remote: false, recursiveMatch: false, specialUse: false };
  const give: ListReturn = { subscribed: false, children: false, specialUse: false, status: null };
  let extended = false;
  if (at.peek(c) === '(') {
    extended = true;
    at.list(c, (c) => selection(c, select));
    // RFC 5258 §3.1: it only says how the others are to be applied.
    if (select.recursiveMatch && !select.subscribed && !select.specialUse)
      throw bad('RECURSIVEMATCH goes with another option.');
    at.space(c);
  }
  const reference = name(at.astring(c), c);
  at.space(c);
  let patterns: string[];
  if (at.peek(c) === '(') {
    extended = true;
    patterns = at.list(c, pattern, 1);
  } else patterns = [pattern(c)];
  if (at.match(c, / return (?=\()/iy) !== undefined) {
    extended = true;
    at.list(c, (c) => returned(c, give));
  }
  return { verb: 'LIST', reference, patterns, select, give, extended };
}

/** RFC 3501 §6.3.9. */
export function lsubCommand(c: Cursor): Command {
  const reference = name(at.astring(c), c);
  at.space(c);
  return { verb: 'LSUB', reference, pattern: pattern(c) };
}

function selection(c: Cursor, select: ListSelection): void {
  const option = at.oneOf(c, ['SUBSCRIBED', 'REMOTE', 'RECURSIVEMATCH', 'SPECIAL-USE'], 'option of LIST');
  if (option === 'SUBSCRIBED') select.subscribed = true;
  else if (option === 'REMOTE') select.remote = true;
  else if (option === 'RECURSIVEMATCH') select.recursiveMatch = true;
  else select.specialUse = true;
}

function returned(c: Cursor, give: ListReturn): void {
  const option = at.oneOf(c, ['SUBSCRIBED', 'CHILDREN', 'SPECIAL-USE', 'STATUS'], 'RETURN option of LIST');
  if (option === 'SUBSCRIBED') give.subscribed = true;
  else if (option === 'CHILDREN') give.children = true;
  else if (option === 'SPECIAL-USE') give.specialUse = true;
  else {
    at.space(c);
    give.status = at.list(c, (c) => at.oneOf(c, STATUS_ITEMS, 'item of STATUS'), 1);
  }
}

/** RFC 9051 §9, list-mailbox: an atom here may have wildcards. */
function pattern(c: Cursor): string {
  return name(at.match(c, /[!#$%&'*+,\-./0-9:;<=>?@A-Z[\]^_`a-z|}~]+/y) ?? at.string(c), c);
}

/** What is no name in modified UTF-7 stands as it is, and is nobody's: LIST finds nothing, which is no error. */
function name(text: string, c: Cursor): string {
  return text === '' ? text : (at.mailboxName(text, c.utf8) ?? text);
}
