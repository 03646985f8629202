// SEARCH in one mailbox, over visible_copy alone: no search ever matches a covered copy.

import { filterSql, Params, usesMessage, type EmailFilter } from './email-filter.ts';
import type { MailboxKey } from './mailbox-view.ts';
import type { Reader } from './postgres.ts';

export interface Hit {
  uid: number;
  modseq: number;
}

/** By UID, ascending. */
export async function searchMailbox(reader: Reader, at: MailboxKey, filter: EmailFilter): Promise<Hit[]> {
  const params = new Params(at.tenant, at.account);
  const mailbox = params.add(at.mailbox, 'int');
  const message = usesMessage(filter) ? 'JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id' : '';
  return reader.unprepared(
    `SELECT c.uid, c.modseq FROM visible_copy c ${message}
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = ${mailbox} AND ${filterSql(filter, params)} ORDER BY c.uid`,
    params.values,
  );
}
