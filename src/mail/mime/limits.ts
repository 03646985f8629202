/** Bounds of everything that reads a message. Past one, the rest is opaque bytes, never an error. */
export const LIMITS = {
  /** Nested multiparts and messages. */
  depth: 50,
  parts: 10_000,
  /** Octets of one header block that are looked at. */
  headerBlock: 1 << 20,
  /** Octets of one header field that are decoded. */
  headerField: 64 << 10,
  /** Characters of text that are indexed for search. */
  searchText: 200_000,
  /** Octets of one text part that are read for preview and search. */
  textPart: 512 << 10,
  /** Characters of a preview (RFC 8621 §4.1.4). */
  preview: 256,
} as const;
