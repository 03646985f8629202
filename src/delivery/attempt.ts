// One attempt at some of a message's deliveries: claim, look at the gate, send, record (Gate protocol 6).

import { Unavailable } from '../mail/errors.ts';
import type { Meter } from '../mail/meter.ts';
import {
  claimDeliveries,
  extendLease,
  finalizeSubmission,
  freeDeliveries,
  outgoingMessage,
  putBack,
  recordResults,
  type AttemptResult,
  type Claimed,
  type OutgoingMessage,
} from '../store/outgoing.ts';
import type { Store } from '../store/postgres.ts';
import { tellStatus } from '../store/submissions.ts';
import { markTold } from '../store/untold.ts';
import { tellSender, type BounceDeps, type Told } from './bounce.ts';
import { handOver, routeOf, type HandOverDeps } from './hand-over.ts';
import { wantsToKnow } from './notify.ts';
import { GIVE_UP_MS, isDelayed, retryAt } from './retry.ts';
import { sendMail, type Fate, type NextHop, type Timeouts } from './smtp-client.ts';

export interface AttemptOptions {
  store: Store;
  /** Null: there is none, so everything for outside waits. */
  nextHop: () => NextHop | null;
  timeouts: Timeouts;
  /** A claim that is not renewed for this long is given up for lost. */
  leaseMs: number;
  meter?: Meter;
  /** Barrier tests stop here: 'claiming', 'claimed', 'checked', 'sent', 'recording'. */
  pause?: (point: string) => Promise<void>;
}

export type AttemptDeps = AttemptOptions & BounceDeps & HandOverDeps;

/** What became of a delivery, and who says so. */
export type Outcome = Fate & { host: string | null };

/** While this lasts, whoever recorded a failure tells the sender; after it, whoever finds it. */
export const TELL_MS = 5 * 60_000;

/** Claims what is still due of `deliveries`, tells how many that are, and attempts them. */
export async function attempt(
  deps: AttemptDeps,
  at: { tenant: number; message: number; deliveries: number[] },
  signal: AbortSignal,
  onClaimed: (count: number) => void,
): Promise<void> {
  const { store, clock, log } = deps;
  const { tenant, message } = at;
  const claimed = await store.transact(async (tx) => {
    const now = clock();
    const rows = await claimDeliveries(tx, tenant, message, at.deliveries, { now, leaseUntil: leaseFrom(deps, now) });
    await deps.pause?.('claiming');
    return rows;
  });
  onClaimed(claimed.length);
  if (claimed.length === 0) return;
  await deps.pause?.('claimed');

  const open = new Map(claimed.map((delivery) => [delivery.n, delivery]));
  const renew = setInterval(() => {
    extendLease(store, tenant, message, [...open.values()], leaseFrom(deps, clock())).catch((error: Error) =>
      log.warn({ err: error, message }, 'a lease was not renewed'),
    );
  }, deps.leaseMs / 3);
  const telling: Promise<void>[] = [];
  try {
    await leaveCovered(deps, at, open);
    if (open.size > 0) await deliver(deps, { ...at, signal, open, telling });
  } catch (error) {
    const left = [...open.values()];
    open.clear();
    log.error({ err: error, message, left: left.length }, 'an attempt failed');
    if (left.length > 0)
      await write(
        deps,
        at,
        left.map((delivery) => unsent(delivery, error, clock())),
        signal,
      );
  } finally {
    clearInterval(renew);
    await Promise.all(telling);
  }
}

/** What is still open was not sent. A fault of ours is not met again at once. */
function unsent({ n, attempts }: Claimed, error: unknown, now: Date): AttemptResult {
  const result = { n, attempts, state: 'queued', remoteHost: null } as const;
  if (error instanceof Unavailable) return { ...result, uncounted: true, dueAt: now, remoteReply: null };
  return { ...result, dueAt: retryAt(attempts, now, now), remoteReply: 'a fault of this server' };
}

function leaseFrom({ leaseMs }: AttemptDeps, now: Date): Date {
  return new Date(now.getTime() + leaseMs);
}

/** Claim-then-read against gate-then-read: a gate that committed before the claim is seen here, a later one sees the claim. */
async function leaveCovered(
  { store, clock, pause }: AttemptDeps,
  { tenant, message }: { tenant: number; message: number },
  open: Map<number, Claimed>,
): Promise<void> {
  const free = await freeDeliveries(store, tenant, message, [...open.keys()]);
  const covered = [...open.values()].filter(({ n }) => !free.has(n));
  if (covered.length > 0) await store.transact((tx) => putBack(tx, tenant, message, covered, clock()));
  for (const { n } of covered) open.delete(n);
  await pause?.('checked');
}

interface Job {
  tenant: number;
  message: number;
  signal: AbortSignal;
  /** Claimed, and nothing known of them yet. */
  open: Map<number, Claimed>;
  telling: Promise<void>[];
}

async function deliver(deps: AttemptDeps, job: Job): Promise<void> {
  const { store } = deps;
  const { tenant, open } = job;
  const message = await outgoingMessage(store, tenant, job.message);
  if (!message) throw new Error(`message ${job.message} has no envelope`);
  const { pending_account: pending } = message;
  if (pending !== null) await store.transact((tx) => finalizeSubmission(tx, tenant, job.message, pending));

  for (const [by, deliveries] of Map.groupBy([...open.values()], (delivery) => delivery.forward_by))
    await deliverFrom(deps, job, message, by, deliveries);
}

/** `by`: the account whose rule sends the message on, which answers for it in the sender's stead. */
async function deliverFrom(
  deps: AttemptDeps,
  job: Job,
  message: OutgoingMessage,
  by: string | null,
  claimed: Claimed[],
): Promise<void> {
  const { directory, blobs } = deps;
  const { tenant } = job;
  const mailFrom = by === null || message.mail_from === '' ? message.mail_from : by;
  // RFC 9228 §4: by it the account's rules know the message if it comes back.
  const line = by === null ? '' : `Delivered-To: ${by}\r\n`;
  const trace = Buffer.from(line);
  const routes = await routeOf(directory, tenant, claimed);
  await record(deps, job, message, routes.refused);
  for (const [to, deliveries] of routes.here) {
    await record(
      deps,
      job,
      message,
      await handOver(
        deps,
        { tenant: to, messageId: job.message, from: tenant, message: { ...message, mail_from: mailFrom }, trace: line },
        deliveries,
      ),
    );
  }
  const outside = routes.outside;
  if (outside.length === 0) return;
  const nextHop = deps.nextHop();
  if (nextHop === null) {
    const waiting: Outcome = { kind: 'deferred', reply: 'no next hop is set', maybeSent: false, host: null };
    return record(deps, job, message, new Map(outside.map(({ n }) => [n, waiting])));
  }
  const host = nextHop.name ?? nextHop.host;
  await sendMail(
    { nextHop, hostname: deps.hostname, timeouts: deps.timeouts, signal: job.signal },
    {
      mailFrom,
      recipients: outside.map(({ recipient, notify, original_recipient }) => ({
        address: recipient,
        notify,
        originalRecipient: original_recipient,
      })),
      size: message.size + trace.length,
      eightBit: message.body !== '7bit',
      smtputf8: message.smtputf8,
      ret: message.ret,
      envid: message.envid,
      async *content() {
        if (trace.length > 0) yield trace;
        // RFC 2045 §2.7, §2.8: neither 7-bit nor 8-bit text has NULs, and a server that drops one might see an end there.
        // nodemailer makes CRLF of each bare CR and LF, and stuffs dots.
        for await (const chunk of blobs.stream(tenant, message.blob_id))
          yield chunk.includes(0) ? Buffer.from(chunk.filter((octet) => octet !== 0)) : chunk;
      },
      async hasEightBit() {
        for await (const chunk of blobs.stream(tenant, message.blob_id))
          if (chunk.some((octet) => octet > 127)) return true;
        return false;
      },
      hasEightBitHeader: async () =>
        trace.some((octet) => octet > 127) ||
        (await blobs.read(tenant, message.blob_id, [0, message.header_size])).some((octet) => octet > 127),
    },
    async (fates) => {
      await deps.pause?.('sent');
      const outcomes = [...fates].flatMap(([index, fate]): [number, Outcome][] => {
        const delivery = outside[index];
        return delivery ? [[delivery.n, { ...fate, host }]] : [];
      });
      await record(deps, job, message, new Map(outcomes));
    },
  );
}

/** Records outcomes, which ends the attempt for them, and tells the sender what is to be told. */
async function record(
  deps: AttemptDeps,
  job: Job,
  message: OutgoingMessage,
  outcomes: ReadonlyMap<number, Outcome>,
): Promise<void> {
  const now = deps.clock();
  const decided = [...outcomes].flatMap(([n, outcome]) => {
    const delivery = job.open.get(n);
    job.open.delete(n);
    return delivery ? [{ delivery, result: resultOf(delivery, outcome, message, now) }] : [];
  });
  if (decided.length === 0) return;
  for (const { kind } of outcomes.values()) deps.meter?.count('homing_delivery_attempts_total', { result: kind });
  const written = await write(
    deps,
    job,
    decided.map((one) => one.result),
    job.signal,
  );
  const told = decided
    .filter(({ result }) => written.has(result.n))
    .flatMap(({ delivery, result }) => toldOf(delivery, result, message, now) ?? []);
  if (told.length === 0) return;
  const ended = decided.filter(({ result }) => result.state !== 'queued').map(({ result }) => result.n);
  job.telling.push(
    tellSender(deps, { tenant: job.tenant, messageId: job.message, message }, told)
      .then(() => (ended.length > 0 ? markTold(deps.store, job.tenant, job.message, ended) : undefined))
      .catch((error: Error) => deps.log.warn({ err: error, message: job.message }, 'the sender could not be told')),
  );
}

/** What went out is not forgotten because the database is away: written as soon as it is back. */
async function write(
  { store, clock, log, pause }: AttemptDeps,
  { tenant, message }: { tenant: number; message: number },
  results: AttemptResult[],
  signal: AbortSignal,
): Promise<Set<number>> {
  for (;;) {
    try {
      return await store.transact(async (tx) => {
        if (results.some((result) => !result.uncounted)) await tellStatus(tx, tenant, message);
        const written = await recordResults(tx, tenant, message, results, clock());
        if (results.some((result) => result.uncounted)) tx.changes.wake.add('outgoing');
        await pause?.('recording');
        return written;
      });
    } catch (error) {
      if (!(error instanceof Unavailable) || signal.aborted) throw error;
      log.warn({ err: error, message }, 'what was sent waits to be recorded');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** What an outcome makes of a delivery's row. Pure. */
export function resultOf(delivery: Claimed, outcome: Outcome, message: OutgoingMessage, now: Date): AttemptResult {
  const { n, attempts, notify } = delivery;
  const result = { n, attempts, remoteHost: outcome.host, remoteReply: 'reply' in outcome ? outcome.reply : null };
  switch (outcome.kind) {
    case 'delivered':
      return { ...result, state: 'delivered', dueAt: outcome.passedOn ? null : tellBy(message, notify, 1, now) };
    case 'untried':
      return { ...result, state: 'queued', uncounted: true, dueAt: now, remoteHost: null };
    case 'refused':
      return { ...result, state: 'failed', dueAt: tellBy(message, notify, 2, now) };
    case 'deferred': {
      const { maybeSent } = outcome;
      const dueAt = retryAt(attempts, message.since, now);
      if (dueAt)
        return { ...result, state: 'queued', maybeSent, dueAt, delayTold: isDelayed(notify, message.since, now) };
      return {
        ...result,
        state: 'failed',
        maybeSent,
        dueAt: tellBy(message, notify, 2, now),
        remoteReply: `${outcome.reply} (tried for ${GIVE_UP_MS / 86_400_000} days)`,
      };
    }
  }
}

function tellBy(message: OutgoingMessage, notify: number, bit: 1 | 2, now: Date): Date | null {
  return wantsToKnow(message.mail_from, notify, bit) ? new Date(now.getTime() + TELL_MS) : null;
}

/** What the sender is to be told of it now, if anything. */
function toldOf(delivery: Claimed, result: AttemptResult, message: OutgoingMessage, now: Date): Told | undefined {
  const told = {
    recipient: delivery.recipient,
    via: delivery.via,
    originalRecipient: delivery.original_recipient,
    remoteHost: result.remoteHost,
    reply: result.remoteReply,
    at: now,
    maybeSent: delivery.maybe_sent || result.maybeSent === true,
  };
  if (result.state === 'failed' && result.dueAt !== null) return { ...told, action: 'failed' };
  if (result.delayTold && wantsToKnow(message.mail_from, delivery.notify, 4)) {
    return { ...told, action: 'delayed', until: new Date(message.since.getTime() + GIVE_UP_MS) };
  }
  // RFC 3461 §5.2.3: the next one does not tell, so we do.
  return result.state === 'delivered' && result.dueAt !== null ? { ...told, action: 'relayed' } : undefined;
}
