/** Bounds of what a client may send, whatever it sends. Past one, the command is refused and the connection goes on. */
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
} as const;
