// Ids of mail as clients see them. RFC 8620 §1.2: letters, digits, "-" and "_" alone.

/** `prefix` and a decimal number without leading zero; null: an id that was never given out. */
function numbered(prefix: string, id: string): number | null {
  if (!id.startsWith(prefix) || !/^[1-9]\d{0,15}$/.test(id.slice(prefix.length))) return null;
  const n = Number(id.slice(prefix.length));
  return Number.isSafeInteger(n) ? n : null;
}

export const emailIdOf = (n: number): string => `m${n}`;
export const parseEmailId = (id: string): number | null => numbered('m', id);
export const threadIdOf = (n: number): string => `t${n}`;
export const mailboxIdOf = (n: number): string => `f${n}`;
export const recallIdOf = (n: number): string => `r${n}`;

/** PostgreSQL's int. */
const MAX_MAILBOX = 2 ** 31 - 1;

export function parseMailboxId(id: string): number | null {
  const n = numbered('f', id);
  return n === null || n > MAX_MAILBOX ? null : n;
}

/** What a blobId names: a copy's message or an upload, then parts within parts. */
export interface BlobName {
  of: { kind: 'email'; emailId: number } | { kind: 'upload'; id: string };
  /** Part numbers, each in the message that the one before holds ("2.1"). */
  parts: string[];
}

/** Attached messages within attached messages that a blobId can reach. */
const MAX_DEPTH = 8;

export const emailBlobId = (emailId: number): string => `e${emailId}`;
export const uploadBlobId = (id: string): string => `u${id}`;

/** An Id has no ".": "2.1" is written "2-1". */
export const partBlobId = (within: string, partId: string): string => `${within}_${partId.replaceAll('.', '-')}`;

export function parseBlobId(blobId: string): BlobName | null {
  const [of = '', ...parts] = blobId.split('_');
  if (parts.length > MAX_DEPTH || !parts.every((part) => /^[1-9]\d{0,5}(?:-[1-9]\d{0,5})*$/.test(part))) return null;
  const within = parts.map((part) => part.replaceAll('-', '.'));
  const emailId = numbered('e', of);
  if (emailId !== null) return { of: { kind: 'email', emailId }, parts: within };
  if (!/^u[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(of)) return null;
  return { of: { kind: 'upload', id: of.slice(1) }, parts: within };
}
