// Thousands of IMAP connections that are signed in, have their Inbox selected and wait in IDLE: what they take of memory, what
// others feel of them, and how soon those of one account hear of its mail.

import { readFile } from 'node:fs/promises';
import { ordinary } from './load.ts';
import type { BenchOptions } from './options.ts';
import { percentile, round, summary } from './support/figures.ts';
import { connectImap, type ImapClient } from './support/imap.ts';
import { startHoming } from './support/server.ts';
import { connectSubmission } from './support/smtp.ts';

/** Connections of one account, which the server bounds at 100, and signing in at once. */
const EACH = 80;
const AT_ONCE = 16;

export async function run({ connections, seconds, starttls, classic, say }: BenchOptions): Promise<object> {
  // A checkout's first start compiles its TypeScript, which takes memory that later ones do not.
  await (await startHoming()).stop();
  const homing = await startHoming({ people: Math.ceil(connections / EACH) });
  const crowd: ImapClient[] = [];
  try {
    const { ports, pid } = homing;
    const zoe = await connectSubmission(ports.submissions, 'zoe@other.test', 'homing');
    say('zoe’s mail, with nothing beside it');
    await ordinary(zoe, 2); // warm
    const alone = await ordinary(zoe, seconds);
    const before = await residentMb(pid);
    let next = 0;
    const groups = classic ? 'X25519:P-256' : undefined;
    const come = async (): Promise<void> => {
      while (next < connections) {
        const n = next++;
        const client = await connectImap(starttls ? ports.imap : ports.imaps, starttls ? 'starttls' : true, groups);
        await client.run(`LOGIN p${Math.floor(n / EACH) + 1}@pigeon.test homing`);
        await client.run('SELECT INBOX');
        client.write('i IDLE\r\n');
        await client.until('+ ');
        crowd.push(client);
        if (crowd.length % 1000 === 0) say(`${crowd.length} wait`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, come));
    const after = await residentMb(pid);
    say(`zoe’s mail beside ${crowd.length} connections in IDLE`);
    const beside = await ordinary(zoe, seconds);
    const ana = await connectSubmission(ports.submissions, 'ana@pigeon.test', 'homing');
    const heard: number[] = [];
    for (let i = 0; i < 10; i++) {
      const news = crowd.slice(0, Math.min(EACH, connections) >> 1).map((client) => {
        client.write(''); // what came before is not looked at
        return client.until(' EXISTS\r\n');
      });
      const start = performance.now();
      await ana.send('ana@pigeon.test', ['p1@pigeon.test'], `Subject: News ${i}\r\n\r\nHello\r\n`);
      await Promise.all(news);
      heard.push(performance.now() - start);
    }
    for (const one of [zoe, ana]) one.close();
    return {
      bench: 'idle',
      connections: crowd.length,
      starttls,
      classic,
      memoryMb: { before, after, kbEach: round(((after - before) * 1024) / crowd.length) },
      neighbour: {
        alone: summary(alone),
        beside: summary(beside),
        slowedBy: round(percentile(beside, 0.5) / percentile(alone, 0.5) - 1),
      },
      heardMs: summary(heard),
    };
  } finally {
    for (const client of crowd) client.close();
    await homing.stop();
  }
}

/** MB that the server has resident now. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
