// Durable submissions of small messages, one recipient each, over several connections.

import type { BenchOptions } from './options.ts';
import { round, summary } from './support/figures.ts';
import { startHoming } from './support/server.ts';
import { connectSubmission } from './support/smtp.ts';

export async function run(options: BenchOptions): Promise<object> {
  const { connections, seconds, say } = options;
  const homing = await startHoming({ people: 100 });
  try {
    const clients = await Promise.all(
      Array.from({ length: connections }, () =>
        connectSubmission(homing.ports.submissions, 'ana@pigeon.test', 'homing'),
      ),
    );
    const flood = async (for_: number): Promise<{ sent: number; ms: number[]; took: number }> => {
      const began = performance.now();
      const ms: number[] = [];
      await Promise.all(
        clients.map(async (client, c) => {
          for (let i = 0; performance.now() - began < for_ * 1000; i++) {
            const to = `p${((c * 7919 + i * 31) % 100) + 1}@pigeon.test`;
            const start = performance.now();
            await client.send(
              'ana@pigeon.test',
              [to],
              `From: ana@pigeon.test\r\nTo: ${to}\r\nSubject: Message ${c}-${i}\r\n\r\n${'A line of ordinary text. '.repeat(20)}\r\n`,
            );
            ms.push(performance.now() - start);
          }
        }),
      );
      return { sent: ms.length, ms, took: performance.now() - began };
    };
    say('warming up');
    await flood(2);
    say(`${connections} connections for ${seconds} s`);
    const { sent, ms, took } = await flood(seconds);
    for (const client of clients) client.close();
    return {
      bench: 'submit',
      connections,
      sent,
      perSecond: round((sent / took) * 1000),
      replyMs: summary(ms),
      rssMb: await homing.rssMb(),
    };
  } finally {
    await homing.stop();
  }
}
