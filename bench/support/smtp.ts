// A small SMTP client for load: one connection, TLS from the first byte, commands pipelined, as little work as can be.

import { connect, type TLSSocket } from 'node:tls';

export interface SmtpClient {
  /** Submits one message; resolves with the reply to the final dot. Throws on any refusal. */
  send(from: string, to: string[], message: string): Promise<string>;
  close(): void;
}

export async function connectSubmission(port: number, user: string, password: string): Promise<SmtpClient> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  const replies = readReplies(socket);
  const expect = async (code: string): Promise<string> => {
    const reply = await replies();
    if (!reply.startsWith(code)) throw new Error(`expected ${code}, got: ${reply}`);
    return reply;
  };
  await expect('220');
  socket.write('EHLO bench.test\r\n');
  await expect('250');
  socket.write(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}\r\n`);
  await expect('235');
  return {
    async send(from, to, message) {
      const commands = [`MAIL FROM:<${from}>`, ...to.map((address) => `RCPT TO:<${address}>`), 'DATA'];
      socket.write(`${commands.join('\r\n')}\r\n`);
      for (const command of commands) await expect(command === 'DATA' ? '354' : '250');
      socket.write(`${message.replaceAll(/^\./gm, '..')}\r\n.\r\n`);
      return expect('250');
    },
    close: () => socket.destroy(),
  };
}

/** Answers a function that waits for the next whole reply. */
function readReplies(socket: TLSSocket): () => Promise<string> {
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
