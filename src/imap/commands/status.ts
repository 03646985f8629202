// STATUS (RFC 9051 §6.3.11; RFC 7162 §3.1.2, RFC 7889 §3.1, RFC 8474 §4.3).

import { isRecallBox } from '../../recall/mailbox.ts';
import { mailboxStatus, type MailboxStatus } from '../../store/mailbox-view.ts';
import { findBox, type Box } from '../mailboxes.ts';
import { ok } from '../replies.ts';
import { enableCondstore, userOf, isUtf8, type Session } from '../session.ts';
import type { Verb } from '../verb.ts';
import type { StatusItem } from '../wire/command.ts';
import { mailbox } from '../wire/response.ts';
import { mailboxIdOf } from '../ids.ts';

export const status: Verb<'STATUS'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { mailbox: name, items }) {
    const box = await findBox(session, name);
    for (const line of await statusLines(session, [box], items)) session.out.line(line);
    return ok('That is all.');
  },
};

/** One line for each that can be selected: one query an account. */
export async function statusLines(
  session: Session,
  boxes: readonly Pick<Box, 'name' | 'account' | 'row'>[],
  items: readonly StatusItem[],
): Promise<string[]> {
  // RFC 7162 §3.1: asking for it enables CONDSTORE.
  if (items.includes('HIGHESTMODSEQ')) enableCondstore(session);
  const walk = items.some((item) => WALKED.includes(item));
  const user = userOf(session);
  const { maxMessageSize } = await session.deps.directory.policy(user.tenant);
  const lines: string[] = [];
  const accounts = Map.groupBy(
    boxes.filter((box) => box.row !== null),
    (box) => box.account,
  );
  for (const [account, some] of accounts) {
    if (!account) continue;
    const at = { tenant: account.tenant, account: account.id };
    const ids = some.flatMap((box) => box.row?.id ?? []);
    const recent = items.includes('RECENT')
      ? ids.map((mailbox) => session.deps.recents.first({ ...at, mailbox }, 1))
      : null;
    const found = await mailboxStatus(session.deps.store, at, ids, walk, recent);
    const rows = new Map(found.map((row) => [row.id, row]));
    for (const { name, row } of some) {
      const counts = row && isRecallBox(row) ? EMPTY : rows.get(row?.id ?? 0);
      if (!counts) continue;
      const values = items.map(
        (item) => `${item} ${value(item, counts, maxMessageSize, mailboxIdOf(user, account, row?.id ?? 0))}`,
      );
      lines.push(`* STATUS ${mailbox(name, isUtf8(session))} (${values.join(' ')})`);
    }
  }
  return lines;
}

/** What all copies are looked at for. */
const WALKED: readonly StatusItem[] = ['SIZE', 'DELETED', 'DELETED-STORAGE'];

/** Recall. */
const EMPTY: MailboxStatus = {
  id: 0,
  total: 0,
  unread: 0,
  deleted: 0,
  deleted_size: 0,
  recent: 0,
  uid_next: 1,
  uid_validity: 1,
  size: 0,
  modseq: 1,
};

function value(item: StatusItem, row: MailboxStatus, maxMessageSize: number, id: string): string | number {
  switch (item) {
    case 'MESSAGES':
      return row.total;
    case 'RECENT': // RFC 3501 §6.3.10
      return row.recent;
    case 'UIDNEXT':
      return row.uid_next;
    case 'UIDVALIDITY':
      return row.uid_validity;
    case 'UNSEEN':
      return row.unread;
    case 'DELETED':
      return row.deleted;
    case 'DELETED-STORAGE': // RFC 9208 §4.1.4
      return row.deleted_size;
    case 'SIZE':
      return row.size;
    case 'HIGHESTMODSEQ':
      return row.modseq;
    case 'APPENDLIMIT':
      return maxMessageSize;
    case 'MAILBOXID':
      return `(${id})`;
  }
}
