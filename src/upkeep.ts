// Upkeep: what has been kept for its time goes, tenant by tenant, in small transactions beside everything else. Nothing of
// it is on the path of a message.

import { carriedOf } from './delivery/acceptance.ts';
import { PERIOD_MS } from './delivery/vacation.ts';
import type { Directory } from './directory/directory.ts';
import { FORGET_MS } from './directory/guard.ts';
import { Unavailable } from './mail/errors.ts';
import type { Logger } from './mail/log.ts';
import { parseMessage } from './mail/mime/parse.ts';
import type { Blobs } from './store/blobs.ts';
import {
  expireVault,
  forgetDeliveries,
  forgetMessages,
  forgetRecall,
  forgetRequests,
  forgetSubmissions,
  messagesPage,
  recallsToExpire,
  recallsToForget,
  trackedMessages,
} from './store/expiry.ts';
import type { Carried } from './store/carried.ts';
import { carriedBefore, keepLooked, unlooked } from './store/carried-before.ts';
import { tenantIds } from './store/outgoing.ts';
import type { Store } from './store/postgres.ts';
import { expireFailures } from './store/sign-in-failures.ts';
import { expireSubscriptions } from './store/push-subscriptions.ts';
import { expireUploads } from './store/uploads.ts';
import { expireAnswered } from './store/vacation.ts';

export interface UpkeepDeps {
  store: Store;
  blobs: Pick<Blobs, 'remove' | 'read'>;
  directory: Pick<Directory, 'policy'>;
  clock: () => Date;
  log: Logger;
}

/** What a round has removed. */
export interface Removed {
  uploads: number;
  vault: number;
  recalls: number;
  submissions: number;
  deliveries: number;
  messages: number;
  /** Looked through for what they carry and forward. */
  carried: number;
}

export interface Upkeep {
  /** One round, in the caller's time. */
  run(): Promise<Removed>;
  start(): void;
  /** Ends after the batch under way. */
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const ROUND_MS = HOUR_MS;

/** A start is no time for it. */
const FIRST_MS = 5 * 60_000;

/** RFC 8620 §6: at least an hour. */
const UPLOAD_MS = DAY_MS;

/** No face waits this long for more of a message. */
const COMING_MS = HOUR_MS;

/**
 * A message that nothing refers to is looked at twice, this far apart: what was just being copied elsewhere has its copy
 * by then.
 */
const TWICE_MS = HOUR_MS / 2;

/** Pages of messages, of all tenants, that one round looks at; the next one goes on from there. */
const PAGES = 200;

/** Messages remembered for their second look. */
const REMEMBERED = 100_000;

export function createUpkeep(deps: UpkeepDeps): Upkeep {
  const { store, blobs, directory, clock, log } = deps;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<unknown> = Promise.resolve();
  /** Messages that nothing referred to, by tenant: since when. */
  const loose = new Map<number, Map<number, number>>();
  const cursors = new Map<number, number>();

  /** Does batches until one has less to do than it could, or this process ends. */
  const each = async <T>(list: T[], batch: (one: T) => Promise<boolean>): Promise<void> => {
    for (const one of list) while (!stopping && (await batch(one)));
  };

  const vault = async (tenant: number, before: Date, removed: Removed): Promise<void> =>
    each(await recallsToExpire(store, tenant, before), async (recall) => {
      const gone = await store.transact((tx) => expireVault(tx, tenant, recall, before), 'batch');
      removed.vault += gone;
      return gone > 0;
    });

  const tracking = async (tenant: number, before: Date, removed: Removed): Promise<void> => {
    await each(await recallsToForget(store, tenant, before), async (recall) => {
      const gone = await store.transact((tx) => forgetRecall(tx, tenant, recall), 'batch');
      if (gone) removed.recalls++;
      return !gone;
    });
    await store.transact((tx) => forgetRequests(tx, tenant, before), 'batch');
    // Messages are numbered as they come: a whole page too young ends it.
    for (let after = 0; !stopping;) {
      const page = await trackedMessages(store, tenant, after, before);
      const due = page.filter((one) => one.due);
      await each(due, async ({ message }) => {
        const gone = await store.transact((tx) => forgetDeliveries(tx, tenant, message, before), 'batch');
        removed.deliveries += gone;
        return gone > 0;
      });
      if (due.length === 0) break;
      after = page.at(-1)?.message ?? 0;
    }
    // Last: a recall that was just being asked for as its submission went has been seen before deliveries go.
    await each([before], async () => {
      const gone = await store.transact((tx) => forgetSubmissions(tx, tenant, before), 'batch');
      removed.submissions += gone;
      return gone > 0;
    });
  };

  const messages = async (tenant: number, pages: number, removed: Removed): Promise<void> => {
    const now = clock().getTime();
    const seen = loose.get(tenant) ?? new Map<number, number>();
    loose.set(tenant, seen);
    const due = [...seen].filter(([, since]) => since <= now - TWICE_MS).map(([id]) => id);
    for (let i = 0; i < due.length && !stopping; i += 500) {
      const some = due.slice(i, i + 500);
      removed.messages += await store.transact((tx) => forgetMessages(tx, blobs, tenant, some), 'batch');
      for (const id of some) seen.delete(id);
    }
    for (let i = 0; i < pages && !stopping; i++) {
      const page = await messagesPage(store, tenant, cursors.get(tenant) ?? 0, new Date(now - DAY_MS));
      for (const { id, loose: isLoose } of page) {
        if (!isLoose) seen.delete(id);
        else if (!seen.has(id) && seen.size < REMEMBERED) seen.set(id, now);
      }
      cursors.set(tenant, page.at(-1)?.id ?? 0);
      if (page.length === 0) break; // from the beginning, the next time
    }
  };

  /** What was accepted before it was kept what messages carry; done once for each tenant. */
  const look = async (tenant: number, removed: Removed): Promise<void> => {
    for (let from = await carriedBefore(store, tenant); from !== undefined && !stopping;) {
      const begun = { from };
      const some = await unlooked(store, tenant, from);
      const carried: Carried[] = [];
      for (const { id, blob_id: blob, submitted } of some) {
        const bytes = await blobs.read(tenant, blob);
        carried.push(carriedOf(id, { bytes, parsed: parseMessage(bytes) }, submitted));
      }
      const next = some.at(-1)?.id ?? null;
      if (!(await store.transact((tx) => keepLooked(tx, tenant, { ...begun, next }, carried), 'batch'))) return;
      removed.carried += some.length;
      from = next === null ? undefined : next - 1;
    }
  };

  /** What cannot be done of one tenant is left for the next round, and holds nothing else up. */
  const aside = async (tenant: number, work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      if (error instanceof Unavailable) throw error;
      log.warn({ tenant, err: error }, 'upkeep left something for the next round');
    });
  };

  const run = async (): Promise<Removed> => {
    const removed: Removed = {
      uploads: 0,
      vault: 0,
      recalls: 0,
      submissions: 0,
      deliveries: 0,
      messages: 0,
      carried: 0,
    };
    const now = clock().getTime();
    removed.uploads = await expireUploads({ store, blobs }, new Date(now - UPLOAD_MS), new Date(now - COMING_MS));
    const ago = (ms: number): Date => new Date(now - ms);
    await store.transact(
      (tx) => expireFailures(tx, { failures: ago(FORGET_MS.failures), known: ago(FORGET_MS.known) }),
      'batch',
    );
    const tenants = await tenantIds(store);
    for (const tenant of tenants) {
      const policy = await directory.policy(tenant);
      const daysAgo = (days: number): Date => new Date(now - days * DAY_MS);
      await store.transact((tx) => expireAnswered(tx, tenant, new Date(now - PERIOD_MS)), 'batch');
      await store.transact((tx) => expireSubscriptions(tx, tenant, clock()), 'batch');
      await aside(tenant, vault(tenant, daysAgo(policy.vaultRetentionDays), removed));
      // What may still be recalled is tracked, whatever the policy says.
      const tracked = daysAgo(Math.max(policy.trackingRetentionDays, policy.maxAgeDays + 1));
      await aside(tenant, tracking(tenant, tracked, removed));
      await aside(tenant, look(tenant, removed));
      await aside(tenant, messages(tenant, Math.ceil(PAGES / tenants.length), removed));
    }
    return removed;
  };

  const later = (ms: number): void => {
    timer = setTimeout(() => {
      round = run()
        .then((removed) => log.info(removed, 'upkeep'))
        .catch((error: Error) => log.warn({ err: error }, 'upkeep was broken off'))
        .then(() => (stopping ? undefined : later(ROUND_MS)));
    }, ms);
  };

  return {
    run,
    start() {
      stopping = false;
      later(FIRST_MS);
    },
    async stop() {
      stopping = true;
      clearTimeout(timer);
      await round;
    },
  };
}
