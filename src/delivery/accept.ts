// Acceptance: one transaction makes a message, its bytes, its deliveries, the sender's copy and, for those inside, their
// copies. It resolves only once that is durable. Small messages that come at the same time share a transaction: the
// price of a commit is paid once for all of them.

import { domainOf } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import type { Logger } from '../mail/log.ts';
import type { EmailAddress } from '../mail/message.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { withSender } from '../mail/mime/compose.ts';
import { addMissing, prepend, removeHeaders } from '../mail/mime/trace.ts';
import type { Policy } from '../mail/policy.ts';
import type { Blobs } from '../store/blobs.ts';
import type { Ids } from '../store/ids.ts';
import type { Store } from '../store/postgres.ts';
import { messageIdOf } from '../store/messages.ts';
import type { Account, Directory } from '../directory/directory.ts';
import { acceptTogether, type Acceptance } from './acceptance.ts';
import { gatherAnswers } from './gather.ts';
import { takeIn, tooLarge, type Form } from '../store/large.ts';
import { route } from './route.ts';

export interface AcceptRecipient {
  address: string;
  /** RFC 3461 NOTIFY bits: 1 success, 2 failure, 4 delay, 8 never; failure by default. */
  notify?: number;
  originalRecipient?: string;
}

export type Origin =
  /** By somebody signed in: leaves a copy in Sent, is held before it goes outside, can be recalled. */
  | { kind: 'submission'; account: number; submittedBy: number; source: 'smtp' | 'jmap'; identityId?: number }
  /** From another server, or from another tenant of this one. */
  | { kind: 'outside' }
  /** Homing's own: bounces and reports. No submission, never held. */
  | { kind: 'server' };

export interface AcceptInput {
  tenant: number;
  origin: Origin;
  /** Return path; '' is the null sender. */
  mailFrom: string;
  recipients: AcceptRecipient[];
  /** As the client gave them. */
  bytes: Buffer;
  /** Of a large message, `bytes` are the beginning, with all of its header, and this goes on: it is read once, or not at all. */
  rest?: AsyncIterable<Buffer>;
  /** Trace fields to be put before it, complete lines. */
  received?: string;
  /** Of a submission on somebody's behalf: who sends it. The Sender field names them, whatever the bytes say. */
  sender?: EmailAddress;
  /** For a submission: make a copy in Sent (default), or the Email that is one already. */
  sentCopy?: 'create' | 'none' | { emailId: number };
  sendAt?: Date;
  /** Shown again by EmailSubmission/get. */
  envelope?: object;
  body?: '7bit' | '8bitmime';
  smtputf8?: boolean;
  ret?: string;
  envid?: string;
  /** It is the replacement of a recall, which places it (recall/apply/replace.ts), sent by the address `by`. */
  replaces?: { recallId: number; by: string };
}

export interface Accepted {
  messageId: number;
  messageIdHeader: string;
  submissionId: number | null;
  total: number;
  outside: number;
  sentEmailId: number | null;
  threadId: number;
  /** Octets of the message as stored. */
  octets: number;
}

/**
 * Durable when it resolves. Throws Refusal, with nothing stored: `noRecipients`, `tooManyRecipients`, `tooLarge`,
 * `unknownRecipient` (detail.address), `badAddress`, `alreadyReplaced`; or Unavailable; or what `rest` throws.
 */
export type Accept = (input: AcceptInput) => Promise<Accepted>;

export interface AcceptDeps {
  store: Store;
  ids: Ids;
  blobs: Blobs;
  directory: Pick<Directory, 'resolve' | 'policy' | 'account'>;
  clock: () => Date;
  log?: Logger;
  /** Groups of up to this many members inside have their copies at once; 500 by default. Race tests want a fan-out of few. */
  membersAtOnce?: number;
  /** Barrier tests stop here: 'locked', 'placed'. */
  pause?: (point: string) => Promise<void>;
}

/** Messages up to this size, without groups and with few recipients, share transactions. */
const SMALL = { octets: 256 << 10, recipients: 50 };

/** Messages a shared transaction. */
const TOGETHER = 64;

export function createAccept(deps: AcceptDeps): Accept {
  const queues = new Map<number, (one: Acceptance) => Promise<Accepted>>();
  const queueOf = (tenant: number): ((one: Acceptance) => Promise<Accepted>) => {
    let queue = queues.get(tenant);
    if (!queue) {
      queue = gatherAnswers({ atMost: TOGETHER, run: (batch) => acceptTogether(deps, tenant, batch) });
      queues.set(tenant, queue);
    }
    return queue;
  };

  return async (input) => {
    const acceptance = await understand(deps, input);
    const { direct, outside, groups, sendAt, policy } = acceptance;
    const small =
      acceptance.size <= SMALL.octets && direct.length + outside.length <= SMALL.recipients && groups.length === 0;
    if (small && !sendAt && !input.replaces && policy.holdInsideSeconds === 0) return queueOf(input.tenant)(acceptance);
    try {
      const [accepted] = await acceptTogether(deps, input.tenant, [acceptance]);
      if (!accepted) throw new Error('nothing was accepted');
      return accepted;
    } catch (error) {
      for (const form of [acceptance, acceptance.sent]) await form?.stored?.discard();
      throw error;
    }
  };
}

/** Everything that can be known and refused before a transaction is begun. */
async function understand(deps: AcceptDeps, input: AcceptInput): Promise<Acceptance> {
  const { tenant, origin } = input;
  const policy: Policy = await deps.directory.policy(tenant, origin.kind === 'submission' ? origin.account : undefined);
  // What the server has to say (bounces, reports) is as long as it is.
  if (origin.kind !== 'server' && input.bytes.length > policy.maxMessageSize) {
    throw tooLarge(policy.maxMessageSize);
  }
  if (input.recipients.length === 0) throw new Refusal('noRecipients', 'The message names no recipient.');
  // What others send us has the limit of the face that it comes in by; a replacement goes where its original went.
  if (origin.kind === 'submission' && !input.replaces && input.recipients.length > policy.maxRecipients) {
    throw new Refusal(
      'tooManyRecipients',
      `A message may name ${policy.maxRecipients} recipients; use a group for more.`,
      { limit: policy.maxRecipients },
    );
  }
  const routed = await route(deps.directory, tenant, input.recipients);
  const submitter = origin.kind === 'submission' ? await deps.directory.account(tenant, origin.account) : undefined;
  const now = deps.clock();
  const complete = origin.kind === 'submission' ? completed(input, submitter, now) : input.bytes;
  const bare = origin.kind === 'submission' ? removeHeaders(complete, BLIND) : complete;
  const traced = input.received ? prepend(bare, input.received) : bare;
  // The sender's own copy keeps its Bcc; nobody else's has it.
  const own = bare === complete || (input.sentCopy ?? 'create') !== 'create' ? null : complete;
  const size = { limit: origin.kind === 'server' ? Infinity : policy.maxMessageSize, begun: input.bytes.length };
  const [form, sent = null] = input.rest
    ? await takeIn(deps, tenant, own ? [traced, own] : [traced], input.rest, size)
    : [formOf(traced), own && formOf(own)];
  if (!form) throw new Error('nothing was taken in');
  const sendAt = input.sendAt && input.sendAt > now ? input.sendAt : undefined;
  const holds = origin.kind === 'submission' && submitter?.kind !== 'service';
  return {
    input,
    policy,
    ...routed,
    ...form,
    sent,
    messageIdHeader: messageIdOf(form.parsed) ?? '',
    sendAt,
    local: inside(hold(now, sendAt, holds ? policy.holdInsideSeconds : 0)),
    away: input.replaces ? { state: 'held', dueAt: null } : hold(now, sendAt, holds ? policy.holdOutsideSeconds : 0),
  };
}

function formOf(bytes: Buffer): Form {
  return { bytes, parsed: parseMessage(bytes), size: bytes.length };
}

/** Fields that nobody but the sender is shown. */
const BLIND = ['bcc', 'resent-bcc'];

function completed(input: AcceptInput, submitter: Account | undefined, date: Date): Buffer {
  const domain = domainOf(submitter?.address ?? input.mailFrom) || 'localhost';
  const bytes = input.sender ? withSender(input.bytes, input.sender) : input.bytes;
  return addMissing(bytes, { date, messageId: `${crypto.randomUUID()}@${domain}` });
}

/** What goes inside at once is found by its work range, not by a date. */
function inside(held: Acceptance['away']): Acceptance['local'] {
  return held.state === 'held' ? held : { state: 'queued', dueAt: null };
}

function hold(now: Date, sendAt: Date | undefined, seconds: number): Acceptance['away'] {
  const due = Math.max(now.getTime() + seconds * 1000, sendAt?.getTime() ?? 0);
  return due > now.getTime() ? { state: 'held', dueAt: new Date(due) } : { state: 'queued', dueAt: now };
}
