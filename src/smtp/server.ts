// What smtp-server leaves to us: replies that carry our own enhanced codes, replies to pipelined commands that leave
// together, messages that are kept to the octet, and an end that interrupts nobody.

import { setImmediate as atOnce } from 'node:timers';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SMTPServer } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { createDotReader } from './dots.ts';

class Connection extends SMTPConnection {
  /** A reply that begins with an enhanced code has none put before it (RFC 2034 §4). */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const own = typeof data === 'string' && /^[245]\.\d{1,3}\.\d{1,3} /.test(data);
    // RFC 2920 §3.2: one TLS record for the replies to commands that came in one. Not before TLS is up: the handshake
    // would take the socket from under a reply that waits.
    const socket = this._socket;
    if (this.secure && !this._upgrading && !socket.writableCorked) {
      socket.cork();
      atOnce(() => socket.uncork());
    }
    // RFC 4954 §4: what would show a password on the way is not offered. In lists there are only answers to EHLO.
    const offered = Array.isArray(data) && !this.secure ? data.filter((line) => !line.startsWith('AUTH ')) : data;
    super.send(code, offered, own ? false : context);
  }

  /** smtp-server takes a dot for stuffed after a bare LF too, and would take it away. */
  override _createParser(): SMTPStream {
    const parser = super._createParser();
    let read = createDotReader();
    parser._feedDataStream = (chunk, done) => {
      if (parser._atDataStart) read = createDotReader();
      parser._atDataStart = false;
      const stream = parser._dataStream;
      const { content, rest } = read(chunk);
      parser._countDataBytes(content.reduce((sum, piece) => sum + piece.length, 0));
      let goOn = true;
      for (const piece of content) if (stream?.writable) goOn = stream.write(piece);
      if (rest) return parser._endDataMode(false, rest, done);
      if (goOn || !stream || stream.destroyed) return done();
      const next = (): void => {
        stream.off('drain', next).off('close', next); // destroyed, it closes and never drains
        done();
      };
      stream.on('drain', next).on('close', next);
    };
    return parser;
  }

  /** RFC 2033 §4.2: LMTP answers for each RCPT that was accepted, the same one twice if it came twice. */
  override handler_RCPT(command: Buffer, callback: () => void): void {
    if (this._server.options.lmtp) this._rcptIndex.clear();
    super.handler_RCPT(command, callback);
  }

  /** A message is on its way in, or its acceptance is under way. */
  get busy(): boolean {
    return Boolean(this._dataStream);
  }
}

export class FaceServer extends SMTPServer {
  /** The last reply to whoever is there when it ends. */
  static readonly #GOODBYE = '4.3.2 The server is shutting down; try again in a moment.';

  override connect(socket: Socket | TLSSocket, options?: SMTPConnectionOptions | null): void {
    const connection = new Connection(this, socket, options);
    this.connections.add(connection);
    connection.on('error', (error: Error) => this.emit('error', error));
    connection.init();
  }

  /** Messages under way get their replies, within closeTimeout; everybody else gets 421 now. */
  async end(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.close(() => resolve()));
    for (const connection of this.connections)
      if (!(connection as Connection).busy) connection.send(421, FaceServer.#GOODBYE);
    await closed;
  }

  /** To be called when a message has had its reply. */
  replied(session: string): void {
    if (!this._closeTimeout) return;
    for (const connection of this.connections) if (connection.id === session) connection.send(421, FaceServer.#GOODBYE);
  }
}
