// Push subscriptions at work (RFC 8620 §7.2): the code that proves a URL, then its StateChanges. It runs behind the faces;
// of several processes the one that raises `told` first tells. What could not be told in five tries is left: the next
// change tells more.

import type { Directory } from '../directory/directory.ts';
import type { Logger } from '../mail/log.ts';
import type { Wake } from '../store/notify.ts';
import type { Store } from '../store/postgres.ts';
import { accountStates } from '../store/states.ts';
import {
  claimCode,
  claimTelling,
  deleteSubscription,
  liveSubscriptions,
  type OwnedSubscription,
} from '../store/push-subscriptions.ts';
import { openFeed, type Feed } from './feed.ts';
import type { Changed, Push, Seen } from './push.ts';
import type { Post } from './push-post.ts';
import { accountsOf } from './session.ts';

export interface PushSenderDeps {
  store: Store;
  directory: Directory;
  push: Push;
  post: Post;
  clock: () => Date;
  log: Logger;
  /** Milliseconds before each further try; tests have no time for it. */
  retryMs?: readonly number[];
}

export interface PushSender {
  /** Resolves when the subscriptions that there are now are followed. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const RETRY_MS: readonly number[] = [1_000, 5_000, 30_000, 120_000];

/** The longest that a push service makes us wait. */
const MOST_MS = 10 * 60_000;

/** Changes within this time are one message: each may wake a telephone. */
const GATHER_MS = 500;

/** Subscriptions end by themselves: looked for this often. */
const TICK_MS = 60_000;

interface Active {
  row: OwnedSubscription;
  /** What would make it another: types and accounts. */
  shape: string;
  feed: Feed;
  pending: Changed;
  sending: boolean;
}

export function createPushSender(deps: PushSenderDeps): PushSender {
  const { store, directory, push, post, clock, log, retryMs = RETRY_MS } = deps;
  const active = new Map<string, Active>();
  const tasks = new Set<Promise<unknown>>();
  let stopped = new AbortController();
  let due = false;
  let running: Promise<void> | undefined;
  let tick: NodeJS.Timeout | undefined;

  const background = (task: Promise<unknown>): void => {
    const done = task
      .catch((error: unknown) => log.warn({ err: error }, 'a push failed'))
      .finally(() => tasks.delete(done));
    tasks.add(done);
  };

  /** False: it was not taken. A subscription that cannot be told ever again is removed. */
  const deliver = async (row: OwnedSubscription, message: object): Promise<boolean> => {
    for (const wait of [...retryMs, null]) {
      const posted = await post(row.url, row.keys, message);
      if (posted.kind === 'done') return true;
      log.info({ subscription: row.id, reason: posted.reason }, 'a push was not taken');
      if (posted.kind === 'never') {
        const of = { tenant: row.tenant_id, account: row.account_id };
        await store.transact((tx) => deleteSubscription(tx, of, row.id));
        end(row.id);
        return false;
      }
      if (wait === null || !(await pause(Math.min(MOST_MS, posted.afterMs ?? wait), stopped.signal))) return false;
    }
    return false;
  };

  const end = (id: string): void => {
    active.get(id)?.feed.end();
    active.delete(id);
  };

  /** One message at a time to each; what comes meanwhile is in the next. */
  const tell = async (one: Active): Promise<void> => {
    if (one.sending) return;
    one.sending = true;
    try {
      while (Object.keys(one.pending).length > 0 && active.get(one.row.id) === one) {
        const isOurs = await claimTelling(store, one.row, sumOf(one.feed.seen().values()));
        const changed = one.pending;
        one.pending = {};
        if (isOurs) await deliver(one.row, { '@type': 'StateChange', changed });
      }
    } finally {
      one.sending = false;
    }
  };

  const begin = async (row: OwnedSubscription, accounts: number[], shape: string): Promise<void> => {
    const types = row.types && new Set(row.types);
    const states = await accountStates(store, row.tenant_id, accounts);
    // While nobody looked, no account can have come further than all of them together.
    const missed = Math.max(0, sumOf(states) - row.told);
    const last = new Map(
      states.map(({ account_id: account, modseq, submission, recall }) => [
        account,
        { modseq: modseq - missed, submission: submission - missed, recall: recall - missed },
      ]),
    );
    const feed = await openFeed(
      push,
      // The organisation's recalls are for pages that are looked at: no telephone is woken by them.
      {
        tenant: row.tenant_id,
        accounts,
        own: row.account_id,
        administrator: undefined,
        types,
        last,
        gatherMs: GATHER_MS,
      },
      (changed) => {
        for (const [account, changes] of Object.entries(changed))
          one.pending[account] = { ...one.pending[account], ...changes };
        background(tell(one));
      },
    );
    const one: Active = { row, shape, feed, pending: {}, sending: false };
    active.set(row.id, one);
    feed.begin();
  };

  const sync = async (): Promise<void> => {
    const rows = await liveSubscriptions(store, clock());
    const followed = new Set<string>();
    for (const row of rows) {
      const person = await directory.account(row.tenant_id, row.account_id);
      if (!person) continue;
      if (!row.verified) {
        background(sendCode(row));
        continue;
      }
      const accounts = [...(await accountsOf(directory, person)).values()].map(({ id }) => id);
      const shape = JSON.stringify([row.types, accounts]);
      followed.add(row.id);
      if (active.get(row.id)?.shape === shape) continue;
      end(row.id);
      await begin(row, accounts, shape);
    }
    for (const id of active.keys()) if (!followed.has(id)) end(id);
  };

  const sendCode = async (row: OwnedSubscription): Promise<void> => {
    if (!(await claimCode(store, row))) return;
    await deliver(row, {
      '@type': 'PushVerification',
      pushSubscriptionId: row.id,
      verificationCode: row.verification_code,
    });
  };

  const look = (): Promise<void> => {
    due = true;
    running ??= (async () => {
      while (due && !stopped.signal.aborted) {
        due = false;
        await sync().catch((error: unknown) => log.warn({ err: error }, 'push subscriptions wait for the database'));
      }
      running = undefined;
    })();
    return running;
  };
  const hear = (): void => void look();
  const onWake = (worker: Wake): void => {
    if (worker === 'push') hear();
  };

  return {
    async start() {
      stopped = new AbortController();
      store.notifier.on('wake', onWake).on('directory', hear).on('resync', hear);
      tick = setInterval(hear, TICK_MS);
      await look();
    },
    async stop() {
      stopped.abort();
      clearInterval(tick);
      store.notifier.off('wake', onWake).off('directory', hear).off('resync', hear);
      await running;
      for (const id of active.keys()) end(id);
      await Promise.all(tasks);
    },
  };
}

/** How far accounts have come: it only ever grows while they are the same. */
export function sumOf(seen: Iterable<Seen>): number {
  let sum = 0;
  for (const { modseq, submission, recall } of seen) sum += modseq + submission + recall;
  return sum;
}

/** False: it was broken off. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const stop = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve(true);
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
