// What accounts take up.

import type { AccountKey } from './exposure.ts';
import type { Reader } from './postgres.ts';

export interface Usage {
  /** Account modseq of the same snapshot. */
  modseq: number;
  /** Octets of the messages of all its copies, those that a gate covers among them: it hides content, not existence. */
  octets: number;
}

/** Undefined: no such account. */
export async function usageOf(reader: Reader, at: AccountKey): Promise<Usage | undefined> {
  return reader.row(
    `SELECT s.modseq, (SELECT coalesce(sum(m.size), 0)::bigint FROM copy c JOIN message m ON m.tenant_id = $1 AND m.id = c.message_id
       WHERE c.tenant_id = $1 AND c.account_id = $2) AS octets
     FROM account_state s WHERE s.tenant_id = $1 AND s.account_id = $2`,
    [at.tenant, at.account],
  );
}

export async function modseqOf(reader: Reader, at: AccountKey): Promise<number> {
  const row = await reader.row<{ modseq: number }>(
    `SELECT modseq FROM account_state WHERE tenant_id = $1 AND account_id = $2`,
    [at.tenant, at.account],
  );
  return row?.modseq ?? 0;
}
