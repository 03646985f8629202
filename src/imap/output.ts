// What goes to a client, gathered into writes of a sensible size, and no faster than it is read.

import type { Writable } from 'node:stream';
import { LIMITS } from './wire/limits.ts';
import type { Chunk } from './wire/response.ts';

/** Ended by the client or by us: nothing more can be said. */
export class ConnectionGone extends Error {}

/** Octets of a piece. */
const PIECE = 64 << 10;
/** Units of text that are gathered before they become octets, all in one go. */
const TEXT = 16 << 10;

export class Output {
  #stream: Writable;
  /** Text that is no octets yet; `#encoding` null: all of it is ASCII. */
  #text = '';
  #encoding: 'utf8' | 'latin1' | null = null;
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

  /** Text as UTF-8, octets as they are. */
  write(chunk: Chunk): void {
    if (typeof chunk === 'string') return this.#say(chunk, 'utf8');
    this.#encode();
    if (chunk.length > PIECE / 2) return this.#large(chunk);
    this.#room(chunk.length).set(chunk, this.#at);
    this.#at += chunk.length;
  }

  /** One character an octet. */
  latin1(text: string): void {
    this.#say(text, 'latin1');
  }

  /** The same where all of it is ASCII, which goes with text of either kind. */
  ascii(text: string): void {
    this.#text += text;
    if (this.#text.length >= TEXT) this.#encode();
  }

  line(text: string): void {
    this.write(`${text}\r\n`);
  }

  flush(): void {
    this.#encode();
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

  /** Nothing more will be said; what was goes first, through compression too. */
  end(): void {
    this.flush();
    this.#stream.end();
  }

  /** To be awaited between the pieces of a long answer, where there is anything to wait for. Rejects with ConnectionGone. */
  more(): Promise<void> | undefined {
    if (this.#size + this.#at + this.#text.length < LIMITS.gathered) return undefined;
    this.flush();
    return this.#drained();
  }

  /**
   * To be awaited after each answer, where a client does not read what waits for it: who asks and never reads would have it
   * all kept here. Rejects with ConnectionGone.
   */
  drained(): Promise<void> | undefined {
    return this.#stream.writableLength <= LIMITS.gathered ? undefined : this.#drained();
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

  #say(text: string, encoding: 'utf8' | 'latin1'): void {
    if (this.#encoding !== encoding) {
      if (this.#encoding !== null) this.#encode();
      this.#encoding = encoding;
    }
    this.ascii(text);
  }

  #encode(): void {
    const text = this.#text;
    if (text === '') return;
    const encoding = this.#encoding ?? 'latin1';
    this.#text = '';
    this.#encoding = null;
    const octets = encoding === 'utf8' ? Buffer.byteLength(text) : text.length;
    // A short answer, or a long text, is a piece of its own.
    if ((this.#piece === null && this.#full.length === 0 && octets < TEXT) || octets > PIECE / 2)
      return this.#large(Buffer.from(text, encoding));
    this.#room(octets).write(text, this.#at, encoding);
    this.#at += octets;
  }

  /** Without a copy of it: it is the caller's no more. */
  #large(chunk: Uint8Array): void {
    this.#settle();
    this.#full.push(chunk);
    this.#size += chunk.length;
  }

  #room(octets: number): Buffer {
    if (this.#piece && this.#at + octets <= this.#piece.length) return this.#piece;
    this.#settle();
    this.#piece = Buffer.allocUnsafeSlow(PIECE);
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
