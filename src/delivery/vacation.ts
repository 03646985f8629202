// Vacation responses (RFC 8621 §8) as answers (RFC 3834): which deliveries are put down for one at acceptance, and what
// makes and sends them once there is a copy. An answer is a message of the server's own with the null return path: never
// held, never a submission, and nothing answers it.

import { canonicalAddress, domainOf } from '../mail/address.ts';
import { isNamed, mayAnswer } from '../mail/auto-reply.ts';
import { Refusal } from '../mail/errors.ts';
import type { Logger } from '../mail/log.ts';
import type { EmailAddress } from '../mail/message.ts';
import { simpleMessage } from '../mail/mime/compose.ts';
import { htmlToText } from '../mail/mime/html.ts';
import type { Directory } from '../directory/directory.ts';
import { createLanes, type Lanes } from '../store/lanes.ts';
import type { Store } from '../store/postgres.ts';
import {
  answering,
  dropDue,
  markAnswered,
  putOff,
  takeDue,
  type Answerable,
  type Answering,
  type Due,
} from '../store/vacation.ts';
import type { Accept } from './accept.ts';
import type { Numbered } from './acceptance-numbers.ts';

/** Who of a message's recipients may have an answer for its sender. What groups and rules lead to has none. */
export function answerables({ acceptance, id }: Numbered, now: Date): Answerable[] {
  const { input, parsed, bytes, direct, local } = acceptance;
  const named = direct.filter(({ address, via }) => isNamed(parsed, via ?? address));
  if (named.length === 0 || input.replaces || !mayAnswer(bytes, input.mailFrom)) return [];
  return named.map(({ account }) => ({ message: id, account, replyTo: input.mailFrom, at: local.dueAt ?? now }));
}

export interface VacationDeps {
  store: Store;
  accept: Accept;
  directory: Pick<Directory, 'account' | 'resolve' | 'addressesOf'>;
  clock: () => Date;
  log: Logger;
}

/** A sender is answered once in this time (RFC 5230 §4.1's default). */
export const PERIOD_MS = 7 * 86_400_000;

/** Whoever has taken an answer up has sent it by then. */
const LEASE_MS = 60_000;

/** What was held is looked at again after this. */
const AGAIN_MS = 5_000;

/** Sends one answer, or finds that none is owed; false: nothing is due. */
export async function vacationStep(deps: VacationDeps): Promise<boolean> {
  const { store, accept, directory, clock, log } = deps;
  const now = clock();
  const due = await store.transact((tx) => takeDue(tx, now, new Date(now.getTime() + LEASE_MS)));
  if (!due) return false;
  const found = await answering(store, due);
  if (found?.state === 'held' || found?.state === 'queued') {
    await store.transact((tx) => putOff(tx, due, new Date(now.getTime() + AGAIN_MS)));
    return true;
  }
  const sender = canonicalAddress(due.replyTo);
  const account = await directory.account(due.tenant, due.account);
  if (found && account && sender !== null && isOwed(found) && !(await isOwn(deps, due, sender))) {
    const since = new Date(now.getTime() - PERIOD_MS);
    if (await store.transact((tx) => markAnswered(tx, due, sender, { now, since }))) {
      const bytes = composeAnswer(found, {
        from: { name: account.name, email: account.address },
        to: due.replyTo,
        date: now,
      });
      try {
        await accept({
          tenant: due.tenant,
          origin: { kind: 'server' },
          mailFrom: '', // RFC 3834 §3.3
          recipients: [{ address: due.replyTo, notify: 8 }],
          bytes,
        });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error; // taken up again once the lease is over
        log.info({ reason: error.reason, account: due.account }, 'an automatic answer was refused');
      }
    }
  }
  await store.transact((tx) => dropDue(tx, due));
  return true;
}

/** RFC 8621 §8: what came between the two dates, and is still to be seen. */
function isOwed({ enabled, from_date: from, to_date: to, received_at: at, state, visible }: Answering): boolean {
  return state === 'delivered' && visible && enabled && (from === null || from <= at) && (to === null || at < to);
}

/** Nobody answers themselves, by whichever of their addresses. */
async function isOwn({ directory }: VacationDeps, { tenant, account }: Due, sender: string): Promise<boolean> {
  const target = await directory.resolve(sender);
  if (target.kind === 'account' && target.tenant === tenant && target.account === account) return true;
  return (await directory.addressesOf(tenant, account)).includes(sender);
}

const NOTHING_SAID = 'I am away. I will read your message when I am back.';

/** The answer as a message. Pure but for its Message-ID. */
export function composeAnswer(
  {
    subject,
    text_body: text,
    html_body: html,
    envelope,
  }: Pick<Answering, 'subject' | 'text_body' | 'html_body' | 'envelope'>,
  of: { from: EmailAddress; to: string; date: Date },
): Buffer {
  const [id] = envelope.messageId ?? [];
  const chain = [...(envelope.references ?? envelope.inReplyTo ?? []).slice(-20), ...(id === undefined ? [] : [id])];
  const references = chain.map((one) => `<${one}>`).join('\r\n ');
  return simpleMessage({
    from: of.from,
    to: [{ name: null, email: of.to }],
    subject: subject ?? `Auto: ${envelope.subject ?? ''}`.trim(), // RFC 3834 §3.1.5
    date: of.date,
    messageId: `${crypto.randomUUID()}@${domainOf(of.from.email)}`,
    headers: [
      { name: 'Auto-Submitted', value: 'auto-replied' }, // RFC 3834 §3.1.7
      { name: 'X-Auto-Response-Suppress', value: 'All' },
      // RFC 3834 §3.1.6
      ...(id === undefined ? [] : [{ name: 'In-Reply-To', value: `<${id}>`, raw: true }]),
      ...(references === '' ? [] : [{ name: 'References', value: references, raw: true }]),
    ],
    text: text ?? (html === null ? NOTHING_SAID : htmlToText(html)),
    ...(html === null ? {} : { html }),
  });
}

/** What was due while nobody worked is found by this. */
const TICK_MS = 5_000;

export function createVacation(deps: VacationDeps): Lanes {
  const { store, log } = deps;
  return createLanes({ store, log, lanes: 1, wakes: ['vacation'], tickMs: TICK_MS, step: () => vacationStep(deps) });
}
