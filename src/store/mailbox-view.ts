// A mailbox as IMAP sees it: which UIDs there are, and what has happened since. Existence, UIDs, flags and modseqs alone,
// which a gate does not hide (recall.md).

import type { AccountKey } from './exposure.ts';
import type { Reader } from './postgres.ts';

export interface MailboxKey extends AccountKey {
  mailbox: number;
}

export interface OpenedMailbox {
  /** Account modseq of the same snapshot. */
  modseq: number;
  uid_validity: number;
  uid_next: number;
  /** The first UID that no IMAP session has been told of. */
  first_recent: number;
  /** Ascending. */
  uids: number[];
  first_unseen: number | null;
  /** Keywords beyond those with a bit that some copy has. */
  keywords: string[];
}

/**
 * In one statement, so that it is of one moment, each part of it by the index that has it. Undefined: there is no such
 * mailbox.
 */
export async function openMailbox(reader: Reader, at: MailboxKey): Promise<OpenedMailbox | undefined> {
  const row = await reader.row<
    Omit<OpenedMailbox, 'uids' | 'keywords'> & { uids: string | null; keywords: string | null }
  >(
    `SELECT s.modseq, m.uid_validity, m.uid_next, m.first_recent, (SELECT array_agg(uid ORDER BY uid)::text ${HERE}) AS uids,
       CASE WHEN m.unread > 0 THEN (SELECT uid ${HERE} AND flags & 1 = 0 ORDER BY uid LIMIT 1) END AS first_unseen,
       (SELECT string_agg(DISTINCT array_to_string(keywords, ' '), ' ') ${HERE} AND keywords IS NOT NULL) AS keywords
     FROM mailbox m JOIN account_state s ON s.tenant_id = m.tenant_id AND s.account_id = m.account_id
     WHERE m.tenant_id = $1 AND m.account_id = $2 AND m.id = $3`,
    [at.tenant, at.account, at.mailbox],
  );
  return (
    row && {
      ...row,
      uids: row.uids === null ? [] : (JSON.parse(`[${row.uids.slice(1, -1)}]`) as number[]),
      keywords: row.keywords === null ? [] : [...new Set(row.keywords.split(' '))],
    }
  );
}

const HERE = `FROM copy WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3`;

export interface FlagsRow {
  uid: number;
  modseq: number;
  flags: number;
  keywords: string[] | null;
}

export interface MailboxNews {
  /** Account modseq of the same snapshot. */
  modseq: number;
  uid_next: number;
  first_recent: number;
  /** UIDs that are gone, ascending. */
  gone: number[];
  /** Copies that are new or changed, by UID. */
  changed: FlagsRow[];
}

/** What has happened after `since`. Undefined: the mailbox is gone. */
export async function mailboxNews(reader: Reader, at: MailboxKey, since: number): Promise<MailboxNews | undefined> {
  const rows = await reader.rows<
    { at: number; uid_next: number; first_recent: number; gone: boolean | null } & FlagsRow
  >(
    `SELECT s.modseq AS at, m.uid_next, m.first_recent, x.* FROM mailbox m JOIN account_state s ON s.tenant_id = m.tenant_id AND s.account_id = m.account_id
     LEFT JOIN LATERAL (
       SELECT true AS gone, t.uid, t.modseq, 0::smallint AS flags, NULL::text[] AS keywords FROM tombstone t
       WHERE t.tenant_id = $1 AND t.account_id = $2 AND t.modseq > $4 AND t.mailbox_id = $3
       UNION ALL
       SELECT false, c.uid, c.modseq, c.flags, c.keywords FROM copy c
       WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = $3 AND c.modseq > $4 AND c.modseq <> c.email_id
       UNION ALL
       SELECT false, c.uid, c.modseq, c.flags, c.keywords FROM copy c
       WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = $3 AND c.email_id > $4 AND c.modseq = c.email_id) x ON true
     WHERE m.tenant_id = $1 AND m.account_id = $2 AND m.id = $3 ORDER BY x.uid`,
    [at.tenant, at.account, at.mailbox, since],
  );
  const [first] = rows;
  if (!first) return undefined;
  const changed = rows.filter((row) => row.gone === false);
  return {
    modseq: first.at,
    uid_next: first.uid_next,
    first_recent: first.first_recent,
    gone: rows.filter((row) => row.gone === true).map((row) => row.uid),
    changed: changed.map(({ uid, modseq, flags, keywords }) => ({ uid, modseq, flags, keywords })),
  };
}

/** Flags of some copies, by UID; all of the mailbox's where `uids` is null. */
export async function flagsOf(reader: Reader, at: MailboxKey, uids: number[] | null): Promise<FlagsRow[]> {
  return reader.rows(
    `SELECT uid, modseq, flags, keywords FROM copy WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3
     ${uids === null ? '' : 'AND uid = ANY ($4::bigint[])'} ORDER BY uid`,
    [at.tenant, at.account, at.mailbox, ...(uids === null ? [] : [uids])],
  );
}

export interface MailboxStatus {
  id: number;
  total: number;
  unread: number;
  deleted: number;
  /** Octets of those; 0 where it was not asked for. */
  deleted_size: number;
  /** Messages that no IMAP session has been told of; 0 where it was not asked for. */
  recent: number;
  uid_next: number;
  uid_validity: number;
  /** Octets of its messages; 0 where it was not asked for. */
  size: number;
  /** Account modseq of the same snapshot. */
  modseq: number;
}

/**
 * Counters of some mailboxes of an account. `walk`: with those that walk the copies, deleted and size. `recent`: with the
 * messages of which nobody was told, from this UID on at least, one for each mailbox.
 */
export async function mailboxStatus(
  reader: Reader,
  at: AccountKey,
  mailboxes: number[],
  walk: boolean,
  recent: number[] | null = null,
): Promise<MailboxStatus[]> {
  const walked = `(SELECT count(*) FILTER (WHERE c.flags & 16 <> 0) AS deleted,
       coalesce(sum(g.size) FILTER (WHERE c.flags & 16 <> 0), 0)::bigint AS deleted_size, coalesce(sum(g.size), 0)::bigint AS size
     FROM copy c JOIN message g ON g.tenant_id = c.tenant_id AND g.id = c.message_id
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = m.id)`;
  const newer = `(SELECT count(*)::int FROM unnest($3::int[], $4::bigint[]) AS f (id, first)
     JOIN copy c ON c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = m.id AND c.uid >= greatest(m.first_recent, f.first) WHERE f.id = m.id)`;
  return reader.rows(
    `SELECT m.id, m.total, m.unread, m.uid_next, m.uid_validity, s.modseq, ${recent ? newer : 0} AS recent,
       ${walk ? 'w.deleted, w.deleted_size, w.size' : '0 AS deleted, 0 AS deleted_size, 0 AS size'}
     FROM mailbox m JOIN account_state s ON s.tenant_id = m.tenant_id AND s.account_id = m.account_id
     ${walk ? `CROSS JOIN LATERAL ${walked} w` : ''}
     WHERE m.tenant_id = $1 AND m.account_id = $2 AND m.id = ANY ($3::int[])`,
    [at.tenant, at.account, mailboxes, ...(recent ? [recent] : [])],
  );
}

/** Of accounts at `since[i]`, those that are further now. */
export async function accountsSince(
  reader: Reader,
  tenant: number,
  accounts: number[],
  since: number[],
): Promise<number[]> {
  const rows = await reader.rows<{ account_id: number }>(
    `SELECT b.account_id FROM unnest($2::int[], $3::bigint[]) AS b (account_id, since)
     JOIN account_state s ON s.tenant_id = $1 AND s.account_id = b.account_id AND s.modseq > b.since`,
    [tenant, accounts, since],
  );
  return rows.map((row) => row.account_id);
}

/** UIDs that went after `since`, ascending. */
export async function vanishedSince(reader: Reader, at: MailboxKey, since: number): Promise<number[]> {
  const rows = await reader.rows<{ uid: number }>(
    `SELECT uid FROM tombstone WHERE tenant_id = $1 AND account_id = $2 AND modseq > $4 AND mailbox_id = $3 ORDER BY uid`,
    [at.tenant, at.account, at.mailbox, since],
  );
  return rows.map((row) => row.uid);
}

/** Copies that are new or were changed after `since`, by UID. */
export async function flagsSince(reader: Reader, at: MailboxKey, since: number): Promise<FlagsRow[]> {
  return reader.rows(
    `SELECT uid, modseq, flags, keywords FROM copy WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 AND modseq > $4 ORDER BY uid`,
    [at.tenant, at.account, at.mailbox, since],
  );
}
