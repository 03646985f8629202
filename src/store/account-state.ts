// The account lock and its modseq. Statement one of every mutator is one of these (Gate protocol 3): what follows is in
// a newer snapshot, so it sees every gate that committed before the lock was had.

import { accountChanged } from './notify.ts';
import type { Reader, Transaction, Writer } from './postgres.ts';

/** How Transaction.locked names an account. */
export function accountKey(tenant: number, account: number): string {
  return `${tenant} ${account}`;
}

/**
 * Locks one account and raises its modseq by `by` (one for a change; one for each Email created). Answers the highest
 * modseq raised to: the last of `by` consecutive ones. Undefined: no such account.
 */
export async function raise(tx: Transaction, tenant: number, account: number, by = 1): Promise<number | undefined> {
  const rows = await tx.rows<{ modseq: number }>(
    `UPDATE account_state SET modseq = modseq + $3 WHERE tenant_id = $1 AND account_id = $2 RETURNING modseq`,
    [tenant, account, by],
  );
  const modseq = rows[0]?.modseq;
  if (modseq !== undefined) tx.locked.set(accountKey(tenant, account), modseq);
  return modseq;
}

/** Locks one account, raises its modseq by one, and tells of it after the commit. Answers the modseq; 0: no such account. */
export async function raiseAndTell(tx: Transaction, at: { tenant: number; account: number }): Promise<number> {
  accountChanged(tx.changes, at.tenant, at.account);
  return (await raise(tx, at.tenant, at.account)) ?? 0;
}

/** Locks accounts in ascending order; answers the modseq of each that exists. */
export async function lockAccounts(tx: Transaction, tenant: number, accounts: number[]): Promise<Map<number, number>> {
  const rows = await tx.rows<{ account_id: number; modseq: number }>(
    `SELECT account_id, modseq FROM account_state WHERE tenant_id = $1 AND account_id = ANY ($2::int[])
     ORDER BY account_id FOR NO KEY UPDATE`,
    [tenant, accounts],
  );
  for (const row of rows) tx.locked.set(accountKey(tenant, row.account_id), row.modseq);
  return new Map(rows.map((row) => [row.account_id, row.modseq]));
}

/**
 * Locks accounts in ascending order and raises them, `by[i]` for `accounts[i]`; answers the modseq of each that exists as it
 * is now. Sorted beneath the lock: the UPDATE comes to each once it is locked. `on`: tx.last, or now.
 */
export async function raiseEach(
  tx: Transaction,
  tenant: number,
  accounts: number[],
  by: number[],
  on: Pick<Reader, 'rows'> = tx,
): Promise<Map<number, number>> {
  const rows = await on.rows<{ account_id: number; modseq: number }>(
    `WITH held AS MATERIALIZED (
       SELECT account_id FROM account_state WHERE tenant_id = $1 AND account_id = ANY ($2::int[]) ORDER BY account_id FOR NO KEY UPDATE)
     UPDATE account_state s SET modseq = s.modseq + r.by
     FROM held h JOIN unnest($2::int[], $3::int[]) AS r (account_id, by) ON r.account_id = h.account_id
     WHERE s.tenant_id = $1 AND s.account_id = h.account_id RETURNING s.account_id, s.modseq`,
    [tenant, accounts, by],
  );
  for (const row of rows) tx.locked.set(accountKey(tenant, row.account_id), row.modseq);
  return new Map(rows.map((row) => [row.account_id, row.modseq]));
}

/** Raises the modseqs of accounts that this transaction has locked: `by[i]` for `accounts[i]`. */
export async function raiseLocked(
  tx: Transaction,
  tenant: number,
  accounts: number[],
  by: number[],
  writer: Writer = tx,
): Promise<void> {
  await writer.run(
    `UPDATE account_state s SET modseq = s.modseq + r.by
     FROM unnest($2::int[], $3::int[]) AS r (account_id, by)
     WHERE s.tenant_id = $1 AND s.account_id = r.account_id`,
    [tenant, accounts, by],
  );
  for (const [i, account] of accounts.entries()) {
    const modseq = tx.locked.get(accountKey(tenant, account));
    if (modseq !== undefined) tx.locked.set(accountKey(tenant, account), modseq + (by[i] ?? 0));
  }
}

/**
 * Locks many accounts and raises each by one, whether or not it will have a change: half the work of locking and
 * raising apart, for batches that change nearly all of them. Ascending, as the index is walked. Answers the new modseqs.
 * They are not kept in tx.locked: a batch asks for no account's lock again.
 */
export async function lockAndRaise(tx: Transaction, tenant: number, accounts: number[]): Promise<Map<number, number>> {
  const row = await tx.row<{ accounts: number[] | null; modseqs: number[] | null }>(
    `WITH raised AS (
       UPDATE account_state SET modseq = modseq + 1 WHERE tenant_id = $1 AND account_id = ANY ($2::int[]) RETURNING account_id, modseq)
     SELECT array_agg(account_id) AS accounts, array_agg(modseq) AS modseqs FROM raised`,
    [tenant, accounts],
  );
  return new Map(row?.accounts?.map((account, i) => [account, row.modseqs?.[i] ?? 0]));
}
