// What every store of blobs keeps to. Runs against each implementation (blobs.test.ts).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Blobs } from './blobs.ts';
import type { Store } from './postgres.ts';

const MIB = 1 << 20;

export interface BlobsUnderTest {
  store: Store;
  blobs: Blobs;
  tenant: number;
  /** Another one of the same store. */
  other: number;
}

/** Bytes of which each says where it is. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7) & 255;
  return bytes;
}

async function pieces(stream: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const list: Buffer[] = [];
  for await (const piece of stream) list.push(piece);
  return list;
}

export function blobsContract(name: string, make: () => BlobsUnderTest): void {
  const put = async (bytes: Uint8Array): Promise<number> => {
    const { store, blobs, tenant } = make();
    return store.transact((tx) => blobs.put(tx, tenant, bytes));
  };

  test(`${name}: what comes piece by piece, each in a transaction of its own, is as what came at once`, async () => {
    const { store, blobs, tenant } = make();
    const bytes = pattern(2 * MIB + 5);
    const [id = 0] = await store.transact((tx) => blobs.reserve(tx, 1));
    for (let seq = 0; seq < 3; seq++) {
      const piece = { id, seq, bytes: bytes.subarray(seq * MIB, (seq + 1) * MIB) };
      await store.transact((tx) => blobs.putPiece(tx, tenant, piece));
    }
    assert.ok((await blobs.read(tenant, id)).equals(bytes));
    await store.transact((tx) => blobs.remove(tx, tenant, [id]));
    await assert.rejects(blobs.read(tenant, id));
  });

  for (const size of [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 17]) {
    test(`${name}: ${size} octets come back as they were, whole, in pieces and in ranges`, async () => {
      const { blobs, tenant } = make();
      const bytes = pattern(size);
      const id = await put(bytes);
      assert.ok((await blobs.read(tenant, id)).equals(bytes));
      const streamed = await pieces(blobs.stream(tenant, id));
      assert.ok(Buffer.concat(streamed).equals(bytes));
      assert.ok(streamed.every((piece) => piece.length <= MIB));
      const edges = [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, size - 1, size, size + 5].filter((edge) => edge >= 0);
      for (const start of edges) {
        for (const end of edges.filter((edge) => edge >= start)) {
          const expected = bytes.subarray(start, end);
          assert.ok((await blobs.read(tenant, id, [start, end])).equals(expected), `${start}–${end}`);
          assert.ok(
            Buffer.concat(await pieces(blobs.stream(tenant, id, [start, end]))).equals(expected),
            `${start}–${end}`,
          );
        }
      }
    });
  }

  test(`${name}: part of a larger buffer is stored as that part`, async () => {
    const { blobs, tenant } = make();
    const id = await put(pattern(100).subarray(10, 20));
    assert.ok((await blobs.read(tenant, id)).equals(pattern(100).subarray(10, 20)));
  });

  test(`${name}: many at once, large ones among them`, async () => {
    const { store, blobs, tenant } = make();
    const list = [pattern(3), pattern(MIB + 3), pattern(0)];
    const ids = await store.transact(async (tx) => {
      const numbers = await blobs.reserve(tx, list.length);
      await blobs.putMany(
        tx,
        tenant,
        list.map((bytes, i) => ({ id: numbers[i] ?? 0, bytes })),
      );
      return numbers;
    });
    assert.equal(new Set(ids).size, list.length);
    for (const [i, bytes] of list.entries()) assert.ok((await blobs.read(tenant, ids[i] ?? 0)).equals(bytes));
  });

  test(`${name}: there only once its transaction has committed`, async () => {
    const { store, blobs, tenant } = make();
    let id = 0;
    await assert.rejects(
      store.transact(async (tx) => {
        id = await blobs.put(tx, tenant, pattern(10));
        await assert.rejects(blobs.read(tenant, id));
        throw new Error('no');
      }),
      /^Error: no$/,
    );
    await assert.rejects(blobs.read(tenant, id));
  });

  test(`${name}: nobody else's, and gone once removed`, async () => {
    const { store, blobs, tenant, other } = make();
    const [kept, gone] = [await put(pattern(10)), await put(pattern(10))];
    await assert.rejects(blobs.read(other, kept));
    await store.transact((tx) => blobs.remove(tx, other, [kept]));
    await store.transact((tx) => blobs.remove(tx, tenant, [gone]));
    assert.equal((await blobs.read(tenant, kept)).length, 10);
    for (const range of [undefined, [0, 1], [5 * MIB, 6 * MIB]] as const) {
      await assert.rejects(blobs.read(tenant, gone, range));
      await assert.rejects(pieces(blobs.stream(tenant, gone, range)));
    }
  });
}
