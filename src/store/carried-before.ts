// Messages of which nobody has looked yet what they carry and forward: accepted before that was kept (0023). They are
// looked through from the newest on, a few at a time.

import { insertCarried, type Carried } from './carried.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface UnlookedMessage {
  id: number;
  blob_id: number;
  /** It was submitted here: then it may be a forward. */
  submitted: boolean;
}

const AT_ONCE = 20;

/** Where the tenant's rest begins; undefined: nothing is left. */
export async function carriedBefore(reader: Reader, tenant: number): Promise<number | undefined> {
  const row = await reader.row<{ message_id: number }>(`SELECT message_id FROM carried_before WHERE tenant_id = $1`, [
    tenant,
  ]);
  return row?.message_id;
}

/** The next ones, that number and downwards: of those that were accepted, not what programs stored by themselves. */
export async function unlooked(reader: Reader, tenant: number, from: number): Promise<UnlookedMessage[]> {
  return reader.rows(
    `SELECT m.id, m.blob_id, EXISTS (SELECT FROM submission s WHERE s.tenant_id = $1 AND s.id = m.id) AS submitted
     FROM message m WHERE m.tenant_id = $1 AND m.id <= $2
       AND EXISTS (SELECT FROM delivery d WHERE d.tenant_id = $1 AND d.message_id = m.id)
     ORDER BY m.id DESC LIMIT ${AT_ONCE}`,
    [tenant, from],
  );
}

/**
 * Keeps what was found of messages, of which the rest began at `from`; it goes on below `next`, or is done where that is
 * null. False: somebody else has been here, and nothing was changed.
 */
export async function keepLooked(
  tx: Transaction,
  tenant: number,
  { from, next }: { from: number; next: number | null },
  carried: Carried[],
): Promise<boolean> {
  const mine = await tx.run(
    next === null
      ? `DELETE FROM carried_before WHERE tenant_id = $1 AND message_id = $2 AND $3::bigint IS NULL`
      : `UPDATE carried_before SET message_id = $3::bigint - 1 WHERE tenant_id = $1 AND message_id = $2`,
    [tenant, from, next],
  );
  if (mine === 0) return false;
  // Those that upkeep has removed meanwhile, in another process, take nothing with them any more.
  const rows = await tx.rows<{ id: number }>(
    `SELECT id FROM message WHERE tenant_id = $1 AND id = ANY ($2::bigint[]) FOR KEY SHARE`,
    [tenant, carried.map(({ message }) => message)],
  );
  const there = new Set(rows.map(({ id }) => id));
  await insertCarried(
    tx,
    tenant,
    carried.filter(({ message }) => there.has(message)),
  );
  return true;
}
