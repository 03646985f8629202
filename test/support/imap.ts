// An IMAP client for tests that says whatever it is told to.

import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface RawImap {
  /** Sends a command under a new tag; answers every line up to its tagged one, without the tag: "* …", then "OK …". Literals stand in the lines as they came. */
  run(command: string): Promise<string[]>;
  /** Octets as they are. */
  write(bytes: string | Buffer): void;
  /** The next line, literals and all; the empty string once the server has hung up. */
  line(): Promise<string>;
  /** Lines that have come and were not read. */
  unread(): string[];
  /** Begins TLS after STARTTLS was answered. */
  secure(): void;
  close(): void;
}

/** Greeting read and gone, unless `greet`. */
export async function rawImap(
  port: number,
  options: { tls?: boolean; greet?: boolean; user?: string; password?: string } = {},
): Promise<RawImap> {
  const local = { host: '127.0.0.1', port };
  let socket: Socket =
    options.tls === false ? connectPlain(local) : connectTls({ ...local, rejectUnauthorized: false });
  const ready: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = '';
  let ended = false;
  let tags = 0;
  const hear = (chunk: Buffer): void => {
    rest += chunk.toString('latin1');
    for (let end = endOfLine(rest); end >= 0; end = endOfLine(rest)) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const next = waiting.shift();
      if (next) next(line);
      else ready.push(line);
    }
  };
  const end = (): void => {
    ended = true;
    for (const next of waiting.splice(0)) next('');
  };
  const listen = (): void => void socket.on('data', hear).on('error', end).on('close', end);
  listen();
  const client: RawImap = {
    async run(command) {
      const tag = `a${++tags}`;
      socket.write(`${tag} ${command}\r\n`);
      const lines: string[] = [];
      for (;;) {
        const line = await client.line();
        if (line === '' && ended) return [...lines, ''];
        if (line.startsWith(`${tag} `)) return [...lines, line.slice(tag.length + 1)];
        lines.push(line);
      }
    },
    write: (bytes) => void socket.write(bytes),
    line() {
      const first = ready.shift();
      if (first !== undefined) return Promise.resolve(first);
      return ended ? Promise.resolve('') : new Promise((resolve) => waiting.push(resolve));
    },
    unread: () => ready.splice(0),
    secure() {
      socket.removeAllListeners();
      socket = connectTls({ socket, rejectUnauthorized: false });
      listen();
    },
    close: () => void socket.destroy(),
  };
  if (options.greet !== true) await client.line();
  if (options.user !== undefined) {
    const told = await client.run(`LOGIN ${options.user} ${options.password ?? 'homing'}`);
    if (!told.at(-1)?.startsWith('OK')) throw new Error(told.join('\n'));
  }
  return client;
}

/** Offset of the line's end, past the literals that it has; -1: it is not all there. */
function endOfLine(text: string): number {
  for (let from = 0; ;) {
    const end = text.indexOf('\r\n', from);
    if (end < 0) return -1;
    const size = /\{(\d+)\}$/.exec(text.slice(from, end))?.[1];
    if (size === undefined) return end;
    from = end + 2 + Number(size);
    if (from > text.length) return -1;
  }
}
