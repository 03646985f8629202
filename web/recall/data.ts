// Recalls and their outcomes, kept in react-query's cache and made anew by push ([account, 'Recall', …]).

import { keepPreviousData, queryOptions, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { JmapError, type Jmap } from '../jmap/client.ts';
import type { Json, Recall } from '../jmap/types.ts';
import { useJmap } from '../app/session.tsx';
import type { Counts, Exposure, Outcome } from './words.ts';

/** A Recall whose counts are known by name. */
export interface RecallState extends Omit<Recall, 'counts'> {
  counts: Counts;
  restoreRequestedAt: string | null;
}

export interface RecallOutcome {
  id: string;
  recipient: string;
  name: string | null;
  via: string | null;
  /** Null in a group's row. */
  outcome: Outcome | null;
  exposure: Exposure | null;
  reason: string;
  remote: { host: string; reply: string | null; at: string | null } | null;
  downloadedBy: string | null;
  downloadedAt: string | null;
  /** When that program was told that the copy is gone; null: not since. */
  toldAt: string | null;
  decidedAt: string | null;
  restoredAt: string | null;
  counts: Counts | null;
  /** Of a recall that is not the reader's own. */
  byOther?: boolean;
}

/** Where outcomes are asked for: the reader's own recalls', or any recall's of the organisation (docs/jmap-admin.md). */
export type OutcomeType = 'RecallOutcome' | 'AdminRecallOutcome';

export interface Preview {
  inside: number;
  outside: number;
  held: number;
  queued: number;
  /** Of those that are held: how many leave the organisation, and when the first of all leaves. */
  heldOutside: number;
  heldForMs: number | null;
  total: number;
  refusal: { reason: string; description: string } | null;
  readCopiesAllowed: boolean;
}

export interface Recipient {
  recipient: string;
  name: string | null;
  via: string | null;
  standing: 'inside' | 'outside' | 'held' | 'queued' | 'stopped' | null;
  count: number | null;
}

/** Rows that one call fetches. */
export const PAGE = 100;

/** The server's own limit of a get. */
const MOST = 1000;

async function getRecall(jmap: Jmap, accountId: string, id: string): Promise<RecallState | null> {
  const { list } = await jmap.call<{ list: RecallState[] }>('Recall/get', { accountId, ids: [id] });
  return list[0] ?? null;
}

/** Undefined: not there yet; null: there is no such recall. */
export function useRecall(accountId: string, id: string) {
  const jmap = useJmap();
  return useQuery({ queryKey: [accountId, 'Recall', 'one', id], queryFn: () => getRecall(jmap, accountId, id) });
}

interface Known {
  state: string;
  byId: ReadonlyMap<string, RecallState>;
}

function allRecalls(client: QueryClient, jmap: Jmap, accountId: string) {
  const queryKey = [accountId, 'Recall', 'all'];
  return queryOptions({
    queryKey,
    queryFn: async (): Promise<Known> => {
      const before = client.getQueryData<Known>(queryKey);
      return before ? followRecalls(jmap, accountId, before) : readRecalls(jmap, accountId);
    },
    staleTime: Infinity,
  });
}

async function readRecalls(jmap: Jmap, accountId: string): Promise<Known> {
  const { list, state } = await jmap.call<{ list: RecallState[]; state: string }>('Recall/get', {
    accountId,
    ids: null,
  });
  return { state, byId: new Map(list.map((one) => [one.id, one])) };
}

/** Only what has changed: while a recall runs, news comes ten times a second. */
async function followRecalls(jmap: Jmap, accountId: string, before: Known): Promise<Known> {
  try {
    const changes = await jmap.call<{
      newState: string;
      created: string[];
      updated: string[];
      hasMoreChanges: boolean;
    }>('Recall/changes', { accountId, sinceState: before.state });
    const ids = [...changes.created, ...changes.updated];
    if (changes.hasMoreChanges || ids.length > MOST) return await readRecalls(jmap, accountId);
    if (ids.length === 0) return { ...before, state: changes.newState };
    const { list } = await jmap.call<{ list: RecallState[] }>('Recall/get', { accountId, ids });
    return { state: changes.newState, byId: new Map([...before.byId, ...list.map((one) => [one.id, one] as const)]) };
  } catch (error) {
    if (error instanceof JmapError && error.type === 'cannotCalculateChanges') return readRecalls(jmap, accountId);
    throw error;
  }
}

/** The account's recalls, newest first; undefined: not there yet. One query however many rows ask. */
export function useRecalls(accountId: string): RecallState[] | undefined {
  const known = useQuery({ ...allRecalls(useQueryClient(), useJmap(), accountId), select: newestFirst });
  return known.data;
}

function newestFirst({ byId }: Known): RecallState[] {
  return [...byId.values()].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt) || number(b.id) - number(a.id));
}

const number = (id: string): number => Number(id.slice(1));

/** What is asked of an Email here. */
export interface OfEmail {
  id: string;
  messageId?: string[] | null;
}

/** The newest recall of a message; undefined: none, or not known yet. */
export function useRecallOf(accountId: string, email: OfEmail): RecallState | undefined {
  const [messageId] = email.messageId ?? [];
  const known = useQuery({
    ...allRecalls(useQueryClient(), useJmap(), accountId),
    select: (all: Known) => newestFirst(all).find((one) => isOf(one, email.id, messageId)),
  });
  return known.data;
}

const isOf = (recall: RecallState, emailId: string, messageId: string | undefined): boolean =>
  recall.emailId === emailId || (messageId !== undefined && recall.messageId === messageId);

/** `recipients` null: all. Kept while another choice is looked up. */
export function usePreview(accountId: string, emailId: string, recipients: string[] | null, enabled = true) {
  const jmap = useJmap();
  return useQuery({
    queryKey: [accountId, 'Recall', 'preview', emailId, recipients],
    queryFn: () => jmap.call<Preview & Json>('Recall/preview', { accountId, emailId, recipients }),
    placeholderData: keepPreviousData,
    enabled,
    retry: false,
    gcTime: 60_000,
  });
}

export async function recipientsPage(
  jmap: Jmap,
  of: { accountId: string; emailId: string },
  text: string,
  position: number,
  limit: number,
): Promise<{ total: number; list: Recipient[] }> {
  return jmap.call('Recall/recipients', { ...of, text: text === '' ? null : text, position, limit });
}

/** Everyone it went to; at most `most`, null if they are more. */
export async function everyRecipient(
  jmap: Jmap,
  of: { accountId: string; emailId: string },
  most: number,
): Promise<Recipient[] | null> {
  const all: Recipient[] = [];
  for (;;) {
    const { total, list } = await recipientsPage(jmap, of, '', all.length, MOST);
    if (total > most) return null;
    all.push(...list);
    if (list.length === 0 || all.length >= total) return all;
  }
}

export interface OutcomeFilter {
  recallId: string;
  outcome?: Outcome[];
  text?: string;
}

/** One page of outcomes: a query, and a get of what it found, in one request. */
export async function outcomesPage(
  jmap: Jmap,
  accountId: string,
  filter: OutcomeFilter,
  position: number,
  limit: number,
  type: OutcomeType = 'RecallOutcome',
): Promise<RecallOutcome[]> {
  const answers = await jmap.request([
    [`${type}/query`, { accountId, filter, position, limit }, 'q'],
    [`${type}/get`, { accountId, '#ids': { resultOf: 'q', name: `${type}/query`, path: '/ids' } }, 'g'],
  ]);
  const failed = answers.find(([name]) => name === 'error');
  if (failed) throw asError(failed[1]);
  const list = (answers.find(([, , id]) => id === 'g')?.[1]['list'] ?? []) as RecallOutcome[];
  return type === 'RecallOutcome' ? list : list.map((row) => ({ ...row, byOther: true }));
}

export async function countOutcomes(
  jmap: Jmap,
  accountId: string,
  filter: OutcomeFilter,
  type: OutcomeType = 'RecallOutcome',
): Promise<number> {
  const answer = await jmap.call<{ total?: number }>(`${type}/query`, {
    accountId,
    filter,
    limit: 0,
    calculateTotal: true,
  });
  return answer.total ?? 0;
}

/** Outcomes of a filter, all of them, page after page. */
export async function* everyOutcome(
  jmap: Jmap,
  accountId: string,
  filter: OutcomeFilter,
  type: OutcomeType = 'RecallOutcome',
): AsyncGenerator<RecallOutcome[]> {
  for (let position = 0; ; position += MOST) {
    const rows = await outcomesPage(jmap, accountId, filter, position, MOST, type);
    if (rows.length > 0) yield rows;
    if (rows.length < MOST) return;
  }
}

/** A refusal as JMAP words it, as an error. */
function asError(given: unknown): JmapError {
  const error = (given ?? {}) as Json & { type?: string; description?: string };
  return new JmapError(error.type ?? 'serverFail', error.description ?? 'The server refused it.', error);
}

export interface Asked {
  emailId: string;
  mode: 'delete' | 'replace';
  recipients: string[] | null;
  includeRead: boolean;
  notifyMe: boolean;
  reason: string | null;
}

/** Recalls; answers once the gate has committed. Throws JmapError, `existingId` with `alreadyExists` and `underWay`. */
export async function askRecall(jmap: Jmap, accountId: string, asked: Asked): Promise<{ id: string; gateMs: number }> {
  const { created, notCreated } = await jmap.call<{ created: Json | null; notCreated: Json | null }>('Recall/set', {
    accountId,
    create: { r: { ...asked, replacementEmailId: null } },
  });
  const made = created?.['r'];
  if (!made) throw asError(notCreated?.['r']);
  return made as { id: string; gateMs: number };
}

export async function cancelRecall(jmap: Jmap, accountId: string, id: string): Promise<void> {
  const { notUpdated } = await jmap.call<{ notUpdated: Json | null }>('Recall/set', {
    accountId,
    update: { [id]: { status: 'cancelled' } },
  });
  if (notUpdated?.[id]) throw asError(notUpdated[id]);
}

export async function restoreRecall(jmap: Jmap, accountId: string, id: string): Promise<void> {
  await jmap.call('Recall/restore', { accountId, recallId: id });
}
