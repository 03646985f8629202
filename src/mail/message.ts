// What Homing knows of a message after reading it once, at acceptance. Stored beside the bytes, so that no face parses
// a message again to show its envelope, structure or preview.

/** An address as it stood in a header: display name decoded, address verbatim. `null` name: none was given. */
export interface EmailAddress {
  name: string | null;
  email: string;
}

/** RFC 8621 §4.1.2.4: a named group of addresses; `name: null` holds those outside any group. */
export interface AddressGroup {
  name: string | null;
  addresses: EmailAddress[];
}

/** Byte range `[start, end)` in the message as stored. */
export type ByteRange = readonly [start: number, end: number];

/**
 * One MIME part. `partId` is the IMAP section number ("1", "2.1"; RFC 9051 §6.4.5.1), for multiparts too ("" is the
 * root multipart); a single-part message has the one part "1".
 */
export interface Part {
  partId: string;
  /** Lower-case media type, "text/plain" where none or a broken one was given (RFC 2045 §5.2). */
  type: string;
  /** Content-Type parameters, lower-case names, decoded values (RFC 2231). */
  params: Record<string, string>;
  /** Lower-case Content-Disposition, `null` if absent; its parameters. */
  disposition: string | null;
  dispositionParams: Record<string, string>;
  /** Decoded file name (disposition filename, else Content-Type name). */
  name: string | null;
  /** Content-Transfer-Encoding, lower case, "7bit" by default. */
  encoding: string;
  /** Content-ID without angle brackets. */
  cid: string | null;
  description: string | null;
  language: string[] | null;
  location: string | null;
  md5: string | null;
  /** Header block including its final empty line; body, still encoded. */
  header: ByteRange;
  body: ByteRange;
  /** Lines of the encoded body (IMAP BODYSTRUCTURE counts them for text and message/rfc822). */
  lines: number;
  /** Octets after transfer decoding. */
  decodedSize: number;
  /** Children of a multipart. */
  parts?: Part[];
  /** The message inside a message/rfc822 part; `imap`: its ENVELOPE as IMAP writes it (what was stored before has none). */
  message?: { envelope: Envelope; imap?: string; root: Part };
}

/** RFC 9051 §7.5.2 ENVELOPE and RFC 8621 §4.1.2–4.1.3 from one source. Missing header fields are `null`. */
export interface Envelope {
  /** Date header; ISO 8601 with its original offset ("2026-11-23T14:02:00+01:00"). */
  sentAt: string | null;
  subject: string | null;
  from: EmailAddress[] | null;
  sender: EmailAddress[] | null;
  replyTo: EmailAddress[] | null;
  to: EmailAddress[] | null;
  cc: EmailAddress[] | null;
  bcc: EmailAddress[] | null;
  /** Message-IDs without angle brackets. */
  messageId: string[] | null;
  inReplyTo: string[] | null;
  references: string[] | null;
}

export interface ParsedMessage {
  /** ENVELOPE and BODYSTRUCTURE as IMAP writes them (mime/imap.ts). */
  imap: { envelope: string; structure: string };
  envelope: Envelope;
  root: Part;
  /** First 256 characters of readable text, white space collapsed. */
  preview: string;
  /** Text of the text parts (HTML as text), bounded to 256 KiB of characters: what full-text search indexes. */
  searchText: string;
  /**
   * Fields of the header but those that stand in the envelope as text (Subject, From, To, Cc, Bcc), of its parts too: a line
   * each, decoded, bounded to 32 KiB of characters. Signatures are left out: nobody looks for what is in them.
   */
  headerText: string;
  /** RFC 8621 §4.1.4 hasAttachment. */
  hasAttachment: boolean;
  /** Subject without "Re:", "Fwd:" and the like, collapsed (RFC 5256 §2.1): threads are made by it. */
  baseSubject: string;
}
