// What others feel: a tenant's large recall beside another tenant's ordinary mail, and ten thousand connections that do
// nothing, or next to nothing, beside everybody's.

import { connect, type Socket } from 'node:net';
import type { BenchOptions } from './options.ts';
import { finished, sendLarge } from './recall.ts';
import { percentile, round, summary } from './support/figures.ts';
import { connectJmap } from './support/jmap.ts';
import { startHoming } from './support/server.ts';
import { connectSubmission, type SmtpClient } from './support/smtp.ts';

/** Zoe's ordinary mail: a message every so often, whatever the one before took. */
const EVERY_MS = 50;

export async function run({ recipients, connections, seconds, say }: BenchOptions): Promise<object> {
  const homing = await startHoming({ people: Math.max(0, recipients - 5) });
  try {
    const { ports } = homing;
    const zoe = await connectSubmission(ports.submissions, 'zoe@other.test', 'homing');
    say('zoe’s mail, with nothing beside it');
    await ordinary(zoe, 2); // warm
    const alone = await ordinary(zoe, seconds);

    say(`zoe’s mail beside ${connections} connections, idle or slow`);
    const crowd = await gather(ports, connections);
    const crowded = await ordinary(zoe, seconds);
    const held = crowd.filter((socket) => !socket.destroyed).length;
    for (const socket of crowd) socket.destroy();
    const rssCrowdedMb = await homing.rssMb();

    say(`a message to ${recipients} people of pigeon.test`);
    const ana = await connectJmap(ports.http, 'ana@pigeon.test', 'homing');
    const smtp = await connectSubmission(ports.submissions, 'ana@pigeon.test', 'homing');
    const large = await sendLarge(
      ports.http,
      ana,
      smtp,
      recipients,
      'From: ana@pigeon.test\r\nTo: all@pigeon.test\r\nSubject: Salaries\r\nMessage-ID: <all@bench.pigeon.test>\r\n\r\nHello all.\r\n',
    );
    await large.arrived;
    const before = await ordinary(zoe, seconds);
    say('zoe’s mail beside its recall');
    const { created } = await ana.call('Recall/set', { create: { r: { emailId: large.id, mode: 'delete' } } });
    let ended = false;
    const end = finished(ana, created.r.id).then((recall) => {
      ended = true;
      return recall;
    });
    const beside = await ordinary(zoe, 600, () => ended);
    const recall = await end;
    zoe.close();
    return {
      bench: 'load',
      neighbour: {
        alone: summary(before),
        besideRecall: { recipients: recall.total, ...summary(beside) },
        slowedBy: round(percentile(beside, 0.5) / percentile(before, 0.5) - 1),
      },
      crowd: {
        connections,
        held,
        alone: summary(alone),
        beside: summary(crowded),
        slowedBy: round(percentile(crowded, 0.5) / percentile(alone, 0.5) - 1),
        rssMb: rssCrowdedMb,
      },
      rssMb: await homing.rssMb(),
    };
  } finally {
    await homing.stop();
  }
}

/** Milliseconds from MAIL to the reply to the final dot, of a message every EVERY_MS for so many seconds. */
export async function ordinary(smtp: SmtpClient, seconds: number, isOver = (): boolean => false): Promise<number[]> {
  const ms: number[] = [];
  const began = performance.now();
  for (let i = 0; performance.now() - began < seconds * 1000 && !isOver(); i++) {
    const start = performance.now();
    await smtp.send(
      'zoe@other.test',
      ['zoe@other.test'],
      `From: zoe@other.test\r\nTo: zoe@other.test\r\nSubject: Ordinary ${i}\r\n\r\n${'A line of ordinary text. '.repeat(20)}\r\n`,
    );
    ms.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + (i + 1) * EVERY_MS - performance.now())));
  }
  return ms;
}

/** Half of them say nothing; of the others, each says a byte of a command or a request every second. */
async function gather(ports: { smtp: number; submission: number; http: number }, count: number): Promise<Socket[]> {
  const places = [ports.smtp, ports.submission, ports.http];
  const crowd: Socket[] = [];
  const line = 'GET / HTTP/1.1\r\nhost: slow.test\r\nx-slow: '.padEnd(600, 'x');
  while (crowd.length < count) {
    const some = Array.from({ length: Math.min(200, count - crowd.length) }, (_, i) => {
      const socket = connect(places[i % places.length] ?? ports.http, '127.0.0.1');
      socket.on('error', () => socket.destroy()).resume();
      return socket;
    });
    await Promise.all(
      some.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))),
    );
    crowd.push(...some);
  }
  let said = 0;
  const slow = crowd.filter((_, i) => i % 2 === 1);
  const timer = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write(line[said % line.length] ?? 'x');
    said++;
    if (crowd.every((socket) => socket.destroyed)) clearInterval(timer);
  }, 1000);
  timer.unref();
  return crowd;
}
