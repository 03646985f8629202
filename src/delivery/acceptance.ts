// The transaction of acceptance, for one message or for many that came at once.

import { SEEN } from '../mail/keywords.ts';
import type { ParsedMessage } from '../mail/message.ts';
import { Refusal } from '../mail/errors.ts';
import type { Policy } from '../mail/policy.ts';
import { lockAccounts, raiseLocked } from '../store/account-state.ts';
import { putSent } from '../store/copies.ts';
import { insertMessages, type NewMessage } from '../store/messages.ts';
import { accountChanged } from '../store/notify.ts';
import type { Transaction } from '../store/postgres.ts';
import { placeCopies, type Placement } from '../store/placing.ts';
import { claimReplacement } from '../store/recalls.ts';
import {
  addFanout,
  insertDeliveries,
  insertEnvelopes,
  insertExpanded,
  insertSubmissions,
  type NewDelivery,
  type NewSubmission,
} from '../store/submissions.ts';
import type { AcceptDeps, AcceptInput, Accepted } from './accept.ts';

/** One message, understood: nothing about it can be refused any more but by what the database holds. */
export interface Acceptance {
  input: AcceptInput;
  policy: Policy;
  direct: { account: number; address: string; via: string | null; notify: number; originalRecipient: string | null }[];
  groups: { group: number; address: string; notify: number }[];
  outside: { address: string; notify: number; originalRecipient: string | null }[];
  /** As transmitted and stored. */
  bytes: Buffer;
  parsed: ParsedMessage;
  /** The sender's own form of it, with its Bcc; null: the same. */
  sent: { bytes: Buffer; parsed: ParsedMessage } | null;
  messageIdHeader: string;
  sendAt: Date | undefined;
  /** How deliveries inside and outside begin. */
  local: { state: 'held' | 'queued'; dueAt: Date | null };
  away: { state: 'held' | 'queued'; dueAt: Date | null };
}

/** Local recipients up to this many have their copies in the same transaction; more follow in batches. */
const AT_ONCE = 500;

/** A message with its numbers and its local recipients. */
interface Numbered {
  acceptance: Acceptance;
  id: number;
  sentId: number;
  total: number;
  outside: number;
  /** Local deliveries whose copies are made now. */
  now: { n: number; account: number }[];
  /** Local deliveries 1 … later follow. */
  later: number;
}

export async function acceptTogether(deps: AcceptDeps, tenant: number, acceptances: Acceptance[]): Promise<Accepted[]> {
  const { store, ids, blobs, clock } = deps;
  const numbers = await ids.take('message_id', acceptances.length * 2);
  return store.transact(async (tx) => {
    const now = clock();
    const numbered: Numbered[] = [];
    const deliveries: NewDelivery[] = [];
    for (const [i, acceptance] of acceptances.entries()) {
      const message: Numbered = { acceptance, id: numbers[2 * i] ?? 0, sentId: numbers[2 * i + (acceptance.sent ? 1 : 0)] ?? 0, total: 0, outside: 0, now: [], later: 0 };
      await number(tx, tenant, message, deliveries);
      numbered.push(message);
    }
    const senders = numbered.flatMap(({ acceptance }) => (acceptance.input.origin.kind === 'submission' ? [acceptance.input.origin.account] : []));
    const accounts = [...new Set([...senders, ...numbered.flatMap((message) => message.now.map((to) => to.account))])].toSorted((a, b) => a - b);
    const modseqs = await lockAccounts(tx, tenant, accounts);
    await deps.pause?.('locked');

    const messages = numbered.flatMap(({ acceptance, id, sentId }): NewMessage[] => [
      { id, bytes: acceptance.bytes, parsed: acceptance.parsed },
      ...(acceptance.sent ? [{ id: sentId, ...acceptance.sent }] : []),
    ]);
    const stored = new Map((await insertMessages(tx, blobs, tenant, messages, now)).map((message) => [message.id, message.threadId]));
    if (deliveries.length > 0) await insertDeliveries(tx, tenant, deliveries, now);

    const next = new Map(modseqs);
    const raised = (account: number): number => {
      const modseq = (next.get(account) ?? 0) + 1;
      next.set(account, modseq);
      return modseq;
    };
    const placements: Placement[] = [];
    const sent: Parameters<typeof putSent>[2] = [];
    const submissions: NewSubmission[] = [];
    for (const message of numbered) {
      const { acceptance, id } = message;
      const thread = stored.get(id) ?? id;
      const submission = submissionOf(message, thread, raised, now);
      if (submission) submissions.push(submission);
      if (submission && (acceptance.input.sentCopy ?? 'create') === 'create') {
        submission.emailId = submission.modseq;
        sent.push({ account: submission.accountId, messageId: message.sentId, threadId: thread, receivedAt: now, flags: SEEN, modseq: submission.modseq });
      }
      for (const to of message.now) {
        if (modseqs.has(to.account)) placements.push({ account: to.account, message: id, thread, receivedAt: now, n: to.n, modseq: raised(to.account) });
      }
    }
    const changed = [...next].filter(([account, modseq]) => modseq !== modseqs.get(account));
    await raiseLocked(tx, tenant, changed.map(([account]) => account), changed.map(([account, modseq]) => modseq - (modseqs.get(account) ?? 0)));
    await insertSubmissions(tx, tenant, submissions, now);
    await insertEnvelopes(tx, tenant, numbered.filter((m) => m.outside > 0 || m.later > 0).map(envelopeOf), now);
    await putSent(tx, tenant, sent);
    await placeCopies(tx, tenant, placements);
    for (const message of numbered) await later(tx, tenant, message);
    for (const [account] of changed) accountChanged(tx.changes, tenant, account);
    if (numbered.some((message) => message.outside > 0)) tx.changes.wake.add('outgoing');
    await deps.pause?.('placed');
    return numbered.map((message): Accepted => {
      const submission = submissions.find((row) => row.id === message.id);
      return {
        messageId: message.id,
        messageIdHeader: message.acceptance.messageIdHeader,
        submissionId: submission?.id ?? null,
        total: message.total,
        outside: message.outside,
        sentEmailId: submission?.emailId ?? null,
        threadId: stored.get(message.id) ?? message.id,
      };
    });
  });
}

/** Numbers a message's deliveries: local ones by ascending account, then those outside. Groups are the database's. */
async function number(tx: Transaction, tenant: number, message: Numbered, deliveries: NewDelivery[]): Promise<void> {
  const { acceptance, id } = message;
  const { direct, groups, outside, local, away, input } = acceptance;
  const atOnce = local.state === 'queued' && !input.replaces;
  if (groups.length > 0 || direct.length > AT_ONCE) {
    const counts = await insertExpanded(tx, tenant, { messageId: id, direct, groups, outside, local, away });
    if (counts.total === 0) throw new Refusal('noRecipients', 'The group that the message is addressed to has no members.');
    [message.total, message.outside] = [counts.total, counts.outside];
    message.later = counts.total - counts.outside;
    return;
  }
  [message.total, message.outside] = [direct.length + outside.length, outside.length];
  direct.forEach((to, i) => {
    const n = i + 1;
    if (atOnce) message.now.push({ n, account: to.account });
    deliveries.push({
      messageId: id,
      n,
      accountId: to.account,
      state: atOnce ? 'delivered' : local.state,
      dueAt: atOnce ? null : local.dueAt,
      recipient: to.address,
      via: to.via,
      notify: to.notify,
      originalRecipient: to.originalRecipient,
    });
  });
  if (!atOnce) message.later = direct.length;
  outside.forEach((to, i) => {
    deliveries.push({ messageId: id, n: direct.length + i + 1, accountId: null, ...away, recipient: to.address, via: null, notify: to.notify, originalRecipient: to.originalRecipient });
  });
}

function submissionOf(message: Numbered, threadId: number, raised: (account: number) => number, now: Date): NewSubmission | undefined {
  const { acceptance, id, total, outside } = message;
  const { input, local, away } = acceptance;
  if (input.origin.kind !== 'submission') return undefined;
  const { origin, sentCopy } = input;
  const pending = outside === total ? away.state === 'held' : local.state === 'held';
  return {
    id,
    accountId: origin.account,
    submittedBy: origin.submittedBy,
    messageIdHeader: acceptance.messageIdHeader,
    mailFrom: input.mailFrom,
    identityId: origin.identityId ?? null,
    emailId: typeof sentCopy === 'object' ? sentCopy.emailId : null,
    threadId,
    source: origin.source,
    sendAt: (outside === total ? away.dueAt : local.dueAt) ?? now,
    pending,
    total,
    outside,
    envelope: input.envelope ?? null,
    modseq: raised(origin.account),
  };
}

function envelopeOf({ acceptance, id }: Numbered): Parameters<typeof insertEnvelopes>[2][number] {
  const { input } = acceptance;
  return {
    messageId: id,
    mailFrom: input.mailFrom,
    senderId: input.origin.kind === 'submission' ? input.origin.account : null,
    body: input.body ?? '8bitmime',
    smtputf8: input.smtputf8 ?? false,
    ret: input.ret ?? null,
    envid: input.envid ?? null,
  };
}

/** What follows in batches: a few at once after all, the rest as ranges of work. */
async function later(tx: Transaction, tenant: number, message: Numbered): Promise<void> {
  const { acceptance, id } = message;
  const { input, local } = acceptance;
  if (input.replaces && !(await claimReplacement(tx, tenant, input.replaces.recallId, id))) {
    throw new Refusal('alreadyReplaced', 'The replacement was sent before.');
  }
  if (message.later === 0) return;
  const notBefore = local.state === 'held' ? local.dueAt : null;
  await addFanout(tx, tenant, id, message.later, notBefore, input.replaces ? 'replace' : 'fanout');
  tx.changes.wake.add(input.replaces ? 'sweep' : 'fanout');
}
