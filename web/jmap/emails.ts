// The Emails that lists show: rows by id, and lists of ids of which only the parts that are looked at are known.
// A row is fetched when a list comes to it and not before, and with nothing that it does not show: fetching more would
// count as having been downloaded (docs/recall.md, exposure).

import { JmapError, type Answer, type Call, type Jmap } from './client.ts';
import type { EmailRow, Json } from './types.ts';

export const ROW_PROPERTIES: readonly (keyof EmailRow)[] = [
  'id',
  'threadId',
  'mailboxIds',
  'keywords',
  'size',
  'receivedAt',
  'from',
  'to',
  'subject',
  'preview',
  'hasAttachment',
  'recallNotice',
  'messageId',
];

/** Of Email/query: filter, sort, collapseThreads. */
export interface EmailQuery {
  filter: Json | null;
  sort?: { property: string; isAscending?: boolean; keyword?: string }[];
  collapseThreads?: boolean;
}

/** Rows a request. */
const PAGE = 50;
/** Ids a request. */
const WINDOW = 250;

export interface EmailList {
  readonly key: string;
  /** Undefined until the first answer. */
  readonly total: number | undefined;
  readonly error: JmapError | undefined;
  /** Sparse: what was not looked at is not known. */
  readonly ids: readonly (string | undefined)[];
  /** Raised by every change. */
  readonly version: number;
  row(index: number): EmailRow | undefined;
  /** Rows [from, to) are looked at: they are fetched, and kept right. */
  ensure(from: number, to: number): void;
  subscribe(listener: () => void): () => void;
}

export interface Emails {
  list(accountId: string, query: EmailQuery): EmailList;
  row(accountId: string, id: string): EmailRow | undefined;
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
  gone: Set<string>;
  lists: Map<string, List>;
  /** Of the rows; undefined: none was fetched. */
  state: string | undefined;
  refreshing: Promise<Changes | null> | undefined;
  /** What came while that one runs. */
  next: Promise<Changes | null> | undefined;
}

interface List extends EmailList {
  query: EmailQuery;
  total: number | undefined;
  error: JmapError | undefined;
  ids: (string | undefined)[];
  version: number;
  changed(): void;
  /** Ends when what it is first shown with is there, or could not be had. */
  readonly first: Promise<void>;
  /** Asks anew for what is looked at. */
  reload(): Promise<void>;
  readonly watched: boolean;
}

/** Lists nobody looks at are kept for coming back to them, this many. */
const KEPT_LISTS = 12;

export function createEmails(jmap: Pick<Jmap, 'call' | 'request'>): Emails {
  const accounts = new Map<string, Account>();
  const listeners = new Set<() => void>();

  const accountOf = (id: string): Account => {
    const known = accounts.get(id) ?? {
      rows: new Map(),
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
      account.gone.delete(row.id);
    }
    for (const id of (result['notFound'] ?? []) as string[]) {
      account.rows.delete(id);
      account.gone.add(id);
    }
  };

  const fetchRows = async (accountId: string, ids: readonly string[]): Promise<void> => {
    const account = accountOf(accountId);
    const pages = Array.from({ length: Math.ceil(ids.length / PAGE) }, (_, i) => ids.slice(i * PAGE, (i + 1) * PAGE));
    await Promise.all(
      pages.map(async (page) =>
        take(account, await jmap.call('Email/get', { accountId, ids: page, properties: ROW_PROPERTIES })),
      ),
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
      drop(account, changes.destroyed);
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
      account.gone.clear();
    }
    await Promise.all(
      [...account.lists].map(async ([key, list]) => {
        if (!isMoved && isByPlace(list.query)) return;
        if (list.watched) await list.reload();
        else account.lists.delete(key);
      }),
    );
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
      const list = createList({ jmap, accountId, query, key, account, take, fetchRows });
      account.lists.set(key, list);
      return list;
    },
    row: (accountId, id) => accounts.get(accountId)?.rows.get(id),
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
        for (const list of account.lists.values()) {
          const { inMailbox } = list.query.filter ?? {};
          if (typeof inMailbox === 'string' && !(inMailbox in now.mailboxIds)) withoutIds(list, new Set([id]));
        }
      }
      announce(account);
    },
    remove(accountId, ids) {
      const account = accountOf(accountId);
      drop(account, ids);
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

function drop(account: Account, ids: readonly string[]): void {
  const gone = new Set(ids);
  for (const id of ids) {
    account.rows.delete(id);
    account.gone.add(id);
  }
  for (const list of account.lists.values()) withoutIds(list, gone);
}

function withoutIds(list: Pick<List, 'ids' | 'total'>, gone: ReadonlySet<string>): void {
  // Array.from makes of holes what filter does not skip.
  const left = Array.from(list.ids).filter((id) => id === undefined || !gone.has(id));
  const removed = list.ids.length - left.length;
  if (removed === 0) return;
  list.ids = left;
  if (list.total !== undefined) list.total -= removed;
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

interface ListDeps {
  jmap: Pick<Jmap, 'call' | 'request'>;
  accountId: string;
  query: EmailQuery;
  key: string;
  account: Account;
  take(account: Account, result: Json): void;
  fetchRows(accountId: string, ids: readonly string[]): Promise<void>;
}

function createList({ jmap, accountId, query, key, account, take, fetchRows }: ListDeps): List {
  const listeners = new Set<() => void>();
  const asked = { ids: new Set<number>(), rows: new Set<string>() };
  let range = { from: 0, to: PAGE };
  /** Answers to questions of an earlier list are no answers any more. */
  let generation = 0;

  const queryArgs = (from: number, to: number): Json => ({
    accountId,
    ...query,
    position: from,
    limit: to - from,
    calculateTotal: true,
  });

  const place = (answer: Json): void => {
    const from = answer['position'] as number;
    list.total = answer['total'] as number;
    const ids = list.ids.slice(0, list.total);
    (answer['ids'] as string[]).forEach((id, i) => (ids[from + i] = id));
    ids.length = list.total;
    list.ids = ids;
    list.error = undefined;
  };

  /** Ids and their rows in one request, shown together: no row flickers. */
  const load = async (from: number, to: number, anew: boolean): Promise<void> => {
    const ofGeneration = generation;
    try {
      // What comes between ids and rows is known to the rows' state, and not among the ids: changes are asked for since
      // the state before both.
      const first: Call[] = account.state === undefined ? [['Email/get', { accountId, ids: [] }, 's']] : [];
      const answers = await jmap.request([
        ...first,
        ['Email/query', queryArgs(from, to), 'q'],
        [
          'Email/get',
          {
            accountId,
            '#ids': { resultOf: 'q', name: 'Email/query', path: '/ids' },
            properties: ROW_PROPERTIES,
          },
          'g',
        ],
      ]);
      if (ofGeneration !== generation) return;
      const results = answers.map(resultOf);
      const [found, got] = results.slice(-2) as [Json, Json];
      // An older one than is known by now only tells some of it twice.
      if (first.length > 0) account.state = results[0]?.['state'] as string;
      if (anew) list.ids = [];
      take(account, got);
      place(found);
    } catch (error) {
      if (ofGeneration === generation) list.error = asJmapError(error);
    }
    list.changed();
  };

  const loadIds = async (from: number): Promise<void> => {
    const ofGeneration = generation;
    try {
      const found = await jmap.call('Email/query', queryArgs(from, from + WINDOW));
      if (ofGeneration !== generation) return;
      place(found);
      list.changed();
      loadVisible();
    } catch (error) {
      if (ofGeneration === generation) list.error = asJmapError(error);
      list.changed();
    } finally {
      if (ofGeneration === generation) asked.ids.delete(from);
    }
  };

  const loadVisible = (): void => {
    if (list.total === undefined) return;
    const to = Math.min(range.to, list.total);
    for (let from = Math.floor(range.from / WINDOW) * WINDOW; from < to; from += WINDOW) {
      const end = Math.min(from + WINDOW, to);
      const isMissing = rangeOf(Math.max(from, range.from), end).some((i) => list.ids[i] === undefined);
      if (!isMissing || asked.ids.has(from)) continue;
      asked.ids.add(from);
      void loadIds(from);
    }
    const wanted = rangeOf(range.from, to)
      .map((i) => list.ids[i])
      .filter((id): id is string => id !== undefined && !account.rows.has(id) && !asked.rows.has(id));
    if (wanted.length === 0) return;
    for (const id of wanted) asked.rows.add(id);
    fetchRows(accountId, wanted)
      .catch((error: unknown) => {
        list.error = asJmapError(error);
        list.changed();
      })
      .finally(() => wanted.forEach((id) => asked.rows.delete(id)));
  };

  const list: List = {
    key,
    query,
    total: undefined,
    error: undefined,
    ids: [],
    version: 0,
    get watched() {
      return listeners.size > 0;
    },
    row(index) {
      const id = list.ids[index];
      return id === undefined ? undefined : account.rows.get(id);
    },
    ensure(from, to) {
      range = { from: Math.max(0, Math.floor(from / PAGE) * PAGE), to: Math.ceil(to / PAGE) * PAGE };
      loadVisible();
    },
    reload() {
      generation++;
      asked.ids.clear();
      return load(range.from, Math.max(range.to, range.from + PAGE), true);
    },
    changed() {
      list.version++;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    first: load(0, PAGE, false),
  };
  return list;
}

function rangeOf(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

function resultOf([name, result]: Answer): Json {
  if (name === 'error')
    throw new JmapError(String(result['type']), result['description'] as string | undefined, result);
  return result;
}

function asJmapError(error: unknown): JmapError {
  return error instanceof JmapError ? error : new JmapError('unknown', String(error));
}
