// Bytes → commands as they came: text, and the literals in it (RFC 9051 §4.3). What a literal may hold never reaches the text
// around it, so nothing in a message is taken for a command; and however the bytes are cut up, the events are the same.

import type { Streamed } from './command.ts';
import type { Fault } from './fault.ts';
import { LIMITS } from './limits.ts';

/** A literal that came with its command. */
export interface Kept {
  bytes: Buffer;
  /** RFC 3516 §4.4: `~{n}`, which may hold NUL. */
  binary: boolean;
}

/** A command's text in Latin-1, one character an octet, without its line ends and `{n}`; and what stood there. */
export type Piece = string | Kept | (Streamed & { binary: boolean });

export type ReaderEvent =
  /** A whole command: parseCommand (parse.ts) says what it is. */
  | { kind: 'command'; pieces: Piece[] }
  /** A line that was expected (expectLine), without its line end; Latin-1. */
  | { kind: 'line'; text: string }
  /** The client waits for `+ …`: a literal of `size` octets has room. */
  | { kind: 'continue' }
  /** A message of an APPEND is announced: the caller answers with take() before it asks for the next event. */
  | { kind: 'announced'; pieces: readonly Piece[]; size: number; binary: boolean }
  /** Octets of a literal that is streamed; they are the caller's until it asks for the next event. */
  | { kind: 'data'; stream: number; bytes: Buffer }
  | { kind: 'data-end'; stream: number }
  /** The command is over and was not taken, by a bound or by the caller's take(fault). */
  | { kind: 'refused'; tag: string; fault: Fault };

interface Announced {
  size: number;
  binary: boolean;
  sync: boolean;
}

const LF = 10;
/** Where nothing is kept: thousands of connections wait for their next command. */
const NONE = Buffer.alloc(0);
const NO_LITERAL: Announced = { size: 0, binary: false, sync: false };
/** Octets that a line has room for at first. */
const LINE = 512;
/** Octets of a line too long that are looked at for the literal it may end with. */
const TAIL = 40;

/**
 * Pull it dry after each push: `reader.push(bytes)`, then `reader.next()` until it is `undefined`. It holds no more than one
 * command within LIMITS and what was pushed.
 */
export class CommandReader {
  /** RFC 7888: with LITERAL+, a non-synchronising literal may be of any size that the command's bound allows. */
  readonly #literalPlus: boolean;
  #input: Buffer[] = [];
  #state: 'text' | 'keep' | 'stream' | 'skip' | 'asked' = 'text';
  #expectLine = false;

  #pieces: Piece[] = [];
  #tag = '*';
  /** Octets of this command that are kept. */
  #weight = 0;
  #streams = 0;
  #fault: Fault | null = null;

  /** The line that is coming in, and how much of it there is. */
  #line: Buffer = NONE;
  #length = 0;
  /** The literal that is coming in. */
  #literal = NO_LITERAL;
  #bytes: Buffer = NONE;
  #left = 0;

  constructor(options: { literalPlus: boolean }) {
    this.#literalPlus = options.literalPlus;
  }

  push(bytes: Buffer): void {
    if (bytes.length > 0) this.#input.push(bytes);
  }

  /** The next line is no command: DONE, or what AUTHENTICATE asked for (RFC 9051 §6.2.2, §6.3.13). Say it between commands. */
  expectLine(): void {
    this.#expectLine = true;
  }

  /** What was pushed and not read yet, for TLS to throw away (RFC 9051 §11.1) or COMPRESS to read; it is the reader's no more. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#input);
    this.#input = [];
    return rest;
  }

  /** The caller's answer to `announced`: its bytes follow as `data`, or it is refused, and they are thrown away as they come. */
  take(answer: 'stream' | Fault): void {
    if (this.#state !== 'asked') throw new Error('no literal is announced');
    if (answer === 'stream') {
      this.#state = 'stream';
      return;
    }
    this.#fault = answer;
    this.#state = 'skip';
  }

  /** `undefined`: more bytes are needed. */
  next(): ReaderEvent | undefined {
    if (this.#state === 'asked') throw new Error('a literal is announced and not answered');
    if (this.#literal.sync) {
      this.#literal.sync = false;
      // RFC 9051 §4.3: a client that was not told to go on sends none of it, and its command is over.
      if (this.#fault) return this.#end();
      return { kind: 'continue' };
    }
    for (;;) {
      const event = this.#state === 'text' ? this.#readText() : this.#readLiteral();
      if (event !== 'again') return event;
    }
  }

  #readText(): ReaderEvent | 'again' | undefined {
    const chunk = this.#input[0];
    if (!chunk) return undefined;
    const at = chunk.indexOf(LF);
    const end = at < 0 ? chunk.length : at;
    this.#append(chunk.subarray(0, end));
    this.#consume(at < 0 ? end : end + 1);
    return at < 0 ? 'again' : this.#endOfLine();
  }

  #append(bytes: Buffer): void {
    if (!this.#fault && this.#weight + this.#length + bytes.length > LIMITS.command) {
      if (this.#pieces.length === 0) {
        this.#tag = tagOf(
          Buffer.concat([this.#line.subarray(0, Math.min(this.#length, 2 * LIMITS.tag)), bytes])
            .subarray(0, 2 * LIMITS.tag)
            .toString('latin1'),
        );
      }
      this.#fault = { status: 'BAD', code: 'TOOBIG', text: 'The command is too long.' };
    }
    if (this.#fault) {
      const tail = Buffer.concat([this.#line.subarray(0, this.#length), bytes.subarray(-TAIL)]).subarray(-TAIL);
      this.#line = Buffer.from(tail);
      this.#length = tail.length;
      return;
    }
    if (this.#length + bytes.length > this.#line.length) {
      const grown = Buffer.allocUnsafe(Math.max(LINE, 2 * this.#line.length, this.#length + bytes.length));
      this.#line.copy(grown, 0, 0, this.#length);
      this.#line = grown;
    }
    bytes.copy(this.#line, this.#length);
    this.#length += bytes.length;
  }

  #endOfLine(): ReaderEvent | 'again' {
    let text = this.#line.toString('latin1', 0, this.#length);
    if (text.endsWith('\r')) text = text.slice(0, -1);
    this.#weight += this.#length;
    this.#length = 0;
    this.#line = NONE;

    if (this.#expectLine) {
      if (this.#fault) return this.#end();
      this.#reset();
      return { kind: 'line', text };
    }
    if (this.#pieces.length === 0 && !this.#fault) this.#tag = tagOf(text);
    const announced = /(~?)\{(\d{1,15})(\+?)\}$/.exec(text);
    if (announced) text = text.slice(0, announced.index);
    if (!this.#fault) this.#pieces.push(text);
    return announced ? this.#announce(announced) : this.#end();
  }

  #announce([, tilde, digits, plus]: RegExpExecArray): ReaderEvent | 'again' {
    const size = Number(digits);
    const sync = plus === '';
    this.#literal = { size, binary: tilde === '~', sync };
    this.#left = size;
    if (!this.#fault && !sync && !this.#literalPlus && size > LIMITS.literalMinus) {
      this.#fault = { status: 'BAD', code: 'TOOBIG', text: 'Without LITERAL+ such a literal has at most 4096 octets.' };
    }
    if (!this.#fault && this.#pieces.length >= LIMITS.pieces) {
      this.#fault = { status: 'BAD', code: 'TOOBIG', text: 'The command has too many literals.' };
    }
    if (!this.#fault && isMessage(this.#pieces)) {
      this.#state = 'asked';
      return { kind: 'announced', pieces: this.#pieces, size, binary: this.#literal.binary };
    }
    if (!this.#fault && (size > LIMITS.literal || this.#weight + size > LIMITS.command)) {
      this.#fault = { status: 'BAD', code: 'TOOBIG', text: 'The literal is too long.' };
    }
    if (this.#fault) {
      this.#state = 'skip';
      return sync ? this.#end() : 'again';
    }
    this.#state = 'keep';
    this.#weight += size;
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#literal.sync = false;
    return sync ? { kind: 'continue' } : 'again';
  }

  #readLiteral(): ReaderEvent | 'again' | undefined {
    if (this.#left === 0) return this.#endOfLiteral();
    const chunk = this.#input[0];
    if (!chunk) return undefined;
    const bytes = chunk.subarray(0, this.#left);
    this.#consume(bytes.length);
    if (this.#state === 'keep') bytes.copy(this.#bytes, this.#bytes.length - this.#left);
    this.#left -= bytes.length;
    return this.#state === 'stream' ? { kind: 'data', stream: this.#streams, bytes } : 'again';
  }

  #endOfLiteral(): ReaderEvent | 'again' {
    const { binary, size } = this.#literal;
    const state = this.#state;
    this.#state = 'text';
    if (state === 'keep') this.#pieces.push({ bytes: this.#bytes, binary });
    if (state !== 'stream') return 'again';
    const stream = this.#streams++;
    this.#pieces.push({ stream, size, binary });
    return { kind: 'data-end', stream };
  }

  #end(): ReaderEvent {
    const [pieces, tag, fault] = [this.#pieces, this.#tag, this.#fault];
    this.#reset();
    return fault ? { kind: 'refused', tag, fault } : { kind: 'command', pieces };
  }

  #reset(): void {
    this.#state = 'text';
    this.#expectLine = false;
    this.#pieces = [];
    this.#tag = '*';
    this.#weight = 0;
    this.#streams = 0;
    this.#fault = null;
    this.#length = 0;
    this.#literal = NO_LITERAL;
    this.#left = 0;
    this.#bytes = NONE;
  }

  #consume(octets: number): void {
    const chunk = this.#input[0] as Buffer;
    if (octets === chunk.length) this.#input.shift();
    else this.#input[0] = chunk.subarray(octets);
  }
}

/** RFC 9051 §9: tag. "*" where there is none to answer to. */
export function tagOf(text: string): string {
  const tag = /^([!#$&',\-./0-9:;<=>?@A-Z[\]^_`a-z|}~]+)(?: |$)/.exec(text)?.[1];
  return tag !== undefined && tag.length <= LIMITS.tag ? tag : '*';
}

/** Is the literal that follows a message of an APPEND, and not the name of its mailbox? */
function isMessage(pieces: readonly Piece[]): boolean {
  const [first] = pieces;
  const match = typeof first === 'string' ? /^[^ ]+ append ([^ ]?)/i.exec(first) : null;
  return match !== null && (pieces.length > 1 || match[1] !== '');
}
