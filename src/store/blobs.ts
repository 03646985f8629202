// Bytes of messages and uploads. Behind an interface: PostgreSQL by default, so that one backup has everything; the
// contract suite (blobs.contract.ts) runs against every implementation.

import { byteaArray } from './binary.ts';
import type { Ids } from './ids.ts';
import type { Reader, Transaction, Writer } from './postgres.ts';

export interface Blobs {
  /** Stores bytes in the caller's transaction: durable when that commits. Answers the blob's number. */
  put(tx: Transaction, tenant: number, bytes: Uint8Array): Promise<number>;
  /** Numbers for blobs to be put. */
  reserve(tx: Transaction, count: number): Promise<number[]>;
  /** Stores many under reserved numbers; small ones in one statement. */
  putMany(writer: Writer, tenant: number, blobs: { id: number; bytes: Uint8Array }[]): Promise<void>;
  /** One piece of a blob that comes in over several transactions: of PIECE octets, the last one fewer. */
  putPiece(tx: Transaction, tenant: number, piece: { id: number; seq: number; bytes: Buffer }): Promise<void>;
  /** Octets [start, end) of a blob, all by default. Throws if there is no such blob. */
  read(tenant: number, id: number, range?: readonly [start: number, end: number]): Promise<Buffer>;
  /** The first octets of many, `octets` of each and 1 MiB at most; in one statement, by number. Those that are not there are left out. */
  readHeads(tenant: number, blobs: { id: number; octets: number }[]): Promise<Map<number, Buffer>>;
  /** As read, in pieces of at most 1 MiB. */
  stream(tenant: number, id: number, range?: readonly [start: number, end: number]): AsyncIterable<Buffer>;
  /** Nothing refers to them any more. */
  remove(tx: Transaction, tenant: number, ids: number[]): Promise<void>;
}

/** One row holds this much: neither a row too large for the wire nor many rows for a usual message. */
const CHUNK = 1 << 20;
export const PIECE = CHUNK;

/**
 * Octets of a chunk that come as one value. In hexadecimal that is a string which the collector of young objects takes; what
 * is longer stays until the heap is searched as a whole, tens of megabytes later.
 */
const SLICE = 32 << 10;

export function createBlobs(deps: { store: Reader; ids: Ids }): Blobs {
  const { store, ids } = deps;

  const putMany: Blobs['putMany'] = async (writer, tenant, list) => {
    const rows = list.flatMap(({ id, bytes }) => chunks(bytes).map((chunk, seq) => ({ id, seq, bytes: chunk })));
    // A large blob goes row by row: one parameter of 50 MB, twice over in hexadecimal, would be more than memory likes.
    const groups = list.some(({ bytes }) => bytes.length > CHUNK) ? rows.map((row) => [row]) : [rows];
    for (const group of groups) {
      await writer.run(
        `INSERT INTO blob (tenant_id, id, seq, bytes) SELECT $1, * FROM unnest($2::bigint[], $3::int[], $4::bytea[])`,
        [tenant, group.map((row) => row.id), group.map((row) => row.seq), byteaArray(group.map((row) => row.bytes))],
      );
    }
  };

  const reserve: Blobs['reserve'] = (tx, count) => ids.take('blob_id', count, tx);

  /** Nothing: there is no such chunk. */
  const chunkOf = async (tenant: number, id: number, seq: number): Promise<Buffer[]> => {
    const rows = await store.rows<{ bytes: Buffer }>(
      `SELECT substring(b.bytes FROM n + 1 FOR ${SLICE}) AS bytes
       FROM blob b CROSS JOIN generate_series(0, greatest(octet_length(b.bytes) - 1, 0), ${SLICE}) n
       WHERE b.tenant_id = $1 AND b.id = $2 AND b.seq = $3 ORDER BY n`,
      [tenant, id, seq],
    );
    return rows.map(({ bytes }) => bytes);
  };

  async function* stream(
    tenant: number,
    id: number,
    [start, end]: readonly [number, number] = [0, Number.MAX_SAFE_INTEGER],
  ): AsyncIterable<Buffer> {
    const first = Math.floor(start / CHUNK);
    for (let seq = first; seq === first || seq * CHUNK < end; seq++) {
      const chunk = await chunkOf(tenant, id, seq);
      // The last chunk may be full; and a range may begin past the end, of a blob that is there.
      if (chunk.length === 0 && (seq === 0 || (seq === first && (await chunkOf(tenant, id, 0)).length === 0)))
        throw new Error(`blob ${id} is not there`);
      let at = seq * CHUNK;
      for (const slice of chunk) {
        const piece = slice.subarray(Math.max(0, start - at), Math.max(0, end - at));
        if (piece.length > 0) yield piece;
        at += slice.length;
      }
      if (at < (seq + 1) * CHUNK) return;
    }
  }

  return {
    reserve,
    putMany,
    async putPiece(tx, tenant, { id, seq, bytes }) {
      await tx.run(`INSERT INTO blob (tenant_id, id, seq, bytes) VALUES ($1, $2, $3, $4)`, [tenant, id, seq, bytes]);
    },
    async put(tx, tenant, bytes) {
      const [id = 0] = await reserve(tx, 1);
      await putMany(tx, tenant, [{ id, bytes }]);
      return id;
    },
    async read(tenant, id, range) {
      const found: Buffer[] = [];
      for await (const piece of stream(tenant, id, range)) found.push(piece);
      return found.length === 1 && found[0] ? found[0] : Buffer.concat(found);
    },
    async readHeads(tenant, list) {
      const rows = await store.rows<{ id: number; bytes: Buffer }>(
        // OFFSET 0: each by its key, however many are thought to be there.
        `SELECT x.id, b.bytes FROM unnest($2::bigint[], $3::int[]) AS x (id, octets) CROSS JOIN LATERAL (
           SELECT substring(b.bytes FROM 1 FOR x.octets) AS bytes FROM blob b WHERE b.tenant_id = $1 AND b.id = x.id AND b.seq = 0 OFFSET 0) b`,
        [tenant, list.map(({ id }) => id), list.map(({ octets }) => Math.min(octets, CHUNK))],
      );
      return new Map(rows.map((row) => [row.id, row.bytes]));
    },
    stream,
    async remove(tx, tenant, numbers) {
      await tx.run(`DELETE FROM blob WHERE tenant_id = $1 AND id = ANY ($2::bigint[])`, [tenant, numbers]);
    },
  };
}

function chunks(bytes: Uint8Array): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += CHUNK) {
    list.push(Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(CHUNK, bytes.length - at)));
  }
  return list;
}
