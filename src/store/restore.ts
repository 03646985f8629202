// Taking copies out of the vault again, and putting a replacement where a notice stands.

import { INBOX } from '../mail/mailbox.ts';
import { SEEN } from '../mail/keywords.ts';
import { raiseLocked } from './account-state.ts';
import type { Reader, Transaction } from './postgres.ts';

/** False: a restore of this recall was asked for before. */
export async function insertRestore(
  tx: Transaction,
  tenant: number,
  recall: { id: number; message: number },
  by: number,
  at: Date,
): Promise<boolean> {
  const inserted = await tx.run(
    `INSERT INTO recall_restore (tenant_id, recall_id, requested_by, known_recalls, created_at)
     SELECT $1, $2, $3, count(*)::int, $4 FROM recall WHERE tenant_id = $1 AND message_id = $5
     ON CONFLICT DO NOTHING`,
    [tenant, recall.id, by, at, recall.message],
  );
  return inserted === 1;
}

/** Has a later recall of the message begun? Then what is in the vault stays there. */
export async function restoreSuperseded(reader: Reader, tenant: number, recall: number): Promise<boolean> {
  const row = await reader.row<{ superseded: boolean }>(
    `SELECT x.known_recalls <> (SELECT count(*) FROM recall o WHERE o.tenant_id = $1 AND o.message_id = r.message_id) AS superseded
     FROM recall_restore x JOIN recall r ON r.tenant_id = x.tenant_id AND r.id = x.recall_id
     WHERE x.tenant_id = $1 AND x.recall_id = $2`,
    [tenant, recall],
  );
  return row?.superseded ?? true;
}

export async function vaultAccounts(
  reader: Reader,
  at: { tenant: number; recall: number; from: number; to: number },
): Promise<number[]> {
  const rows = await reader.rows<{ account_id: number }>(
    `SELECT DISTINCT account_id FROM vault WHERE tenant_id = $1 AND recall_id = $2 AND n BETWEEN $3 AND $4 ORDER BY account_id`,
    [at.tenant, at.recall, at.from, at.to],
  );
  return rows.map((row) => row.account_id);
}

export interface VaultEntry {
  n: number;
  email_id: number;
  account_id: number;
  mailbox_id: number;
  thread_id: number;
  notice_email_id: number | null;
  unseen: boolean;
  /** The mailbox is still there. */
  mailbox_exists: boolean;
}

/** Entries of a range in the accounts that are locked. */
export async function vaultEntries(
  reader: Reader,
  at: { tenant: number; recall: number; from: number; to: number },
  accounts: number[],
): Promise<VaultEntry[]> {
  return reader.rows(
    `SELECT v.n, v.email_id, v.account_id, v.mailbox_id, v.thread_id, v.notice_email_id, v.flags & ${SEEN} = 0 AS unseen, m.id IS NOT NULL AS mailbox_exists
     FROM vault v LEFT JOIN mailbox m ON m.tenant_id = v.tenant_id AND m.account_id = v.account_id AND m.id = v.mailbox_id
     WHERE v.tenant_id = $1 AND v.recall_id = $2 AND v.n BETWEEN $3 AND $4 AND v.account_id = ANY ($5::int[])
     ORDER BY v.account_id, v.mailbox_id, v.email_id`,
    [at.tenant, at.recall, at.from, at.to, accounts],
  );
}

export interface StandingNotice {
  account_id: number;
  mailbox_id: number;
  uid: number;
  email_id: number;
  thread_id: number;
  unseen: boolean;
}

/** Locks the notices of a recall that still stand in these accounts. */
export async function lockNotices(
  tx: Transaction,
  tenant: number,
  recall: number,
  notice: number,
  accounts: number[],
): Promise<StandingNotice[]> {
  return tx.rows(
    `SELECT account_id, mailbox_id, uid, email_id, thread_id, flags & ${SEEN} = 0 AS unseen FROM copy
     WHERE tenant_id = $1 AND message_id = $2 AND account_id = ANY ($3::int[]) AND notice_of = $4
     ORDER BY account_id, mailbox_id, uid FOR UPDATE`,
    [tenant, notice, accounts, recall],
  );
}

/** Locks those of the message's earlier recalls: what they took, a later one says of too. */
export async function lockEarlierNotices(
  tx: Transaction,
  tenant: number,
  recall: number,
  accounts: number[],
): Promise<StandingNotice[]> {
  return tx.rows(
    `SELECT c.account_id, c.mailbox_id, c.uid, c.email_id, c.thread_id, c.flags & ${SEEN} = 0 AS unseen
     FROM recall r JOIN recall e ON e.tenant_id = r.tenant_id AND e.message_id = r.message_id AND e.id < r.id
       JOIN recall_state s ON s.tenant_id = e.tenant_id AND s.recall_id = e.id
       JOIN copy c ON c.tenant_id = s.tenant_id AND c.message_id = s.notice_message_id AND c.notice_of = e.id
     WHERE r.tenant_id = $1 AND r.id = $2 AND c.account_id = ANY ($3::int[])
     ORDER BY c.account_id, c.mailbox_id, c.uid FOR UPDATE OF c`,
    [tenant, recall, accounts],
  );
}

/** Change of one mailbox's counters. */
interface BoxChange {
  account: number;
  mailbox: number;
  modseq: number;
  arrived: number;
  total: number;
  unread: number;
}

/** Applies counter changes; answers the first UID of those that arrive, by "account mailbox". */
async function changeBoxes(tx: Transaction, tenant: number, boxes: BoxChange[]): Promise<Map<string, number>> {
  const rows = await tx.rows<{ account_id: number; id: number; uid: number }>(
    `UPDATE mailbox m SET uid_next = m.uid_next + b.arrived, total = m.total + b.total, unread = m.unread + b.unread, modseq = b.modseq
     FROM unnest($2::int[], $3::int[], $4::bigint[], $5::int[], $6::int[], $7::int[]) AS b (account_id, id, modseq, arrived, total, unread)
     WHERE m.tenant_id = $1 AND m.account_id = b.account_id AND m.id = b.id
     RETURNING m.account_id, m.id, m.uid_next - b.arrived AS uid`,
    [
      tenant,
      boxes.map((box) => box.account),
      boxes.map((box) => box.mailbox),
      boxes.map((box) => box.modseq),
      boxes.map((box) => box.arrived),
      boxes.map((box) => box.total),
      boxes.map((box) => box.unread),
    ],
  );
  return new Map(rows.map((row) => [`${row.account_id} ${row.id}`, row.uid]));
}

class Boxes {
  readonly list = new Map<string, BoxChange>();

  at(account: number, mailbox: number, modseq: number): BoxChange {
    const key = `${account} ${mailbox}`;
    let box = this.list.get(key);
    if (!box) this.list.set(key, (box = { account, mailbox, modseq, arrived: 0, total: 0, unread: 0 }));
    box.modseq = Math.max(box.modseq, modseq);
    return box;
  }
}

/**
 * Puts vault entries back into mailboxes (the Inbox if theirs is gone) of locked accounts, as they were but for UID and
 * Email id, and removes their notices. Outcomes gain restoredAt.
 */
export async function restoreEntries(
  tx: Transaction,
  at: { tenant: number; recall: number; now: Date },
  modseqs: ReadonlyMap<number, number>,
  entries: VaultEntry[],
  notices: StandingNotice[],
): Promise<void> {
  const { tenant, recall, now } = at;
  const byAccount = Map.groupBy(entries, (entry) => entry.account_id);
  const accounts = [...byAccount.keys()];
  const boxes = new Boxes();
  const modseqOf = new Map<VaultEntry, number>();
  for (const [account, list] of byAccount) {
    list.forEach((entry, i) => {
      const modseq = (modseqs.get(account) ?? 0) + 1 + i;
      modseqOf.set(entry, modseq);
      const box = boxes.at(account, entry.mailbox_exists ? entry.mailbox_id : INBOX, modseq);
      box.arrived++;
      box.total++;
      if (entry.unseen) box.unread++;
    });
  }
  const restored = new Set(
    entries.flatMap((entry) =>
      entry.notice_email_id === null ? [] : [`${entry.account_id} ${entry.notice_email_id}`],
    ),
  );
  const leaving = notices.filter((notice) => restored.has(`${notice.account_id} ${notice.email_id}`));
  const lastOf = (account: number): number => (modseqs.get(account) ?? 0) + (byAccount.get(account)?.length ?? 0);
  for (const notice of leaving) {
    const box = boxes.at(notice.account_id, notice.mailbox_id, lastOf(notice.account_id));
    box.total--;
    if (notice.unseen) box.unread--;
  }
  await raiseLocked(
    tx,
    tenant,
    accounts,
    accounts.map((account) => byAccount.get(account)?.length ?? 0),
  );
  await tx.run(
    `DELETE FROM copy c USING unnest($2::int[], $3::bigint[]) AS x (account_id, email_id)
     WHERE c.tenant_id = $1 AND c.account_id = x.account_id AND c.email_id = x.email_id`,
    [tenant, leaving.map((notice) => notice.account_id), leaving.map((notice) => notice.email_id)],
  );
  const next = await changeBoxes(tx, tenant, [...boxes.list.values()]);
  const uids = entries.map((entry) => {
    const key = `${entry.account_id} ${entry.mailbox_exists ? entry.mailbox_id : INBOX}`;
    const uid = next.get(key) ?? 0;
    next.set(key, uid + 1);
    return uid;
  });
  await insertTombstones(tx, tenant, leaving, (notice) => lastOf(notice.account_id));
  const keys = [tenant, recall, entries.map((entry) => entry.n), entries.map((entry) => entry.email_id)];
  await tx.run(
    `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, saved_at, listed_at, downloaded_at, opened_at,
       delivery_n, flags, downloaded_by, keywords)
     SELECT $1, v.account_id, x.mailbox_id, x.uid, x.modseq, x.modseq, v.message_id, v.thread_id, v.received_at, $8, v.listed_at, v.downloaded_at, v.opened_at,
       v.n, v.flags, v.downloaded_by, v.keywords
     FROM unnest($3::int[], $4::bigint[], $5::int[], $6::bigint[], $7::bigint[]) AS x (n, email_id, mailbox_id, uid, modseq)
     JOIN vault v ON v.tenant_id = $1 AND v.recall_id = $2 AND v.n = x.n AND v.email_id = x.email_id`,
    [
      ...keys,
      entries.map((entry) => (entry.mailbox_exists ? entry.mailbox_id : INBOX)),
      uids,
      entries.map((entry) => modseqOf.get(entry)),
      now,
    ],
  );
  await tx.run(
    `DELETE FROM vault v USING unnest($3::int[], $4::bigint[]) AS x (n, email_id)
     WHERE v.tenant_id = $1 AND v.recall_id = $2 AND v.n = x.n AND v.email_id = x.email_id`,
    keys,
  );
  await tx.run(
    // Of later recalls, too, that found it taken already: what they say of it is no longer so.
    `UPDATE outcome o SET restored_at = $3 FROM recall r JOIN recall l ON l.tenant_id = $1 AND l.message_id = r.message_id
     WHERE r.tenant_id = $1 AND r.id = $2 AND o.tenant_id = $1 AND o.recall_id = l.id AND o.n = ANY ($4::int[])
       AND o.outcome = 'recalled' AND o.restored_at IS NULL`,
    [tenant, recall, now, entries.map((entry) => entry.n)],
  );
}

async function insertTombstones(
  tx: Transaction,
  tenant: number,
  gone: StandingNotice[],
  modseqOf: (gone: StandingNotice) => number,
): Promise<void> {
  if (gone.length === 0) return;
  await tx.run(
    `INSERT INTO tombstone (tenant_id, account_id, modseq, mailbox_id, uid, email_id, thread_id)
     SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[])`,
    [
      tenant,
      gone.map((notice) => notice.account_id),
      gone.map(modseqOf),
      gone.map((notice) => notice.mailbox_id),
      gone.map((notice) => notice.uid),
      gone.map((notice) => notice.email_id),
      gone.map((notice) => notice.thread_id),
    ],
  );
}

/**
 * Turns notices of accounts that are locked and raised to `modseqs` into copies of the replacement, in place (mailbox, date and thread stay) and unread;
 * a new Email under a new UID. `deliveryOf`: the replacement's delivery, by account.
 */
export async function placeReplacements(
  tx: Transaction,
  at: { tenant: number; message: number; now: Date },
  modseqs: ReadonlyMap<number, number>,
  notices: StandingNotice[],
  deliveryOf: ReadonlyMap<number, number>,
): Promise<void> {
  const { tenant, message, now } = at;
  const modseqOf = (notice: StandingNotice): number => modseqs.get(notice.account_id) ?? 0;
  const boxes = new Boxes();
  for (const notice of notices) {
    const box = boxes.at(notice.account_id, notice.mailbox_id, modseqOf(notice));
    box.arrived++;
    if (!notice.unseen) box.unread++;
  }
  const uids = await changeBoxes(tx, tenant, [...boxes.list.values()]);
  await tx.run(
    `UPDATE copy c SET uid = x.new_uid, email_id = x.modseq, modseq = x.modseq, message_id = $2, delivery_n = x.n, notice_of = NULL, flags = 0,
       keywords = NULL, saved_at = $8, listed_at = NULL, downloaded_at = NULL, downloaded_by = NULL, opened_at = NULL
     FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::int[]) AS x (account_id, email_id, new_uid, modseq, n)
     WHERE c.tenant_id = $1 AND c.account_id = x.account_id AND c.email_id = x.email_id`,
    [
      tenant,
      message,
      notices.map((notice) => notice.account_id),
      notices.map((notice) => notice.email_id),
      notices.map((notice) => uids.get(`${notice.account_id} ${notice.mailbox_id}`)),
      notices.map(modseqOf),
      notices.map((notice) => deliveryOf.get(notice.account_id)),
      now,
    ],
  );
  await insertTombstones(tx, tenant, notices, modseqOf);
}

/** Restores that have nothing left to do and were not ended: whoever did their last range is gone. */
export async function unendedRestores(reader: Reader): Promise<{ tenant: number; recall: number }[]> {
  return reader.rows(
    `SELECT x.tenant_id AS tenant, x.recall_id AS recall FROM recall_restore x WHERE x.done_at IS NULL
       AND NOT EXISTS (SELECT FROM work w WHERE w.tenant_id = x.tenant_id AND w.kind = 'restore' AND w.of_id = x.recall_id)`,
  );
}

/** Ends a restore once no range of it is left. */
export async function finishRestore(tx: Transaction, tenant: number, recall: number, at: Date): Promise<boolean> {
  const done = await tx.run(
    `UPDATE recall_restore SET done_at = $3 WHERE tenant_id = $1 AND recall_id = $2 AND done_at IS NULL
       AND NOT EXISTS (SELECT FROM work w WHERE w.tenant_id = $1 AND w.kind = 'restore' AND w.of_id = $2)`,
    [tenant, recall, at],
  );
  return done === 1;
}

export async function gateOf(
  reader: Reader,
  tenant: number,
  message: number,
): Promise<{ recall_id: number } | undefined> {
  return reader.row(`SELECT recall_id FROM gate WHERE tenant_id = $1 AND message_id = $2`, [tenant, message]);
}

/** Highest delivery that the vault holds of a recall; 0: none. */
export async function lastVaulted(reader: Reader, tenant: number, recall: number): Promise<number> {
  const row = await reader.row<{ n: number | null }>(
    `SELECT max(n) AS n FROM vault WHERE tenant_id = $1 AND recall_id = $2`,
    [tenant, recall],
  );
  return row?.n ?? 0;
}
