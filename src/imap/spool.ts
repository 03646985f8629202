// A large message of an APPEND on its way in: into the store a piece at a time, so that it is never in memory whole, under an
// upload that nobody knows of. The APPEND makes it a message's; what is left of one that broke off goes as uploads go.

import { randomUUID } from 'node:crypto';
import { createSieve, type Cut } from '../mail/mime/sieve.ts';
import { PIECE } from '../store/blobs.ts';
import type { AccountKey } from '../store/exposure.ts';
import { dropUpload, growUpload, insertUpload } from '../store/uploads.ts';
import type { ImapDeps } from './session.ts';

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

type Deps = Pick<ImapDeps, 'store' | 'blobs' | 'clock' | 'log'>;

export function createSpool({ store, blobs, clock, log }: Deps, at: AccountKey): Spool {
  const upload = { tenant: at.tenant, account: at.account, id: randomUUID() };
  const sieve = createSieve();
  const piece = Buffer.allocUnsafeSlow(PIECE);
  let [filled, pieces, size, blob, hasNul] = [0, 0, 0, 0, false];
  let failed: { error: unknown } | null = null;
  let sifted: { kept: Buffer; cuts: Cut[] } = { kept: Buffer.alloc(0), cuts: [] };

  const flush = async (): Promise<void> => {
    const bytes = piece.subarray(0, filled);
    filled = 0;
    if (failed) return;
    try {
      size += bytes.length;
      sieve.push(bytes);
      hasNul ||= bytes.includes(0);
      await store.transact(async (tx) => {
        if (pieces === 0) {
          [blob = 0] = await blobs.reserve(tx, 1);
          await insertUpload(tx, upload, {
            id: upload.id,
            blob_id: blob,
            size: bytes.length,
            type: 'message/rfc822',
            uploadedBy: at.account,
            now: clock(),
          });
        } else await growUpload(tx, upload, bytes.length);
        await blobs.putPiece(tx, at.tenant, { id: blob, seq: pieces, bytes });
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
      if (filled + bytes.length >= PIECE) return writeAll(bytes);
      filled += bytes.copy(piece, filled);
      return undefined;
    },
    async end() {
      if (filled > 0) await flush();
      sifted = sieve.end();
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
        log.warn({ err: error }, 'what is left of an APPEND stays for as long as uploads do');
      }
    },
  };
}
