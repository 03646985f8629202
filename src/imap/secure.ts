// TLS on a connection whose client has begun to speak it.

import { Socket } from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';

/** Octets: less than Node's least buffer for what TLS has not read yet, which is 1,024. */
const PIECE = 1000;

/**
 * To be called as `hello`, what the client has sent of its ClientHello so far, is heard of `plain`, which nobody listens to for
 * "data" any more. Answers at once: what is written waits for the handshake, whose end is "secure" and whose failure is "error". No TLS any more: it closes.
 *
 * Left to itself Node reads the hello from the network into a buffer of 64 kB, which the connection keeps for as long as it
 * lasts. What was read already, in pieces that do not fill it, gets one of 1 kB. The first read that fills that one adds
 * one of 16 kB, so who sends much is not slower for it; who waits in IDLE costs a third less.
 */
export function secureSocket(plain: Socket, hello: Buffer, secureContext: SecureContext): TLSSocket {
  plain.pause();
  plain.unshift(hello);
  plain.read = readPiece;
  // What is no TLS after the handshake is no more than this event, where there is no tls.Server.
  const secure = new TLSSocket(plain, { isServer: true, secureContext }).on('_tlsError', destroy);
  unhear(plain, 'connect'); // Node would wait for a connection that is up already
  return secure;
}

/** As removeAllListeners, after which Node keeps those that are left in a table that takes three times as much. */
export function unhear(socket: Socket, event: string): void {
  for (const listener of socket.listeners(event)) socket.off(event, listener as () => void);
}

function destroy(this: TLSSocket): void {
  this.destroy();
}

/** All at once is what Node asks for where it names no size. */
function readPiece(this: Socket, size?: number): unknown {
  return Socket.prototype.read.call(this, size ?? Math.min(PIECE, this.readableLength));
}
