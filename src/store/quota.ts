// What accounts take up, and may take up. Whoever brings something looks once more when the account is locked, in a statement
// of its own: those who write at the same moment do not pass the limit together. Nothing that a recall does is held up by it.

import { Refusal } from '../mail/errors.ts';
import type { AccountKey } from './exposure.ts';
import type { MailboxKey } from './mailbox-view.ts';
import type { Reader, Transaction } from './postgres.ts';

/** SQL: the account's modseq when an Email last came or went, or its limit was changed. What else is done with Emails changes nothing of what they take up. */
export const quotaState = (tenant: string, account: string): string => `greatest(0,
  (SELECT quota_modseq FROM account q WHERE q.tenant_id = ${tenant} AND q.id = ${account}),
  (SELECT max(email_id) FROM copy q WHERE q.tenant_id = ${tenant} AND q.account_id = ${account}),
  (SELECT modseq FROM tombstone q WHERE q.tenant_id = ${tenant} AND q.account_id = ${account} AND q.email_id IS NOT NULL ORDER BY modseq DESC LIMIT 1))`;

export interface Usage {
  /** quotaState of the same snapshot. */
  state: number;
  /** Octets of the messages of all its copies, those that a gate covers among them: it hides content, not existence. */
  octets: number;
  /** Null: there is no limit. */
  quota: number | null;
  /** The account's modseq when that was changed. */
  changed: number;
}

const used = (account: string): string =>
  `(SELECT coalesce(sum(m.size), 0)::bigint FROM copy c JOIN message m ON m.tenant_id = $1 AND m.id = c.message_id
       WHERE c.tenant_id = $1 AND c.account_id = ${account})`;

/** SQL: whether so many octets more are within the account's limit, which it may not have. `$1` is the tenant. */
export const fits = (account: string, octets: string): string =>
  `NOT EXISTS (SELECT FROM account a WHERE a.tenant_id = $1 AND a.id = ${account} AND a.quota IS NOT NULL AND ${octets} + ${used('a.id')} > a.quota)`;

/**
 * Those of the accounts whose limit would be passed by so many octets more: `octets[i]` in `accounts[i]`. Of accounts
 * without a limit nothing is read.
 */
export async function fullAmong(
  reader: Reader,
  tenant: number,
  accounts: number[],
  octets: number[],
): Promise<Set<number>> {
  if (accounts.length === 0) return new Set();
  const rows = await reader.rows<{ id: number }>(
    `SELECT a.id FROM account a JOIN unnest($2::int[], $3::bigint[]) AS x (id, octets) ON x.id = a.id
     WHERE a.tenant_id = $1 AND a.quota IS NOT NULL AND a.id = ANY ($2::int[]) AND x.octets + ${used('a.id')} > a.quota`,
    [tenant, accounts, octets],
  );
  return new Set(rows.map(({ id }) => id));
}

/** What is said where it does not fit, on every face. */
export function overQuota(): Refusal {
  return new Refusal('overQuota', 'The mailbox is full.');
}

/** Is there room for so many octets more? */
export async function hasRoom(reader: Reader, { tenant, account }: AccountKey, octets: number): Promise<boolean> {
  return (await fullAmong(reader, tenant, [account], [octets])).size === 0;
}

/** Octets of the messages of these copies. */
export async function octetsOf(reader: Reader, at: MailboxKey, uids: number[]): Promise<number> {
  const row = await reader.row<{ octets: number }>(
    `SELECT coalesce(sum(m.size), 0)::bigint AS octets FROM visible_copy c JOIN message m ON m.tenant_id = $1 AND m.id = c.message_id
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = $3 AND c.uid = ANY ($4::bigint[])`,
    [at.tenant, at.account, at.mailbox, uids],
  );
  return row?.octets ?? 0;
}

/** The same by id. */
export async function octetsOfEmails(reader: Reader, at: AccountKey, emailIds: number[]): Promise<Map<number, number>> {
  const rows = await reader.rows<{ email_id: number; size: number }>(
    `SELECT c.email_id, m.size FROM visible_copy c JOIN message m ON m.tenant_id = $1 AND m.id = c.message_id
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.email_id = ANY ($3::bigint[])`,
    [at.tenant, at.account, emailIds],
  );
  return new Map(rows.map((row) => [row.email_id, row.size]));
}

/** The account is locked and raised to `modseq`. */
export async function setQuota(
  tx: Transaction,
  { tenant, account }: AccountKey,
  quota: number | null,
  modseq: number,
): Promise<void> {
  await tx.run(`UPDATE account SET quota = $3, quota_modseq = $4 WHERE tenant_id = $1 AND id = $2`, [
    tenant,
    account,
    quota,
    modseq,
  ]);
}

/** Undefined: no such account. */
export async function usageOf(reader: Reader, at: AccountKey): Promise<Usage | undefined> {
  return reader.row(
    `SELECT ${quotaState('$1', '$2')} AS state, ${used('$2')} AS octets, a.quota, a.quota_modseq AS changed
     FROM account_state s JOIN account a ON a.tenant_id = $1 AND a.id = s.account_id WHERE s.tenant_id = $1 AND s.account_id = $2`,
    [at.tenant, at.account],
  );
}

export async function quotaStateOf(reader: Reader, at: AccountKey): Promise<number> {
  const row = await reader.row<{ state: number }>(`SELECT ${quotaState('$1', '$2')} AS state`, [at.tenant, at.account]);
  return row?.state ?? 0;
}
