// The services' doings, counted, timed and logged: a line each for what an operator asks about, with numbers and reasons,
// never with content.

import type { Accept, AcceptInput } from './delivery/accept.ts';
import type { Directory, SignedIn, SignInFrom } from './directory/directory.ts';
import { Refusal, Unavailable } from './mail/errors.ts';
import type { Logger } from './mail/log.ts';
import type { Meter } from './mail/meter.ts';
import type { AccountInfo } from './recall/ports.ts';
import type { Recalls } from './recall/recalls.ts';
import type { RecallProgress } from './store/recalls.ts';

export interface MeteredDeps {
  meter: Meter;
  log: Logger;
}

/** A refusal's name, or which of the other two kinds of error it is. */
function reasonOf(error: unknown): string {
  return error instanceof Refusal ? error.reason : error instanceof Unavailable ? 'unavailable' : 'fault';
}

function originOf({ origin }: AcceptInput): string {
  return origin.kind === 'submission' ? origin.source : origin.kind;
}

export function meteredAccept({ meter, log }: MeteredDeps, accept: Accept): Accept {
  return async (input) => {
    const began = performance.now();
    const origin = originOf(input);
    try {
      const accepted = await accept(input);
      const { total, outside } = accepted;
      meter.count('homing_messages_accepted_total', { origin });
      meter.count('homing_recipients_accepted_total', { place: 'inside' }, total - outside);
      meter.count('homing_recipients_accepted_total', { place: 'outside' }, outside);
      meter.time('homing_message_accept_duration_seconds', { origin }, (performance.now() - began) / 1000);
      const { messageId: message, octets } = accepted;
      log.info({ tenant: input.tenant, message, origin, octets, total, outside }, 'accepted');
      return accepted;
    } catch (error) {
      meter.count('homing_messages_refused_total', { origin, reason: reasonOf(error) });
      log.info({ tenant: input.tenant, origin, octets: input.bytes.length, reason: reasonOf(error) }, 'refused');
      throw error;
    }
  };
}

export function meteredDirectory({ meter, log }: MeteredDeps, directory: Directory): Directory {
  const metered = async (from: SignInFrom, signIn: () => Promise<SignedIn | null>): Promise<SignedIn | null> => {
    const { face, ip } = from;
    try {
      const signedIn = await signIn();
      meter.count('homing_authentications_total', { face, result: signedIn ? 'granted' : 'refused' });
      if (!signedIn) log.info({ face, ip }, 'sign-in refused');
      return signedIn;
    } catch (error) {
      meter.count('homing_authentications_total', { face, result: reasonOf(error) });
      log.info({ face, ip, reason: reasonOf(error) }, 'sign-in refused');
      throw error;
    }
  };
  return {
    ...directory,
    signIn: (address, password, from) => metered(from, () => directory.signIn(address, password, from)),
    signInByToken: (token, from) => metered(from, () => directory.signInByToken(token, from)),
  };
}

export function meteredRecalls({ meter, log }: MeteredDeps, recalls: Recalls): Recalls {
  const { administrators } = recalls;
  /** `gated`: what of the answer is recalls whose gates have committed. */
  const metered = async <T>(
    actor: AccountInfo,
    request: () => Promise<T>,
    gated: (made: T) => RecallProgress[],
  ): Promise<T> => {
    const by = { tenant: actor.tenant, account: actor.id };
    const began = performance.now();
    try {
      const made = await request();
      const seconds = (performance.now() - began) / 1000;
      const all = gated(made);
      meter.count('homing_recall_requests_total', { result: all.length > 0 ? 'gated' : 'waits' });
      if (all.length > 0) meter.time('homing_recall_gate_duration_seconds', {}, seconds);
      for (const { id, total } of all) log.info({ ...by, recall: id, total, seconds }, 'recall gated');
      return made;
    } catch (error) {
      meter.count('homing_recall_requests_total', { result: reasonOf(error) });
      log.info({ ...by, reason: reasonOf(error) }, 'recall refused');
      throw error;
    }
  };
  return {
    ...recalls,
    request: (request) =>
      metered(
        request.actor,
        () => recalls.request(request),
        (made) => [made],
      ),
    administrators: {
      ...administrators,
      request: (request) =>
        metered(
          request.actor,
          () => administrators.request(request),
          (made) => (made.kind === 'recalled' ? [made.recall, ...made.forwards] : []),
        ),
      approve: (actor, id) =>
        metered(
          actor,
          () => administrators.approve(actor, id),
          (made) => [made.recall, ...made.forwards],
        ),
    },
  };
}

/** For createRecalls: told of each recall that has ended. */
export function recallEnded({ meter, log }: MeteredDeps, recall: RecallProgress): void {
  const ended = recall.done_at ?? recall.gated_at;
  const seconds = (ended.getTime() - recall.gated_at.getTime()) / 1000;
  for (const [outcome, count] of Object.entries(recall.counts))
    meter.count('homing_recall_outcomes_total', { outcome }, count);
  meter.time('homing_recall_duration_seconds', {}, seconds);
  log.info({ recall: recall.id, status: recall.status, counts: recall.counts, seconds }, 'recall ended');
}
