// What waits for an administrator: requests for their approval, alerts that nobody has seen.

import { useQuery } from '@tanstack/react-query';
import { useJmap } from '../app/session.tsx';
import { queryAndGet } from './list.ts';
import { useAdministrator } from './administrator.ts';
import type { AdminRecall } from './recall/data.ts';

/** More are "99+". */
const MOST = 100;

/** By the page on which they are; none for who may not decide. */
export function useWaiting(): Readonly<Record<string, number>> {
  const jmap = useJmap();
  const { accountId, address, may } = useAdministrator();
  const enabled = may('recall');
  const { data: recalls = 0 } = useQuery({
    queryKey: [accountId, 'AdminRecall', 'waiting'],
    queryFn: async () => {
      const filter = { status: 'waiting' };
      const all = await queryAndGet<AdminRecall>(jmap, 'AdminRecall', { accountId, filter, limit: MOST });
      return all.filter(({ requestedBy }) => requestedBy !== address).length;
    },
    enabled,
    staleTime: 0,
  });
  const { data: alerts = 0 } = useQuery({
    queryKey: [accountId, 'AdminAlert', 'waiting'],
    queryFn: async () =>
      (
        await jmap.call<{ ids: string[] }>('AdminAlert/query', {
          accountId,
          filter: { acknowledged: false },
          limit: MOST,
        })
      ).ids.length,
    enabled,
    staleTime: 0,
  });
  return { recalls, alerts };
}
