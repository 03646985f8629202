// SORT (RFC 5256 §3; RFC 5267 §3 ESORT, RFC 5957 DISPLAY).

import type { EmailAddress } from '../../mail/message.ts';
import { searchForSort, type SortRow } from '../../store/mailbox-search.ts';
import { groupName } from '../group-name.ts';
import { ok } from '../replies.ts';
import { asksModseq, findBy } from '../search-filter.ts';
import type { Session } from '../session.ts';
import { selectedOf, type Verb } from '../verb.ts';
import type { ReturnOption, SortKey } from '../wire/command.ts';
import { formatRuns, setOf } from '../wire/sequence-set.ts';

export const sort: Verb<'SORT'> = {
  state: 'selected',
  news: 'unless by sequence',
  async run(session, { uid, give, keys, criteria }, tag) {
    const selected = selectedOf(session);
    const { view } = selected;
    const { store, clock } = session.deps;
    const rows = await findBy(criteria, selected, clock(), (filter) => searchForSort(store, selected.at, filter));
    const shown = rows.filter((row) => view.sequenceOf(row.uid) > 0 && !view.gone.has(row.uid));
    const sorted = sortRows(shown, keys);
    const numbers = sorted.map((row) => (uid ? row.uid : view.sequenceOf(row.uid)));
    const highest = asksModseq(criteria) ? sorted.reduce((most, row) => Math.max(most, row.modseq), 0) : 0;
    if (give?.includes('SAVE')) selected.saved = setOf(sorted.map((row) => row.uid));
    if (give === null) {
      const told = highest > 0 ? ` (MODSEQ ${highest})` : '';
      session.out.line(`* SORT${numbers.map((n) => ` ${n}`).join('')}${told}`);
    } else extendedSort(session, tag, uid, numbers, give, highest);
    return ok('That is all.');
  },
};

/** RFC 5267 §3.1: the first and the last as they are sorted. */
function extendedSort(
  { out }: Session,
  tag: string,
  uid: boolean,
  numbers: number[],
  give: readonly ReturnOption[],
  highest: number,
): void {
  const parts = [`* ESEARCH (TAG "${tag}")`];
  if (uid) parts.push('UID');
  if (give.includes('MIN') && numbers.length > 0) parts.push(`MIN ${numbers[0]}`);
  if (give.includes('MAX') && numbers.length > 0) parts.push(`MAX ${numbers.at(-1)}`);
  if (give.includes('COUNT')) parts.push(`COUNT ${numbers.length}`);
  if (give.includes('ALL') && numbers.length > 0) parts.push(`ALL ${formatRuns(numbers)}`);
  if (highest > 0) parts.push(`MODSEQ ${highest}`);
  out.line(parts.join(' '));
}

/** By the keys, in turn; then as they are in the mailbox. */
export function sortRows(rows: SortRow[], keys: readonly SortKey[]): SortRow[] {
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

/** RFC 5051 i;unicode-casemap, as near as the runtime has it. */
export function folded(text: string): string {
  return text.toUpperCase().normalize('NFKD');
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
