// IMAP: a mailbox of 10,000 messages that came one by one, opened and fetched, first and later; APPEND, LMTP, sign-in, and how
// soon one who waits hears of a removal. And the same of Dovecot, where Debian's is installed: over TLS, as ours, whose faces
// sign nobody in without; and what signs in and writes in the clear too.

import type { BenchOptions } from './options.ts';
import { startDovecot } from './support/dovecot.ts';
import { percentile, round } from './support/figures.ts';
import { connectImap, type ImapClient } from './support/imap.ts';
import { startHoming } from './support/server.ts';
import { connectLmtp, connectSubmission, type SmtpClient } from './support/smtp.ts';

const MESSAGES = 10_000;

interface Server {
  connect(): Promise<ImapClient>;
  lmtp(): Promise<SmtpClient>;
  /** Signs in the n-th, from 1. */
  login: (n: number) => string;
  /** Puts the messages into the Inbox. */
  fill(): Promise<void>;
}

export async function run({ say }: BenchOptions): Promise<object> {
  const homing = await startHoming({ people: 8 });
  let ours: object;
  try {
    say(`Homing: ${MESSAGES} messages`);
    ours = await measure(say, {
      connect: () => connectImap(homing.ports.imaps, true),
      lmtp: () => connectLmtp(homing.ports.lmtp),
      login: (n) => `LOGIN p${n}@pigeon.test homing`,
      async fill() {
        const clients = await Promise.all(
          Array.from({ length: 8 }, () => connectSubmission(homing.ports.submissions, 'ana@pigeon.test', 'homing')),
        );
        let next = 0;
        await Promise.all(
          clients.map(async (client) => {
            while (next < MESSAGES) await client.send('ana@pigeon.test', ['p1@pigeon.test'], message(next++));
            client.close();
          }),
        );
      },
    });
    ours = { ...ours, rssMb: await homing.rssMb() };
  } finally {
    await homing.stop();
  }
  const theirs = await dovecot(say).catch((error: Error) => error.message);
  return { bench: 'imap', homing: ours, dovecot: theirs };
}

async function dovecot(say: BenchOptions['say']): Promise<object> {
  const server = await startDovecot();
  try {
    say(`Dovecot ${server.version}: ${MESSAGES} messages`);
    const connect = (): Promise<ImapClient> => connectImap(server.ports.imaps, true);
    const login = (n: number): string => `LOGIN p${n}@pigeon.test homing`;
    const lmtp = (): Promise<SmtpClient> => connectLmtp(server.ports.lmtp);
    const measured = await measure(say, {
      connect,
      lmtp,
      login,
      async fill() {
        const client = await connect();
        await client.run(login(1));
        for (let i = 0; i < MESSAGES; i += 100) {
          const parts = Array.from({ length: 100 }, (_, n) => {
            const text = message(i + n);
            return ` {${Buffer.byteLength(text)}+}\r\n${text}`;
          });
          await client.run(`APPEND INBOX${parts.join('')}`);
        }
        client.close();
      },
    });
    say('The same in the clear');
    const plain = { connect: () => connectImap(server.ports.imap, false), lmtp, login };
    const inTheClear = await rates(plain, () => Promise.resolve());
    return { version: server.version, ...measured, inTheClear };
  } finally {
    await server.stop();
  }
}

/** Five thousand octets, as people's letters are. */
function message(n: number): string {
  const header = [
    `From: "Sender ${n % 50}" <ana@pigeon.test>`,
    'To: Somebody <p1@pigeon.test>',
    `Subject: Message number ${n} of the bench`,
    'Date: Mon, 23 Nov 2026 12:00:00 +0000',
    `Message-ID: <bench-${n}@pigeon.test>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    `References: <bench-${Math.max(0, n - 1)}@pigeon.test>`,
    'X-Mailer: Homing bench',
  ];
  return `${header.join('\r\n')}\r\n\r\n${'All work and no play makes nobody a better programmer.\r\n'.repeat(80)}`;
}

const FETCHES: Record<string, string> = {
  flags: 'FETCH 1:* (FLAGS)',
  envelope: 'FETCH 1:* (ENVELOPE)',
  fields: 'FETCH 1:* (BODY.PEEK[HEADER.FIELDS (From To Subject Date Message-ID)])',
  header: 'FETCH 1:* (BODY.PEEK[HEADER])',
  bodies: 'FETCH 1:* (BODY.PEEK[])',
};

async function measure(say: BenchOptions['say'], { connect, lmtp, login, fill }: Server): Promise<object> {
  await fill();
  const client = await connect();
  await client.run(login(1));
  await client.run('SELECT INBOX');
  // Whatever is indexed behind the writing is, before anything else is measured.
  const settled = (): Promise<unknown> => client.run('SEARCH BODY programmer');
  await settled();
  const timed = async (command: string): Promise<number> => {
    const start = performance.now();
    await client.count(command);
    return round(performance.now() - start);
  };
  const opened: number[] = [];
  for (let i = 0; i < 9; i++) opened.push(await timed('SELECT INBOX'));
  const first: Record<string, number> = {};
  const later: Record<string, number> = {};
  for (const [name, command] of Object.entries(FETCHES)) {
    say(command);
    first[name] = await timed(command);
    const again: number[] = [];
    for (let i = 0; i < (name === 'bodies' ? 3 : 15); i++) again.push(await timed(command));
    later[name] = round(percentile(again, 0.5));
  }
  say('APPEND, LMTP, sign-in');
  await client.run('CREATE Bench');
  const written = await rates({ connect, lmtp, login }, settled);
  say('IDLE');
  const heard = await removals(client, connect, login);
  client.close();
  return {
    selectMs: round(percentile(opened, 0.5)),
    firstMs: first,
    laterMs: later,
    ...written,
    heardMs: heard,
  };
}

/** What is written, and who signs in, a second. */
async function rates({ connect, lmtp, login }: Omit<Server, 'fill'>, settled: () => Promise<unknown>): Promise<object> {
  const letter = message(1);
  const append = `APPEND Bench {${letter.length}+}\r\n${letter}`;
  const appends: Record<string, number> = {};
  const deliveries: Record<string, number> = {};
  const logins: Record<string, number> = {};
  for (const connections of [1, 8]) {
    await settled();
    const clients = await Promise.all(Array.from({ length: connections }, connect));
    for (const [n, one] of clients.entries()) {
      await one.run(login(n + 1));
      await one.run('CREATE Bench').catch(() => undefined);
    }
    appends[connections] = await rate(clients, (one) => one.run(append));
    for (const one of clients) one.close();
    const senders = await Promise.all(
      Array.from({ length: connections }, async (_, n) => ({ client: await lmtp(), to: `p${n + 1}@pigeon.test` })),
    );
    let sent = MESSAGES;
    deliveries[connections] = await rate(senders, ({ client: sender, to }) =>
      sender.send('ana@outside.test', [to], message(sent++)),
    );
    for (const sender of senders) sender.client.close();
    logins[connections] = await rate(
      Array.from({ length: connections }, (_, n) => n + 1),
      async (n) => {
        const one = await connect();
        await one.run(login(n));
        await one.run('LOGOUT');
        one.close();
      },
    );
  }
  return { appends, deliveries, logins };
}

/** A second, of a server that is warm: ours is faster once what it runs is compiled, in some seconds of it. */
async function rate<T>(clients: T[], work: (client: T) => Promise<unknown>): Promise<number> {
  const during = async (ms: number): Promise<number> => {
    const began = performance.now();
    let count = 0;
    await Promise.all(
      clients.map(async (client) => {
        while (performance.now() - began < ms) {
          await work(client);
          count++;
        }
      }),
    );
    return Math.round((count / (performance.now() - began)) * 1000);
  };
  await during(5000);
  return during(4000);
}

/** From the answer to the one who removes to the news of it; less than nothing counts as nothing. */
async function removals(
  client: ImapClient,
  connect: () => Promise<ImapClient>,
  login: Server['login'],
): Promise<number> {
  const waiting = await connect();
  await waiting.run(login(1));
  await waiting.run('SELECT Bench');
  await client.run('SELECT Bench');
  const heard: number[] = [];
  for (let i = 0; i < 20; i++) {
    await client.run('STORE 1 +FLAGS.SILENT (\\Deleted)');
    waiting.write(`w${i} IDLE\r\n`);
    await waiting.until('+ ');
    const news = waiting.until('EXPUNGE\r\n').then(() => performance.now());
    await client.run('EXPUNGE');
    const told = performance.now();
    heard.push(Math.max(0, (await news) - told));
    waiting.write('DONE\r\n');
    await waiting.until(`w${i} OK`);
  }
  waiting.close();
  return round(percentile(heard, 0.5));
}
