// SORT (RFC 5256 §3; RFC 5267 §3 ESORT and §4, RFC 5957 DISPLAY).

import type { EmailAddress } from '../../mail/message.ts';
import { searchForSort, type Found, type SortRow } from '../../store/mailbox-search.ts';
import { folded } from '../casemap.ts';
import { keepInformed } from '../context.ts';
import { groupName } from '../group-name.ts';
import { ok } from '../replies.ts';
import { highestModseq, savedOf, tellReturned } from '../returned.ts';
import { asksModseq, findBy, settled, toldHits } from '../search-filter.ts';
import type { Selected, Session } from '../session.ts';
import { selectedOf, type Verb } from '../verb.ts';
import type { SearchKey, SortKey } from '../wire/command.ts';
import { bad } from '../wire/fault.ts';
import { setOf } from '../wire/sequence-set.ts';

export const sort: Verb<'SORT'> = {
  state: 'selected',
  news: 'unless by sequence',
  async run(session, { uid, returning, keys, criteria }, tag) {
    const selected = selectedOf(session);
    const updates = returning?.give.includes('UPDATE') === true;
    if (updates && selected.contexts?.has(tag)) throw bad('A search of this tag is being kept up with.');
    const asked = settled(criteria, selected);
    // RFC 5182 §2.1: where it fails, nothing is saved.
    if (returning?.give.includes('SAVE')) selected.saved = [];
    const sorted = toldHits(selected, await find(session, selected, asked, keys));
    const numbers = sorted.map((row) => (uid ? row.uid : selected.view.sequenceOf(row.uid)));
    const highest = asksModseq(criteria) ? highestModseq(sorted, returning) : 0;
    if (returning?.give.includes('SAVE')) selected.saved = setOf(savedOf(sorted, returning));
    if (returning === null) {
      const told = highest > 0 ? ` (MODSEQ ${highest})` : '';
      session.out.line(`* SORT${numbers.map((n) => ` ${n}`).join('')}${told}`);
    } else tellReturned(session, { ...returning, tag, uid, numbers, highest });
    if (updates)
      keepInformed(session, selected, tag, {
        uid,
        sorted: true,
        found: sorted.map((row) => row.uid),
        search: async () => (await find(session, selected, asked, keys)).hits.map((row) => row.uid),
      });
    return ok('That is all.');
  },
};

async function find(
  { deps }: Session,
  selected: Selected,
  criteria: SearchKey,
  keys: readonly SortKey[],
): Promise<Found<SortRow>> {
  const found = await findBy(deps, selected, criteria, searchForSort);
  return { ...found, hits: sortRows(found.hits, keys) };
}

/** By the keys, in turn; then as they are in the mailbox. */
function sortRows(rows: SortRow[], keys: readonly SortKey[]): SortRow[] {
  const compared = rows.map((row) => ({ row, values: keys.map(({ by }) => valueOf(row, by)) }));
  compared.sort((a, b) => {
    for (const [i, { reverse }] of keys.entries()) {
      const [x = '', y = ''] = [a.values[i], b.values[i]];
      if (x !== y) return (x < y ? -1 : 1) * (reverse ? -1 : 1);
    }
    return a.row.uid - b.row.uid;
  });
  return compared.map(({ row }) => row);
}

function valueOf(row: SortRow, by: SortKey['by']): string | number {
  switch (by) {
    case 'ARRIVAL':
      return row.received;
    case 'DATE':
      return row.sent;
    case 'SIZE':
      return row.size;
    case 'SUBJECT':
      return folded(row.subject);
    case 'FROM':
      return mailboxOf(row, 'from');
    case 'TO':
      return mailboxOf(row, 'to');
    case 'CC':
      return mailboxOf(row, 'cc');
    case 'DISPLAYFROM':
      return displayOf(row, 'from');
    case 'DISPLAYTO':
      return displayOf(row, 'to');
  }
}

type Field = 'from' | 'to' | 'cc';

/** RFC 5256 §3: the first address's local part, or the name of the group that stands there. */
function mailboxOf(row: SortRow, field: Field): string {
  return folded(groupOf(row, field) ?? localPart(row[field]));
}

function localPart(address: EmailAddress | null): string {
  return address ? address.email.slice(0, Math.max(0, address.email.lastIndexOf('@'))) || address.email : '';
}

/** RFC 5957 §2. */
function displayOf(row: SortRow, field: Field): string {
  return folded(groupOf(row, field) ?? row[field]?.name ?? row[field]?.email ?? '');
}

function groupOf({ grouped }: SortRow, field: Field): string | null {
  return grouped === null ? null : groupName(grouped, field);
}
