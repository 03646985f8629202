// What waits to go to other servers, as AdminQueue has it (docs/jmap-admin.md), and words for it.

import { useQuery } from '@tanstack/react-query';
import { useJmap } from '../../app/session.tsx';
import { figure, several } from '../../recall/words.ts';
import { useAdministrator } from '../administrator.ts';

export interface Queued {
  id: string;
  messageId: string | null;
  subject: string | null;
  mailFrom: string;
  size: number;
  receivedAt: string;
  held: number;
  queued: number;
  sending: number;
  nextAt: string | null;
}

export interface Totals {
  messages: number;
  held: number;
  queued: number;
  sending: number;
}

export interface Recipient {
  recipient: string;
  via: string | null;
  state: 'held' | 'queued' | 'sending' | 'delivered' | 'failed' | 'stopped';
  attempts: number;
  maybeSent: boolean;
  dueAt: string | null;
  finishedAt: string | null;
  remoteHost: string | null;
  reply: string | null;
}

/** How often what is shown of it is read again: it empties and fills by itself, and nothing pushes that. */
export const AGAIN_MS = 5000;

/** `ids` null: the oldest of all that wait. */
export function useQueue(ids: string[] | null) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  return useQuery({
    queryKey: [accountId, 'AdminQueue', ids],
    queryFn: () => jmap.call<{ list: Queued[]; totals: Totals }>('AdminQueue/get', { accountId, ids }),
    staleTime: 0,
    refetchInterval: AGAIN_MS,
  });
}

/** A subject as it is shown where there may be none. */
export const subjectOf = ({ subject }: Queued): string => (subject ?? '').trim() || '(no subject)';
export const senderOf = ({ mailFrom }: Queued): string => (mailFrom === '' ? 'This server itself' : mailFrom);

/** "2 held for their sender, 1 waits, 1 under way" */
export function standing({ held, queued, sending }: Pick<Queued, 'held' | 'queued' | 'sending'>): string {
  return [
    held > 0 ? `${figure(held)} held for the sender` : '',
    queued > 0 ? several(queued, 'waits', 'wait') : '',
    sending > 0 ? `${figure(sending)} under way` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}
