// What goes to a client, gathered into writes of a sensible size, and no faster than it is read.

import type { Writable } from 'node:stream';
import { LIMITS } from './wire/limits.ts';
import type { Chunk } from './wire/response.ts';

/** Ended by the client or by us: nothing more can be said. */
export class ConnectionGone extends Error {}

/** Octets of the first piece of an answer, most of which are small, and of those that follow. */
const FIRST = 2 << 10;
const NEXT = 64 << 10;

export class Output {
  #stream: Writable;
  /** Pieces that are full, and the one that is being filled. */
  #full: Uint8Array[] = [];
  #piece: Buffer | null = null;
  #at = 0;
  /** Octets of all of them. */
  #size = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** To another stream from here on; what is gathered goes to the old one first. */
  to(stream: Writable): void {
    this.flush();
    this.#stream = stream;
  }

  write(chunk: Chunk): void {
    // UTF-8 has three octets at most for a unit of UTF-16.
    const most = typeof chunk === 'string' ? chunk.length * 3 : chunk.length;
    if (most > NEXT / 2) return this.#large(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    const piece = this.#room(most);
    if (typeof chunk === 'string') this.#at += piece.write(chunk, this.#at);
    else {
      piece.set(chunk, this.#at);
      this.#at += chunk.length;
    }
  }

  /** One character an octet. */
  latin1(text: string): void {
    if (text.length > NEXT / 2) return this.#large(Buffer.from(text, 'latin1'));
    const piece = this.#room(text.length);
    this.#at += piece.write(text, this.#at, 'latin1');
  }

  line(text: string): void {
    this.write(`${text}\r\n`);
  }

  flush(): void {
    this.#settle();
    if (this.#full.length === 0) return;
    const pieces = this.#full;
    this.#full = [];
    this.#size = 0;
    if (this.#stream.writable) {
      this.#stream.cork();
      for (const piece of pieces) this.#stream.write(piece);
      this.#stream.uncork();
    }
  }

  /** To be awaited between the pieces of a long answer. Throws ConnectionGone. */
  async more(): Promise<void> {
    if (this.#size + this.#at < LIMITS.gathered) return;
    this.flush();
    await this.#drained();
  }

  async #drained(): Promise<void> {
    const stream = this.#stream;
    if (!stream.writable) throw new ConnectionGone();
    if (stream.writableLength <= LIMITS.gathered) return;
    await new Promise<void>((resolve, reject) => {
      const ended = (): void => {
        stream.off('drain', drained);
        reject(new ConnectionGone());
      };
      const drained = (): void => {
        stream.off('close', ended);
        resolve();
      };
      stream.once('drain', drained).once('close', ended);
    });
  }

  /** Without a copy of it: it is the caller's no more. */
  #large(chunk: Uint8Array): void {
    this.#settle();
    this.#full.push(chunk);
    this.#size += chunk.length;
  }

  #room(octets: number): Buffer {
    if (this.#piece && this.#at + octets <= this.#piece.length) return this.#piece;
    const began = this.#piece !== null || this.#full.length > 0;
    this.#settle();
    this.#piece = Buffer.allocUnsafeSlow(began || octets > FIRST ? NEXT : FIRST);
    return this.#piece;
  }

  #settle(): void {
    if (!this.#piece) return;
    this.#full.push(this.#piece.subarray(0, this.#at));
    this.#size += this.#at;
    this.#piece = null;
    this.#at = 0;
  }
}
