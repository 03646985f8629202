// Lists of the organisation's, page by page.

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useJmap } from '../app/session.tsx';
import { JmapError, type Jmap } from '../jmap/client.ts';
import type { Json } from '../jmap/types.ts';
import { useAdministrator } from './administrator.ts';

/** A query, and a get of what it found, in one request. Throws JmapError. */
export async function queryAndGet<T>(jmap: Jmap, type: string, args: Json): Promise<T[]> {
  const answers = await jmap.request([
    [`${type}/query`, args, 'q'],
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

/** Rows fetched at a time. */
const PAGE = 50;

/** A list that goes on where its end was: pages so far, flat. `filter` null: nothing is asked for. */
export function usePages<T>(type: string, filter: Json | null) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  return useInfiniteQuery({
    queryKey: [accountId, type, 'list', filter],
    queryFn: ({ pageParam }) => queryAndGet<T>(jmap, type, { accountId, filter, position: pageParam, limit: PAGE }),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (last.length < PAGE ? undefined : all.length * PAGE),
    enabled: filter !== null,
    placeholderData: keepPreviousData,
    retry: false,
    select: ({ pages }) => pages.flat(),
    staleTime: 0,
  });
}
