// What a message carries: the files and messages in it, and which messages it forwards. It is looked for by that.

import { createHash } from 'node:crypto';
import type { ByteRange, ParsedMessage, Part } from '../message.ts';
import { decodeBody, decodePieces } from './body.ts';
import { asMessageIds, headerFields } from './headers.ts';
import { LIMITS } from './limits.ts';
import { threadSubject } from './subject.ts';

export interface CarriedFile {
  /** IMAP section number. */
  partId: string;
  /** SHA-256 of the decoded octets, 64 hexadecimal digits. */
  sha256: string;
  name: string | null;
}

/** Of a message that is made of thousands of parts, the first ones. */
const MAX_FILES = 200;

/** Every part that is a file or a message, in messages within it too. */
export function carriedFiles(bytes: Uint8Array, root: Part): CarriedFile[] {
  return fileParts(root).map((part) => ({
    partId: part.partId,
    sha256: createHash('sha256').update(decodeBody(bytes, part)).digest('hex'),
    name: part.name,
  }));
}

/** The same of a message that is not at hand: `read` gives octets of it. */
export async function readCarriedFiles(
  read: (range: ByteRange) => AsyncIterable<Uint8Array>,
  root: Part,
): Promise<CarriedFile[]> {
  const files: CarriedFile[] = [];
  for (const part of fileParts(root)) {
    const hash = createHash('sha256');
    for await (const piece of decodePieces(read(part.body), part)) hash.update(piece);
    files.push({ partId: part.partId, sha256: hash.digest('hex'), name: part.name });
  }
  return files;
}

function fileParts(root: Part): Part[] {
  const found: Part[] = [];
  const look = (part: Part): void => {
    if (found.length >= MAX_FILES) return;
    if (part.parts) return part.parts.forEach(look);
    if (isFile(part)) found.push(part);
    if (part.message) look(part.message.root);
  };
  look(root);
  return found;
}

function isFile({ type, disposition, name }: Part): boolean {
  return disposition === 'attachment' || name !== null || !type.startsWith('text/');
}

/**
 * Message-IDs of the messages that this one forwards, surely: those that it carries whole, those that a program names in
 * X-Forwarded-Message-Id (`whole`); and, where its subject is marked as a forward's, the one that it answers to
 * (`answered`), which it forwards if the subject is otherwise the same.
 */
export function forwardedIds(
  bytes: Uint8Array,
  { envelope, root }: Pick<ParsedMessage, 'envelope' | 'root'>,
): { whole: string[]; answered: string | null } {
  const whole = new Set<string>();
  const look = (part: Part): void => {
    for (const one of part.parts ?? []) look(one);
    if (!part.message) return;
    for (const id of part.message.envelope.messageId?.slice(0, 1) ?? []) whole.add(id);
    look(part.message.root);
  };
  look(root);
  for (const { name, value } of headerFields(bytes.subarray(...root.header)))
    if (name.toLowerCase() === 'x-forwarded-message-id') for (const id of asMessageIds(value) ?? []) whole.add(id);
  const own = envelope.messageId?.[0];
  const ids = [...whole].filter((id) => id !== own && id.length <= LIMITS.id).slice(0, MAX_FILES);
  const answered = envelope.inReplyTo?.at(-1) ?? envelope.references?.at(-1) ?? null;
  return { whole: ids, answered: isMarkedForward(envelope.subject ?? '') ? answered : null };
}

/** "Fwd: …", in whatever language programs write it; a reply to a forward begins with another word. */
export function isMarkedForward(subject: string): boolean {
  return /^\s*(?:\[[^[\]]*\]\s*)*(?:\[fwd:|(?:fwd?|wg|vb|tr|rv|转发|轉寄)\s*(?:\[[^[\]]*\])?\s*[:：])/i.test(subject);
}

/** Are two subjects the same but for what answering and forwarding put before them? */
export function isSameSubject(one: string | null, other: string | null): boolean {
  return threadSubject(one ?? '').toLowerCase() === threadSubject(other ?? '').toLowerCase();
}
