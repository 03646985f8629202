// One submission to everybody: from the final dot to the last copy in its mailbox.

import type { BenchOptions } from './options.ts';
import { sendLarge } from './recall.ts';
import { round } from './support/figures.ts';
import { connectJmap } from './support/jmap.ts';
import { startHoming } from './support/server.ts';
import { connectSubmission } from './support/smtp.ts';

const ROUNDS = 3;

export async function run(options: BenchOptions): Promise<object> {
  const { recipients, say } = options;
  const homing = await startHoming({ people: Math.max(0, recipients - 5) });
  try {
    const ana = await connectJmap(homing.ports.http, 'ana@pigeon.test', 'homing');
    const smtp = await connectSubmission(homing.ports.submissions, 'ana@pigeon.test', 'homing');
    const rounds: { acceptedMs: number; fanoutMs: number }[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      say(`round ${i + 1}: one message to ${recipients} people`);
      const message = `From: ana@pigeon.test\r\nTo: all@pigeon.test\r\nSubject: Round ${i}\r\nMessage-ID: <round-${i}@bench.pigeon.test>\r\n\r\nHello all.\r\n`;
      const { began, acceptedMs, arrived } = await sendLarge(homing.ports.http, ana, smtp, recipients, message);
      await arrived;
      rounds.push({ acceptedMs: round(acceptedMs), fanoutMs: round(performance.now() - began) });
    }
    const median = rounds.map((r) => r.fanoutMs).toSorted((a, b) => a - b)[1] ?? 0;
    return {
      bench: 'fanout',
      recipients,
      rounds,
      fanoutMs: median,
      recipientsPerSecond: Math.round((recipients / median) * 1000),
      rssMb: await homing.rssMb(),
    };
  } finally {
    await homing.stop();
  }
}
