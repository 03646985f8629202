// News between processes: after a commit, one small message per process and moment (NOTIFY inside a transaction would
// serialise commits). Whoever missed one catches up from modseq; `resync` and `look` say when that is due.

import { EventEmitter } from 'node:events';
import pg from 'pg';

export type Wake = 'fanout' | 'outgoing' | 'sweep' | 'restore' | 'vacation' | 'push';

/** What one transaction changed. Past 200 accounts of a tenant, name the tenant instead. */
export interface Changes {
  /** tenant → accounts whose modseq rose. */
  readonly accounts: Map<number, Set<number>>;
  /** Tenants in which many accounts changed. */
  readonly tenants: Set<number>;
  /** Workers that have something to do. */
  readonly wake: Set<Wake>;
  /** tenant → recalls whose progress changed. */
  readonly recalls: Map<number, Set<number>>;
}

export interface Events {
  /** accounts: null stands for many: look at each you serve. */
  accounts: [tenant: number, accounts: ReadonlySet<number> | null];
  recalls: [tenant: number, recalls: ReadonlySet<number>];
  wake: [worker: Wake];
  /** Directory or credentials of a tenant changed: drop what is cached of it. */
  directory: [];
  /** News may have been missed: look at everything you serve. */
  resync: [];
  /** It is time to see whether accounts are further than news of them: whoever changed one may have died before it told. */
  look: [];
}

export interface Notifier extends EventEmitter<Events> {
  publish(changes: Changes): void;
  /**
   * After a directory change's commit: this process knows at once, the others when it resolves; or later, if the database
   * is away.
   */
  publishDirectory(): Promise<void>;
  /** Resolves when what was published has been sent, or could not be: before a short-lived process ends. */
  flushed(): Promise<void>;
  /** Resolves once this process listens. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

interface News {
  a?: [number, number[] | null][];
  r?: [number, number[]][];
  w?: Wake[];
  d?: true;
  /** Too much to be named. */
  s?: true;
}

const ACCOUNTS_A_MESSAGE = 200;

/** PostgreSQL's own limit is 8,000. */
const MOST_OCTETS = 7_900;

/** News that could not be sent is sent again after this long. */
const AGAIN_MS = 200;

/**
 * News of accounts alone goes out at once, but in the long run no more often than this: under load each transaction's own would
 * be a tenth of all that the database does. What a person does, one thing after the other, is within the first few.
 */
const PACE_MS = 8;
const AT_ONCE = 6;

/** What a process that died between its commit and its news has changed is noticed this late at most. */
const LOOK_MS = 30_000;

/** Marks one account as changed. */
export function accountChanged(changes: Changes, tenant: number, account: number): void {
  const accounts = changes.accounts.get(tenant);
  if (accounts) accounts.add(account);
  else changes.accounts.set(tenant, new Set([account]));
}

export function recallChanged(changes: Changes, tenant: number, recall: number): void {
  const recalls = changes.recalls.get(tenant);
  if (recalls) recalls.add(recall);
  else changes.recalls.set(tenant, new Set([recall]));
}

export function createNotifier(options: {
  clientConfig: pg.ClientConfig;
  listen: boolean;
  send: (payload: string) => Promise<void>;
  onError: (error: Error) => void;
  lookMs?: number;
  paceMs?: number;
}): Notifier {
  const { paceMs = PACE_MS } = options;
  const emitter = new EventEmitter<Events>();
  emitter.setMaxListeners(0);
  let pending = emptyChanges();
  /** The others are still to be told that the directory has changed. */
  let directory = false;
  let sending = false;
  let closed = false;
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let again: NodeJS.Timeout | undefined;
  const look = options.listen ? setInterval(() => emitter.emit('look'), options.lookMs ?? LOOK_MS) : undefined;
  look?.unref();
  const ready = Promise.withResolvers<void>();

  let flushing: Promise<void> = Promise.resolve();

  /** From when on all that was sent is within its pace (performance.now()), and what ends a wait for that. */
  let pacedAt = -Infinity;
  let hurry: (() => void) | undefined;

  const isUrgent = (): boolean => directory || pending.wake.size > 0 || pending.recalls.size > 0;

  const pause = async (ms: number): Promise<void> => {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    hurry = undefined;
  };

  const flush = async (): Promise<void> => {
    if (sending) {
      if (isUrgent()) hurry?.();
      return;
    }
    sending = true;
    let changes = pending;
    let ofDirectory = directory;
    try {
      while (!closed) {
        const left = pacedAt - (AT_ONCE - 1) * paceMs - performance.now();
        if (left > 0 && pending.accounts.size + pending.tenants.size > 0 && !isUrgent()) await pause(left);
        changes = pending;
        ofDirectory = directory;
        const news = toNews(changes, ofDirectory);
        if (news === undefined) break;
        pending = emptyChanges();
        directory = false;
        const now = performance.now();
        // What did not wait for its turn puts off what does by no more than one.
        pacedAt = Math.min(Math.max(pacedAt, now) + paceMs, now + AT_ONCE * paceMs);
        if (options.listen) await options.send(textOf(news));
        else deliver(news);
      }
    } catch (error) {
      options.onError(error as Error);
      const later = pending;
      pending = changes;
      merge(pending, later);
      directory ||= ofDirectory;
      again = setTimeout(() => void flush(), AGAIN_MS);
    } finally {
      sending = false;
    }
  };

  const deliver = (news: News): void => {
    for (const [tenant, accounts] of news.a ?? []) emitter.emit('accounts', tenant, accounts && new Set(accounts));
    for (const [tenant, recalls] of news.r ?? []) emitter.emit('recalls', tenant, new Set(recalls));
    for (const worker of news.w ?? []) emitter.emit('wake', worker);
    if (news.d) emitter.emit('directory');
    if (news.s) emitter.emit('resync');
  };

  const listen = async (): Promise<void> => {
    const next = new pg.Client(options.clientConfig);
    client = next;
    const reconnect = (): void => {
      if (closed || client !== next) return;
      client = undefined;
      retry = setTimeout(() => void listen(), 200);
    };
    next.on('error', options.onError);
    next.on('end', reconnect);
    next.on('notification', (message) => deliver(JSON.parse(message.payload ?? '{}') as News));
    try {
      await next.connect();
      await next.query('LISTEN homing');
      ready.resolve();
      emitter.emit('resync');
    } catch (error) {
      options.onError(error as Error);
      void next.end().catch(() => undefined);
      reconnect();
    }
  };
  if (options.listen) void listen();
  else ready.resolve();

  return Object.assign(emitter, {
    ready: ready.promise,
    flushed: () => flushing,
    publish(changes: Changes) {
      merge(pending, changes);
      flushing = Promise.all([flushing, flush()]).then(() => undefined);
    },
    async publishDirectory() {
      emitter.emit('directory');
      if (!options.listen) return;
      directory = true;
      flushing = Promise.all([flushing, flush()]).then(() => undefined);
      await flushing;
    },
    async close() {
      closed = true;
      hurry?.();
      clearTimeout(retry);
      clearTimeout(again);
      clearInterval(look);
      await client?.end().catch(() => undefined);
    },
  });
}

export function emptyChanges(): Changes {
  return { accounts: new Map(), tenants: new Set(), wake: new Set(), recalls: new Map() };
}

function merge(into: Changes, from: Changes): void {
  for (const [tenant, accounts] of from.accounts) for (const account of accounts) accountChanged(into, tenant, account);
  for (const tenant of from.tenants) into.tenants.add(tenant);
  for (const worker of from.wake) into.wake.add(worker);
  for (const [tenant, recalls] of from.recalls) for (const recall of recalls) recallChanged(into, tenant, recall);
}

function textOf(news: News): string {
  const text = JSON.stringify(news);
  return text.length <= MOST_OCTETS ? text : JSON.stringify({ s: true } satisfies News);
}

/** Long lists become "many". */
function toNews(changes: Changes, ofDirectory: boolean): News | undefined {
  const news: News = {};
  const accounts: [number, number[] | null][] = [];
  let listed = 0;
  for (const [tenant, ids] of changes.accounts) {
    listed += ids.size;
    if (!changes.tenants.has(tenant)) accounts.push([tenant, listed > ACCOUNTS_A_MESSAGE ? null : [...ids]]);
  }
  for (const tenant of changes.tenants) accounts.push([tenant, null]);
  if (accounts.length > 0) news.a = accounts;
  if (changes.recalls.size > 0) news.r = [...changes.recalls].map(([tenant, ids]) => [tenant, [...ids].slice(-100)]);
  if (changes.wake.size > 0) news.w = [...changes.wake];
  if (ofDirectory) news.d = true;
  return Object.keys(news).length === 0 ? undefined : news;
}
