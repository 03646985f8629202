// A command's pieces → what it asks for (RFC 9051 §6), or why it is none. Pure: nothing here knows a session.

import {
  BARE_VERBS,
  RETURN_OPTIONS,
  STATUS_ITEMS,
  type AppendMessage,
  type Command,
  type QResync,
  type PartialRange,
  type Returning,
} from './command.ts';
import * as at from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { bad, CommandFault, no, type Fault } from './fault.ts';
import { keywordOf } from './flags.ts';
import { LIMITS } from './limits.ts';
import { dateTime } from './parse-dates.ts';
import { fetchCommand } from './parse-fetch.ts';
import { listCommand, lsubCommand } from './parse-list.ts';
import { searchProgram, sortKeys } from './parse-search.ts';
import { tagOf, type Piece } from './reader.ts';

export type Parsed = { tag: string; command: Command } | { tag: string; fault: Fault };

/** `utf8`: UTF8=ACCEPT or IMAP4rev2 is enabled. Never throws but for a fault of ours. */
export function parseCommand(pieces: readonly Piece[], options: { utf8: boolean }): Parsed {
  const [first] = pieces;
  const tag = typeof first === 'string' ? tagOf(first) : '*';
  try {
    if (tag === '*') throw bad('The tag is missing.');
    const c: Cursor = { pieces, piece: 0, at: tag.length, utf8: options.utf8 };
    at.space(c);
    const command = byVerb(c);
    at.end(c);
    return { tag, command };
  } catch (error) {
    if (error instanceof CommandFault) return { tag, fault: error.fault };
    throw error;
  }
}

/** The mailbox that an APPEND names, before all of it is there. Throws CommandFault. */
export function appendedTo(pieces: readonly Piece[], utf8: boolean): string {
  const [first] = pieces;
  const c: Cursor = { pieces, piece: 0, at: typeof first === 'string' ? tagOf(first).length : 0, utf8 };
  at.space(c);
  at.word(c);
  at.space(c);
  return at.mailbox(c);
}

function byVerb(c: Cursor): Command {
  const name = at.word(c);
  const bare = BARE_VERBS.find((verb) => verb === name);
  if (bare !== undefined) return { verb: bare };
  if (name !== 'UID') return withArguments(c, name, false);
  at.space(c);
  // RFC 9051 §6.4.9, RFC 4315 §2.1, RFC 5256 §3 and §4.
  const verbs = ['FETCH', 'STORE', 'COPY', 'MOVE', 'SEARCH', 'SORT', 'THREAD', 'EXPUNGE'] as const;
  return withArguments(c, at.oneOf(c, verbs, 'command after UID'), true);
}

function withArguments(c: Cursor, name: string, uid: boolean): Command {
  if (name === 'EXPUNGE' && !uid) return { verb: name, uids: null };
  if (name === 'ID' || at.peek(c) === ' ') at.space(c);
  switch (name) {
    case 'AUTHENTICATE':
      return authenticate(c);
    case 'LOGIN': {
      const user = at.astring(c);
      at.space(c);
      return { verb: name, user, password: at.astring(c) };
    }
    case 'ID':
      return { verb: name, fields: idFields(c) };
    case 'ENABLE': {
      const capabilities = [at.word(c)];
      while (capabilities.length < LIMITS.list && at.accept(c, ' ')) capabilities.push(at.word(c));
      return { verb: name, capabilities };
    }
    case 'COMPRESS':
      return { verb: name, mechanism: at.word(c) };
    case 'SELECT':
    case 'EXAMINE':
      return { verb: name, mailbox: at.mailbox(c), ...selectParameters(c) };
    case 'CREATE':
      return { verb: name, mailbox: at.mailbox(c), use: specialUse(c) };
    case 'DELETE':
    case 'SUBSCRIBE':
    case 'UNSUBSCRIBE':
    case 'GETQUOTAROOT':
      return { verb: name, mailbox: at.mailbox(c) };
    case 'GETQUOTA':
      return { verb: name, root: at.astring(c) };
    case 'RENAME': {
      const from = at.mailbox(c);
      at.space(c);
      return { verb: name, from, to: at.mailbox(c) };
    }
    case 'LIST':
      return listCommand(c);
    case 'LSUB':
      return lsubCommand(c);
    case 'STATUS': {
      const mailbox = at.mailbox(c);
      at.space(c);
      return { verb: name, mailbox, items: at.list(c, (c) => at.oneOf(c, STATUS_ITEMS, 'item of STATUS'), 1) };
    }
    case 'APPEND':
      return append(c);
    case 'SEARCH':
      return search(c, uid);
    case 'SORT': {
      const returning = returnOptions(c);
      const keys = sortKeys(c);
      at.space(c);
      return { verb: name, uid, returning, keys, criteria: saving(returning, () => searchProgram(c, true)) };
    }
    case 'THREAD': {
      const algorithm = at.word(c);
      at.space(c);
      return { verb: name, uid, algorithm, criteria: searchProgram(c, true) };
    }
    case 'FETCH':
      return fetchCommand(c, uid);
    case 'STORE':
      return store(c, uid);
    case 'COPY':
    case 'MOVE': {
      const set = at.messageSet(c);
      at.space(c);
      return { verb: name, uid, set, mailbox: at.mailbox(c) };
    }
    case 'CANCELUPDATE': {
      const tags = [at.string(c)];
      while (tags.length < LIMITS.list && at.accept(c, ' ')) tags.push(at.string(c));
      return { verb: name, tags };
    }
    case 'EXPUNGE':
      return { verb: name, uids: at.messageSet(c) };
    default:
      throw bad(`There is no command ${name.slice(0, 40)}.`);
  }
}

/** RFC 4959 §3: "=" is an initial response of no octets. */
function authenticate(c: Cursor): Command {
  const mechanism = at.word(c);
  if (!at.accept(c, ' ')) return { verb: 'AUTHENTICATE', mechanism, initial: null };
  if (at.accept(c, '=')) return { verb: 'AUTHENTICATE', mechanism, initial: Buffer.alloc(0) };
  const text = at.match(c, /(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/y);
  if (text === undefined || text === '') throw bad('The initial response is not base64.');
  return { verb: 'AUTHENTICATE', mechanism, initial: Buffer.from(text, 'base64') };
}

/** RFC 2971 §3.1 and §3.3: its bounds too. */
function idFields(c: Cursor): Map<string, string | null> {
  const fields = new Map<string, string | null>();
  if (at.match(c, /nil/iy) !== undefined) return fields;
  const pairs = at.list(c, (c): [string, string | null] => {
    const field = at.string(c).toLowerCase();
    at.space(c);
    return [field, at.nstring(c)];
  });
  if (pairs.length > LIMITS.idPairs) throw bad('ID has at most 30 fields.');
  for (const [field, value] of pairs) {
    const tooLong = field.length > LIMITS.idField || (value?.length ?? 0) > LIMITS.idValue;
    if (tooLong || fields.has(field)) throw bad('A field of ID is too long, or given twice.');
    fields.set(field, value);
  }
  return fields;
}

/** RFC 7162 §3.1.8 and §3.2.5. */
function selectParameters(c: Cursor): { condstore: boolean; qresync: QResync | null } {
  const found: { condstore: boolean; qresync: QResync | null } = { condstore: false, qresync: null };
  if (!at.accept(c, ' ')) return found;
  at.list(
    c,
    (c) => {
      if (at.oneOf(c, ['CONDSTORE', 'QRESYNC'], 'parameter of SELECT') === 'CONDSTORE') found.condstore = true;
      else found.qresync = qresync(c);
    },
    1,
  );
  return found;
}

function qresync(c: Cursor): QResync {
  at.space(c);
  at.expect(c, '(');
  const uidValidity = at.number(c, 0xffff_ffff);
  at.space(c);
  const found: QResync = { uidValidity, modseq: at.number(c), known: null, match: null };
  if (at.match(c, / (?=\d)/y) !== undefined) found.known = at.sequenceSet(c);
  if (at.accept(c, ' ')) {
    at.expect(c, '(');
    const sequences = at.sequenceSet(c);
    at.space(c);
    found.match = { sequences, uids: at.sequenceSet(c) };
    at.expect(c, ')');
  }
  at.expect(c, ')');
  return found;
}

/** RFC 6154 §3. */
function specialUse(c: Cursor): string[] {
  if (!at.accept(c, ' ')) return [];
  const use = at.list(
    c,
    (c) => {
      at.oneOf(c, ['USE'], 'parameter of CREATE');
      at.space(c);
      return at.list(c, (c) => {
        at.expect(c, '\\');
        return `\\${at.atom(c).toLowerCase()}`;
      });
    },
    1,
  );
  return use.flat();
}

/** Keywords of `(\Seen $Forwarded)`. */
function flag(c: Cursor): string {
  const written = (at.accept(c, '\\') ? '\\' : '') + at.atom(c);
  const keyword = keywordOf(written);
  // RFC 9051 §2.3.2: a "\" flag that the server does not know is not made by a client; \Recent is the server's own.
  if (keyword === undefined) throw no('CANNOT', `${written.slice(0, 40)} cannot be set.`);
  return keyword;
}

/** RFC 9051 §6.3.12, RFC 3502 §6.3.11. */
function append(c: Cursor): Command {
  const mailbox = at.mailbox(c);
  const messages: AppendMessage[] = [];
  do {
    at.space(c);
    if (messages.length === LIMITS.messages) throw bad('An APPEND has at most 100 messages.');
    messages.push(appendMessage(c));
  } while (!at.atEnd(c));
  return { verb: 'APPEND', mailbox, messages };
}

function appendMessage(c: Cursor): AppendMessage {
  let flags: string[] = [];
  let date: string | null = null;
  if (at.peek(c) === '(') {
    flags = at.list(c, flag);
    at.space(c);
  }
  if (at.peek(c) === '"') {
    date = dateTime(c);
    at.space(c);
  }
  const utf8 = at.match(c, /utf8 \(/iy) !== undefined; // RFC 6855 §4
  if (at.atEnd(c)) throw bad('The message is missing.');
  const piece = c.pieces[c.piece];
  if (typeof piece !== 'object' || !('stream' in piece)) throw bad('A message comes as a literal.');
  if (utf8 && !piece.binary) throw bad('UTF8 takes a literal8.');
  c.piece++;
  c.at = 0;
  if (utf8) at.expect(c, ')');
  return { flags, date, content: { stream: piece.stream, size: piece.size }, utf8 };
}

/** RFC 9051 §6.4.4; `null` where RETURN is not said. Takes the space after it. */
function returnOptions(c: Cursor): Returning | null {
  if (at.match(c, /return (?=\()/iy) === undefined) return null;
  let partial: PartialRange | null = null;
  const options = at.list(c, (c) => {
    const option = at.oneOf(c, [...RETURN_OPTIONS, 'PARTIAL'], 'RETURN option');
    if (option !== 'PARTIAL') return option;
    if (partial) throw bad('PARTIAL is said once.');
    at.space(c);
    partial = at.partialRange(c);
    return [];
  });
  at.space(c);
  const give = options.flat();
  // RFC 9394 §3.1.
  if (partial && give.includes('ALL')) throw bad('It is either ALL or PARTIAL.');
  return { give: options.length === 0 ? ['ALL'] : give, partial };
}

function search(c: Cursor, uid: boolean): Command {
  const returning = returnOptions(c);
  return { verb: 'SEARCH', uid, returning, criteria: saving(returning, () => searchProgram(c, false)) };
}

/** RFC 5182 §2.1: what was saved is gone where the answer is NO, and stays where it is BAD. */
function saving<T>(returning: Returning | null, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CommandFault) || error.fault.status === 'BAD' || !returning?.give.includes('SAVE'))
      throw error;
    throw new CommandFault({ ...error.fault, unsaves: true });
  }
}

/** RFC 9051 §6.4.6, RFC 7162 §3.1.3. */
function store(c: Cursor, uid: boolean): Command {
  const set = at.messageSet(c);
  at.space(c);
  let unchangedSince: number | null = null;
  if (at.match(c, /\(unchangedsince /iy) !== undefined) {
    unchangedSince = at.number(c);
    at.expect(c, ')');
    at.space(c);
  }
  const item = at.match(c, /[+-]?flags(?:\.silent)?/iy)?.toUpperCase();
  if (item === undefined) throw bad('STORE sets FLAGS, +FLAGS or -FLAGS.');
  at.space(c);
  let flags: string[];
  if (at.peek(c) === '(') flags = at.list(c, flag);
  else {
    flags = [flag(c)];
    while (flags.length < LIMITS.list && at.accept(c, ' ')) flags.push(flag(c));
  }
  const how = item.startsWith('+') ? 'add' : item.startsWith('-') ? 'remove' : 'set';
  return { verb: 'STORE', uid, set, how, silent: item.endsWith('.SILENT'), flags, unchangedSince };
}
