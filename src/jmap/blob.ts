// What a blobId names: a visible copy's message or a part of it, or one's own upload; in this account, for this person,
// and nothing else. Whatever is opened here has been recorded as downloaded (recall.md, Exposure).

import { randomUUID } from 'node:crypto';
import type { Logger } from '../mail/log.ts';
import type { ByteRange, Part } from '../mail/message.ts';
import { decodePieces, within } from '../mail/mime/body.ts';
import { parsePieces } from '../mail/mime/parse.ts';
import type { Blobs } from '../store/blobs.ts';
import { readContent, type Pause } from '../store/exposure.ts';
import type { Store } from '../store/postgres.ts';
import { createSpool, IN_MEMORY } from '../store/spool.ts';
import { insertUpload, keepToLimit, uploadById } from '../store/uploads.ts';
import { leaves } from './email/body-part.ts';
import { parseBlobId, uploadBlobId } from './email/ids.ts';

export interface BlobDeps {
  store: Store;
  blobs: Blobs;
  clock: () => Date;
  /** Barrier tests stop here: store/exposure.ts, and 'opened' (bytes not yet read). */
  pause?: Pause;
}

/** On whose behalf, in which account. */
export interface BlobUser {
  tenant: number;
  account: number;
  /** Who is signed in. */
  actor: number;
  /** Their program, as reports name it. */
  program: string;
}

export interface OpenBlob {
  /** Octets. */
  size: number;
  /** As it is known here; whoever downloads it says what it wants it called. */
  type: string;
  /** Octets [start, end), all by default. */
  read(range?: ByteRange): Promise<Buffer>;
  /** As read, in pieces of about a MiB. */
  stream(range?: ByteRange): AsyncIterable<Buffer>;
}

/** Null: no such blob, or not for them. */
export async function openBlob(deps: BlobDeps, user: BlobUser, blobId: string): Promise<OpenBlob | null> {
  const name = parseBlobId(blobId);
  if (!name) return null;
  let opened: Opened | null = await (name.of.kind === 'email'
    ? openEmail(deps, user, name.of.emailId)
    : openUpload(deps, user, name.of.id));
  await deps.pause?.('opened');
  for (const partId of name.parts) {
    const blob: Opened | null = opened;
    if (!blob) return null;
    const part = partOf(blob.structure ?? (await parsePieces(blob.stream())).root, partId);
    opened = part && decoded(part, (range) => blob.stream(range));
  }
  return opened;
}

interface Opened extends OpenBlob {
  /** Of a message, where it is known. */
  structure?: Part;
}

async function openEmail(
  { store, blobs, clock, pause }: BlobDeps,
  { tenant, account, program }: BlobUser,
  emailId: number,
): Promise<Opened | null> {
  const content = await readContent(store, { tenant, account, emailId }, { program, now: clock() }, pause);
  if (!content) return null;
  const { blob_id: blobId, size, structure } = content;
  return {
    size,
    type: 'message/rfc822',
    structure,
    read: (range) => blobs.read(tenant, blobId, range),
    stream: (range) => blobs.stream(tenant, blobId, range),
  };
}

async function openUpload(
  { store, blobs }: BlobDeps,
  { tenant, account, actor }: BlobUser,
  id: string,
): Promise<Opened | null> {
  const upload = await uploadById(store, { tenant, account, uploadedBy: actor }, id);
  if (!upload) return null;
  return {
    size: upload.size,
    type: upload.type,
    read: (range) => blobs.read(tenant, upload.blob_id, range),
    stream: (range) => blobs.stream(tenant, upload.blob_id, range),
  };
}

/** Its transfer encoding undone. */
function decoded(part: Part, encoded: (range: ByteRange) => AsyncIterable<Uint8Array>): Opened {
  const { body, type, parts, decodedSize } = part;
  async function* stream(range?: ByteRange): AsyncGenerator<Buffer, void> {
    const pieces = decodePieces(encoded(body), part);
    for await (const piece of range ? within(pieces, range) : pieces)
      yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  }
  return {
    size: parts ? body[1] - body[0] : decodedSize,
    type,
    stream,
    async read(range) {
      const pieces: Buffer[] = [];
      for await (const piece of stream(range)) pieces.push(piece);
      return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
    },
  };
}

function partOf(root: Part, partId: string): Part | null {
  return leaves(root).find((part) => part.partId === partId) ?? null;
}

export interface UploadedBlob {
  blobId: string;
  type: string;
  size: number;
}

type UploadDeps = Pick<BlobDeps, 'store' | 'blobs' | 'clock'> & { log?: Logger };

/** RFC 8620 §6.1. Durable when it resolves. */
export async function uploadBlob(
  { store, blobs, clock }: UploadDeps,
  user: Omit<BlobUser, 'program'>,
  bytes: Buffer,
  type: string,
): Promise<UploadedBlob> {
  const id = randomUUID();
  await store.transact(async (tx) => {
    const blob_id = await blobs.put(tx, user.tenant, bytes);
    await insertUpload(tx, user, { id, blob_id, size: bytes.length, type, uploadedBy: user.actor, now: clock() });
    await keepToLimit(tx, blobs, { ...user, uploadedBy: user.actor, id, size: bytes.length });
  });
  return { blobId: uploadBlobId(id), type, size: bytes.length };
}

/** The same of what comes in pieces: what is large goes into the store as it comes. Throws what `pieces` throws. */
export async function uploadPieces(
  deps: UploadDeps,
  user: Omit<BlobUser, 'program'>,
  pieces: AsyncIterable<Buffer>,
  type: string,
): Promise<UploadedBlob> {
  const spool = createSpool(deps, user.tenant, { account: user.account, type, uploadedBy: user.actor });
  let begun: Buffer[] | null = [];
  let size = 0;
  try {
    for await (const piece of pieces) {
      size += piece.length;
      if (begun && size > IN_MEMORY) {
        for (const one of begun) await spool.write(one);
        begun = null;
      }
      if (begun) begun.push(piece);
      else await spool.write(piece);
    }
    if (begun) return await uploadBlob(deps, user, Buffer.concat(begun), type);
    await spool.end();
    const { upload } = spool.result();
    await deps.store.transact((tx) => keepToLimit(tx, deps.blobs, { ...upload, uploadedBy: user.actor, size }));
    return { blobId: uploadBlobId(upload.id), type, size };
  } catch (error) {
    await spool.discard();
    throw error;
  }
}

export interface Download {
  headers: Record<string, string>;
  body: AsyncIterable<Uint8Array>;
}

/** RFC 8620 §6.2. Null: 404. Never kept by anything on the way: the next time, a gate may cover it. */
export async function downloadBlob(
  deps: BlobDeps,
  user: BlobUser,
  asked: { blobId: string; type: string; name: string },
): Promise<Download | null> {
  const blob = await openBlob(deps, user, asked.blobId);
  if (!blob) return null;
  // A parameter may follow ("text/plain; charset=utf-8"); what is no media type is sent as bytes.
  const known =
    /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w!#$&^.+-]+=(?:[\w!#$&^.+-]+|"[\x20-\x21\x23-\x5b\x5d-\x7e]*"))*$/.test(
      asked.type,
    );
  return {
    headers: {
      'content-type': known ? asked.type : 'application/octet-stream',
      'content-length': String(blob.size),
      'content-disposition': `attachment; filename*=UTF-8''${encodeFileName(asked.name)}`,
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
      // A sender's HTML, opened in a browser, is nobody's page of ours.
      'content-security-policy': "default-src 'none'; sandbox",
    },
    body: blob.stream(),
  };
}

/** RFC 8187 ext-value. */
function encodeFileName(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
