/** Bounds of what a client may send and use. Past one of a command, it is refused and the connection goes on. */
export const LIMITS = {
  /** Octets of one command: its text and its kept literals, streamed ones not counted. */
  command: 256 << 10,
  /** Octets of one literal that is kept with its command. */
  literal: 64 << 10,
  /** Octets of a non-synchronising literal where only LITERAL- holds (RFC 7888 §5). */
  literalMinus: 4096,
  /** Pieces of one command: literals and the text between them. */
  pieces: 2_000,
  /** Messages of one APPEND (RFC 3502). */
  messages: 100,
  /** Parentheses of a search, one in the other. */
  depth: 30,
  /** Keys of one search. */
  searchKeys: 2_000,
  /** Of those, BODY and TEXT: each may have to look through every message. */
  textKeys: 32,
  /** And those that look through every header: HEADER, SUBJECT, and those of addresses. */
  headerKeys: 128,
  /** Ranges of one sequence set, as it is written. */
  ranges: 20_000,
  /** Elements of any other list: flags, header fields, patterns, fetch items. */
  list: 500,
  /** Octets of a tag. */
  tag: 128,
  /** Field-value pairs of ID (RFC 2971 §3.3). */
  idPairs: 30,
  /** Octets of a field name of ID, and of its value. */
  idField: 30,
  idValue: 1024,
  /** Octets of an answer that are gathered before they are written, and that may wait for a client that reads slowly. */
  gathered: 64 << 10,
  /** Octets of all messages of one APPEND. */
  appended: 64 << 20,
  /** Octets that have been read and wait for a command that is running. */
  waiting: 1 << 20,
  /** Seconds without a word: before sign-in, and after (RFC 9051 §5.4: at least 30 minutes). */
  idleBefore: 180,
  idleAfter: 30 * 60,
  /** Searches whose results a client is kept informed of (RFC 5267 §4.3). */
  contexts: 10,
  /** Wrong passwords on one connection. */
  signIns: 3,
  /** Connections of all clients together. */
  connections: 20_000,
} as const;
