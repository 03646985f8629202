// The Emails of each account that pages show: their rows by id, the lists they stand in, and what has changed since.

import { JmapError, resultOf, type Jmap } from './client.ts';
import {
  createList,
  PAGE,
  ROW_PROPERTIES,
  withoutIds,
  type EmailList,
  type EmailQuery,
  type List,
} from './emailList.ts';
import { createMembers, type Members } from './members.ts';
import type { EmailRow, Json } from './types.ts';

export { ROW_PROPERTIES, type EmailList, type EmailQuery } from './emailList.ts';

export interface Emails {
  list(accountId: string, query: EmailQuery): EmailList;
  row(accountId: string, id: string): EmailRow | undefined;
  /** Of a conversation that a list shows: how many are unread, but for those in these mailboxes. */
  unread(accountId: string, threadId: string, without: ReadonlySet<string>): number;
  /** True: the server has no such Email. */
  isGone(accountId: string, id: string): boolean;
  /** Fetches rows that are not there yet. */
  fetch(accountId: string, ids: readonly string[]): Promise<void>;
  /** Something has changed in this account. Answers which Emails, by id; null: nobody knows which, so any. */
  refresh(accountId: string): Promise<Changes | null>;
  /** Shows a change before the server has said yes. */
  patch(accountId: string, update: Record<string, Json>): void;
  remove(accountId: string, ids: readonly string[]): void;
  /** Something of this account was fetched elsewhere, in this state: later changes are to be told. */
  fetched(accountId: string, state: string): void;
  /** For rows by id. */
  subscribe(listener: () => void): () => void;
}

export interface Changes {
  created: string[];
  updated: string[];
  destroyed: string[];
}

interface Account {
  rows: Map<string, EmailRow>;
  members: Members;
  gone: Set<string>;
  lists: Map<string, List>;
  /** Of the rows; undefined: none was fetched. */
  state: string | undefined;
  refreshing: Promise<Changes | null> | undefined;
  /** What came while that one runs. */
  next: Promise<Changes | null> | undefined;
}

/** Lists nobody looks at are kept for coming back to them, this many. */
const KEPT_LISTS = 12;

export function createEmails(jmap: Pick<Jmap, 'call' | 'request'>): Emails {
  const accounts = new Map<string, Account>();
  const listeners = new Set<() => void>();

  const accountOf = (id: string): Account => {
    const known = accounts.get(id) ?? {
      rows: new Map(),
      members: createMembers(),
      gone: new Set(),
      lists: new Map(),
      state: undefined,
      refreshing: undefined,
      next: undefined,
    };
    accounts.set(id, known);
    return known;
  };

  const announce = (account: Account): void => {
    for (const list of account.lists.values()) list.changed();
    for (const listener of listeners) listener();
  };

  const take = (account: Account, result: Json): void => {
    account.state ??= result['state'] as string;
    for (const row of result['list'] as EmailRow[]) {
      account.rows.set(row.id, row);
      account.members.know(row);
      account.gone.delete(row.id);
    }
    forget(account, (result['notFound'] ?? []) as string[]);
  };

  const fetchRows = async (accountId: string, ids: readonly string[], isGrouped = false): Promise<void> => {
    const account = accountOf(accountId);
    const pages = Array.from({ length: Math.ceil(ids.length / PAGE) }, (_, i) => ids.slice(i * PAGE, (i + 1) * PAGE));
    await Promise.all(
      pages.map(async (page) => {
        const args = { accountId, ids: page, properties: ROW_PROPERTIES };
        if (!isGrouped) return take(account, await jmap.call('Email/get', args));
        const answers = await jmap.request([['Email/get', args, 'g'], ...account.members.calls(accountId, 'g')]);
        take(account, resultOf(answers[0]));
        account.members.take(answers);
      }),
    );
    if (pages.length > 0) announce(account);
  };

  const refreshOnce = async (accountId: string): Promise<Changes | null> => {
    const account = accountOf(accountId);
    // What is being fetched for the first time may have been answered before the change.
    if (account.state === undefined) await Promise.all([...account.lists.values()].map((list) => list.first));
    const changes = await changesSince(jmap, accountId, account);
    let isMoved = true;
    if (changes) {
      // What they said goes now; their places stay until the lists are there anew, so that where a notice takes a
      // message's place nothing jumps, and the focus finds it there.
      forget(account, changes.destroyed);
      if (changes.destroyed.length > 0) announce(account);
      const known = changes.updated.filter((id) => account.rows.has(id));
      const before = placesOf(account, known);
      await fetchRows(accountId, known);
      isMoved =
        changes.created.length + changes.destroyed.length > 0 ||
        known.length < changes.updated.length ||
        placesOf(account, known) !== before;
    } else {
      account.rows.clear();
      account.members.clear();
      account.gone.clear();
    }
    await Promise.all(
      [...account.lists].map(async ([key, list]) => {
        if (!isMoved && isByPlace(list.query)) return;
        if (list.watched) await list.reload();
        else account.lists.delete(key);
      }),
    );
    // Of a list that could not be had anew, at least what is known to be gone.
    if (changes && leave(account, changes.destroyed)) announce(account);
    return changes;
  };

  return {
    list(accountId, query) {
      const account = accountOf(accountId);
      const key = JSON.stringify(query);
      const known = account.lists.get(key);
      if (known) return known;
      for (const [old, list] of account.lists) {
        if (account.lists.size < KEPT_LISTS) break;
        if (!list.watched) account.lists.delete(old);
      }
      const list = createList({
        jmap,
        accountId,
        query,
        key,
        account,
        take: (result) => take(account, result),
        fetchRows,
      });
      account.lists.set(key, list);
      return list;
    },
    row: (accountId, id) => accounts.get(accountId)?.rows.get(id),
    unread: (accountId, threadId, without) => accounts.get(accountId)?.members.unread(threadId, without) ?? 0,
    isGone: (accountId, id) => accounts.get(accountId)?.gone.has(id) ?? false,
    fetch: (accountId, ids) => {
      const { rows } = accountOf(accountId);
      return fetchRows(
        accountId,
        ids.filter((id) => !rows.has(id)),
      );
    },
    refresh(accountId) {
      const account = accountOf(accountId);
      const begin = (): Promise<Changes | null> => {
        account.next = undefined;
        const running = refreshOnce(accountId).finally(() => {
          if (account.refreshing === running) account.refreshing = undefined;
        });
        account.refreshing = running;
        return running;
      };
      if (!account.refreshing) return begin();
      // However much comes while one round runs, one more tells it all.
      account.next ??= account.refreshing.then(begin, begin);
      return account.next;
    },
    patch(accountId, update) {
      const account = accountOf(accountId);
      for (const [id, patch] of Object.entries(update)) {
        const row = account.rows.get(id);
        if (!row) continue;
        const now = patched(row, patch);
        account.rows.set(id, now);
        account.members.know(now);
        for (const list of account.lists.values()) {
          const { inMailbox } = list.query.filter ?? {};
          if (typeof inMailbox === 'string' && !(inMailbox in now.mailboxIds)) withoutIds(list, new Set([id]));
        }
      }
      announce(account);
    },
    remove(accountId, ids) {
      const account = accountOf(accountId);
      forget(account, ids);
      leave(account, ids);
      announce(account);
    },
    fetched: (accountId, state) => void (accountOf(accountId).state ??= state),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Where these are, to be compared. */
function placesOf({ rows }: Account, ids: readonly string[]): string {
  return ids.map((id) => Object.keys(rows.get(id)?.mailboxIds ?? {}).join()).join(' ');
}

/** Nothing but where a message is and when it came decides on whether, and where, it stands in this list. */
function isByPlace({ filter, sort = [] }: EmailQuery): boolean {
  return (
    Object.keys(filter ?? {}).every((key) => key === 'inMailbox') &&
    sort.every(({ property }) => ['receivedAt', 'sentAt', 'size', 'from', 'to', 'subject'].includes(property))
  );
}

function forget(account: Account, ids: readonly string[]): void {
  for (const id of ids) {
    account.rows.delete(id);
    account.gone.add(id);
  }
  account.members.forget(ids);
}

/** Takes them out of every list. True: at least one list had one of them. */
function leave(account: Account, ids: readonly string[]): boolean {
  const gone = new Set(ids);
  return [...account.lists.values()].map((list) => withoutIds(list, gone)).includes(true);
}

/** RFC 8620 §5.3 patch: "keywords/$seen": true. Pure. */
export function patched<T extends object>(object: T, patch: Json): T {
  const result = { ...object } as Json;
  for (const [path, value] of Object.entries(patch)) {
    const [name = '', key] = path.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (key === undefined) result[name] = value;
    else {
      const { [key]: _old, ...others } = (result[name] ?? {}) as Json;
      result[name] = value === null ? others : { ...others, [key]: value };
    }
  }
  return result as T;
}

/** Null: nothing was known yet, or that was too long ago. */
async function changesSince(
  jmap: Pick<Jmap, 'call'>,
  accountId: string,
  account: Pick<Account, 'state'>,
): Promise<Changes | null> {
  const all: Changes = { created: [], updated: [], destroyed: [] };
  if (account.state === undefined) return null;
  try {
    for (let more = true; more;) {
      const one = await jmap.call('Email/changes', { accountId, sinceState: account.state });
      for (const part of ['created', 'updated', 'destroyed'] as const) all[part].push(...(one[part] as string[]));
      account.state = one['newState'] as string;
      more = one['hasMoreChanges'] as boolean;
    }
    return all;
  } catch (error) {
    if (!(error instanceof JmapError) || error.type !== 'cannotCalculateChanges') throw error;
    account.state = undefined;
    return null;
  }
}
