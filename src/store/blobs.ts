// Bytes of messages and uploads. Behind an interface: PostgreSQL by default, so that one backup has everything; the
// contract suite (blobs.contract.ts) runs against every implementation.

import type { Ids } from './ids.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface Blobs {
  /** Stores bytes in the caller's transaction: durable when that commits. Answers the blob's number. */
  put(tx: Transaction, tenant: number, bytes: Uint8Array): Promise<number>;
  /** Stores many small ones in one statement. */
  putMany(tx: Transaction, tenant: number, blobs: Uint8Array[]): Promise<number[]>;
  /** Octets [start, end) of a blob, all by default. Throws if there is no such blob. */
  read(tenant: number, id: number, range?: readonly [start: number, end: number]): Promise<Buffer>;
  /** In pieces of at most 1 MiB. */
  stream(tenant: number, id: number): AsyncIterable<Buffer>;
  /** Nothing refers to them any more. */
  remove(tx: Transaction, tenant: number, ids: number[]): Promise<void>;
}

/** One row holds this much: neither a row too large for the wire nor many rows for a usual message. */
const CHUNK = 1 << 20;

export function createBlobs(deps: { store: Reader; ids: Ids }): Blobs {
  const { store, ids } = deps;

  const putMany: Blobs['putMany'] = async (tx, tenant, blobs) => {
    const numbers = await ids.take('blob_id', blobs.length);
    const rows = blobs.flatMap((bytes, i) =>
      chunks(bytes).map((chunk, seq) => ({ id: numbers[i] ?? 0, seq, bytes: Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) })),
    );
    // A large blob goes row by row: one parameter of 50 MB, twice over in hexadecimal, would be more than memory likes.
    const groups = blobs.some((bytes) => bytes.length > CHUNK) ? rows.map((row) => [row]) : [rows];
    for (const group of groups) {
      await tx.run(`INSERT INTO blob (tenant_id, id, seq, bytes) SELECT $1, * FROM unnest($2::bigint[], $3::int[], $4::bytea[])`, [
        tenant,
        group.map((row) => row.id),
        group.map((row) => row.seq),
        group.map((row) => row.bytes),
      ]);
    }
    return numbers;
  };

  const chunkOf = async (tenant: number, id: number, seq: number): Promise<Buffer | undefined> =>
    (await store.row<{ bytes: Buffer }>(`SELECT bytes FROM blob WHERE tenant_id = $1 AND id = $2 AND seq = $3`, [tenant, id, seq]))?.bytes;

  return {
    putMany,
    put: async (tx, tenant, bytes) => (await putMany(tx, tenant, [bytes]))[0] ?? 0,
    async read(tenant, id, [start, end] = [0, Number.MAX_SAFE_INTEGER]) {
      const found: Buffer[] = [];
      for (let seq = Math.floor(start / CHUNK); ; seq++) {
        const chunk = await chunkOf(tenant, id, seq);
        if (!chunk) {
          if (seq === 0) throw new Error(`blob ${id} is not there`);
          break;
        }
        found.push(chunk.subarray(Math.max(0, start - seq * CHUNK), Math.max(0, end - seq * CHUNK)));
        if (chunk.length < CHUNK || (seq + 1) * CHUNK >= end) break;
      }
      return found.length === 1 && found[0] ? found[0] : Buffer.concat(found);
    },
    async *stream(tenant, id) {
      for (let seq = 0; ; seq++) {
        const chunk = await chunkOf(tenant, id, seq);
        if (!chunk) {
          if (seq === 0) throw new Error(`blob ${id} is not there`);
          return;
        }
        yield chunk;
        if (chunk.length < CHUNK) return;
      }
    },
    async remove(tx, tenant, numbers) {
      await tx.run(`DELETE FROM blob WHERE tenant_id = $1 AND id = ANY ($2::bigint[])`, [tenant, numbers]);
    },
  };
}

function chunks(bytes: Uint8Array): Uint8Array[] {
  const list = [bytes.subarray(0, CHUNK)];
  for (let at = CHUNK; at < bytes.length; at += CHUNK) list.push(bytes.subarray(at, at + CHUNK));
  return list;
}
