// SEARCH (RFC 9051 §6.4.4; RFC 4731, RFC 5182, RFC 7162 §3.1.5).

import { searchMailbox, type Hit } from '../../store/mailbox-search.ts';
import { ok } from '../replies.ts';
import { asksModseq, findBy } from '../search-filter.ts';
import type { Session } from '../session.ts';
import { selectedOf, type Verb } from '../verb.ts';
import type { ReturnOption } from '../wire/command.ts';
import { formatSequenceSet, setOf } from '../wire/sequence-set.ts';

export const search: Verb<'SEARCH'> = {
  state: 'selected',
  news: 'unless by sequence',
  async run(session, { uid, give, criteria }, tag) {
    const selected = selectedOf(session);
    const saves = give?.includes('SAVE') === true;
    // RFC 5182 §2.1: where it fails, nothing is saved.
    const before = selected.saved;
    if (saves) selected.saved = [];
    const modseqs = asksModseq(criteria);
    if (modseqs) session.enabled.add('CONDSTORE');
    const { store, clock } = session.deps;
    const found = await findBy(criteria, { ...selected, saved: before }, clock(), (filter) =>
      searchMailbox(store, selected.at, filter),
    );
    const hits = found.filter((hit) => selected.view.sequenceOf(hit.uid) > 0 && !selected.view.gone.has(hit.uid));
    if (saves) selected.saved = setOf(savedOf(hits, give));
    const numbers = hits.map((hit) => (uid ? hit.uid : selected.view.sequenceOf(hit.uid)));
    const highest = modseqs ? highestModseq(hits, give) : 0;
    // RFC 9051 §6.4.4: IMAP4rev2 knows the extended answer only.
    if (give === null && !session.enabled.has('IMAP4REV2')) {
      const told = highest > 0 ? ` (MODSEQ ${highest})` : '';
      session.out.line(`* SEARCH${numbers.map((n) => ` ${n}`).join('')}${told}`);
    } else extended(session, { tag, uid, numbers, give: give ?? ['ALL'], highest });
    return ok('That is all.');
  },
};

/** RFC 5182 §2.4: with MIN or MAX alone, just those. */
function savedOf(hits: Hit[], give: readonly ReturnOption[]): number[] {
  const uids = hits.map((hit) => hit.uid);
  const ends = give.includes('MIN') || give.includes('MAX');
  if (!ends || give.includes('ALL') || give.includes('COUNT')) return uids;
  return [...(give.includes('MIN') ? uids.slice(0, 1) : []), ...(give.includes('MAX') ? uids.slice(-1) : [])];
}

/** RFC 4731 §3.2: where only the ends are told, theirs. */
function highestModseq(hits: Hit[], give: readonly ReturnOption[] | null): number {
  const ends = give !== null && !give.includes('ALL') && !give.includes('COUNT');
  const told = ends
    ? hits.filter((_, i) => (i === 0 && give.includes('MIN')) || (i === hits.length - 1 && give.includes('MAX')))
    : hits;
  return told.reduce((most, hit) => Math.max(most, hit.modseq), 0);
}

interface Extended {
  tag: string;
  uid: boolean;
  /** Ascending. */
  numbers: number[];
  give: readonly ReturnOption[];
  /** 0: modseqs were not asked for. */
  highest: number;
}

/** RFC 9051 §7.3.4: ESEARCH. */
export function extended({ out }: Session, { tag, uid, numbers, give, highest }: Extended): void {
  const parts = [`* ESEARCH (TAG "${tag}")`];
  if (uid) parts.push('UID');
  const [first] = numbers;
  const last = numbers.at(-1);
  if (give.includes('MIN') && first !== undefined) parts.push(`MIN ${first}`);
  if (give.includes('MAX') && last !== undefined) parts.push(`MAX ${last}`);
  if (give.includes('COUNT')) parts.push(`COUNT ${numbers.length}`);
  if (give.includes('ALL') && numbers.length > 0) parts.push(`ALL ${formatSequenceSet(setOf(numbers))}`);
  if (highest > 0) parts.push(`MODSEQ ${highest}`);
  if (give.length > 0 && !(give.length === 1 && give[0] === 'SAVE')) out.line(parts.join(' '));
}
