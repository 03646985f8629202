// The outgoing queue's worker: looks for what is due, tenant by tenant, and attempts many messages side by side.

import { Unavailable } from '../mail/errors.ts';
import { createLanes } from '../store/lanes.ts';
import {
  dropEnvelopes,
  dueDeliveries,
  lockExpired,
  outgoingMessage,
  recordResults,
  tenantIds,
} from '../store/outgoing.ts';
import { tellStatus } from '../store/submissions.ts';
import { markTold, takeUntold, type EndedDelivery } from '../store/untold.ts';
import { attempt, resultOf, TELL_MS, type AttemptDeps } from './attempt.ts';
import { tellSender, type Told } from './bounce.ts';
import { wantsToKnow } from './notify.ts';
import type { NextHop, Timeouts } from './smtp-client.ts';

export interface Outgoing {
  /** Attempts what is due until nothing is, in the caller's time: for tests. Answers how many deliveries were attempted. */
  run(): Promise<number>;
  /** Puts back what workers that are gone had claimed, tells senders what they were not told, and forgets what is done. */
  recover(): Promise<void>;
  start(): void;
  /** Ends after the attempts under way; those that take longer than `graceMs` are broken off. */
  stop(): Promise<void>;
  /** Where mail for outside goes from now on. */
  nextHop: NextHop | null;
}

export interface OutgoingDeps extends Omit<AttemptDeps, 'nextHop' | 'timeouts' | 'leaseMs'> {
  nextHop: NextHop | null;
  timeouts?: Timeouts;
  leaseMs?: number;
  graceMs?: number;
}

/** RFC 5321 §4.5.3.2. */
const TIMEOUTS: Timeouts = { connect: 30_000, greeting: 60_000, reply: 600_000 };

/** Renewed while an attempt lasts, so it need not outlast one. */
const LEASE_MS = 2 * 60_000;

/** Attempts side by side, and of them those of one message: one slow recipient must not stop the rest. */
const SIDE_BY_SIDE = 20;
const OF_ONE_MESSAGE = 4;

/** Recipients of one transaction. RFC 5321 §4.5.3.1.8: every server takes that many. */
const RECIPIENTS = 100;

/** What becomes due without news is found this late at most. */
const TICK_MS = 500;
const RECOVER_MS = 30_000;

interface Job {
  tenant: number;
  message: number;
  /** How many deliveries are its own; undefined: that is not certain yet. */
  claimed: number | undefined;
}

export function createOutgoing(options: OutgoingDeps): Outgoing {
  const { store, clock, log } = options;
  let { nextHop } = options;
  const deps: AttemptDeps = {
    ...options,
    nextHop: () => nextHop,
    timeouts: options.timeouts ?? TIMEOUTS,
    leaseMs: options.leaseMs ?? LEASE_MS,
  };
  const active = new Map<Promise<void>, Job>();
  let ending = new AbortController();
  let claimed = 0;
  let turn = 0;

  /** There may be more of its message. What claimed nothing is in other hands, and is looked at by the clock. */
  const lookAgain = ({ claimed: own = 0 }: Job): void => void (own > 0 && store.notifier.emit('wake', 'outgoing'));

  const begin = (tenant: number, message: number, deliveries: number[]): void => {
    const job: Job = { tenant, message, claimed: undefined };
    const done = attempt(deps, { tenant, message, deliveries }, ending.signal, (count) => {
      job.claimed = count;
      claimed += count;
      lookAgain(job);
    })
      .catch((error: Error) => log.error({ err: error, message }, 'an attempt was lost'))
      .finally(() => {
        active.delete(done);
        lookAgain(job);
      });
    active.set(done, job);
  };

  /** Begins attempts at what is due, as many as there is room for; called again when one has claimed or ended. */
  const look = async (): Promise<void> => {
    const tenants = await tenantIds(store);
    // Another tenant is first each time.
    for (let i = 0; i < tenants.length && active.size < SIDE_BY_SIDE; i++) {
      const tenant = tenants[(turn + i) % tenants.length] ?? 0;
      const jobs = Map.groupBy(
        [...active.values()].filter((job) => job.tenant === tenant),
        (job) => job.message,
      );
      const full = [...jobs].filter(
        ([, of]) => of.length >= OF_ONE_MESSAGE || of.some((job) => job.claimed === undefined),
      );
      const busy = full.map(([message]) => message);
      const due = await dueDeliveries(store, tenant, clock(), busy, SIDE_BY_SIDE * RECIPIENTS);
      for (const [message, rows] of Map.groupBy(due, (row) => row.message_id)) {
        const room = Math.min(OF_ONE_MESSAGE - (jobs.get(message)?.length ?? 0), SIDE_BY_SIDE - active.size);
        for (let j = 0; j < room && j * RECIPIENTS < rows.length; j++) {
          const deliveries = rows.slice(j * RECIPIENTS, (j + 1) * RECIPIENTS).map((row) => row.n);
          begin(tenant, message, deliveries);
        }
      }
    }
    turn++;
  };

  const lanes = createLanes({
    store,
    log,
    lanes: 1,
    wakes: ['outgoing'],
    tickMs: TICK_MS,
    async step() {
      await look();
      return false;
    },
  });

  const recover = async (): Promise<void> => {
    for (const tenant of await tenantIds(store)) {
      while (await giveUpForLost(deps, tenant));
      while (await tellUntold(deps, tenant));
      await dropEnvelopes(store, tenant);
    }
  };
  let underWay: Promise<void> | undefined;
  const recoverQuietly = (): void => {
    underWay ??= recover()
      .catch((error: Error) => log.warn({ err: error }, 'the outgoing queue could not be looked through'))
      .finally(() => (underWay = undefined));
  };
  let recovering: NodeJS.Timeout | undefined;

  return {
    async run() {
      const before = claimed;
      for (let seen = -1; seen !== claimed;) {
        seen = claimed;
        do {
          await look();
          if (active.size > 0) await Promise.race(active.keys());
        } while (active.size > 0);
      }
      return claimed - before;
    },
    recover,
    start() {
      ending = new AbortController();
      lanes.start();
      recoverQuietly();
      store.notifier.on('resync', recoverQuietly);
      recovering = setInterval(recoverQuietly, RECOVER_MS);
    },
    async stop() {
      clearInterval(recovering);
      store.notifier.off('resync', recoverQuietly);
      await lanes.stop();
      const grace = setTimeout(() => ending.abort(), options.graceMs ?? 2000);
      await Promise.all([...active.keys(), underWay]);
      clearTimeout(grace);
    },
    get nextHop() {
      return nextHop;
    },
    set nextHop(next) {
      nextHop = next;
    },
  };
}

/** A worker that is gone may have sent what it had claimed: `maybe_sent`, for ever. False: there is none. */
async function giveUpForLost({ store, clock, log }: AttemptDeps, tenant: number): Promise<boolean> {
  const given = await store.transact(async (tx) => {
    const now = clock();
    const lost = await lockExpired(tx, tenant, now);
    if (!lost) return undefined;
    const message = await outgoingMessage(tx, tenant, lost.message);
    if (!message) throw new Error(`message ${lost.message} has no envelope`);
    log.warn({ message: lost.message, deliveries: lost.claimed.length }, 'an attempt ended without a word');
    const outcome = {
      kind: 'deferred',
      reply: 'the attempt ended without a word',
      maybeSent: true,
      host: null,
    } as const;
    const results = lost.claimed.map((delivery) => resultOf(delivery, outcome, message, now));
    // Nobody is telling the sender of these yet.
    await recordResults(
      tx,
      tenant,
      lost.message,
      results.map((result) => (result.state === 'failed' && result.dueAt ? { ...result, dueAt: now } : result)),
      now,
    );
    return lost.message;
  });
  // Afterwards: the sender's account is locked before deliveries, and it was not known whose they are.
  if (given !== undefined) await store.transact((tx) => tellStatus(tx, tenant, given));
  return given !== undefined;
}

function toldOf(row: EndedDelivery): Told {
  const delivered = row.account_id === null ? 'relayed' : 'delivered';
  return {
    action: row.state === 'failed' ? 'failed' : delivered,
    // What is behind a group or an alias is not for a success to tell.
    recipient: row.state === 'delivered' ? (row.via ?? row.recipient) : row.recipient,
    via: row.via,
    originalRecipient: row.original_recipient,
    remoteHost: row.remote_host,
    reply: row.remote_reply,
    at: row.finished_at,
    maybeSent: row.maybe_sent,
  };
}

/** Tells a sender what whoever recorded it did not, and of deliveries inside. False: there is nothing. */
async function tellUntold(deps: AttemptDeps, tenant: number): Promise<boolean> {
  const { store, clock, log } = deps;
  const now = clock();
  const untold = await store.transact((tx) => takeUntold(tx, tenant, now, new Date(now.getTime() + TELL_MS)));
  if (!untold) return false;
  const message = await outgoingMessage(store, tenant, untold.message);
  const told = untold.ended
    .filter(({ state, notify }) => message && wantsToKnow(message.mail_from, notify, state === 'failed' ? 2 : 1))
    .map(toldOf);
  try {
    if (message) await tellSender(deps, { tenant, messageId: untold.message, message }, told);
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    log.warn({ err: error, message: untold.message }, 'the sender could not be told');
  }
  await markTold(
    store,
    tenant,
    untold.message,
    untold.ended.map((row) => row.n),
  );
  return true;
}
