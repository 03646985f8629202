// What a blobId names: a visible copy's message or a part of it, or one's own upload; in this account, for this person,
// and nothing else. Whatever is opened here has been recorded as downloaded (recall.md, Exposure).

import { randomUUID } from 'node:crypto';
import type { Part } from '../mail/message.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import type { Blobs } from '../store/blobs.ts';
import { readContent, type Pause } from '../store/exposure.ts';
import type { Store } from '../store/postgres.ts';
import { insertUpload, uploadById } from '../store/uploads.ts';
import { leaves } from './email/body-part.ts';
import { heldBytes, storedBytes } from './email/bytes.ts';
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
  read(): Promise<Buffer>;
  stream(): AsyncIterable<Uint8Array>;
}

/** Null: no such blob, or not for them. */
export async function openBlob(deps: BlobDeps, user: BlobUser, blobId: string): Promise<OpenBlob | null> {
  const name = parseBlobId(blobId);
  if (!name) return null;
  let opened = await (name.of.kind === 'email'
    ? openEmail(deps, user, name.of.emailId)
    : openUpload(deps, user, name.of.id));
  await deps.pause?.('opened');
  for (const partId of name.parts) {
    const part = opened && (await opened.part(partId));
    opened = part && holdingMessage(part.bytes, part.type);
  }
  return opened;
}

interface Opened extends OpenBlob {
  part(partId: string): Promise<{ bytes: Buffer; type: string } | null>;
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
    read: () => blobs.read(tenant, blobId),
    stream: () => blobs.stream(tenant, blobId),
    async part(partId) {
      const found = partOf(structure, partId);
      return (
        found && {
          bytes: Buffer.from(await storedBytes(blobs, { tenant, blobId, size }).content(found)),
          type: found.type,
        }
      );
    },
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
    read: () => blobs.read(tenant, upload.blob_id),
    stream: () => blobs.stream(tenant, upload.blob_id),
    part: async (partId) => holdingMessage(await blobs.read(tenant, upload.blob_id), upload.type).part(partId),
  };
}

function holdingMessage(bytes: Buffer, type: string): Opened {
  return {
    size: bytes.length,
    type,
    read: async () => bytes,
    async *stream() {
      yield bytes;
    },
    async part(partId) {
      const found = partOf(parseMessage(bytes).root, partId);
      return found && { bytes: Buffer.from(await heldBytes(bytes).content(found)), type: found.type };
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

/** RFC 8620 §6.1. Durable when it resolves. */
export async function uploadBlob(
  { store, blobs, clock }: Pick<BlobDeps, 'store' | 'blobs' | 'clock'>,
  user: Omit<BlobUser, 'program'>,
  bytes: Buffer,
  type: string,
): Promise<UploadedBlob> {
  const id = randomUUID();
  await store.transact(async (tx) => {
    const blob_id = await blobs.put(tx, user.tenant, bytes);
    await insertUpload(tx, user, { id, blob_id, size: bytes.length, type, uploadedBy: user.actor, now: clock() });
  });
  return { blobId: uploadBlobId(id), type, size: bytes.length };
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
