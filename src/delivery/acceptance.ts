// The transaction of acceptance, for one message or for many that came at once: a handful of round trips for all of them.

import { Refusal } from '../mail/errors.ts';
import { carriedFiles, forwardedIds, type CarriedFile } from '../mail/mime/carried.ts';
import { INBOX, SENT } from '../mail/mailbox.ts';
import type { Policy } from '../mail/policy.ts';
import { lockAccounts, raiseLocked } from '../store/account-state.ts';
import { appendAudit } from '../store/audit.ts';
import { insertCarried, type Carried } from '../store/carried.ts';
import { finishLocal, insertDeliveries, MAILBOX_FULL } from '../store/deliveries.ts';
import { findThreads, writeMessages, type NewMessage } from '../store/messages.ts';
import { accountChanged } from '../store/notify.ts';
import type { Reader, Transaction } from '../store/postgres.ts';
import { nextUids, placeKnown } from '../store/placing.ts';
import { fullAmong } from '../store/quota.ts';
import { claimReplacement } from '../store/replacement.ts';
import { keepEffects, possible, ruledAmong } from '../store/rules.ts';
import { addFanout, FANOUT_BATCH, insertEnvelopes, insertSubmissions } from '../store/submissions.ts';
import { together } from '../store/together.ts';
import { addDue } from '../store/vacation.ts';
import { addWork } from '../store/work.ts';
import type { AcceptDeps, AcceptInput, Accepted } from './accept.ts';
import { rowsOf } from './acceptance-rows.ts';
import type { Form } from '../store/large.ts';
import { numberDeliveries, numberedHere, type Numbered } from './acceptance-numbers.ts';
import type { Routed } from './route.ts';
import { answerables } from './vacation.ts';

/** One message, understood: nothing about it can be refused any more but by what the database holds. */
export interface Acceptance extends Routed, Form {
  input: AcceptInput;
  policy: Policy;
  /** The sender's own form of it, with its Bcc; null: the same, or no copy is made. */
  sent: Form | null;
  messageIdHeader: string;
  sendAt: Date | undefined;
  /** How deliveries inside and outside begin. */
  local: { state: 'held' | 'queued'; dueAt: Date | null };
  away: { state: 'held' | 'queued'; dueAt: Date | null };
}

/** Accepts messages of one tenant, all or none. Throws what accept throws once a transaction has begun. */
export async function acceptTogether(deps: AcceptDeps, tenant: number, acceptances: Acceptance[]): Promise<Accepted[]> {
  const { store, ids, blobs, clock } = deps;
  const numbers = await ids.take('message_id', acceptances.length * 2);
  return store.transact(async (tx) => {
    const now = clock();
    const messages: Numbered[] = [];
    const ruled = await ruledAmong(tx, tenant, [...new Set(acceptances.flatMap(numberedHere))]);
    for (const [i, acceptance] of acceptances.entries()) {
      const [id = 0, other = 0] = numbers.slice(2 * i);
      const of = { acceptance, id, sentId: acceptance.sent ? other : id };
      messages.push(await numberDeliveries(deps, tx, tenant, now, of, ruled));
    }
    const contents = messages.flatMap(contentsOf);
    const carried = messages.map(carriedBy); // before any lock: a large file takes its time
    const answered = messages.flatMap((message) => answerables(message, now));
    const [modseqs, threads, full, next, answers] = await together(
      lockAccounts(tx, tenant, accountsOf(messages)),
      findThreads(tx, tenant, contents),
      fullOf(tx, tenant, messages),
      nextUids(tx, tenant, messages.flatMap(boxesFor)),
      answered.length > 0 ? addDue(tx, tenant, answered) : Promise.resolve(0),
    );
    await deps.pause?.('locked');
    for (const message of messages) {
      message.effects = await possible(tx, tenant, message.effects);
      if (countsFor(message)) message.full = message.now.filter(({ account }) => full.has(account)).map(({ n }) => n);
    }

    const threadOf = new Map(contents.map(({ id }, i) => [id, threads.ids[i] ?? id]));
    const rows = rowsOf(messages, modseqs, threadOf, now);
    // All that nothing more is asked of goes out with the COMMIT: the accounts are locked for a wait less.
    const writer = messages.some(hasMore) ? tx : tx.last;
    await together(
      writeMessages(tx, blobs, tenant, contents, threads, now, writer),
      insertCarried(writer, tenant, carried),
      insertDeliveries(
        writer,
        tenant,
        messages.flatMap((message) => message.deliveries),
        now,
      ),
      raiseLocked(
        tx,
        tenant,
        rows.raised.map(({ account }) => account),
        rows.raised.map(({ by }) => by),
        writer,
      ),
      insertSubmissions(writer, tenant, rows.submissions, now),
      insertEnvelopes(writer, tenant, rows.envelopes, now),
      placeKnown(writer, tenant, rows.placements, next),
      ...messages.map((message) => settleInserted(tx, tenant, message, modseqs, now)),
    );
    for (const { id, full: refused } of messages) {
      await finishLocal(tx, { tenant, message: id, now }, refused, 'failed', MAILBOX_FULL);
      if (refused.length > 0) tx.changes.wake.add('outgoing');
    }
    for (const message of messages) await later(tx, tenant, message, now);
    if (answers > 0) tx.changes.wake.add('vacation');
    for (const { account } of rows.raised) accountChanged(tx.changes, tenant, account);
    if (messages.some((message) => message.outside > 0)) tx.changes.wake.add('outgoing');
    await deps.pause?.('placed');
    const submissionOf = new Map(rows.submissions.map((submission) => [submission.id, submission]));
    return messages.map(({ acceptance, id, total, outside }): Accepted => {
      const submission = submissionOf.get(id);
      return {
        messageId: id,
        messageIdHeader: acceptance.messageIdHeader,
        submissionId: submission?.id ?? null,
        total,
        outside,
        sentEmailId: submission?.emailId ?? null,
        threadId: threadOf.get(id) ?? id,
        octets: acceptance.size,
      };
    });
  });
}

/** Does the transaction go on with its deliveries once they are there? Those of groups and rules are there before. */
function hasMore({ full, acceptance: { input } }: Numbered): boolean {
  return full.length > 0 || input.replaces !== undefined;
}

/** Mailboxes that its copies may come into. */
function boxesFor({ acceptance: { input }, now, effects }: Numbered): { account: number; mailbox: number }[] {
  const boxes = now.map(({ account }) => ({ account, mailbox: INBOX }));
  for (const { account, mailbox } of effects) if (mailbox !== null) boxes.push({ account, mailbox });
  if (input.origin.kind === 'submission') boxes.push({ account: input.origin.account, mailbox: SENT });
  return boxes;
}

function contentsOf({ acceptance, id, sentId }: Numbered): NewMessage[] {
  const content = (of: number, { bytes, parsed, stored }: Form): NewMessage => ({
    id: of,
    bytes,
    parsed,
    ...(stored ? { stored } : {}),
  });
  return [content(id, acceptance), ...(acceptance.sent ? [content(sentId, acceptance.sent)] : [])];
}

function carriedBy({ acceptance: { bytes, parsed, stored, input }, id }: Numbered): Carried {
  return carriedOf(
    id,
    { bytes, parsed, ...(stored ? { files: stored.files } : {}) },
    input.origin.kind === 'submission',
  );
}

/** By which administrators find a message; of what was not submitted here nobody asks what it forwards. */
export function carriedOf(
  message: number,
  {
    bytes,
    parsed,
    files = carriedFiles(bytes, parsed.root),
  }: Pick<Form, 'bytes' | 'parsed'> & { files?: CarriedFile[] },
  submitted: boolean,
): Carried {
  if (!submitted) return { message, files, forwards: [] };
  const { whole, answered } = forwardedIds(bytes, parsed);
  const forwards = whole.map((messageId) => ({ messageId, sameSubject: false }));
  if (answered !== null && !whole.includes(answered)) forwards.push({ messageId: answered, sameSubject: true });
  return { message, files, forwards };
}

/** What tells of other mail comes in any case. */
function countsFor({ acceptance }: Numbered): boolean {
  return acceptance.input.mailFrom !== '';
}

/** Accounts that have no room for all that is delivered to them now. The sender's own copy is never refused. */
function fullOf(reader: Reader, tenant: number, messages: Numbered[]): Promise<Set<number>> {
  const octets = new Map<number, number>();
  for (const message of messages.filter(countsFor))
    for (const { account } of message.now) octets.set(account, (octets.get(account) ?? 0) + message.acceptance.size);
  return fullAmong(reader, tenant, [...octets.keys()], [...octets.values()]);
}

/** Every account that gets a copy now, senders and recipients. */
function accountsOf(messages: Numbered[]): number[] {
  const senders = messages.flatMap(({ acceptance: { input } }) =>
    input.origin.kind === 'submission' ? [input.origin.account] : [],
  );
  return [...new Set([...senders, ...messages.flatMap((message) => message.now.map((to) => to.account))])].toSorted(
    (a, b) => a - b,
  );
}

/** Whose copies are made now and whose deliveries were inserted as queued: a group's, and those of rules. One may have gone since. */
async function settleInserted(
  tx: Transaction,
  tenant: number,
  message: Numbered,
  modseqs: ReadonlyMap<number, number>,
  now: Date,
): Promise<void> {
  const { first, last } = message.ofRules;
  const grouped = message.deliveries.length === 0;
  if (message.now.length === 0 || (!grouped && first > last)) return;
  const at = { tenant, message: message.id, now };
  const inserted = grouped ? message.now : message.now.filter(({ n }) => n >= first && n <= last);
  const [there, gone] = [true, false].map((is) =>
    inserted.filter((to) => modseqs.has(to.account) === is).map((to) => to.n),
  );
  await together(finishLocal(tx, at, there ?? [], 'delivered'), finishLocal(tx, at, gone ?? [], 'failed'));
}

/** What follows in batches. */
async function later(tx: Transaction, tenant: number, message: Numbered, now: Date): Promise<void> {
  const { acceptance, id } = message;
  const { input, local } = acceptance;
  if (input.replaces) {
    const { recallId, by } = input.replaces;
    if (!(await claimReplacement(tx, tenant, recallId, id, now)))
      throw new Refusal('alreadyReplaced', 'The replacement was sent before.');
    const audit = { actor: by, action: 'recall.replaced', subject: `r${recallId}`, detail: { message: id } };
    appendAudit(tx, tenant, { at: now, ...audit });
  }
  if (message.later === 0) return;
  const notBefore = local.state === 'held' ? local.dueAt : null;
  await addFanout(tx, tenant, id, message.later, notBefore, input.replaces ? 'replace' : 'fanout');
  const { first, last } = message.ofRules;
  if (first <= last)
    await addWork(tx, 'fanout', { tenant, of: id, from: first, to: last }, FANOUT_BATCH, { notBefore });
  if (message.effects.length > 0) await keepEffects(tx, tenant, id, message.effects);
  tx.changes.wake.add(input.replaces ? 'sweep' : 'fanout');
}
