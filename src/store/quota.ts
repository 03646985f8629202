// What accounts take up.

import type { AccountKey } from './exposure.ts';
import type { Reader } from './postgres.ts';

/** SQL: the account's modseq when an Email last came or went. What else is done with Emails changes nothing of what they take up. */
export const quotaState = (tenant: string, account: string): string => `greatest(0,
  (SELECT max(email_id) FROM copy q WHERE q.tenant_id = ${tenant} AND q.account_id = ${account}),
  (SELECT modseq FROM tombstone q WHERE q.tenant_id = ${tenant} AND q.account_id = ${account} AND q.email_id IS NOT NULL ORDER BY modseq DESC LIMIT 1))`;

export interface Usage {
  /** quotaState of the same snapshot. */
  state: number;
  /** Octets of the messages of all its copies, those that a gate covers among them: it hides content, not existence. */
  octets: number;
}

/** Undefined: no such account. */
export async function usageOf(reader: Reader, at: AccountKey): Promise<Usage | undefined> {
  return reader.row(
    `SELECT ${quotaState('$1', '$2')} AS state, (SELECT coalesce(sum(m.size), 0)::bigint FROM copy c JOIN message m ON m.tenant_id = $1 AND m.id = c.message_id
       WHERE c.tenant_id = $1 AND c.account_id = $2) AS octets
     FROM account_state s WHERE s.tenant_id = $1 AND s.account_id = $2`,
    [at.tenant, at.account],
  );
}

export async function quotaStateOf(reader: Reader, at: AccountKey): Promise<number> {
  const row = await reader.row<{ state: number }>(`SELECT ${quotaState('$1', '$2')} AS state`, [at.tenant, at.account]);
  return row?.state ?? 0;
}
