// SMTP clients for tests: one that says whatever it is told to, octet by octet, and nodemailer as people's programs do.

import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import SMTPConnection, { type SMTPError } from 'nodemailer/lib/smtp-connection';

export interface RawSmtp {
  /** Lines to be sent, and the reply to the last of them. */
  say(...lines: string[]): Promise<string>;
  /** Octets as they are. */
  write(bytes: string | Buffer): void;
  /** The same of many, no faster than they are read. */
  pour(pieces: Iterable<string>): Promise<void>;
  /** The next whole reply, its lines joined by "\n"; the empty string once the server has hung up. */
  reply(): Promise<string>;
  /** As many as there were commands. */
  replies(count: number): Promise<string[]>;
  /** `along`: lines that are sent in the clear together with the command. Answers the reply to EHLO. */
  startTls(...along: string[]): Promise<string>;
  signIn(address: string, password?: string): Promise<string>;
  /** MAIL, RCPT and DATA; then the octets as they are, and the dot. Answers the last reply there was. */
  send(from: string, to: string[], bytes: string | Buffer): Promise<string>;
  close(): void;
}

/** `greet` false: no EHLO yet. */
export async function rawSmtp(
  port: number,
  options: { tls?: boolean; greet?: 'EHLO' | 'LHLO' | false } = {},
): Promise<RawSmtp> {
  const local = { host: '127.0.0.1', port };
  let socket: Socket = options.tls ? connectTls({ ...local, rejectUnauthorized: false }) : connectPlain(local);
  const ready: string[] = [];
  const waiting: ((reply: string) => void)[] = [];
  let rest = '';
  let lines: string[] = [];
  let ended = false;
  const take = (reply: string): void => {
    const next = waiting.shift();
    if (next) next(reply);
    else ready.push(reply);
  };
  const hear = (chunk: Buffer): void => {
    const parts = (rest + chunk.toString('utf8')).split('\r\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      if (line[3] === '-') continue;
      take(lines.join('\n'));
      lines = [];
    }
  };
  const end = (): void => {
    ended = true;
    for (const next of waiting.splice(0)) next('');
  };
  const listen = (to: Socket): void => void to.on('data', hear).on('error', end).on('close', end);
  listen(socket);
  const reply = (): Promise<string> => {
    const first = ready.shift();
    if (first !== undefined) return Promise.resolve(first);
    return ended ? Promise.resolve('') : new Promise((resolve) => waiting.push(resolve));
  };
  const client: RawSmtp = {
    say(...given) {
      socket.write(`${given.join('\r\n')}\r\n`);
      return reply();
    },
    write: (bytes) => void socket.write(bytes),
    async pour(pieces) {
      for (const piece of pieces) if (!socket.write(piece)) await once(socket, 'drain');
    },
    reply,
    async replies(count) {
      const all: string[] = [];
      for (let i = 0; i < count; i++) all.push(await reply());
      return all;
    },
    async startTls(...along) {
      const told = await client.say('STARTTLS', ...along);
      if (!told.startsWith('220')) throw new Error(told);
      socket.removeAllListeners('data').removeAllListeners('close');
      const plain = socket;
      socket = connectTls({ socket: plain, rejectUnauthorized: false });
      listen(socket);
      return client.say('EHLO test.example');
    },
    signIn: (address, password = 'homing') =>
      client.say(`AUTH PLAIN ${Buffer.from(`\0${address}\0${password}`).toString('base64')}`),
    async send(from, to, bytes) {
      for (const line of [`MAIL FROM:<${from}>`, ...to.map((address) => `RCPT TO:<${address}>`), 'DATA']) {
        const told = await client.say(line);
        if (!/^[23]/.test(told)) return told;
      }
      socket.write(bytes);
      socket.write(bytes.toString('latin1').endsWith('\r\n') ? '.\r\n' : '\r\n.\r\n');
      return reply();
    },
    close: () => void socket.destroy(),
  };
  await reply();
  const greet = options.greet ?? 'EHLO';
  if (greet) await client.say(`${greet} test.example`);
  return client;
}

/** Signed in on the port for submission with TLS. */
export async function submitter(ports: { submissions: number }, address: string): Promise<RawSmtp> {
  const client = await rawSmtp(ports.submissions, { tls: true });
  const told = await client.signIn(address);
  if (!told.startsWith('235')) throw new Error(told);
  return client;
}

export interface ProgramOptions {
  port: number;
  secure?: boolean;
  user?: string;
  password?: string;
  method?: 'PLAIN' | 'LOGIN';
  lmtp?: boolean;
}

export interface Program {
  connection: SMTPConnection;
  /** Throws what the server answered. */
  send(envelope: Parameters<SMTPConnection['send']>[0], message: string): Promise<string>;
  quit(): void;
}

/** nodemailer's client, connected and signed in as a program of today would. Throws what the server answered. */
export async function program(options: ProgramOptions): Promise<Program> {
  const { user, password = 'homing', port } = options;
  const connection = new SMTPConnection({
    host: '127.0.0.1',
    port,
    secure: options.secure ?? false,
    lmtp: options.lmtp ?? false,
    tls: { rejectUnauthorized: false },
    ...(options.method ? { authMethod: options.method } : {}),
  });
  await new Promise<void>((resolve, reject) => {
    connection.once('error', reject);
    connection.connect(() => resolve());
  });
  connection.on('error', () => undefined);
  if (user !== undefined) {
    await new Promise<void>((resolve, reject) => {
      connection.login({ credentials: { user, pass: password } }, (error) => (error ? reject(error) : resolve()));
    }).catch((error: unknown) => {
      connection.close();
      throw error;
    });
  }
  return {
    connection,
    send: (envelope, message) =>
      new Promise((resolve, reject) => {
        connection.send(envelope, message, (error: SMTPError | null, info) =>
          error ? reject(error) : resolve(info.response),
        );
      }),
    quit: () => connection.quit(),
  };
}
