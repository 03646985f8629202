// Mailboxes: reading them with what JMAP shows, and changing them.

import type { Reader, Transaction } from './postgres.ts';

export interface MailboxRow {
  id: number;
  parent_id: number | null;
  name: string;
  role: string | null;
  sort_order: number;
  subscribed: boolean;
  total: number;
  unread: number;
  total_threads: number;
  unread_threads: number;
}

/** Every account's Trash. */
const TRASH = 6;

/**
 * All mailboxes of an account and its modseq, of one moment. `threads`: with thread counts, which walk the copies; an
 * unread thread is one with a copy here and an unread one anywhere but in Trash, or, for Trash itself, there
 * (RFC 8621 §2).
 */
export async function mailboxesOf(reader: Reader, at: { tenant: number; account: number }, threads: boolean): Promise<{ modseq: number; list: MailboxRow[] }> {
  const counted = threads
    ? `coalesce(t.total, 0)::int AS total_threads, coalesce(t.unread, 0)::int AS unread_threads`
    : `0 AS total_threads, 0 AS unread_threads`;
  const counting = threads
    ? `LEFT JOIN (
         SELECT c.mailbox_id, count(DISTINCT c.thread_id) AS total,
           count(DISTINCT c.thread_id) FILTER (WHERE CASE WHEN c.mailbox_id = ${TRASH} THEN u.trash ELSE u.other END) AS unread
         FROM copy c LEFT JOIN (
           SELECT thread_id, bool_or(mailbox_id = ${TRASH}) AS trash, bool_or(mailbox_id <> ${TRASH}) AS other FROM copy
           WHERE tenant_id = $1 AND account_id = $2 AND flags & 9 = 0 GROUP BY thread_id
         ) u ON u.thread_id = c.thread_id
         WHERE c.tenant_id = $1 AND c.account_id = $2 GROUP BY c.mailbox_id
       ) t ON t.mailbox_id = m.id`
    : '';
  const rows = await reader.rows<MailboxRow & { modseq: number }>(
    `SELECT s.modseq, m.id, m.parent_id, m.name, m.role, m.sort_order, m.subscribed, m.total, m.unread, ${counted}
     FROM account_state s JOIN mailbox m ON m.tenant_id = s.tenant_id AND m.account_id = s.account_id ${counting}
     WHERE s.tenant_id = $1 AND s.account_id = $2 ORDER BY m.sort_order, m.name, m.id`,
    [at.tenant, at.account],
  );
  return { modseq: rows[0]?.modseq ?? 0, list: rows };
}

export interface MailboxChange {
  id: number;
  modseq: number;
  created: boolean;
  destroyed: boolean;
  /** Nothing but counts changed. */
  countsOnly: boolean;
}

export async function mailboxChanges(reader: Reader, at: { tenant: number; account: number }, since: number): Promise<{ modseq: number; changes: MailboxChange[] }> {
  const rows = await reader.rows<MailboxChange & { current: number }>(
    `SELECT s.modseq AS current, x.* FROM account_state s LEFT JOIN LATERAL (
       SELECT m.id, m.modseq, m.created_modseq > $3 AS created, false AS destroyed, m.meta_modseq <= $3 AS "countsOnly" FROM mailbox m
       WHERE m.tenant_id = $1 AND m.account_id = $2 AND m.modseq > $3
       UNION ALL
       SELECT t.id, t.modseq, false, true, false FROM mailbox_tombstone t WHERE t.tenant_id = $1 AND t.account_id = $2 AND t.modseq > $3
     ) x ON true WHERE s.tenant_id = $1 AND s.account_id = $2`,
    [at.tenant, at.account, since],
  );
  return { modseq: rows[0]?.current ?? 0, changes: rows.filter((row) => row.id !== null) };
}

export interface NewMailbox {
  id: number;
  parent: number | null;
  name: string;
  role: string | null;
  sortOrder: number;
  subscribed: boolean;
}

/** The account is locked and raised to `modseq`. */
export async function insertMailbox(tx: Transaction, at: { tenant: number; account: number; modseq: number; now: Date }, box: NewMailbox): Promise<void> {
  await tx.run(
    `INSERT INTO mailbox (tenant_id, account_id, id, parent_id, name, role, sort_order, subscribed, uid_validity, created_modseq, modseq, meta_modseq)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10)`,
    [at.tenant, at.account, box.id, box.parent, box.name, box.role, box.sortOrder, box.subscribed, Math.floor(at.now.getTime() / 1000), at.modseq],
  );
}

/** A number no mailbox of the account has or had. */
export async function nextMailboxId(reader: Reader, at: { tenant: number; account: number }): Promise<number> {
  const row = await reader.row<{ id: number }>(
    `SELECT greatest(
       (SELECT max(id) FROM mailbox WHERE tenant_id = $1 AND account_id = $2),
       (SELECT max(id) FROM mailbox_tombstone WHERE tenant_id = $1 AND account_id = $2), 0) + 1 AS id`,
    [at.tenant, at.account],
  );
  return row?.id ?? 1;
}

export async function updateMailbox(tx: Transaction, at: { tenant: number; account: number; modseq: number }, box: NewMailbox): Promise<void> {
  await tx.run(
    `UPDATE mailbox SET parent_id = $4, name = $5, role = $6, sort_order = $7, subscribed = $8, modseq = $9, meta_modseq = $9
     WHERE tenant_id = $1 AND account_id = $2 AND id = $3`,
    [at.tenant, at.account, box.id, box.parent, box.name, box.role, box.sortOrder, box.subscribed, at.modseq],
  );
}

export async function deleteMailbox(tx: Transaction, at: { tenant: number; account: number; modseq: number }, id: number): Promise<void> {
  await tx.run(`DELETE FROM mailbox WHERE tenant_id = $1 AND account_id = $2 AND id = $3`, [at.tenant, at.account, id]);
  await tx.run(`INSERT INTO mailbox_tombstone VALUES ($1, $2, $3, $4)`, [at.tenant, at.account, at.modseq, id]);
}
