// What the list asks for: a mailbox or a search, filtered, sorted, by conversation or not. Pure.

import type { EmailQuery } from '../jmap/emails.ts';
import type { Json, Mailbox } from '../jmap/types.ts';
import { parseSearch } from './search.ts';

export type SortBy = 'receivedAt' | 'from' | 'subject' | 'size';
export type Only = 'all' | 'unread' | 'flagged' | 'files';

export interface ListForm {
  by: SortBy;
  ascending: boolean;
  only: Only;
}

export const USUAL: ListForm = { by: 'receivedAt', ascending: false, only: 'all' };

const ONLY: Record<Only, Json | null> = {
  all: null,
  unread: { notKeyword: '$seen' },
  flagged: { hasKeyword: '$flagged' },
  files: { hasAttachment: true },
};

export function listQuery(
  asked: { mailbox: Mailbox; search: string | null; conversations: boolean; mailboxes: readonly Mailbox[] },
  form: ListForm,
): EmailQuery {
  const { mailbox, search, conversations, mailboxes } = asked;
  const found = search === null ? null : parseSearch(search, mailboxes);
  const filters = [found ? found.filter : { inMailbox: mailbox.id }, ONLY[form.only]].filter((one) => one !== null);
  const [only = {}] = filters;
  const sort = [{ property: form.by, isAscending: form.ascending }];
  if (form.by !== 'receivedAt') sort.push({ property: 'receivedAt', isAscending: false });
  return {
    filter: filters.length === 1 ? only : { operator: 'AND', conditions: filters },
    sort,
    // Sent Items never groups: each message there is one that can be taken back.
    ...(conversations && found === null && form.by === 'receivedAt' && !ALONE.has(mailbox.role ?? '')
      ? { collapseThreads: true }
      : {}),
  };
}

const ALONE = new Set(['sent', 'drafts']);
