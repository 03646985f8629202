// Automatic replies as hooks: read, and set.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useJmap } from '../app/session.tsx';
import { allSet } from './client.ts';
import type { Vacation } from './vacation.ts';

/** Undefined until it is there. */
export function useVacation(accountId: string): Vacation | undefined {
  const jmap = useJmap();
  const { data } = useQuery({
    queryKey: [accountId, 'VacationResponse', 'singleton'],
    queryFn: async () =>
      (await jmap.call<{ list: Vacation[] }>('VacationResponse/get', { accountId, ids: ['singleton'] })).list[0],
  });
  return data;
}

/** Resolves when what is shown is as the server has it. Throws JmapError. */
export function useSetVacation(accountId: string): (patch: Partial<Vacation>) => Promise<void> {
  const jmap = useJmap();
  const client = useQueryClient();
  return async (patch) => {
    try {
      allSet(await jmap.call('VacationResponse/set', { accountId, update: { singleton: patch } }));
    } finally {
      await client.invalidateQueries({ queryKey: [accountId, 'VacationResponse'] });
    }
  };
}
