// The IMAP faces: 143-like with STARTTLS, 993-like with TLS (RFC 8314).

import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config/config.ts';
import { recheckOnChange } from '../directory/recheck.ts';
import { createAppend } from './append.ts';
import { Connection } from './connection.ts';
import type { ImapDeps } from './session.ts';
import { createTold } from '../recall/told.ts';
import { createRecents } from './recent.ts';
import { secureSocket } from './secure.ts';
import { createWatch } from './watch.ts';
import { LIMITS } from './wire/limits.ts';

export interface ImapFacesDeps extends Omit<ImapDeps, 'told' | 'recents' | 'append'> {
  config: Pick<Config, 'host' | 'ports'>;
  tls: { key: string; cert: string };
}

export interface ImapFaces {
  /** Where they listen. */
  ports: { imap: number; imaps: number };
  /** How many are open, on both ports. */
  connections(): number;
  /** Commands under way are ended, within ten seconds; everybody else gets BYE. */
  close(): Promise<void>;
}

const CLOSE_MS = 10_000;

/** From a connection's beginning to the end of its handshake. */
const HANDSHAKE_MS = 60_000;

/** Opens both ports, or none: throws the first error, with `face` and `port` in it. */
export async function startImapFaces(given: ImapFacesDeps): Promise<ImapFaces> {
  const deps = { ...given, told: createTold(given), recents: createRecents(given), append: createAppend(given) };
  const watch = createWatch(deps);
  const connections = new Set<Connection>();
  /** Those in TLS that are no connections yet. */
  const handshakes = new Set<Socket>();
  const secureContext = createSecureContext({ ...deps.tls, minVersion: 'TLSv1.2' });
  /** Why it may not stay; null: it is counted. */
  const refusal = (socket: Socket): string | null => {
    if (connections.size >= LIMITS.connections) return 'Too many connections; try again.';
    const closed = deps.connections.open({ ip: socket.remoteAddress ?? '' });
    if (!closed) return 'Too many connections from where you are.';
    socket.on('close', closed);
    return null;
  };
  /** Heard once the last is gone. */
  let allGone: (() => void) | undefined;
  const gone = (connection: Connection): void => {
    connections.delete(connection);
    if (connections.size === 0) allGone?.();
  };
  const options = { deps, watch, secureContext, gone };
  const begin = (plain: Socket, secure?: Socket): void => {
    const how = { secure: secure !== undefined, ip: plain.remoteAddress ?? '' };
    connections.add(new Connection(secure ?? plain, how, options));
  };
  const shakeHands = (plain: Socket): void => {
    handshakes.add(plain);
    // A client that breaks the handshake off is no fault of ours.
    const failed = (error: Error): void => {
      deps.log.debug({ err: error }, 'imap connection');
      plain.destroy();
    };
    // A socket's own time limit would stay with it as long as it lasts.
    const late = setTimeout(() => plain.destroy(), HANDSHAKE_MS);
    const over = (): void => {
      clearTimeout(late);
      handshakes.delete(plain);
    };
    plain
      .on('error', failed)
      .on('close', over)
      .once('data', (hello) => {
        plain.off('close', over);
        const secure = secureSocket(plain, hello, secureContext);
        secure
          .on('error', failed)
          .on('close', over)
          .once('secure', () => {
            // Ten thousand of them wait: none keeps what it needs no more.
            plain.off('error', failed);
            secure.off('error', failed).off('close', over);
            over();
            begin(plain, secure);
          });
      });
  };
  const faces = [
    {
      name: 'imap',
      server: createServer((socket) => {
        const why = refusal(socket);
        if (why === null) begin(socket);
        else turnAway(socket, why);
      }),
    },
    {
      name: 'imaps',
      server: createServer((plain) => {
        // Before the handshake, which may take as long as a client likes, and without a word, which would take one.
        if (refusal(plain) === null) shakeHands(plain);
        else plain.destroy();
      }),
    },
  ] as const;
  const notLooked = (error: unknown): void => deps.log.warn({ err: error }, 'what a session may do was not looked up');
  const recheck = async (): Promise<void> => {
    for (const connection of Array.from(connections)) await connection.recheck().catch(notLooked);
  };
  const endRechecks = recheckOnChange(deps.store.notifier, recheck, notLooked);
  const close = async (): Promise<void> => {
    endRechecks();
    const closed = faces.map(({ server }) => new Promise((resolve) => server.close(resolve)));
    for (const connection of connections) connection.end('The server is shutting down; try again in a moment.');
    for (const plain of handshakes) plain.destroy();
    const late = setTimeout(() => connections.forEach((connection) => connection.destroy()), CLOSE_MS);
    await new Promise<void>((resolve) => {
      allGone = resolve;
      if (connections.size === 0) resolve();
    });
    clearTimeout(late);
    await Promise.all(closed);
    watch.close();
    await deps.recents.close();
  };
  const { host, ports } = deps.config;
  const listening = await Promise.allSettled(faces.map(({ name, server }) => listen(server, host, ports[name], name)));
  const failed = listening.find((one) => one.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  const [imap = 0, imaps = 0] = listening.map((one) => (one.status === 'fulfilled' ? one.value : 0));
  return { ports: { imap, imaps }, connections: () => connections.size, close };
}

/** Told why, and gone soon, whether it listens or not. */
function turnAway(socket: Socket, text: string): void {
  const late = setTimeout(() => socket.destroy(), CLOSE_MS).unref();
  socket.on('error', () => socket.destroy()).once('close', () => clearTimeout(late));
  socket.resume().end(`* BYE ${text}\r\n`);
}

function listen(server: Server, host: string, port: number, face: keyof Config['ports']): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(Object.assign(error, { face, port }));
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve((server.address() as { port: number }).port);
    });
  });
}
