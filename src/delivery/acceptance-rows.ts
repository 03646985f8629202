// What acceptance inserts for messages that are numbered and whose accounts are locked. Nothing here asks the database.

import { Refusal } from '../mail/errors.ts';
import { SEEN } from '../mail/keywords.ts';
import { SENT } from '../mail/mailbox.ts';
import type { Placement } from '../store/placing.ts';
import type { NewEnvelope, NewSubmission } from '../store/submissions.ts';
import type { AcceptInput } from './accept.ts';
import type { Numbered } from './acceptance-numbers.ts';
import { wantsToKnow } from './notify.ts';

export interface Rows {
  submissions: NewSubmission[];
  envelopes: NewEnvelope[];
  placements: Placement[];
  raised: { account: number; by: number }[];
}

/** What is inserted for messages whose accounts are locked. Throws Refusal where one that was named is gone. */
export function rowsOf(
  messages: Numbered[],
  modseqs: ReadonlyMap<number, number>,
  threadOf: ReadonlyMap<number, number>,
  now: Date,
): Rows {
  const next = new Map(modseqs);
  const raise = (account: number): number => {
    const modseq = (next.get(account) ?? 0) + 1;
    next.set(account, modseq);
    return modseq;
  };
  const rows: Rows = { submissions: [], envelopes: [], placements: [], raised: [] };
  for (const message of messages) {
    const { acceptance, id } = message;
    const thread = threadOf.get(id) ?? id;
    const { origin, sentCopy = 'create' } = acceptance.input;
    if (origin.kind === 'submission') {
      if (!modseqs.has(origin.account))
        throw new Refusal('noAccount', 'The account that the message was sent from is gone.');
      const modseq = raise(origin.account);
      const created = sentCopy === 'create' ? modseq : null;
      rows.submissions.push({
        ...submissionOf(message, origin, now),
        threadId: thread,
        emailId: typeof sentCopy === 'object' ? sentCopy.emailId : created,
        modseq,
      });
      if (created !== null) {
        rows.placements.push({
          account: origin.account,
          mailbox: SENT,
          message: message.sentId,
          thread,
          receivedAt: now,
          n: null,
          modseq,
          flags: SEEN,
        });
      }
    }
    const effects = new Map(message.effects.map((effect) => [effect.account, effect]));
    for (const to of message.now) {
      const effect = effects.get(to.account);
      if (modseqs.has(to.account) && !message.full.includes(to.n))
        rows.placements.push({
          account: to.account,
          ...(effect && effect.mailbox !== null ? { mailbox: effect.mailbox } : {}),
          ...(effect ? { flags: effect.flags } : {}),
          message: id,
          thread,
          receivedAt: now,
          n: to.n,
          modseq: raise(to.account),
        });
    }
    const gone = message.deliveries.find(
      (delivery) => delivery.state === 'delivered' && !modseqs.has(delivery.accountId ?? 0),
    );
    if (gone) throw new Refusal('unknownRecipient', `There is no ${gone.recipient} here.`, { address: gone.recipient });
    if (message.outside > 0 || message.later > 0 || isToBeTold(message, modseqs))
      rows.envelopes.push(envelopeOf(message));
  }
  for (const [account, modseq] of next) {
    const by = modseq - (modseqs.get(account) ?? 0);
    if (by > 0) rows.raised.push({ account, by });
  }
  return rows;
}

/** Of what is delivered at once the sender is told afterwards: that takes what an envelope remembers. */
function isToBeTold({ acceptance, now, full }: Numbered, modseqs: ReadonlyMap<number, number>): boolean {
  const { direct, groups, input } = acceptance;
  return (
    input.mailFrom !== '' &&
    ([...direct, ...groups].some(({ notify }) => wantsToKnow(input.mailFrom, notify, 1)) ||
      full.length > 0 ||
      now.some(({ account }) => !modseqs.has(account)))
  );
}

function submissionOf(
  { acceptance, id, total, outside, ofRules }: Numbered,
  origin: Extract<AcceptInput['origin'], { kind: 'submission' }>,
  now: Date,
): Omit<NewSubmission, 'threadId' | 'emailId' | 'modseq'> {
  const { input, local, away } = acceptance;
  // Something inside goes at once: then there is nothing to be unsent, whatever is held besides.
  const first = outside === total ? away : local;
  return {
    id,
    accountId: origin.account,
    submittedBy: origin.submittedBy,
    messageIdHeader: acceptance.messageIdHeader,
    mailFrom: input.mailFrom,
    identityId: origin.identityId ?? null,
    source: origin.source,
    sendAt: first.dueAt ?? now,
    pending: first.state === 'held',
    total,
    outside,
    redirected: Math.max(0, ofRules.last - ofRules.first + 1),
    envelope: input.envelope ?? null,
  };
}

function envelopeOf({ acceptance: { input }, id }: Numbered): NewEnvelope {
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
