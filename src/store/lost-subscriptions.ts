// Names that are subscribed to and stand for no mailbox any more (RFC 9051 §6.3.7), as paths within their account.

import type { AccountKey } from './exposure.ts';
import type { Reader, Transaction } from './postgres.ts';

export async function lostSubscriptions(reader: Reader, at: AccountKey): Promise<string[]> {
  const rows = await reader.rows<{ path: string }>(
    `SELECT path FROM lost_subscription WHERE tenant_id = $1 AND account_id = $2 ORDER BY path`,
    [at.tenant, at.account],
  );
  return rows.map((row) => row.path);
}

export async function keepSubscription(tx: Transaction, at: AccountKey, path: string): Promise<void> {
  await tx.run(`INSERT INTO lost_subscription VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
    at.tenant,
    at.account,
    path,
  ]);
}

/** Was it there? */
export async function dropSubscription(tx: Transaction, at: AccountKey, path: string): Promise<boolean> {
  const dropped = await tx.run(`DELETE FROM lost_subscription WHERE tenant_id = $1 AND account_id = $2 AND path = $3`, [
    at.tenant,
    at.account,
    path,
  ]);
  return dropped > 0;
}
