// Sessions that do whatever is legal while messages arrive and are recalled; everything that they are told is held against
// everything else. Nothing of it is written down: the server is asked over its faces alone.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../support/http.ts';
import { askRecall, outcomesOf, sendMail } from '../../support/recalling.ts';
import { StressSession, type SessionOptions } from './client.ts';
import { act, createRandom, MAILBOXES, type Deps, type Left, type Random } from './commands.ts';
import { createTruth, type Exposure, type Outcome, type Truth } from './truth.ts';

export interface StressOptions {
  imaps: number;
  /** Who sends and recalls. */
  sender: Client;
  /** Whose mailboxes they are; sessions are dealt out among them. */
  accounts: string[];
  clients: number;
  seconds: number;
  /** It goes on until there were so many, on a machine that is slow. */
  commands?: number;
  seed: number;
  /** Messages a second. */
  arrivals: number;
  say(line: string): void;
}

export interface StressResult {
  seed: number;
  seconds: number;
  commands: number;
  /** By verb: how many, and milliseconds in the middle, of the slowest in a hundred, and at most. */
  verbs: Record<string, { count: number; p50: number; p99: number; most: number }>;
  sent: number;
  recalls: number;
  outcomes: Record<string, number>;
  problems: string[];
}

export async function stressImap(options: StressOptions): Promise<StressResult> {
  const truth = createTruth(options.say);
  const took = new Map<string, number[]>();
  const began = performance.now();
  let commands = 0;
  const isOver = (): boolean =>
    (performance.now() - began > options.seconds * 1000 && commands >= (options.commands ?? 0)) ||
    truth.problems.length >= 100;
  const tokens = { next: 0, recent: [] as string[] };
  const token = (): string => `token-${(tokens.next++).toString(36)}-x`;
  const recall = { sent: 0, under: [] as Promise<unknown>[], pending: 0, outcomes: new Map<string, number>(), made: 0 };

  const record = (verb: string, ms: number): void => {
    commands++;
    const all = took.get(verb);
    if (all) all.push(ms);
    else took.set(verb, [ms]);
  };

  const clients = Array.from({ length: options.clients }, async (_, i) => {
    const random = createRandom(options.seed * 1000 + i);
    const account = options.accounts[i % options.accounts.length] ?? '';
    const deps: Deps = { random, truth, token, recent: () => random.pick(tokens.recent) };
    const session: SessionOptions = {
      port: options.imaps,
      account,
      truth,
      took: record,
    };
    while (!isOver()) await live(session, deps, isOver);
  });
  const by = withinLimits(options.sender);
  const send = async (random: Random, to: string[]): Promise<void> => {
    const name = token();
    const { emailId } = await sendMail(by, to, `Sent ${name}`);
    recall.sent++;
    tokens.recent.push(name);
    if (tokens.recent.length > 20) tokens.recent.shift();
    if (random.chance(0.3)) return;
    await sleep(random.below(1500));
    const ended = await takeBack(by, emailId, name, truth, record);
    recall.made++;
    for (const { outcome } of ended.values()) recall.outcomes.set(outcome, (recall.outcomes.get(outcome) ?? 0) + 1);
  };
  const sender = (async (): Promise<void> => {
    const random = createRandom(options.seed);
    for (; !isOver(); await sleep(1000 / options.arrivals)) {
      const to = options.accounts.filter(() => random.chance(3 / options.accounts.length));
      // What does not keep up is not pressed further: recalls are to run beside sessions, not in a queue of their own.
      if (to.length === 0 || recall.pending >= JMAP_AT_ONCE) continue;
      recall.pending++;
      recall.under.push(
        send(random, to)
          .catch((error: unknown) => options.say(`a message was not sent, or not recalled: ${String(error)}`))
          .finally(() => recall.pending--),
      );
    }
  })();
  const progress = setInterval(() => {
    options.say(
      `${Math.round((performance.now() - began) / 1000)} s: ${commands} commands, ${recall.sent} sent, ${recall.made} recalled, ${truth.problems.length} inconsistencies`,
    );
  }, 10_000);
  try {
    await Promise.all([...clients, sender]);
    await Promise.all(recall.under);
  } finally {
    clearInterval(progress);
  }
  for (const account of options.accounts) await settle(options.imaps, account, truth);
  truth.check();
  return {
    seed: options.seed,
    seconds: Math.round((performance.now() - began) / 1000),
    commands,
    verbs: Object.fromEntries([...took].map(([verb, all]) => [verb, figures(all)])),
    sent: recall.sent,
    recalls: recall.made,
    outcomes: Object.fromEntries(recall.outcomes),
    problems: truth.problems,
  };
}

/** A session from its beginning to its end: some with CONDSTORE, some with QRESYNC, some in the terms of IMAP4rev2. */
async function live(options: SessionOptions, deps: Deps, isOver: () => boolean): Promise<void> {
  const { random } = deps;
  const session = await StressSession.open(options);
  try {
    const enable = random.pick(['', 'CONDSTORE', 'QRESYNC', 'QRESYNC', 'IMAP4rev2', 'IMAP4rev2 CONDSTORE']);
    if (enable !== '') {
      await session.run(`ENABLE ${enable}`, { verb: 'ENABLE', expunges: true });
      for (const one of enable.split(' ')) session.enabled.add(one);
      if (enable === 'QRESYNC') session.enabled.add('CONDSTORE');
    }
    const left: Left = new Map();
    for (let i = 20 + random.below(400); i > 0 && !isOver(); i--) await act(session, left, deps);
    await session.run('LOGOUT', { verb: 'LOGOUT', expunges: false });
  } finally {
    session.close();
  }
}

/** To its end. */
async function takeBack(
  sender: Client,
  emailId: string,
  token: string,
  truth: Truth,
  record: SessionOptions['took'],
): Promise<Map<string, Outcome>> {
  const began = performance.now();
  const made = await askRecall(sender, emailId);
  const gated = performance.now();
  truth.gated(token, gated);
  record('(gate)', gated - began);
  const id = String(made['id'] ?? made['existingId']);
  for (const deadline = Date.now() + 60_000; ; await sleep(200)) {
    const { list } = (await sender.call('Recall/get', { ids: [id] })) as { list: { status: string }[] };
    if (list[0]?.status === 'done') {
      record('(recall)', performance.now() - began);
      break;
    }
    if (Date.now() > deadline) {
      truth.problem(`the recall of ${token} has not ended within a minute: ${JSON.stringify(made)} ${list[0]?.status}`);
      return new Map();
    }
  }
  const rows = Object.entries(await outcomesOf(sender, id));
  const outcomes = new Map<string, Outcome>(
    rows.map(([to, row]) => [to, { outcome: String(row['outcome']), exposure: String(row['exposure']) as Exposure }]),
  );
  truth.ended(token, outcomes);
  return outcomes;
}

/** Once nobody does anything, every way of counting counts the same. */
async function settle(imaps: number, account: string, truth: Truth): Promise<void> {
  const session = await StressSession.open({ port: imaps, account, truth, took: () => undefined });
  await session.run('ENABLE CONDSTORE', { verb: 'ENABLE', expunges: true });
  for (const name of MAILBOXES) {
    await session.select('SELECT', name, null);
    const count = session.box?.messages.length ?? -1;
    const run = (command: string): ReturnType<StressSession['run']> =>
      session.run(command, { verb: '', expunges: true, byUid: command.startsWith('UID ') });
    const numbers = async (command: string): Promise<number> =>
      (await run(command)).responses.reduce((sum, one) => sum + (one.kind === 'search' ? one.numbers.length : 0), 0);
    const { responses } = await run(`STATUS ${name} (MESSAGES UNSEEN UIDNEXT)`);
    const told = responses.find((one) => one.kind === 'status')?.items;
    const fetched = count > 0 ? (await run('UID FETCH 1:* (UID FLAGS MODSEQ)')).responses : [];
    const counts = [
      told?.get('MESSAGES'),
      await numbers('UID SEARCH ALL'),
      fetched.filter((one) => one.kind === 'fetch').length,
    ];
    if (counts.some((one) => one !== count))
      truth.problem(`${account}/${name}: EXISTS ${count}, STATUS, SEARCH, FETCH: ${counts.join(', ')}`);
    const unseen = await numbers('SEARCH UNSEEN');
    if (told?.get('UNSEEN') !== unseen)
      truth.problem(`${account}/${name}: STATUS says ${told?.get('UNSEEN')} unread, SEARCH ${unseen}`);
  }
  session.close();
}

/** As many at a time as JMAP lets one account ask (RFC 8620 §2, maxConcurrentRequests). */
const JMAP_AT_ONCE = 8;

/** What a client asks, so many at a time. A connection that was kept may be closed by the server just as it is used again. */
function withinLimits(client: Client): Client {
  let free = JMAP_AT_ONCE;
  const waiting: (() => void)[] = [];
  const call: Client['call'] = async (name, args) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await client.call(name, args).catch((error: unknown) => {
        if (error instanceof TypeError) return client.call(name, args);
        throw error;
      });
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
  return { ...client, call };
}

function figures(all: number[]): { count: number; p50: number; p99: number; most: number } {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
  return { count: all.length, p50: at(0.5), p99: at(0.99), most: at(1) };
}
