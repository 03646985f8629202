// Messages and recalls of the whole organisation (docs/jmap-admin.md). There is no push of them: what waits asks again.

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useJmap } from '../../app/session.tsx';
import { allSet, JmapError, type Jmap } from '../../jmap/client.ts';
import type { EmailAddress, Json } from '../../jmap/types.ts';
import type { Counts } from '../../recall/words.ts';
import { useAdministrator } from '../administrator.ts';

export interface AdminMessage {
  id: string;
  messageId: string | null;
  subject: string | null;
  from: EmailAddress[] | null;
  /** Own address of the account that sent it; null: it came from outside. */
  sender: string | null;
  acceptedAt: string;
  size: number;
  attachmentNames: string[];
  recipientCount: number;
}

export interface AdminRecall {
  id: string;
  message: string;
  messageId: string | null;
  subject: string | null;
  sender: string | null;
  status: 'sweeping' | 'done' | 'cancelled' | 'waiting' | 'denied' | 'withdrawn' | 'expired';
  mode: 'delete' | 'replace';
  includeRead: boolean;
  recipients: string[] | null;
  reason: string | null;
  byAdministrator: boolean;
  requestedBy: string | null;
  decidedBy: string | null;
  decidedAt: string | null;
  forwardOf: string | null;
  createdAt: string;
  gatedAt: string | null;
  doneAt: string | null;
  expiresAt: string | null;
  total: number;
  counts: Counts;
  cancelRequested: boolean;
  restoreRequestedAt: string | null;
}

export interface DryRun {
  inside: number;
  outside: number;
  held: number;
  heldOutside: number;
  queued: number;
  total: number;
  isDelivered: boolean;
  protected: number;
  /** Null for fewer than five inside. */
  exposure: Record<'none' | 'listed' | 'downloaded' | 'opened', number> | null;
  forwards: { message: string; subject: string | null; total: number }[] | null;
  needsApproval: boolean;
}

/** Rows fetched at a time. */
const PAGE = 50;

/** A query, and a get of what it found, in one request: a page of it. Throws JmapError. */
export async function pageOf<T>(jmap: Jmap, type: string, args: Json, position: number): Promise<T[]> {
  const answers = await jmap.request([
    [`${type}/query`, { ...args, position, limit: PAGE }, 'q'],
    [
      `${type}/get`,
      { accountId: args['accountId'], '#ids': { resultOf: 'q', name: `${type}/query`, path: '/ids' } },
      'g',
    ],
  ]);
  const failed = answers.find(([name]) => name === 'error')?.[1];
  if (failed) throw new JmapError(String(failed['type']), failed['description'] as string | undefined, failed);
  return (answers.find(([, , id]) => id === 'g')?.[1]['list'] ?? []) as T[];
}

/** A list that goes on where its end was: pages so far, flat. */
export function usePages<T>(
  type: string,
  filter: Json | null,
  more: { refetchInterval?: number; staleTime?: number } = {},
) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  return useInfiniteQuery({
    queryKey: [accountId, type, 'list', filter],
    queryFn: ({ pageParam }) => pageOf<T>(jmap, type, { accountId, filter }, pageParam),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (last.length < PAGE ? undefined : all.length * PAGE),
    enabled: filter !== null,
    placeholderData: keepPreviousData,
    retry: false,
    select: ({ pages }) => pages.flat(),
    ...more,
  });
}

/** Undefined: not there yet; null: there is no such message. Each look is in the audit log: it is asked for once. */
export function useMessage(id: string) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  return useQuery({
    queryKey: [accountId, 'AdminMessage', 'one', id],
    queryFn: async () =>
      (await jmap.call<{ list: AdminMessage[] }>('AdminMessage/get', { accountId, ids: [id] })).list[0] ?? null,
    retry: false,
  });
}

export interface Scope {
  message: string;
  /** Null: everyone. */
  recipients: string[] | null;
  forwards: boolean;
}

/** What a recall would meet. In the audit log as well. */
export function useDryRun(scope: Scope) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  return useQuery({
    queryKey: [accountId, 'AdminRecall', 'preview', scope],
    queryFn: () => jmap.call<DryRun & Json>('AdminRecall/preview', { accountId, ...scope }),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 60_000,
  });
}

export interface Wanted extends Scope {
  includeRead: boolean;
  notifyMe: boolean;
  reason: string;
}

/** Recalls, or asks for approval; answers the id. Throws JmapError. */
export async function askRecall(jmap: Jmap, accountId: string, wanted: Wanted): Promise<string> {
  const answer = allSet(await jmap.call('AdminRecall/set', { accountId, create: { r: wanted } }));
  return ((answer['created'] as Json)['r'] as { id: string }).id;
}

export async function setRecall(
  jmap: Jmap,
  accountId: string,
  id: string,
  status: 'cancelled' | 'approved' | 'denied' | 'withdrawn',
): Promise<void> {
  allSet(await jmap.call('AdminRecall/set', { accountId, update: { [id]: { status } } }));
}

export async function restoreRecall(jmap: Jmap, accountId: string, recallId: string): Promise<void> {
  await jmap.call('AdminRecall/restore', { accountId, recallId });
}

const FAST_MS = 1000;
const SLOW_MS = 10_000;

/** Asked for again while something may still happen to it. */
export function useAdminRecall(id: string) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  return useQuery({
    queryKey: [accountId, 'AdminRecall', 'one', id],
    queryFn: async () =>
      (await jmap.call<{ list: AdminRecall[] }>('AdminRecall/get', { accountId, ids: [id] })).list[0] ?? null,
    staleTime: 0,
    refetchInterval: ({ state: { data } }) =>
      data?.status === 'sweeping' ? FAST_MS : data?.status === 'waiting' ? SLOW_MS : false,
  });
}
