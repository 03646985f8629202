// What SEARCH and SORT give back where RETURN says it (RFC 9051 §7.3.4; RFC 5267 §3 and §4.4, RFC 9394 §3).

import type { Hit } from '../store/mailbox-search.ts';
import type { Session } from './session.ts';
import type { PartialRange, Returning } from './wire/command.ts';
import { formatRuns } from './wire/sequence-set.ts';

/** Results of a range, in order; negative ones are counted from the last. */
export function partOf<T>(results: readonly T[], [from, to]: PartialRange): T[] {
  return from > 0
    ? results.slice(from - 1, to)
    : results.slice(Math.max(0, results.length + to), Math.max(0, results.length + from + 1));
}

/** Of results in order, those that are told one by one: of MIN, MAX and PARTIAL, unless all of them count. */
function told<T>(results: readonly T[], { give, partial }: Returning): readonly T[] {
  const some = give.includes('MIN') || give.includes('MAX') || partial !== null;
  if (!some || give.includes('ALL') || give.includes('COUNT')) return results;
  return [
    ...(give.includes('MIN') ? results.slice(0, 1) : []),
    ...(partial ? partOf(results, partial) : []),
    ...(give.includes('MAX') ? results.slice(-1) : []),
  ];
}

/** RFC 5182 §2.4, RFC 9394 §3.2: what SAVE saves. */
export function savedOf(hits: readonly Hit[], returning: Returning): number[] {
  return told(hits, returning).map((hit) => hit.uid);
}

/** RFC 4731 §3.2: of those that are told. */
export function highestModseq(hits: readonly Hit[], returning: Returning | null): number {
  return (returning ? told(hits, returning) : hits).reduce((most, hit) => Math.max(most, hit.modseq), 0);
}

export interface Returned extends Returning {
  tag: string;
  uid: boolean;
  /** In the order of the results. */
  numbers: readonly number[];
  /** 0: modseqs were not asked for. */
  highest: number;
}

/** ESEARCH. */
export function tellReturned({ out }: Session, { tag, uid, numbers, give, partial, highest }: Returned): void {
  if (give.length === 1 && give[0] === 'SAVE' && !partial) return;
  const parts = [`* ESEARCH (TAG "${tag}")`];
  if (uid) parts.push('UID');
  const [first] = numbers;
  const last = numbers.at(-1);
  if (give.includes('MIN') && first !== undefined) parts.push(`MIN ${first}`);
  if (give.includes('MAX') && last !== undefined) parts.push(`MAX ${last}`);
  if (give.includes('COUNT')) parts.push(`COUNT ${numbers.length}`);
  if (give.includes('ALL') && numbers.length > 0) parts.push(`ALL ${formatRuns(numbers)}`);
  if (partial) parts.push(`PARTIAL (${partial.join(':')} ${formatRuns(partOf(numbers, partial)) || 'NIL'})`);
  if (highest > 0) parts.push(`MODSEQ ${highest}`);
  out.line(parts.join(' '));
}
