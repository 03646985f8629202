// The transaction of acceptance, for one message or for many that came at once: a handful of round trips for all of them.

import { Refusal } from '../mail/errors.ts';
import { carriedFiles, forwardedIds, type CarriedFile } from '../mail/mime/carried.ts';
import type { Policy } from '../mail/policy.ts';
import { lockAccounts, raiseLocked } from '../store/account-state.ts';
import { appendAudit } from '../store/audit.ts';
import { insertCarried, type Carried } from '../store/carried.ts';
import {
  askOfGroups,
  finishLocal,
  insertDeliveries,
  insertExpanded,
  localDeliveries,
  MAILBOX_FULL,
  reachedGroups,
  type NewDelivery,
} from '../store/deliveries.ts';
import { findThreads, writeMessages, type NewMessage } from '../store/messages.ts';
import { accountChanged } from '../store/notify.ts';
import type { Reader, Transaction } from '../store/postgres.ts';
import { placeCopies } from '../store/placing.ts';
import { fullAmong } from '../store/quota.ts';
import { claimReplacement } from '../store/replacement.ts';
import {
  insertRedirects,
  keepEffects,
  possible,
  ruledAmong,
  ruledOfMessage,
  type RuledAccount,
  type RuleEffect,
} from '../store/rules.ts';
import { addFanout, FANOUT_BATCH, insertEnvelopes, insertSubmissions } from '../store/submissions.ts';
import { together } from '../store/together.ts';
import { addDue } from '../store/vacation.ts';
import { addWork } from '../store/work.ts';
import type { AcceptDeps, AcceptInput, Accepted } from './accept.ts';
import { wantsToKnow } from './notify.ts';
import { rowsOf } from './acceptance-rows.ts';
import type { Form } from './large.ts';
import type { Routed } from './route.ts';
import { applyRules, reachedInStore, type Ruled } from './rules.ts';
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

/** Local recipients up to this many have their copies in the same transaction; more follow in batches. */
const AT_ONCE = 500;

/** A message with its numbers and its deliveries'. */
export interface Numbered {
  acceptance: Acceptance;
  id: number;
  sentId: number;
  total: number;
  outside: number;
  /** To be inserted; those of a group are there already. */
  deliveries: NewDelivery[];
  /** Local deliveries whose copies are made now. */
  now: { n: number; account: number }[];
  /** Local deliveries 1 … later follow. */
  later: number;
  /** What rules say of copies; and the local deliveries, by number, that rules made: `ofRules.first` … `ofRules.last`. */
  effects: RuleEffect[];
  ofRules: { first: number; last: number };
  /** Of `now`, those whose accounts have no room for it. */
  full: number[];
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
      messages.push(await number(deps, tx, tenant, now, of, ruled));
    }
    const contents = messages.flatMap(contentsOf);
    const carried = messages.map(carriedBy); // before any lock: a large file takes its time
    const [modseqs, threads, full] = await together(
      lockAccounts(tx, tenant, accountsOf(messages)),
      findThreads(tx, tenant, contents),
      fullOf(tx, tenant, messages),
    );
    await deps.pause?.('locked');
    for (const message of messages) {
      message.effects = await possible(tx, tenant, message.effects);
      if (countsFor(message)) message.full = message.now.filter(({ account }) => full.has(account)).map(({ n }) => n);
    }

    const threadOf = new Map(contents.map(({ id }, i) => [id, threads.ids[i] ?? id]));
    const rows = rowsOf(messages, modseqs, threadOf, now);
    const answered = messages.flatMap((message) => answerables(message, now));
    const [answers] = await together(
      answered.length > 0 ? addDue(tx, tenant, answered) : Promise.resolve(0),
      writeMessages(tx, blobs, tenant, contents, threads, now),
      insertCarried(tx, tenant, carried),
      insertDeliveries(
        tx,
        tenant,
        messages.flatMap((message) => message.deliveries),
        now,
      ),
      raiseLocked(
        tx,
        tenant,
        rows.raised.map(({ account }) => account),
        rows.raised.map(({ by }) => by),
      ),
      insertSubmissions(tx, tenant, rows.submissions, now),
      insertEnvelopes(tx, tenant, rows.envelopes, now),
      placeCopies(tx, tenant, rows.placements, 'commit'),
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

/** Numbers a message's deliveries: local ones by ascending account, then those outside. Groups are the database's. */
async function number(
  { membersAtOnce }: AcceptDeps,
  tx: Transaction,
  tenant: number,
  at: Date,
  of: { acceptance: Acceptance; id: number; sentId: number },
  ruled: RuledAccount[],
): Promise<Numbered> {
  const { acceptance, id } = of;
  const { direct, outside, local, away } = acceptance;
  const { mailFrom } = acceptance.input;
  const atOnce = local.state === 'queued' && !acceptance.input.replaces;
  if (isExpanded(acceptance)) {
    const groups = await reachedGroups(tx, tenant, acceptance.groups);
    const counts = await insertExpanded(tx, tenant, { messageId: id, direct, groups, outside, local, away });
    await askOfGroups(tx, tenant, id, acceptance.groups);
    const inside = counts.total - counts.outside;
    if (counts.total === 0)
      throw new Refusal('noRecipients', 'The group that the message is addressed to has no members.');
    const now = atOnce && inside <= (membersAtOnce ?? AT_ONCE) ? await localDeliveries(tx, tenant, id, inside) : [];
    const numbered = { ...of, ...counts, deliveries: [], now, later: inside - now.length, ...UNRULED };
    if (acceptance.input.replaces) return numbered;
    const named = new Set(acceptance.groups.map((group) => group.address));
    const bearers = (await ruledOfMessage(tx, tenant, id)).map(({ n, via, ...account }) => ({
      ...account,
      root: n,
      way: via !== null && named.has(via) ? via : account.address,
    }));
    if (bearers.length === 0) return numbered;
    const reached = reachedInStore(tx, { tenant, message: id });
    return withRules(
      tx,
      tenant,
      numbered,
      await applyRules(tx, tenant, acceptance, bearers, { from: counts.total + 1, reached }),
    );
  }
  const deliveries = direct.map((to, i): NewDelivery => ({
    messageId: id,
    n: i + 1,
    accountId: to.account,
    ...(atOnce ? { state: 'delivered', dueAt: wantsToKnow(mailFrom, to.notify, 1) ? at : null } : local),
    recipient: to.address,
    via: to.via,
    notify: to.notify,
    originalRecipient: to.originalRecipient,
  }));
  for (const [i, to] of outside.entries()) {
    const n = direct.length + i + 1;
    deliveries.push({
      messageId: id,
      n,
      accountId: null,
      ...away,
      recipient: to.address,
      via: null,
      notify: to.notify,
      originalRecipient: to.originalRecipient,
    });
  }
  const now = atOnce ? direct.map(({ account }, i) => ({ n: i + 1, account })) : [];
  const numbered = {
    ...of,
    total: deliveries.length,
    outside: outside.length,
    deliveries,
    now,
    later: direct.length - now.length,
    ...UNRULED,
  };
  if (ruled.length === 0 || acceptance.input.replaces) return numbered;
  const numberOf = new Map(direct.map(({ account }, i) => [account, i + 1]));
  const bearers = ruled.flatMap((account) => {
    const root = numberOf.get(account.account);
    return root === undefined ? [] : [{ ...account, root, way: account.address }];
  });
  if (bearers.length === 0) return numbered;
  const rules = await applyRules(tx, tenant, acceptance, bearers, {
    from: deliveries.length + 1,
    reached: async (accounts, addresses) => ({
      accounts: accounts.filter((account) => numberOf.has(account)),
      addresses: addresses.filter((address) => outside.some(({ key }) => key === address)),
    }),
  });
  return withRules(tx, tenant, numbered, rules);
}

const UNRULED = { effects: [], ofRules: { first: 1, last: 0 }, full: [] };

/** Are its deliveries put in by the database? */
function isExpanded({ groups, direct }: Acceptance): boolean {
  return groups.length > 0 || direct.length > AT_ONCE;
}

/** Accounts that a message is to be delivered to whose rules are asked for together with those of others. */
function numberedHere(acceptance: Acceptance): number[] {
  return isExpanded(acceptance) ? [] : acceptance.direct.map(({ account }) => account);
}

/** The same message with what rules make of it; their deliveries are inserted. */
async function withRules(tx: Transaction, tenant: number, numbered: Numbered, ruled: Ruled): Promise<Numbered> {
  const { acceptance, id, total, later } = numbered;
  const { effects, redirects } = ruled;
  if (redirects.length === 0) return { ...numbered, effects };
  await insertRedirects(tx, { tenant, message: id }, redirects, acceptance.local, acceptance.away);
  const inside = redirects.flatMap(({ n, account }) => (account === null ? [] : [{ n, account }]));
  return {
    ...numbered,
    total: total + redirects.length,
    outside: numbered.outside + redirects.length - inside.length,
    now: later > 0 ? numbered.now : [...numbered.now, ...inside],
    effects,
    ofRules: { first: total + 1, last: total + inside.length },
  };
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
