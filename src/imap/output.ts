// What goes to a client, gathered into writes of a sensible size, and no faster than it is read.

import type { Writable } from 'node:stream';
import { LIMITS } from './wire/limits.ts';
import type { Chunk } from './wire/response.ts';

/** Ended by the client or by us: nothing more can be said. */
export class ConnectionGone extends Error {}

export class Output {
  #stream: Writable;
  #chunks: Uint8Array[] = [];
  #text = '';
  #size = 0;
  /** Pushes out what the stream itself keeps back (COMPRESS). */
  #push: () => void = () => undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** To another stream from here on; what is gathered goes to the old one first. */
  to(stream: Writable, push: () => void = () => undefined): void {
    this.flush();
    this.#stream = stream;
    this.#push = push;
  }

  write(chunk: Chunk): void {
    if (typeof chunk === 'string') {
      this.#text += chunk;
      this.#size += chunk.length;
      return;
    }
    this.#settle();
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  line(text: string): void {
    this.write(`${text}\r\n`);
  }

  flush(): void {
    this.#settle();
    if (this.#chunks.length === 0) return;
    const bytes = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#size = 0;
    if (this.#stream.writable) this.#stream.write(bytes);
    this.#push();
  }

  /** To be awaited between the pieces of a long answer. Throws ConnectionGone. */
  async more(): Promise<void> {
    if (this.#size < LIMITS.gathered) return;
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

  #settle(): void {
    if (this.#text === '') return;
    this.#chunks.push(Buffer.from(this.#text));
    this.#text = '';
  }
}
