// Small SMTP and LMTP clients for load: one connection, commands pipelined, as little work as can be.

import { connect as connectPlain, type Socket } from 'node:net';
import { connect } from 'node:tls';

export interface SmtpClient {
  /** Hands over one message; resolves with the reply to the final dot. Throws on any refusal. */
  send(from: string, to: string[], message: string): Promise<string>;
  close(): void;
}

export async function connectSubmission(port: number, user: string, password: string): Promise<SmtpClient> {
  const { client, say } = await connectTo(connect({ host: '127.0.0.1', port, rejectUnauthorized: false }), 'EHLO');
  await say(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`, '235');
  return client;
}

/** Without TLS (RFC 2033); one recipient a message. */
export async function connectLmtp(port: number): Promise<SmtpClient> {
  return (await connectTo(connectPlain(port, '127.0.0.1'), 'LHLO')).client;
}

async function connectTo(
  socket: Socket,
  hello: string,
): Promise<{ client: SmtpClient; say: (command: string, code: string) => Promise<string> }> {
  const replies = readReplies(socket);
  const expect = async (code: string): Promise<string> => {
    const reply = await replies();
    if (!reply.startsWith(code)) throw new Error(`expected ${code}, got: ${reply}`);
    return reply;
  };
  const say = (command: string, code: string): Promise<string> => {
    socket.write(`${command}\r\n`);
    return expect(code);
  };
  await expect('220');
  await say(`${hello} bench.test`, '250');
  const client: SmtpClient = {
    async send(from, to, message) {
      const commands = [`MAIL FROM:<${from}>`, ...to.map((address) => `RCPT TO:<${address}>`), 'DATA'];
      socket.write(`${commands.join('\r\n')}\r\n`);
      for (const command of commands) await expect(command === 'DATA' ? '354' : '250');
      socket.write(`${message.replaceAll(/^\./gm, '..')}\r\n.\r\n`);
      return expect('250');
    },
    close: () => void socket.destroy(),
  };
  return { client, say };
}

/** Answers a function that waits for the next whole reply. */
function readReplies(socket: Socket): () => Promise<string> {
  const ready: string[] = [];
  const waiting: { resolve: (reply: string) => void; reject: (error: Error) => void }[] = [];
  let rest = '';
  let reply = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      reply += `${line}\n`;
      if (line[3] === '-') continue;
      const next = waiting.shift();
      if (next) next.resolve(reply);
      else ready.push(reply);
      reply = '';
    }
  });
  const fail = (error?: Error): void => {
    for (const next of waiting.splice(0)) next.reject(error ?? new Error('connection closed'));
  };
  socket.on('error', fail).on('close', () => fail());
  return () => {
    const first = ready.shift();
    return first === undefined
      ? new Promise((resolve, reject) => waiting.push({ resolve, reject }))
      : Promise.resolve(first);
  };
}
