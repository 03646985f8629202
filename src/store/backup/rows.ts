// The rows of a COPY text, counted and hashed on their way.

import { createHash, hash, type Hash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';

/** COPY's text format ends each row, and nothing else, with this octet (PostgreSQL: COPY, Text Format). */
const END = 0x0a;

/**
 * Passes a COPY text on as it comes. The digest is the sum of all rows' SHA-256, taken as eight numbers of 32 bits: rows
 * that come in another order, as a restored table may give them, have the same. It shows what went wrong, not who
 * meddled: that is for the SHA-256 of the file.
 */
export class Rows extends Transform {
  readonly #sums = new Uint32Array(8);
  /** Of a row whose end has not come yet. */
  #begun: Hash | undefined;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get digest(): string {
    return Buffer.concat([...this.#sums].map(big)).toString('hex');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let from = 0;
    for (let end = chunk.indexOf(END); end >= 0; end = chunk.indexOf(END, from)) {
      const piece = chunk.subarray(from, end);
      this.#add(this.#begun ? this.#begun.update(piece).digest() : hash('sha256', piece, 'buffer'));
      this.#begun = undefined;
      from = end + 1;
    }
    if (from < chunk.length) (this.#begun ??= createHash('sha256')).update(chunk.subarray(from));
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    done(this.#begun ? new Error('a table’s text ends in the middle of a row') : null);
  }

  #add(digest: Buffer): void {
    this.#count++;
    for (let i = 0; i < 8; i++) this.#sums[i] = (this.#sums[i] ?? 0) + digest.readUInt32BE(i * 4);
  }
}

function big(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
