// Application passwords: hashes of long random secrets, each of one program of one account's.

import type { AccountKey } from './exposure.ts';
import type { Reader, Store, Transaction } from './postgres.ts';

export interface AppPasswordRow {
  id: number;
  name: string;
  created_at: Date;
  last_used_at: Date | null;
  /** The face and where from: "imap 192.0.2.7". */
  last_used_by: string | null;
}

const COLUMNS = 'id, name, created_at, last_used_at, last_used_by';

export async function appPasswordsOf(reader: Reader, at: AccountKey): Promise<AppPasswordRow[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM app_password WHERE tenant_id = $1 AND account_id = $2 ORDER BY id`, [
    at.tenant,
    at.account,
  ]);
}

/** SHA-256; undefined: there is none of this number. */
export async function appPasswordHash(reader: Reader, at: AccountKey, id: number): Promise<Buffer | undefined> {
  const row = await reader.row<{ hash: Buffer }>(
    `SELECT hash FROM app_password WHERE tenant_id = $1 AND account_id = $2 AND id = $3`,
    [at.tenant, at.account, id],
  );
  return row?.hash;
}

/** The account is locked; `id` is a number that it has no other for. */
export async function insertAppPassword(
  tx: Transaction,
  at: AccountKey,
  { id, name, hash, now }: { id: number; name: string; hash: Buffer; now: Date },
): Promise<void> {
  await tx.run(
    `INSERT INTO app_password (tenant_id, account_id, id, name, hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
    [at.tenant, at.account, id, name, hash, now],
  );
}

export async function renameAppPassword(tx: Transaction, at: AccountKey, id: number, name: string): Promise<void> {
  await tx.run(`UPDATE app_password SET name = $4 WHERE tenant_id = $1 AND account_id = $2 AND id = $3`, [
    at.tenant,
    at.account,
    id,
    name,
  ]);
}

/** Its name; undefined: there was none. */
export async function deleteAppPassword(tx: Transaction, at: AccountKey, id: number): Promise<string | undefined> {
  const row = await tx.row<{ name: string }>(
    `DELETE FROM app_password WHERE tenant_id = $1 AND account_id = $2 AND id = $3 RETURNING name`,
    [at.tenant, at.account, id],
  );
  return row?.name;
}

export async function touchAppPassword(
  store: Store,
  at: AccountKey,
  id: number,
  used: { at: Date; by: string },
): Promise<void> {
  await store.single(
    `UPDATE app_password SET last_used_at = $4, last_used_by = $5 WHERE tenant_id = $1 AND account_id = $2 AND id = $3`,
    [at.tenant, at.account, id, used.at, used.by],
  );
}
