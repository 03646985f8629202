// A small IMAP client for load: it looks at no more of an answer than where it ends.

import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface ImapClient {
  /** Sends a command; resolves with the whole answer (Latin-1) once its tagged line is there. Throws unless that is OK. */
  run(command: string | Buffer): Promise<string>;
  /** The same, the answer only counted: its octets. */
  count(command: string): Promise<number>;
  write(text: string): void;
  /** Resolves when this stands in what has come since. */
  until(text: string): Promise<void>;
  close(): void;
}

/** `starttls`: on a port that begins in the clear. `groups`: what keys are agreed on with, as OpenSSL names it. */
export async function connectImap(port: number, tls: boolean | 'starttls', groups?: string): Promise<ImapClient> {
  const local = { host: '127.0.0.1', port };
  const secure = { rejectUnauthorized: false, ...(groups === undefined ? {} : { ecdhCurve: groups }) };
  let socket: Socket = tls === true ? connectTls({ ...local, ...secure }) : connectPlain(local);
  if (tls === 'starttls') {
    await once(socket, 'data');
    socket.write('s STARTTLS\r\n');
    await once(socket, 'data');
    socket = connectTls({ socket, ...secure });
  }
  socket.setNoDelay(true);
  let chunks: Buffer[] = [];
  let size = 0;
  let tail = '';
  let wanted = '';
  let done: (() => void) | null = null;
  let failed: ((error: Error) => void) | null = null;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 4096))).slice(-4096);
    if (done && isThere()) done();
  });
  // Its line whole, which may come in pieces.
  const isThere = (): boolean => wanted !== '' && tail.endsWith('\r\n') && tail.includes(wanted);
  const end = (): void => failed?.(new Error('the connection ended'));
  socket.on('error', end).on('close', end);
  const wait = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      wanted = text;
      [done, failed] = [resolve, reject];
      if (isThere()) resolve();
    });
  let tags = 0;
  const run = async (command: string | Buffer): Promise<number> => {
    const tag = `b${++tags}`;
    [chunks, size, tail] = [[], 0, ''];
    socket.write(Buffer.concat([Buffer.from(`${tag} `), Buffer.from(command), Buffer.from('\r\n')]));
    await wait(`${tag} `);
    if (!tail.includes(`${tag} OK`)) throw new Error(tail.slice(-300));
    return size;
  };
  if (tls !== 'starttls') await wait('* OK');
  return {
    count: (command) => run(command),
    async run(command) {
      await run(command);
      return Buffer.concat(chunks).toString('latin1');
    },
    write(text) {
      tail = '';
      socket.write(text);
    },
    until: wait,
    close: () => void socket.destroy(),
  };
}
