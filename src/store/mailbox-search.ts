// SEARCH in one mailbox, over visible_copy alone: no search ever matches a covered copy.

import { filterSql, Params, usesMessage, type EmailFilter } from './email-filter.ts';
import type { EmailAddress } from '../mail/message.ts';
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

/** What SORT and THREAD go by (RFC 5256). */
export interface SortRow extends Hit {
  /** Seconds since 1970: arrival, and the Date field in UTC or arrival where there is none (RFC 5256 §2.2). */
  received: number;
  sent: number;
  size: number;
  /** RFC 5256 §2.1. */
  subject: string;
  /** It has a "Re:" or the like. */
  is_reply: boolean;
  from: EmailAddress | null;
  to: EmailAddress | null;
  cc: EmailAddress | null;
  /** ENVELOPE of a message with groups among its addresses. */
  grouped: string | null;
  message_id: string | null;
  refs: string[] | null;
  in_reply_to: string[] | null;
}

/** As searchMailbox. */
export async function searchForSort(reader: Reader, at: MailboxKey, filter: EmailFilter): Promise<SortRow[]> {
  const params = new Params(at.tenant, at.account);
  const mailbox = params.add(at.mailbox, 'int');
  return reader.unprepared(
    `SELECT c.uid, c.modseq, floor(extract(epoch FROM c.received_at))::bigint AS received,
       floor(extract(epoch FROM coalesce(m.sent_at, c.received_at)))::bigint AS sent, m.size::int,
       coalesce(m.base_subject, m.subject, '') AS subject, m.base_subject IS NOT NULL AS is_reply,
       m.envelope->'from'->0 AS from, m.envelope->'to'->0 AS to, m.envelope->'cc'->0 AS cc,
       CASE WHEN m.imap_envelope LIKE '%(NIL NIL NIL NIL)%' THEN m.imap_envelope END AS grouped, m.message_id_header AS message_id,
       nullif(m.envelope->'references', 'null') AS refs, nullif(m.envelope->'inReplyTo', 'null') AS in_reply_to
     FROM visible_copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = ${mailbox} AND ${filterSql(filter, params)} ORDER BY c.uid`,
    params.values,
  );
}
