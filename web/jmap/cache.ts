// What the pages know of the server, as hooks. Keys of react-query begin with the account and the type of object
// ([accountId, 'Mailbox', …]), so that push can say what is to be fetched anew. Emails in lists: emails.ts.

import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, createElement, use, useCallback, useMemo, useSyncExternalStore, type ReactNode } from 'react';
import { useJmap } from '../app/session.tsx';
import { allSet, JmapError, resultOf, type Jmap } from './client.ts';
import { createEmails, patched, ROW_PROPERTIES, type EmailQuery, type Emails } from './emails.ts';
import type { EmailFull, EmailRow, Json, Mailbox, Thread } from './types.ts';

export type { EmailQuery } from './emails.ts';

const EmailsContext = createContext<Emails | null>(null);

export function EmailStoreProvider({ jmap, children }: { jmap: Jmap; children: ReactNode }): ReactNode {
  const emails = useMemo(() => createEmails(jmap), [jmap]);
  return createElement(EmailsContext, { value: emails }, children);
}

export function useEmails(): Emails {
  const emails = use(EmailsContext);
  if (!emails) throw new Error('There is no session here.');
  return emails;
}

/** Mailboxes in no particular order; [] until they are there. */
export function useMailboxes(accountId: string): Mailbox[] {
  return useMailboxesQuery(accountId).data ?? NONE;
}

const NONE: Mailbox[] = [];

export function useMailboxesQuery(accountId: string): { data: Mailbox[] | undefined; error: Error | null } {
  const jmap = useJmap();
  return useQuery({
    queryKey: [accountId, 'Mailbox', 'all'],
    queryFn: () => jmap.call<{ list: Mailbox[]; state: string }>('Mailbox/get', { accountId, ids: null }),
    select: foldersOf,
  });
}

/** A function that stays the same, so that what it selects does. Recall is for programs that have no button for it. */
function foldersOf({ list }: { list: Mailbox[] }): Mailbox[] {
  return list.filter(({ id }) => !id.startsWith('f-'));
}

/** The mailbox that an address names: a role, or an id. */
export function findMailbox(mailboxes: Mailbox[], name: string): Mailbox | undefined {
  return mailboxes.find((one) => one.role === name) ?? mailboxes.find((one) => one.id === name);
}

/** Ids of a conversation, oldest first; undefined until they are there. */
export function useThread(accountId: string, threadId: string | undefined): string[] | undefined {
  const jmap = useJmap();
  const { data } = useQuery({
    queryKey: [accountId, 'Thread', threadId],
    enabled: threadId !== undefined,
    queryFn: async () => (await threadsOf(jmap)(accountId, threadId ?? ''))?.emailIds ?? [],
  });
  return data;
}

/** Threads asked for in one moment are fetched together. */
function threadsOf(jmap: Jmap): (accountId: string, id: string) => Promise<Thread | undefined> {
  const known = loaders.get(jmap);
  if (known) return known;
  const waiting = new Map<string, { ids: Set<string>; answer: Promise<Map<string, Thread>> }>();
  const load = async (accountId: string, id: string): Promise<Thread | undefined> => {
    let batch = waiting.get(accountId);
    if (!batch) {
      const ids = new Set<string>();
      const answer = Promise.resolve().then(async () => {
        waiting.delete(accountId);
        const { list } = await jmap.call<{ list: Thread[] }>('Thread/get', { accountId, ids: [...ids] });
        return new Map(list.map((thread) => [thread.id, thread]));
      });
      batch = { ids, answer };
      waiting.set(accountId, batch);
    }
    batch.ids.add(id);
    return (await batch.answer).get(id);
  };
  loaders.set(jmap, load);
  return load;
}

const loaders = new WeakMap<Jmap, (accountId: string, id: string) => Promise<Thread | undefined>>();

export interface OneEmail<T> {
  data: T | undefined;
  error: Error | null;
  /** There is no such message, or not any more. */
  missing: boolean;
}

/**
 * One message. 'list': what a row shows. 'full': with its body; this counts as downloaded, so only for a message that
 * somebody opens.
 */
export function useEmail(accountId: string, id: string | null, depth: 'list'): OneEmail<EmailRow>;
export function useEmail(accountId: string, id: string | null, depth: 'full'): OneEmail<EmailFull>;
export function useEmail(accountId: string, id: string | null, depth: 'list' | 'full'): OneEmail<EmailRow | EmailFull> {
  const jmap = useJmap();
  const emails = useEmails();
  const row = useSyncExternalStore(emails.subscribe, () => (id === null ? undefined : emails.row(accountId, id)));
  const gone = useSyncExternalStore(emails.subscribe, () => id !== null && emails.isGone(accountId, id));
  const asRow = useQuery({
    queryKey: [accountId, 'Email', id, 'row'],
    enabled: depth === 'list' && id !== null && !row && !gone,
    queryFn: async () => {
      await emails.fetch(accountId, [id ?? '']);
      return true;
    },
  });
  const full = useQuery({
    queryKey: [accountId, 'Email', id, 'full'],
    enabled: depth === 'full' && id !== null,
    queryFn: async () => {
      const { email, state } = await fetchFull(jmap, accountId, id ?? '');
      emails.fetched(accountId, state);
      return email;
    },
  });
  if (depth === 'list') return { data: row, error: asRow.error, missing: gone };
  const missing = full.data === null || gone;
  return { data: missing ? undefined : (full.data ?? undefined), error: full.error, missing };
}

const FULL_PROPERTIES = [
  ...ROW_PROPERTIES,
  'blobId',
  'cc',
  'bcc',
  'replyTo',
  'sender',
  'sentAt',
  'inReplyTo',
  'references',
  'htmlBody',
  'textBody',
  'attachments',
  'bodyValues',
];

const PART_PROPERTIES = ['partId', 'blobId', 'size', 'name', 'type', 'charset', 'disposition', 'cid', 'location'];

/** Octets of one body part: what is longer is told as truncated. */
const MAX_BODY = 2 << 20;

/** `email` null: there is no such message. Counts as downloaded. */
export async function fetchFull(
  jmap: Jmap,
  accountId: string,
  id: string,
): Promise<{ email: EmailFull | null; state: string }> {
  return fullOf(await jmap.call('Email/get', fullArguments(accountId, id)));
}

function fullArguments(accountId: string, id: string): Json {
  return {
    accountId,
    ids: [id],
    properties: FULL_PROPERTIES,
    bodyProperties: PART_PROPERTIES,
    fetchTextBodyValues: true,
    fetchHTMLBodyValues: true,
    maxBodyValueBytes: MAX_BODY,
  };
}

function fullOf(result: Json): { email: EmailFull | null; state: string } {
  const { list, state } = result as { list: EmailFull[]; state: string };
  return { email: list[0] ?? null, state };
}

const SEEN = { 'keywords/$seen': true };

/**
 * Opens a message that is unread: marks it read, then asks for its body; one request, whose calls the server answers one
 * after the other (RFC 8620 §3.3). Asked for again while it is on its way, it is one request. Throws JmapError where the
 * server did not mark it: then nothing of the body is kept. Where it may be read and not marked (somebody else's mailbox,
 * read only) it is kept.
 */
export function openUnread(at: { jmap: Jmap; emails: Emails; client: QueryClient }, accountId: string, id: string) {
  const { jmap, emails, client } = at;
  const opening = openings.get(emails) ?? new Map<string, Promise<void>>();
  openings.set(emails, opening);
  const key = `${accountId} ${id}`;
  const open = async (): Promise<void> => {
    const [set, got] = await jmap.request([
      ['Email/set', { accountId, update: { [id]: SEEN } }, 's'],
      ['Email/get', fullArguments(accountId, id), 'g'],
    ]);
    try {
      allSet(resultOf(set));
    } catch (error) {
      if (!(error instanceof JmapError) || error.type !== 'forbidden') throw error;
    }
    const { email, state } = fullOf(resultOf(got));
    emails.fetched(accountId, state);
    client.setQueryData([accountId, 'Email', id, 'full'], email);
    // The row's mark is drawn after the message.
    if (email && '$seen' in email.keywords) setTimeout(() => emails.patch(accountId, { [id]: SEEN }));
  };
  const known = opening.get(key);
  if (known) return known;
  const asked = open().finally(() => opening.delete(key));
  opening.set(key, asked);
  return asked;
}

const openings = new WeakMap<Emails, Map<string, Promise<void>>>();

export interface EmailQueryResult {
  /** Undefined until the first answer. */
  total: number | undefined;
  ids: readonly (string | undefined)[];
  error: JmapError | undefined;
  row(index: number): EmailRow | undefined;
  ensure(from: number, to: number): void;
}

/** A list of messages: positions are filled as `ensure` says that they are looked at. Null: no list. */
export function useEmailQuery(accountId: string, query: EmailQuery | null): EmailQueryResult {
  const emails = useEmails();
  const key = query === null ? null : JSON.stringify(query);
  const list = useMemo(
    () => (key === null ? null : emails.list(accountId, JSON.parse(key) as EmailQuery)),
    [emails, accountId, key],
  );
  const subscribe = useCallback((listener: () => void) => list?.subscribe(listener) ?? (() => undefined), [list]);
  const version = useSyncExternalStore(subscribe, () => list?.version ?? 0);
  return useMemo(
    () =>
      list
        ? { total: list.total, ids: list.ids, error: list.error, row: list.row, ensure: list.ensure }
        : { total: undefined, ids: [], error: undefined, row: () => undefined, ensure: () => undefined },
    // The list is one object whose version says that it is another by now.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [list, version],
  );
}

/**
 * Changes messages: { m12: { 'keywords/$seen': true } } or { m12: { mailboxIds: { f4: true } } }; null destroys one.
 * Shown at once, taken back when the server refuses; throws JmapError then.
 */
export function useSetEmails(): (accountId: string, update: Record<string, Json | null>) => Promise<void> {
  const jmap = useJmap();
  const emails = useEmails();
  const client = useQueryClient();
  return useCallback(
    (accountId, update) => setEmails({ jmap, emails, client }, accountId, update),
    [jmap, emails, client],
  );
}

/** Ids a request. */
const SET_AT_ONCE = 500;

export async function setEmails(
  { jmap, emails, client }: { jmap: Jmap; emails: Emails; client: QueryClient },
  accountId: string,
  update: Record<string, Json | null>,
): Promise<void> {
  const all = Object.entries(update);
  const patches = Object.fromEntries(all.filter((one): one is [string, Json] => one[1] !== null));
  emails.patch(accountId, patches);
  for (const [id, patch] of Object.entries(patches)) changeFull(client, accountId, id, (full) => patched(full, patch));
  try {
    for (let from = 0; from < all.length; from += SET_AT_ONCE) {
      const some = all.slice(from, from + SET_AT_ONCE);
      const destroy = some.filter(([, patch]) => patch === null).map(([id]) => id);
      const changed = Object.fromEntries(some.filter(([, patch]) => patch !== null));
      allSet(await jmap.call('Email/set', { accountId, update: changed, destroy }));
      emails.remove(accountId, destroy);
    }
  } finally {
    void client.invalidateQueries({ queryKey: [accountId, 'Mailbox'] });
    await refreshEmails({ jmap, emails, client }, accountId);
  }
}

/** A message that was opened before, if it was. */
function changeFull(client: QueryClient, accountId: string, id: string, change: (full: EmailFull) => EmailFull): void {
  client.setQueryData<EmailFull | null>([accountId, 'Email', id, 'full'], (full) => full && change(full));
}

/** Something has changed among this account's messages: finds out what, and fetches that anew. */
export async function refreshEmails(
  { jmap, emails, client }: { jmap: Jmap; emails: Emails; client: QueryClient },
  accountId: string,
): Promise<void> {
  const changes = await emails.refresh(accountId);
  if (!changes) {
    await client.invalidateQueries({ queryKey: [accountId, 'Email'] });
    return;
  }
  const opened = (id: string): boolean => client.getQueryData([accountId, 'Email', id, 'full']) !== undefined;
  for (const id of changes.destroyed.filter(opened)) client.setQueryData([accountId, 'Email', id, 'full'], null);
  await Promise.all([
    refreshOpened({ jmap, client }, accountId, changes.updated.filter(opened)),
    client.invalidateQueries({
      predicate: ({ queryKey: [account, type, id, what] }) =>
        account === accountId &&
        type === 'Email' &&
        what !== 'full' &&
        (!isId(id) || changes.updated.includes(String(id))),
    }),
  ]);
}

/** What was written stays; where it is and what it is marked with may change. */
async function refreshOpened(
  { jmap, client }: { jmap: Jmap; client: QueryClient },
  accountId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const properties = ['mailboxIds', 'keywords', 'threadId'];
  const { list } = await jmap.call<{ list: EmailFull[] }>('Email/get', { accountId, ids, properties });
  for (const now of list) changeFull(client, accountId, now.id, (full) => ({ ...full, ...now }));
}

/** Whatever else is kept under [accountId, 'Email', …] is about many. */
function isId(id: unknown): boolean {
  return typeof id === 'string' && /^m\d+$/.test(id);
}
