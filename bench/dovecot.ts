// What an administrator can do without Homing, on this machine: one message into many mailboxes of a Dovecot over LMTP,
// and out of them again by doveadm, four of it at a time as was found to be quickest.

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { BenchOptions } from './options.ts';
import { startDovecot } from './support/dovecot.ts';
import { round } from './support/figures.ts';

/** Recipients a transaction, and transactions at once. */
const RECIPIENTS = 1000;
const CONNECTIONS = 2;
const DOVEADMS = 4;

export async function run({ recipients, say }: BenchOptions): Promise<object> {
  const dovecot = await startDovecot();
  try {
    const people = Array.from({ length: recipients }, (_, i) => `p${i + 1}`);
    // Homing's accounts are there before its figures begin; so are these mailboxes.
    say(`a first message to each of ${recipients} mailboxes`);
    await deliver(dovecot.ports.lmtp, people, letter('first'));
    say('the message that is to be taken back');
    const began = performance.now();
    await deliver(dovecot.ports.lmtp, people, letter('salaries'));
    const fanoutMs = performance.now() - began;

    const parts = Array.from({ length: DOVEADMS }, (_, i) => people.filter((_person, n) => n % DOVEADMS === i));
    const files = await Promise.all(
      parts.map(async (part, i) => {
        const file = join(dovecot.directory, `people-${i}`);
        await writeFile(file, part.map((one) => `${one}\n`).join(''));
        return file;
      }),
    );
    say('taking it back');
    const asked = performance.now();
    await Promise.all(
      files.map((file) =>
        dovecot.doveadm('expunge', '-F', file, 'mailbox', 'INBOX', 'HEADER', 'Message-ID', idOf('salaries')),
      ),
    );
    const expungeMs = performance.now() - asked;
    const left = await dovecot.doveadm('fetch', '-F', files[0] ?? '', 'user', 'HEADER', 'Message-ID', idOf('salaries'));
    if (left.trim() !== '') throw new Error('Dovecot left some of it.');
    return {
      bench: 'dovecot',
      version: dovecot.version,
      recipients,
      fanoutMs: round(fanoutMs),
      fanoutPerSecond: Math.round((recipients / fanoutMs) * 1000),
      expungeMs: round(expungeMs),
      expungedPerSecond: Math.round((recipients / expungeMs) * 1000),
    };
  } finally {
    await dovecot.stop();
  }
}

const idOf = (name: string): string => `<${name}@bench.pigeon.test>`;

function letter(name: string): string {
  const text = createHash('sha256').update(name).digest('hex');
  return `From: ana@pigeon.test\r\nTo: all@pigeon.test\r\nSubject: ${name}\r\nMessage-ID: ${idOf(name)}\r\n\r\n${text}\r\n`;
}

/** One message to all of them by LMTP (RFC 2033), transactions of a thousand recipients over two connections. */
async function deliver(port: number, people: string[], message: string): Promise<void> {
  const waiting = Array.from({ length: Math.ceil(people.length / RECIPIENTS) }, (_, i) =>
    people.slice(i * RECIPIENTS, (i + 1) * RECIPIENTS),
  );
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect(port, '127.0.0.1');
      const expect = replies(socket);
      await expect('220');
      socket.write('LHLO bench.test\r\n');
      await expect('250');
      for (let some = waiting.shift(); some; some = waiting.shift()) {
        const commands = ['MAIL FROM:<ana@pigeon.test>', ...some.map((one) => `RCPT TO:<${one}>`), 'DATA'];
        socket.write(`${commands.join('\r\n')}\r\n`);
        for (const command of commands) await expect(command === 'DATA' ? '354' : '250');
        socket.write(`${message}.\r\n`);
        for (const _ of some) await expect('250');
      }
      socket.destroy();
    }),
  );
}

/** Answers a function that waits for the next reply and throws if it has another code. */
function replies(socket: Socket): (code: string) => Promise<void> {
  const lines = socket.setEncoding('utf8').iterator({ destroyOnReturn: false }) as AsyncIterator<string>;
  let rest = '';
  const line = async (): Promise<string> => {
    for (;;) {
      const end = rest.indexOf('\r\n');
      if (end >= 0) {
        const found = rest.slice(0, end);
        rest = rest.slice(end + 2);
        return found;
      }
      const { value, done } = await lines.next();
      if (done) throw new Error('Dovecot closed the connection.');
      rest += value;
    }
  };
  return async (code) => {
    let reply = await line();
    while (reply[3] === '-') reply = await line();
    if (!reply.startsWith(code)) throw new Error(`expected ${code}, got: ${reply}`);
  };
}
