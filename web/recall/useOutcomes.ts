// A recall's outcomes as the tracking page looks at them: pages of a list, and all of them for the wall.

import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { createContext, use, useMemo } from 'react';
import { useJmap } from '../app/session.tsx';
import {
  countOutcomes,
  everyOutcome,
  everyRecipient,
  outcomesPage,
  PAGE,
  type OutcomeFilter,
  type OutcomeType,
  type RecallOutcome,
  type RecallState,
} from './data.ts';
import { pagesOf } from './rows.ts';
import { isWall, MOST_SQUARES, squaresOf, type Square } from './squares.ts';
import { decidedOf, outcomesOf, type Family } from './words.ts';

/** Whose outcomes the parts of a tracking page show. */
export const OutcomesOf = createContext<OutcomeType>('RecallOutcome');

/** Of a recall: what those parts need to know. */
export type TrackedRecall = Pick<RecallState, 'id' | 'status' | 'counts'>;

export interface Shown {
  family: Family | null;
  text: string;
}

function filterOf(recallId: string, { family, text }: Shown): OutcomeFilter {
  return {
    recallId,
    ...(family === null ? {} : { outcome: outcomesOf(family) }),
    ...(text === '' ? {} : { text }),
  };
}

/** How many rows there are; undefined until it is known. */
export function useOutcomeTotal(accountId: string, recall: TrackedRecall, shown: Shown): number | undefined {
  const jmap = useJmap();
  const type = use(OutcomesOf);
  const filter = filterOf(recall.id, shown);
  const { data } = useQuery({
    // Counted again as more is decided.
    queryKey: [accountId, type, 'total', filter, decidedOf(recall.counts)],
    queryFn: () => countOutcomes(jmap, accountId, filter, type),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  });
  return data;
}

/** Rows `from` to `to`; undefined where they are still on their way. */
export function useOutcomeRows(
  accountId: string,
  recall: TrackedRecall,
  shown: Shown,
  { from, to }: { from: number; to: number },
): (index: number) => RecallOutcome | undefined {
  const jmap = useJmap();
  const type = use(OutcomesOf);
  const filter = filterOf(recall.id, shown);
  const numbers = pagesOf(from, to, PAGE);
  const pages = useQueries({
    queries: numbers.map((page) => ({
      queryKey: [accountId, type, 'page', filter, page],
      queryFn: () => outcomesPage(jmap, accountId, filter, page * PAGE, PAGE, type),
      gcTime: 60_000,
    })),
    combine: (results) => results.map(({ data }) => data),
  });
  return (index) => pages[Math.floor(index / PAGE) - (numbers[0] ?? 0)]?.[index % PAGE];
}

export interface WallOf {
  /** The message's sender's copy; null: not known. */
  emailId: string | null;
  total: number;
  /** Null: not recalled. */
  recallId: string | null;
}

/** The wall's squares; undefined where a bar stands for it, or nothing is known yet. */
export function useSquares(accountId: string, of: WallOf): Square[] | undefined {
  const jmap = useJmap();
  const type = use(OutcomesOf);
  const { emailId, total, recallId } = of;
  const everyone = useQuery({
    queryKey: [accountId, 'recipients', emailId],
    queryFn: async () => (await everyRecipient(jmap, { accountId, emailId: emailId ?? '' }, MOST_SQUARES)) ?? [],
    enabled: isWall(total) && emailId !== null,
    retry: false,
  });
  const outcomes = useQuery({
    queryKey: [accountId, type, 'wall', recallId],
    queryFn: async () => Array.fromAsync(everyOutcome(jmap, accountId, { recallId: recallId ?? '' }, type)),
    enabled: isWall(total) && recallId !== null,
  });
  const isKnown = (emailId === null || !everyone.isLoading) && (recallId === null || !outcomes.isLoading);
  const { data: people } = everyone;
  const { data: pages } = outcomes;
  return useMemo(
    () => (isWall(total) && isKnown ? squaresOf(total, pages?.flat() ?? [], people ?? []) : undefined),
    [total, isKnown, pages, people],
  );
}
