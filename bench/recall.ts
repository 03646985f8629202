// How long a recall takes, over the public faces: the gate as the server and as the client see it (alone, and beside a
// large fan-out and a large sweep), and the way from the command to the last copy gone.

import type { BenchOptions } from './options.ts';
import { round, summary } from './support/figures.ts';
import { connectJmap, type Following, type JmapClient } from './support/jmap.ts';
import { startHoming } from './support/server.ts';
import { connectSubmission, type SmtpClient } from './support/smtp.ts';

const PASSWORD = 'homing';
const SMALL_RECALLS = 200;

interface Gate {
  client: number;
  server: number;
}

export async function run(options: BenchOptions): Promise<object> {
  const { recipients, say } = options;
  const homing = await startHoming({ people: Math.max(0, recipients - 5) });
  try {
    const ana = await connectJmap(homing.ports.http, 'ana@pigeon.test', PASSWORD);
    const smtp = await connectSubmission(homing.ports.submissions, 'ana@pigeon.test', PASSWORD);
    const letter = (subject: string, id: string, to: string): string =>
      `From: Ana Silva <ana@pigeon.test>\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: <${id}@bench.pigeon.test>\r\n\r\n${'Numbers nobody should have seen. '.repeat(30)}\r\n`;

    say(`sending ${3 * SMALL_RECALLS} small messages`);
    const small: string[] = [];
    for (let i = 0; i < 3 * SMALL_RECALLS; i++) {
      await smtp.send('ana@pigeon.test', ['ben@pigeon.test'], letter(`small ${i}`, `small-${i}`, 'ben@pigeon.test'));
    }
    small.push(...(await sentIds(ana, 3 * SMALL_RECALLS)));

    const gatesOf = async (count: number, until: () => boolean): Promise<Gate[]> => {
      const gates: Gate[] = [];
      while (gates.length < count && small.length > 0 && !until()) gates.push(await gate(ana, small.pop() ?? '', {}));
      return gates;
    };
    await gatesOf(20, () => false); // warm
    const idle = await gatesOf(SMALL_RECALLS, () => false);

    say(`a message to ${recipients} people, and its recall, alone`);
    const first = await sendLarge(
      homing.ports.http,
      ana,
      smtp,
      recipients,
      letter('Salaries 2026', 'first', 'all@pigeon.test'),
    );
    await first.arrived;
    const fanoutMs = performance.now() - first.began;
    await openSome(homing.ports.http, options.opened);
    const change = {
      mode: options.replace ? 'replace' : 'delete',
      replacementEmailId: options.replace ? await replacement(ana) : null,
    };
    const watched = recipients - 5 > options.opened ? `p${options.opened + 1}@pigeon.test` : 'ben@pigeon.test'; // one who did not open it
    const watcher = await connectJmap(homing.ports.http, watched, PASSWORD);
    const before = (await inbox(watcher)).unreadEmails;
    const watching = await watcher.follow();
    await quiet(ana);
    const asked = performance.now();
    const gated = await gate(ana, first.id, change);
    const firstGone = untilTold(watching, async () => (await inbox(watcher)).unreadEmails < before).then(
      () => performance.now() - asked,
    );
    const recall = await finished(ana, gated.id);
    const lastGoneMs = performance.now() - asked;
    const firstGoneMs = await firstGone;
    watching.close();
    const sweepMs = Date.parse(recall.doneAt) - Date.parse(recall.gatedAt);

    say('another, with small recalls beside its fan-out and its sweep');
    const second = await sendLarge(
      homing.ports.http,
      ana,
      smtp,
      recipients,
      letter('Salaries 2027', 'second', 'all@pigeon.test'),
    );
    let fannedOut = false;
    void second.arrived.then(() => (fannedOut = true));
    const gatesDuringFanout = await gatesOf(SMALL_RECALLS, () => fannedOut);
    await second.arrived;
    await quiet(ana);
    const other = await gate(ana, second.id, {});
    let done = false;
    const end = finished(ana, other.id).then(() => (done = true));
    const gatesDuringSweep = await gatesOf(SMALL_RECALLS, () => done);
    await end;

    return {
      bench: 'recall',
      recipients: recall.total,
      opened: options.opened,
      replace: options.replace,
      gateMs: {
        large: { client: round(gated.client), server: round(gated.server) },
        idle: bySide(idle),
        duringFanout: bySide(gatesDuringFanout),
        duringSweep: bySide(gatesDuringSweep),
      },
      acceptedMs: round(first.acceptedMs),
      fanoutMs: round(fanoutMs),
      fanoutPerSecond: Math.round((recipients / fanoutMs) * 1000),
      sweepMs,
      copiesPerSecond: Math.round((recall.total / sweepMs) * 1000),
      firstGoneMs: round(firstGoneMs),
      lastGoneMs: round(lastGoneMs),
      counts: recall.counts,
      rssMb: await homing.rssMb(),
    };
  } finally {
    await homing.stop();
  }
}

/** Sends one message to everybody; `arrived` when the last copy is in its mailbox. */
export async function sendLarge(
  port: number,
  ana: JmapClient,
  smtp: SmtpClient,
  recipients: number,
  message: string,
): Promise<{ id: string; began: number; acceptedMs: number; arrived: Promise<void> }> {
  const last = await connectJmap(port, recipients > 5 ? `p${recipients - 5}@pigeon.test` : 'eli@pigeon.test', PASSWORD);
  const before = (await inbox(last)).totalEmails;
  const following = await last.follow();
  const began = performance.now();
  await smtp.send('ana@pigeon.test', ['all@pigeon.test'], message);
  const acceptedMs = performance.now() - began;
  const [id = ''] = await sentIds(ana, 1);
  return { id, began, acceptedMs, arrived: allHaveIt(ana, id, recipients, { client: last, following, before }) };
}

/**
 * Counting all deliveries is what only the end needs: asked for all the while, it would be a quarter of what is measured.
 * So first the last person's Inbox is looked at, when something of theirs has changed.
 */
async function allHaveIt(
  ana: JmapClient,
  id: string,
  recipients: number,
  last: { client: JmapClient; following: Following; before: number },
): Promise<void> {
  const { client, following, before } = last;
  await untilTold(following, async () => (await inbox(client)).totalEmails > before);
  following.close();
  client.close();
  await until(async () => (await preview(ana, id)).inside >= recipients, 1);
}

function bySide(gates: Gate[]): object {
  return { client: summary(gates.map((g) => g.client)), server: summary(gates.map((g) => g.server)) };
}

async function gate(ana: JmapClient, emailId: string, change: object): Promise<Gate & { id: string }> {
  const began = performance.now();
  const result = await ana.call('Recall/set', {
    create: {
      r: {
        emailId,
        mode: 'delete',
        replacementEmailId: null,
        recipients: null,
        includeRead: false,
        notifyMe: false,
        reason: null,
        ...change,
      },
    },
  });
  const client = performance.now() - began;
  const created = result.created?.r;
  if (!created) throw new Error(JSON.stringify(result.notCreated));
  return { client, server: created.gateMs, id: created.id };
}

/** Ids of the newest in Sent Items. */
export async function sentIds(ana: JmapClient, limit: number): Promise<string[]> {
  const { list } = await ana.call('Mailbox/get', { ids: null, properties: ['id', 'role'] });
  const sent = list.find((box: { role: string }) => box.role === 'sent').id;
  return (
    await ana.call('Email/query', {
      filter: { inMailbox: sent },
      sort: [{ property: 'receivedAt', isAscending: false }],
      limit,
    })
  ).ids;
}

/** Until no recall is under way. */
async function quiet(ana: JmapClient): Promise<void> {
  await until(
    async () => (await ana.call('Recall/query', { filter: { status: 'sweeping' }, limit: 1 })).ids.length === 0,
    20,
  );
}

async function inbox(client: JmapClient): Promise<{ unreadEmails: number; totalEmails: number }> {
  const { list } = await client.call('Mailbox/get', { ids: ['f1'], properties: ['id', 'unreadEmails', 'totalEmails'] });
  return list[0];
}

async function preview(ana: JmapClient, emailId: string): Promise<{ inside: number; queued: number }> {
  return ana.call('Recall/preview', { emailId, recipients: null });
}

interface FinishedRecall {
  status: string;
  total: number;
  counts: Record<string, number>;
  gatedAt: string;
  doneAt: string;
}

/** Follows a recall to its end as its page does: by what is pushed. Asking all the while, it would be what keeps the machine busy. */
export async function finished(ana: JmapClient, id: string): Promise<FinishedRecall> {
  const get = async (): Promise<FinishedRecall> => (await ana.call('Recall/get', { ids: [id] })).list[0];
  const following = await ana.follow();
  try {
    await untilTold(following, async () => (await get()).status !== 'sweeping');
    return await get();
  } finally {
    following.close();
  }
}

async function openSome(port: number, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) {
    const person = await connectJmap(port, `p${i}@pigeon.test`, PASSWORD);
    const { ids } = await person.call('Email/query', { filter: { inMailbox: 'f1', subject: 'Salaries' } });
    await person.call('Email/set', {
      update: Object.fromEntries(ids.map((id: string) => [id, { 'keywords/$seen': true }])),
    });
    person.close();
  }
}

async function replacement(ana: JmapClient): Promise<string> {
  const result = await ana.call('Email/set', {
    create: {
      d: {
        mailboxIds: { f2: true },
        keywords: { $draft: true, $seen: true },
        from: [{ name: 'Ana Silva', email: 'ana@pigeon.test' }],
        to: [{ email: 'all@pigeon.test' }],
        subject: 'Salary bands 2026',
        bodyValues: { t: { value: 'The bands, without names.' } },
        textBody: [{ partId: 't', type: 'text/plain' }],
      },
    },
  });
  return result.created.d.id;
}

/** Asks again at each news until it is so; gives up after ten minutes. */
async function untilTold(following: Following, so: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 600_000;
  for (;;) {
    const news = following.next();
    if (await so()) return;
    if (performance.now() > end) throw new Error('it did not come to an end');
    await news;
  }
}

/** Asks again every `ms` until it is so; gives up after ten minutes. */
async function until(so: () => Promise<boolean>, ms: number): Promise<void> {
  const end = performance.now() + 600_000;
  while (!(await so())) {
    if (performance.now() > end) throw new Error('it did not come to an end');
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}
