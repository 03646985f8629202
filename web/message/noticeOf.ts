// A message that was open is gone: is it a recall's notice that stands in its place now? It has the same thread and date.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useJmap } from '../app/session.tsx';
import { ROW_PROPERTIES } from '../jmap/emails.ts';
import type { EmailRow, Thread } from '../jmap/types.ts';

/** Its Email id. `row`: as it was last known. Undefined: none, or not found yet. */
export function useNoticeOf(
  accountId: string,
  id: string,
  row: EmailRow | undefined,
  missing: boolean,
): string | undefined {
  const jmap = useJmap();
  const [last, setLast] = useState<EmailRow | undefined>(row);
  if (row && row !== last) setLast(row);
  const known = last?.id === id ? last : undefined;
  const { data } = useQuery({
    queryKey: [accountId, 'Email', id, 'notice'],
    enabled: missing && known !== undefined,
    queryFn: async () => {
      const threads = await jmap.call<{ list: Thread[] }>('Thread/get', { accountId, ids: [known?.threadId] });
      const ids = threads.list[0]?.emailIds ?? [];
      if (ids.length === 0) return null;
      const { list } = await jmap.call<{ list: EmailRow[] }>('Email/get', {
        accountId,
        ids: ids.slice(0, 200),
        properties: ROW_PROPERTIES,
      });
      const notice = list.find((one) => one.recallNotice !== null && one.receivedAt === known?.receivedAt);
      return notice?.id ?? null;
    },
  });
  return data ?? undefined;
}
