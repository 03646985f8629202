// SEARCH in one mailbox, over visible_copy alone: no search ever matches a covered copy.

import { filterSql, Params, usesMessage, type EmailFilter } from './email-filter.ts';
import type { EmailAddress } from '../mail/message.ts';
import type { MailboxKey } from './mailbox-view.ts';
import type { Reader } from './postgres.ts';

export interface Hit {
  uid: number;
  modseq: number;
}

export interface Found<T> {
  /** By UID, ascending. */
  hits: T[];
  /** Account modseq of the same snapshot: what is gone by then is not found. */
  modseq: number;
}

export async function searchMailbox(reader: Reader, at: MailboxKey, filter: EmailFilter): Promise<Found<Hit>> {
  const message = usesMessage(filter) ? 'JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id' : '';
  return find(reader, at, filter, (where) => `SELECT c.uid, c.modseq FROM visible_copy c ${message} WHERE ${where}`);
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
export async function searchForSort(reader: Reader, at: MailboxKey, filter: EmailFilter): Promise<Found<SortRow>> {
  return find(
    reader,
    at,
    filter,
    (where) =>
      `SELECT c.uid, c.modseq, floor(extract(epoch FROM c.received_at))::bigint AS received,
       floor(extract(epoch FROM coalesce(m.sent_at, c.received_at)))::bigint AS sent, m.size::int,
       coalesce(m.base_subject, m.subject, '') AS subject, m.base_subject IS NOT NULL AS is_reply,
       m.envelope->'from'->0 AS from, m.envelope->'to'->0 AS to, m.envelope->'cc'->0 AS cc,
       CASE WHEN m.imap_envelope LIKE '%(NIL NIL NIL NIL)%' THEN m.imap_envelope END AS grouped, m.message_id_header AS message_id,
       nullif(m.envelope->'references', 'null') AS refs, nullif(m.envelope->'inReplyTo', 'null') AS in_reply_to
     FROM visible_copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id WHERE ${where}`,
  );
}

/** `select`: makes the statement of a condition. */
async function find<T extends Hit>(
  reader: Reader,
  at: MailboxKey,
  filter: EmailFilter,
  select: (where: string) => string,
): Promise<Found<T>> {
  const params = new Params(at.tenant, at.account);
  const mailbox = params.add(at.mailbox, 'int');
  const where = `c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = ${mailbox} AND ${filterSql(filter, params)}`;
  const rows = await reader.unprepared<T & { newest: number; uid: number | null }>(
    `SELECT s.modseq AS newest, f.* FROM account_state s LEFT JOIN (${select(where)}) f ON true
     WHERE s.tenant_id = $1 AND s.account_id = $2 ORDER BY f.uid`,
    params.values,
  );
  return { hits: rows.filter((row) => row.uid !== null), modseq: rows[0]?.newest ?? 0 };
}
