// A list of Emails of which only the parts that are looked at are known: ids by position, and rows when a position with a
// known id is looked at. A row is fetched with nothing that it does not show: fetching more would count as having been
// downloaded (docs/recall.md, exposure).

import { JmapError, resultOf, type Call, type Jmap } from './client.ts';
import type { Members } from './members.ts';
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
export const PAGE = 50;
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

export interface List extends EmailList {
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

/** Takes these out of a list, wherever in it they are. True: at least one was in it. */
export function withoutIds(list: Pick<List, 'ids' | 'total'>, gone: ReadonlySet<string>): boolean {
  // Array.from makes of holes what filter does not skip.
  const left = Array.from(list.ids).filter((id) => id === undefined || !gone.has(id));
  const removed = list.ids.length - left.length;
  if (removed === 0) return false;
  list.ids = left;
  if (list.total !== undefined) list.total -= removed;
  return true;
}

interface ListDeps {
  jmap: Pick<Jmap, 'call' | 'request'>;
  accountId: string;
  query: EmailQuery;
  key: string;
  /** What is known of the account: its rows, and the state since which its changes are asked for. */
  account: { readonly rows: ReadonlyMap<string, EmailRow>; readonly members: Members; state: string | undefined };
  /** Keeps what Email/get answered. */
  take(result: Json): void;
  /** `grouped`: with who else is in their conversations. */
  fetchRows(accountId: string, ids: readonly string[], grouped: boolean): Promise<void>;
}

export function createList({ jmap, accountId, query, key, account, take, fetchRows }: ListDeps): List {
  const listeners = new Set<() => void>();
  const isGrouped = query.collapseThreads === true;
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
        ...(isGrouped ? account.members.calls(accountId, 'g') : []),
      ]);
      if (ofGeneration !== generation) return;
      const results = answers.slice(0, first.length + 2).map(resultOf);
      const [found, got] = results.slice(-2) as [Json, Json];
      // An older one than is known by now only tells some of it twice.
      if (first.length > 0) account.state = results[0]?.['state'] as string;
      if (isGrouped) account.members.take(answers);
      if (anew) list.ids = [];
      take(got);
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
    fetchRows(accountId, wanted, isGrouped)
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

function asJmapError(error: unknown): JmapError {
  return error instanceof JmapError ? error : new JmapError('unknown', String(error));
}
