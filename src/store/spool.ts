// A large message on its way in: into the store a piece at a time, so that it is never in memory whole, under an upload that
// nobody knows of. Whoever stores the message takes its bytes from there; what is left of one that broke off with the process
// goes soon (uploads.ts).

import { randomUUID } from 'node:crypto';
import type { Logger } from '../mail/log.ts';
import { createSieve, type Cut } from '../mail/mime/sieve.ts';
import { PIECE, type Blobs } from './blobs.ts';
import type { AccountKey } from './exposure.ts';
import type { Store } from './postgres.ts';
import { dropUpload, growUpload, insertUpload, NOBODY } from './uploads.ts';

/** Octets of a message that is kept in memory until it is stored. */
export const IN_MEMORY = 1 << 20;

export interface Spooled {
  /** Its upload, and whose that is. */
  upload: AccountKey & { id: string };
  blob: number;
  /** Octets. */
  size: number;
  /** What parseMessage needs of it. */
  kept: Buffer;
  cuts: Cut[];
  /** It has a NUL somewhere. */
  hasNul: boolean;
}

export interface Spool {
  /** To be awaited before the next. What fails is told at the end. */
  write(bytes: Buffer): Promise<void> | undefined;
  end(): Promise<void>;
  /** Once it has ended. Throws what failed. */
  result(): Spooled;
  /** Forgets what no message was made of. */
  discard(): Promise<void>;
}

export interface SpoolDeps {
  store: Store;
  blobs: Blobs;
  clock: () => Date;
  log?: Logger;
}

/** `as`: what comes is somebody's upload, and no message is made of it at once; else it is nobody's. */
export function createSpool(
  { store, blobs, clock, log }: SpoolDeps,
  tenant: number,
  as?: { account: number; type: string; uploadedBy: number },
): Spool {
  const upload = { tenant, account: as?.account ?? NOBODY, id: randomUUID() };
  const sieve = as ? null : createSieve();
  let piece = Buffer.alloc(0);
  let [filled, pieces, size, blob, hasNul] = [0, 0, 0, 0, false];
  let failed: { error: unknown } | null = null;
  let sifted: { kept: Buffer; cuts: Cut[] } = { kept: Buffer.alloc(0), cuts: [] };

  const flush = async (): Promise<void> => {
    const bytes = piece.subarray(0, filled);
    filled = 0;
    if (failed) return;
    try {
      size += bytes.length;
      sieve?.push(bytes);
      hasNul ||= bytes.includes(0);
      await store.transact(async (tx) => {
        if (pieces === 0) {
          [blob = 0] = await blobs.reserve(tx, 1);
          await insertUpload(tx, upload, {
            id: upload.id,
            blob_id: blob,
            size: bytes.length,
            type: as?.type ?? 'message/rfc822',
            uploadedBy: as?.uploadedBy ?? NOBODY,
            now: clock(),
          });
        } else await growUpload(tx, upload, bytes.length, clock());
        await blobs.putPiece(tx, tenant, { id: blob, seq: pieces, bytes });
      });
      pieces++;
    } catch (error) {
      failed = { error };
    }
  };
  const writeAll = async (bytes: Buffer): Promise<void> => {
    for (let from = 0; from < bytes.length;) {
      const count = bytes.copy(piece, filled, from);
      filled += count;
      from += count;
      if (filled === PIECE) await flush();
    }
  };

  return {
    write(bytes) {
      if (piece.length === 0) piece = Buffer.allocUnsafeSlow(PIECE);
      if (filled + bytes.length >= PIECE) return writeAll(bytes);
      filled += bytes.copy(piece, filled);
      return undefined;
    },
    async end() {
      if (filled > 0) await flush();
      piece = Buffer.alloc(0);
      if (sieve) sifted = sieve.end();
    },
    result() {
      if (failed) throw failed.error;
      return { upload, blob, size, ...sifted, hasNul };
    },
    async discard() {
      if (pieces === 0) return;
      try {
        await store.transact((tx) => dropUpload(tx, blobs, upload));
      } catch (error) {
        log?.warn({ err: error }, 'what is left of a large message stays for as long as uploads do');
      }
    },
  };
}
