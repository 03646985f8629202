// Mailboxes: reading them with what JMAP shows, and changing them.

import { INBOX, TRASH } from '../mail/mailbox.ts';
import type { AccountKey } from './exposure.ts';
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

/** A mailbox of their own that has the name of what takes messages back (recall/mailbox.ts), in whatever case. */
export function isNamedRecall(box: Pick<MailboxRow, 'name' | 'parent_id'>): boolean {
  return box.parent_id === null && box.name.toLowerCase() === 'recall';
}

/**
 * All mailboxes of an account and its modseq, of one moment. `threads`: with what walks the copies: thread counts, and
 * unread counts without drafts. An unread thread of a mailbox has a copy there and an unread one anywhere but in Trash,
 * or, for Trash itself, there (RFC 8621 §2).
 */
export async function mailboxesOf(
  reader: Reader,
  at: AccountKey,
  threads: boolean,
): Promise<{ modseq: number; list: MailboxRow[] }> {
  const rows = await reader.rows<MailboxRow & { modseq: number }>(threads ? COUNTED : PLAIN, [at.tenant, at.account]);
  return { modseq: rows[0]?.modseq ?? 0, list: rows.map(({ modseq: _, ...row }) => row) };
}

export interface NamedMailbox extends Pick<MailboxRow, 'id' | 'parent_id' | 'name' | 'role'> {
  account: number;
}

/** Those of the accounts that have one of these names, and their Inboxes. */
export async function mailboxesNamed(
  reader: Reader,
  tenant: number,
  accounts: number[],
  names: string[],
): Promise<NamedMailbox[]> {
  return reader.rows(
    `SELECT account_id AS account, id, parent_id, name, role FROM mailbox
     WHERE tenant_id = $1 AND account_id = ANY ($2::int[]) AND (id = ${INBOX} OR name = ANY ($3::text[]))`,
    [tenant, accounts, names],
  );
}

const COLUMNS = 's.modseq, m.id, m.parent_id, m.name, m.role, m.sort_order, m.subscribed, m.total';

const FROM = 'FROM account_state s JOIN mailbox m ON m.tenant_id = s.tenant_id AND m.account_id = s.account_id';

const WHERE = 'WHERE s.tenant_id = $1 AND s.account_id = $2 ORDER BY m.sort_order, m.name, m.id';

const PLAIN = `SELECT ${COLUMNS}, m.unread, 0 AS total_threads, 0 AS unread_threads ${FROM} ${WHERE}`;

/**
 * flags & 9: $seen, $draft. The mailbox's own counter is IMAP's UNSEEN, in which a draft counts. What a thread has unread
 * is looked up in its own group of rows: joined to, it took minutes where the tables had not been analysed yet.
 */
const COUNTED = `WITH part AS (
    SELECT thread_id, mailbox_id, bool_or(flags & 9 = 0) AS unread, count(*) FILTER (WHERE flags & 9 = 8) AS drafts
    FROM copy WHERE tenant_id = $1 AND account_id = $2 GROUP BY thread_id, mailbox_id
  ), thread AS (
    SELECT mailbox_id, drafts, bool_or(unread AND mailbox_id = ${TRASH}) OVER one AS trash,
      bool_or(unread AND mailbox_id <> ${TRASH}) OVER one AS other
    FROM part WINDOW one AS (PARTITION BY thread_id)
  ), count AS (
    SELECT mailbox_id, count(*) AS total, sum(drafts) AS drafts,
      count(*) FILTER (WHERE CASE WHEN mailbox_id = ${TRASH} THEN trash ELSE other END) AS unread
    FROM thread GROUP BY mailbox_id
  )
  SELECT ${COLUMNS}, (m.unread - coalesce(n.drafts, 0))::int AS unread, coalesce(n.total, 0)::int AS total_threads,
    coalesce(n.unread, 0)::int AS unread_threads
  ${FROM} LEFT JOIN count n ON n.mailbox_id = m.id ${WHERE}`;

export interface MailboxChange {
  id: number;
  /** Where in the account's history it is told: where it came into being, if that is after the state asked for. */
  modseq: number;
  created: boolean;
  destroyed: boolean;
  /** Nothing but counts changed. */
  countsOnly: boolean;
}

/** Changes of copies up to which it is looked up where their threads are; of more, all mailboxes are told of. */
const LOOKED_UP = 2000;

/**
 * Mailboxes that have a copy of a thread of which another changed: whether it is unread there goes by all of them (RFC 8621
 * §2). A thread's copies in the two ways in which an index finds them.
 */
const TOUCHED = `touched AS MATERIALIZED (
    SELECT thread_id, modseq FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id > $3
    UNION ALL SELECT thread_id, modseq FROM copy WHERE tenant_id = $1 AND account_id = $2 AND modseq > $3 AND modseq <> email_id
    UNION ALL SELECT thread_id, modseq FROM tombstone WHERE tenant_id = $1 AND account_id = $2 AND modseq > $3 AND thread_id IS NOT NULL
    LIMIT ${LOOKED_UP + 1}
  ), few AS MATERIALIZED (
    SELECT thread_id, max(modseq) AS modseq FROM touched WHERE (SELECT count(*) FROM touched) <= ${LOOKED_UP} GROUP BY thread_id
  ), counted AS MATERIALIZED (
    SELECT c.mailbox_id, max(t.modseq) AS modseq FROM few t CROSS JOIN LATERAL (
      SELECT c.mailbox_id FROM copy c
      WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.thread_id = t.thread_id AND c.thread_id <> c.message_id
      UNION ALL
      SELECT c.mailbox_id FROM copy c
      WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.message_id = t.thread_id AND c.thread_id = c.message_id
      OFFSET 0) c GROUP BY c.mailbox_id
    UNION ALL
    SELECT m.id, s.modseq FROM mailbox m, account_state s
    WHERE m.tenant_id = $1 AND m.account_id = $2 AND s.tenant_id = $1 AND s.account_id = $2 AND (SELECT count(*) FROM touched) > ${LOOKED_UP}
  )`;

/** Has the account of `s` a mailbox as isNamedRecall has it? */
export const NAMED_RECALL = `EXISTS (SELECT FROM mailbox own WHERE own.tenant_id = s.tenant_id AND own.account_id = s.account_id
  AND own.parent_id IS NULL AND lower(own.name) = 'recall')`;

/** What changed since, and of the same moment whether there is one as isNamedRecall has it. */
export async function mailboxChanges(
  reader: Reader,
  at: AccountKey,
  since: number,
): Promise<{ modseq: number; changes: MailboxChange[]; named_recall: boolean }> {
  const rows = await reader.rows<MailboxChange & { current: number; named_recall: boolean }>(
    `WITH ${TOUCHED} SELECT s.modseq AS current, ${NAMED_RECALL} AS named_recall, x.* FROM account_state s LEFT JOIN LATERAL (
       SELECT m.id, CASE WHEN m.created_modseq > $3 THEN m.created_modseq WHEN m.modseq > $3 THEN m.modseq ELSE n.modseq END AS modseq,
         m.created_modseq > $3 AS created, false AS destroyed, m.meta_modseq <= $3 AS "countsOnly"
       FROM mailbox m LEFT JOIN counted n ON n.mailbox_id = m.id
       WHERE m.tenant_id = $1 AND m.account_id = $2 AND (m.modseq > $3 OR n.modseq IS NOT NULL)
       UNION ALL
       SELECT t.id, t.modseq, false, true, false FROM mailbox_tombstone t WHERE t.tenant_id = $1 AND t.account_id = $2 AND t.modseq > $3
     ) x ON true WHERE s.tenant_id = $1 AND s.account_id = $2`,
    [at.tenant, at.account, since],
  );
  const { current = 0, named_recall = false } = rows[0] ?? {};
  return { modseq: current, named_recall, changes: rows.filter((row) => row.id !== null) };
}

/** What its owner sets. */
export type NewMailbox = Pick<MailboxRow, 'id' | 'name' | 'parent_id' | 'role' | 'sort_order' | 'subscribed'>;

/** The account is locked and raised to `modseq`. */
export async function insertMailbox(
  tx: Transaction,
  at: AccountKey & { modseq: number; now: Date },
  box: NewMailbox,
): Promise<void> {
  await tx.run(
    `INSERT INTO mailbox (tenant_id, account_id, id, parent_id, name, role, sort_order, subscribed, uid_validity, created_modseq, modseq, meta_modseq)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10)`,
    [
      at.tenant,
      at.account,
      box.id,
      box.parent_id,
      box.name,
      box.role,
      box.sort_order,
      box.subscribed,
      // With its number, as one of the same name may have been made in this very second (RFC 9051 §2.3.1.1).
      Math.floor(at.now.getTime() / 1000) + box.id,
      at.modseq,
    ],
  );
}

/** A number no mailbox of the account has or had. */
export async function nextMailboxId(reader: Reader, at: AccountKey): Promise<number> {
  const row = await reader.row<{ id: number }>(
    `SELECT greatest(
       (SELECT max(id) FROM mailbox WHERE tenant_id = $1 AND account_id = $2),
       (SELECT max(id) FROM mailbox_tombstone WHERE tenant_id = $1 AND account_id = $2), 0) + 1 AS id`,
    [at.tenant, at.account],
  );
  return row?.id ?? 1;
}

export async function updateMailbox(
  tx: Transaction,
  at: AccountKey & { modseq: number },
  box: NewMailbox,
): Promise<void> {
  await tx.run(
    `UPDATE mailbox SET parent_id = $4, name = $5, role = $6, sort_order = $7, subscribed = $8, modseq = $9, meta_modseq = $9
     WHERE tenant_id = $1 AND account_id = $2 AND id = $3`,
    [at.tenant, at.account, box.id, box.parent_id, box.name, box.role, box.sort_order, box.subscribed, at.modseq],
  );
}

export async function deleteMailbox(tx: Transaction, at: AccountKey & { modseq: number }, id: number): Promise<void> {
  await tx.run(`DELETE FROM mailbox WHERE tenant_id = $1 AND account_id = $2 AND id = $3`, [at.tenant, at.account, id]);
  await tx.run(`INSERT INTO mailbox_tombstone VALUES ($1, $2, $3, $4)`, [at.tenant, at.account, at.modseq, id]);
}

/** Runs `work`; what it changed is undone again if it throws, and the transaction goes on. */
export async function undoable<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
  const locked = [...tx.locked];
  await tx.run('SAVEPOINT undoable');
  try {
    const result = await work();
    await tx.run('RELEASE SAVEPOINT undoable');
    return result;
  } catch (error) {
    await tx.run('ROLLBACK TO SAVEPOINT undoable');
    // Locks that were taken since, and modseqs raised, are as they were before.
    tx.locked.clear();
    for (const [account, modseq] of locked) tx.locked.set(account, modseq);
    throw error;
  }
}
