/** Bounds of everything that reads a message. Past one, the rest is opaque bytes, never an error. */
export const LIMITS = {
  /** Nested multiparts and messages. */
  depth: 50,
  parts: 10_000,
  /** Octets of one header block; from the line that passes it on, it is body. */
  headerBlock: 1 << 20,
  /** Fields of one header block. */
  headerFields: 20_000,
  /** Addresses of one field. */
  addresses: 10_000,
  /** Message-IDs or URLs of one field. */
  ids: 1_000,
  /** Characters of a Message-ID (RFC 5322 §2.1.1: a line has no more). */
  id: 998,
  /** Parameters of one Content-Type or Content-Disposition. */
  params: 100,
  /** Characters of a subject that count for its base (RFC 5256 §2.1). */
  baseSubject: 1_000,
  /** Characters of text that are indexed for search. */
  searchText: 256 << 10,
  /** The same of header fields. */
  headerText: 32 << 10,
  /** Octets of one text part, still encoded, that are read for preview and search. */
  textPart: 512 << 10,
  /** Characters of a preview (RFC 8621 §4.1.4). */
  preview: 256,
} as const;
