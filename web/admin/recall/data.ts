// Messages, recalls and alerts of the whole organisation (docs/jmap-admin.md). Push tells of recalls and alerts.

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useJmap } from '../../app/session.tsx';
import { allSet, type Jmap } from '../../jmap/client.ts';
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
  /** Were forwards asked for, too? Of a recall: or did any go along? */
  includeForwards: boolean;
  recipients: string[] | null;
  reason: string | null;
  byAdministrator: boolean;
  requestedBy: string | null;
  decidedBy: string | null;
  decidedAt: string | null;
  /** The recalls that it took along. */
  forwards: string[];
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
    // Under a name of its own: push of recalls does not ask for it again.
    queryKey: [accountId, 'AdminDryRun', scope],
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

export function useAdminRecall(id: string) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  return useQuery({
    queryKey: [accountId, 'AdminRecall', 'one', id],
    queryFn: async () =>
      (await jmap.call<{ list: AdminRecall[] }>('AdminRecall/get', { accountId, ids: [id] })).list[0] ?? null,
    staleTime: 0,
  });
}

export type Cause = 'old' | 'large' | 'many' | 'read-copies';

export interface AdminAlert {
  id: string;
  recall: string;
  causes: Cause[];
  createdAt: string;
  acknowledged: boolean;
  acknowledgedBy: string | null;
  acknowledgedAt: string | null;
}

/** The alert of a recall; null: it was not unusual. */
export function useAlertOf(recallId: string) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  const id = `al${recallId.slice(1)}`;
  return useQuery({
    queryKey: [accountId, 'AdminAlert', 'one', id],
    queryFn: async () =>
      (await jmap.call<{ list: AdminAlert[] }>('AdminAlert/get', { accountId, ids: [id] })).list[0] ?? null,
    staleTime: 0,
  });
}

export async function acknowledge(jmap: Jmap, accountId: string, id: string): Promise<void> {
  allSet(await jmap.call('AdminAlert/set', { accountId, update: { [id]: { acknowledged: true } } }));
}
