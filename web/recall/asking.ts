// What a person asks for in the dialog, and doing it.

import type { Jmap } from '../jmap/client.ts';
import { JmapError } from '../jmap/client.ts';
import { addressesOf, MOST_TICKED, tickedOf, type Choice } from './choice.ts';
import { askRecall, everyRecipient } from './data.ts';

export interface Wishes {
  mode: 'delete' | 'replace';
  /** With `replace`: the copies go before the new message is written. */
  now: boolean;
  notifyMe: boolean;
  includeRead: boolean;
  reason: string;
  choice: Choice;
}

const TOO_MANY = 'At most 10,000 recipients can be ticked. Choose None, and tick those you mean.';
const NOBODY_TICKED = 'Nobody is ticked.';

/** The ticked addresses; null: everyone. Throws JmapError with a sentence. */
async function tickedAddresses(
  jmap: Jmap,
  of: { accountId: string; emailId: string },
  choice: Choice,
  total: number,
): Promise<string[] | null> {
  if (tickedOf(choice, total) === 0) throw new JmapError('noRecipients', NOBODY_TICKED);
  if (!choice.all || choice.except.size === 0) return addressesOf(choice, []);
  const everyone = await everyRecipient(jmap, of, MOST_TICKED);
  if (!everyone) throw new JmapError('tooManyRecipients', TOO_MANY);
  return addressesOf(choice, everyone);
}

export type Done = { kind: 'tracking'; recallId: string } | ({ kind: 'compose'; recallId: string | null } & Options);

interface Options {
  options: { notifyMe: boolean; includeRead: boolean; reason: string | null; recipients: string[] | null };
}

/** Recalls, or leaves it to the composer's Send. Throws JmapError. */
export async function carryOut(
  jmap: Jmap,
  of: { accountId: string; emailId: string },
  wishes: Wishes,
  total: number,
): Promise<Done> {
  const { mode, notifyMe, includeRead } = wishes;
  const recipients = await tickedAddresses(jmap, of, wishes.choice, total);
  const reason = wishes.reason.trim() === '' ? null : wishes.reason.trim();
  const options = { notifyMe, includeRead, reason, recipients };
  if (mode === 'replace' && !wishes.now) return { kind: 'compose', recallId: null, options };
  const { id } = await askRecall(jmap, of.accountId, { emailId: of.emailId, mode, ...options });
  return mode === 'delete' ? { kind: 'tracking', recallId: id } : { kind: 'compose', recallId: id, options };
}
