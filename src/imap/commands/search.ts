// SEARCH (RFC 9051 §6.4.4; RFC 4731, RFC 5182, RFC 7162 §3.1.5; RFC 5267 §4, RFC 9394 §3.1).

import { searchMailbox, type Found, type Hit } from '../../store/mailbox-search.ts';
import { keepInformed } from '../context.ts';
import { ok } from '../replies.ts';
import { highestModseq, savedOf, tellReturned } from '../returned.ts';
import { asksModseq, findBy, settled, toldHits } from '../search-filter.ts';
import { enableCondstore, type Selected, type Session } from '../session.ts';
import { selectedOf, type Verb } from '../verb.ts';
import { bad } from '../wire/fault.ts';
import type { SearchKey } from '../wire/command.ts';
import { setOf } from '../wire/sequence-set.ts';

export const search: Verb<'SEARCH'> = {
  state: 'selected',
  news: 'unless by sequence',
  async run(session, { uid, returning, criteria }, tag) {
    const selected = selectedOf(session);
    const updates = returning?.give.includes('UPDATE') === true;
    if (updates && selected.contexts?.has(tag)) throw bad('A search of this tag is being kept up with.');
    const saves = returning?.give.includes('SAVE') === true;
    const modseqs = asksModseq(criteria);
    if (modseqs) enableCondstore(session);
    const asked = settled(criteria, selected);
    // RFC 5182 §2.1: where it fails, nothing is saved.
    if (saves) selected.saved = [];
    const hits = toldHits(selected, await find(session, selected, asked));
    if (saves) selected.saved = setOf(savedOf(hits, returning));
    const numbers = hits.map((hit) => (uid ? hit.uid : selected.view.sequenceOf(hit.uid)));
    const highest = modseqs ? highestModseq(hits, returning) : 0;
    // RFC 9051 §6.4.4: IMAP4rev2 knows the extended answer only.
    if (returning === null && !session.enabled.has('IMAP4REV2')) {
      const told = highest > 0 ? ` (MODSEQ ${highest})` : '';
      session.out.line(`* SEARCH${numbers.map((n) => ` ${n}`).join('')}${told}`);
    } else tellReturned(session, { ...(returning ?? { give: ['ALL'], partial: null }), tag, uid, numbers, highest });
    if (updates)
      keepInformed(session, selected, tag, {
        uid,
        sorted: false,
        found: hits.map((hit) => hit.uid),
        search: async () => (await find(session, selected, asked)).hits.map((hit) => hit.uid),
      });
    return ok('That is all.');
  },
};

async function find({ deps }: Session, selected: Selected, criteria: SearchKey): Promise<Found<Hit>> {
  return findBy(deps, selected, criteria, searchMailbox);
}
