// Whom a recall could be for: the list that its dialog shows, before anything is done.

import { Refusal } from '../mail/errors.ts';
import type { Reader } from '../store/postgres.ts';
import { countRecipients, countThrough, recipientsPage, type RecipientRow } from '../store/recipients.ts';
import { hiddenGroups } from './hidden.ts';
import type { People } from './ports.ts';
import { findSubmission, type RecallRequest } from './request.ts';

/** Where a recipient's delivery stands. */
export type Standing = 'inside' | 'outside' | 'held' | 'queued' | 'stopped';

export interface RecallRecipient {
  recipient: string;
  name: string | null;
  via: string | null;
  /** Null in a group's row. */
  standing: Standing | null;
  /** Only in the row of a group whose members the reader may not see: how many they are. */
  count: number | null;
}

export interface RecipientsRequest extends Pick<RecallRequest, 'actor' | 'account' | 'message'> {
  text: string | null;
  position: number;
  limit: number;
}

/** Rows of hidden groups come first. Throws Refusal `notFound`, `notSender`, `ambiguous`. */
export async function listRecipients(
  deps: { store: Reader; people: People },
  request: RecipientsRequest,
): Promise<{ total: number; list: RecallRecipient[] }> {
  const { store, people } = deps;
  const { actor, account, position, limit } = request;
  const { tenant } = actor;
  if (!(await people.may(tenant, actor.id, account, 'recall'))) {
    throw new Refusal('notSender', 'You may not recall for this account.');
  }
  const { submission } = await findSubmission(store, tenant, request);
  const of = { tenant, message: submission.id };
  const hidden = await hiddenGroups(store, actor, submission.id);
  const text = request.text === '' ? null : request.text;
  const shown = hidden.filter((address) => text === null || address.includes(text.toLowerCase()));
  const counts = shown.length === 0 ? new Map<string, number>() : await countThrough(store, of, shown);
  const groups = shown.map((address): RecallRecipient => {
    const count = counts.get(address) ?? 0;
    return { recipient: address, name: null, via: null, standing: null, count };
  });
  const first = groups.slice(position, position + limit);
  const filter = { text, hidden };
  const page = { position: Math.max(0, position - groups.length), limit: limit - first.length };
  const rows = page.limit > 0 ? await recipientsPage(store, of, filter, page) : [];
  const all = text === null && hidden.length === 0;
  const count = all ? submission.total : await countRecipients(store, of, filter);
  return { total: groups.length + count, list: [...first, ...rows.map(toRecipient)] };
}

function toRecipient(row: RecipientRow): RecallRecipient {
  return { recipient: row.recipient, name: row.name, via: row.via, standing: standingOf(row), count: null };
}

function standingOf({ state, inside }: RecipientRow): Standing {
  if (state === 'held' || state === 'queued' || state === 'stopped') return state;
  return inside ? 'inside' : 'outside';
}
