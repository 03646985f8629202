// JMAP as clients use it: signing in, the first screen of a mailbox of 10,000 and of 100,000, searches, and how soon a change
// is told by the event source and by WebSocket.

import { Agent, get, request } from 'node:http';
import { WebSocket } from 'ws';
import type { BenchOptions } from './options.ts';
import { summary } from './support/figures.ts';
import { connectJmap, type JmapClient } from './support/jmap.ts';
import { fillMailbox, word } from './support/mailbox.ts';
import { startHoming, type Running } from './support/server.ts';
import { connectSubmission } from './support/smtp.ts';

const PASSWORD = 'homing';
const TIMES = 30;
const PUSHES = 100;

export async function run({ seconds, say }: BenchOptions): Promise<object> {
  const homing = await startHoming();
  try {
    const { ports } = homing;
    say('signing in');
    const logins = {
      connections1: await logins1(ports.http, 1, seconds),
      connections8: await logins1(ports.http, 8, seconds),
    };
    const mailboxes: Record<string, object> = {};
    for (const [address, size] of [
      ['ben@pigeon.test', 10_000],
      ['cho@pigeon.test', 100_000],
    ] as const) {
      say(`${size} messages for ${address}`);
      await fillMailbox(homing.dataDir, address, size, say);
      const client = await connectJmap(ports.http, address, PASSWORD);
      mailboxes[size] = { screen: await screens(client), search: await searches(client, say) };
      client.close();
    }
    say('push');
    const push = await pushes(homing, say);
    return { bench: 'jmap', loginsASecond: logins, mailboxes, pushMs: push, rssMb: await homing.rssMb() };
  } finally {
    await homing.stop();
  }
}

/** A connection of its own and the session, again and again. */
async function logins1(port: number, connections: number, seconds: number): Promise<number> {
  const authorization = `Basic ${Buffer.from(`ana@pigeon.test:${PASSWORD}`).toString('base64')}`;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      get(
        { host: '127.0.0.1', port, path: '/.well-known/jmap', headers: { authorization }, agent: false },
        (response) => {
          response.resume();
          response.on('end', () =>
            response.statusCode === 200 ? resolve() : reject(new Error(String(response.statusCode))),
          );
        },
      ).on('error', reject);
    });
  await one();
  const began = performance.now();
  let done = 0;
  const lane = async (): Promise<void> => {
    for (; performance.now() - began < seconds * 1000; done++) await one();
  };
  await Promise.all(Array.from({ length: connections }, lane));
  return Math.round((done * 1000) / (performance.now() - began));
}

async function timed(work: () => Promise<unknown>): Promise<{ n: number; p50: number; p99: number }> {
  for (let i = 0; i < 3; i++) await work();
  const ms: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const start = performance.now();
    await work();
    ms.push(performance.now() - start);
  }
  return summary(ms);
}

const LISTED = [
  'threadId',
  'mailboxIds',
  'keywords',
  'from',
  'subject',
  'receivedAt',
  'preview',
  'hasAttachment',
  'size',
];

/** The newest 50 with what a list shows; as threads; those of a page far down. */
async function screens(client: JmapClient): Promise<object> {
  const screen = (query: Record<string, unknown>) => () =>
    client.calls(
      ['Email/query', { accountId: client.accountId, limit: 50, filter: { inMailbox: 'f1' }, ...query }, 'q'],
      [
        'Email/get',
        {
          accountId: client.accountId,
          '#ids': { resultOf: 'q', name: 'Email/query', path: '/ids' },
          properties: LISTED,
        },
        'g',
      ],
    );
  const sort = [{ property: 'receivedAt', isAscending: false }];
  return {
    newest50: await timed(screen({ sort })),
    newest50WithTotal: await timed(screen({ sort, calculateTotal: true })),
    newest50Threads: await timed(screen({ sort, collapseThreads: true })),
    unread50: await timed(screen({ sort, filter: { inMailbox: 'f1', notKeyword: '$seen' } })),
    from5000: await timed(screen({ sort, position: 5000 })),
  };
}

async function searches(client: JmapClient, say: (line: string) => void): Promise<object> {
  const results: Record<string, object> = {};
  for (const [name, filter] of Object.entries({
    rareWord: { text: word(9000) },
    someWord: { text: word(400) },
    commonWord: { text: word(0) },
    twoWords: { text: `${word(40)} ${word(90)}` },
    prefix: { text: word(9000).slice(0, -2) },
    shortPrefix: { text: 'ta' },
    phrase: { text: `"${word(2)} ${word(5)}"` },
    chinese: { text: '北京大学' },
    from: { from: `${word(7)}.p7@outside` },
    subject: { subject: word(100) },
    body: { body: word(400) },
    inMailbox: { operator: 'AND', conditions: [{ inMailbox: 'f1' }, { text: word(400) }] },
    nothing: { text: 'xylophone' },
  })) {
    const query = {
      accountId: client.accountId,
      filter,
      limit: 50,
      sort: [{ property: 'receivedAt', isAscending: false }],
    };
    const { total } = await client.call('Email/query', { ...query, calculateTotal: true });
    results[name] = { found: total as number, ...(await timed(() => client.call('Email/query', query))) };
    say(`${name}: ${JSON.stringify(results[name])}`);
  }
  return results;
}

/** From the reply to a submission's final dot until each listener has heard of it. */
async function pushes({ ports }: Running, say: (line: string) => void): Promise<object> {
  const authorization = `Basic ${Buffer.from(`dia@pigeon.test:${PASSWORD}`).toString('base64')}`;
  let heardEvent = Promise.withResolvers<number>();
  let heardSocket = Promise.withResolvers<number>();
  const agent = new Agent({ keepAlive: true });
  const stream = request({
    host: '127.0.0.1',
    port: ports.http,
    path: '/jmap/eventsource/?types=EmailDelivery&closeafter=no&ping=0',
    headers: { authorization },
    agent,
  });
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('response', (response) => {
      response.on('data', (chunk: Buffer) => {
        if (chunk.includes('event: state')) heardEvent.resolve(performance.now());
      });
      response.on('error', () => undefined);
      resolve();
    });
    stream.end();
  });
  const socket = new WebSocket(`ws://127.0.0.1:${ports.http}/jmap/ws/`, ['jmap'], { headers: { authorization } });
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  socket.on('message', () => heardSocket.resolve(performance.now()));
  socket.send(JSON.stringify({ '@type': 'WebSocketPushEnable', dataTypes: ['EmailDelivery'], pushState: null }));
  socket.send(
    JSON.stringify({ '@type': 'Request', using: ['urn:ietf:params:jmap:core'], methodCalls: [['Core/echo', {}, 'c']] }),
  );
  await heardSocket.promise;

  const smtp = await connectSubmission(ports.submissions, 'ana@pigeon.test', PASSWORD);
  const eventSource: number[] = [];
  const webSocket: number[] = [];
  for (let i = 0; i < PUSHES + 5; i++) {
    heardEvent = Promise.withResolvers();
    heardSocket = Promise.withResolvers();
    await smtp.send(
      'ana@pigeon.test',
      ['dia@pigeon.test'],
      `From: ana@pigeon.test\r\nTo: dia@pigeon.test\r\nSubject: Ring ${i}\r\n\r\nHello.\r\n`,
    );
    const accepted = performance.now();
    const [event, message] = await Promise.all([heardEvent.promise, heardSocket.promise]);
    if (i < 5) continue; // warm
    eventSource.push(Math.max(0, event - accepted));
    webSocket.push(Math.max(0, message - accepted));
  }
  smtp.close();
  socket.terminate();
  agent.destroy();
  say('done');
  return { eventSource: summary(eventSource), webSocket: summary(webSocket) };
}
