// Can this message be recalled? The command is there in any case, and says why not.

import { useQuery } from '@tanstack/react-query';
import { useJmap } from '../app/session.tsx';
import type { Identity } from '../jmap/types.ts';
import { atOnce, senderOf, type Recallable } from './at-once.ts';
import { usePreview } from './data.ts';
import { refusalSentence } from './words.ts';

export interface Recallability {
  label: string;
  disabledBecause?: string;
}

const RECALL_LABEL = 'Recall This Message…';

export function useRecallability(accountId: string, email: Recallable | undefined): Recallability {
  const own = useOwnAddresses(accountId);
  const reason = email && atOnce(email, own);
  const isAsked = email !== undefined && reason === undefined && own !== undefined;
  const preview = usePreview(accountId, email?.id ?? '', null, isAsked);
  const refusal = email && reason === undefined ? preview.data?.refusal : null;
  const because = reason ?? (email && refusal ? refusalSentence(refusal, senderOf(email)) : undefined);
  return { label: RECALL_LABEL, ...(because === undefined ? {} : { disabledBecause: because }) };
}

function useOwnAddresses(accountId: string): ReadonlySet<string> | undefined {
  const jmap = useJmap();
  const { data } = useQuery({
    queryKey: [accountId, 'Identity', 'all'],
    queryFn: async () => (await jmap.call<{ list: Identity[] }>('Identity/get', { accountId, ids: null })).list,
    retry: false,
  });
  return data && new Set(data.map(({ email }) => email.toLowerCase()));
}
