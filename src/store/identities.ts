// Identities: the addresses an account may send from, with what its owner set for each.

import type { Reader, Transaction } from './postgres.ts';

export interface IdentityRow {
  id: number;
  address: string;
  name: string;
  reply_to: object | null;
  bcc: object | null;
  text_signature: string;
  html_signature: string;
  modseq: number;
}

const COLUMNS = 'id, address, name, reply_to, bcc, text_signature, html_signature, modseq';

export async function identitiesOf(reader: Reader, at: { tenant: number; account: number }): Promise<{ modseq: number; list: IdentityRow[] }> {
  const rows = await reader.rows<IdentityRow & { current: number }>(
    `SELECT s.modseq AS current, i.* FROM account_state s LEFT JOIN
       (SELECT tenant_id, account_id, ${COLUMNS} FROM identity) i ON i.tenant_id = s.tenant_id AND i.account_id = s.account_id
     WHERE s.tenant_id = $1 AND s.account_id = $2 ORDER BY i.id`,
    [at.tenant, at.account],
  );
  return { modseq: rows[0]?.current ?? 0, list: rows.filter((row) => row.id !== null) };
}

/** The account is locked. Inserts, or replaces the one of that number. */
export async function putIdentity(tx: Transaction, at: { tenant: number; account: number }, row: IdentityRow): Promise<void> {
  await tx.run(
    `INSERT INTO identity (tenant_id, account_id, ${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (tenant_id, account_id, id) DO UPDATE SET name = $5, reply_to = $6, bcc = $7, text_signature = $8, html_signature = $9, modseq = $10`,
    [at.tenant, at.account, row.id, row.address, row.name, row.reply_to, row.bcc, row.text_signature, row.html_signature, row.modseq].map((value) =>
      Array.isArray(value) ? JSON.stringify(value) : value,
    ),
  );
}

export async function deleteIdentity(tx: Transaction, at: { tenant: number; account: number }, id: number): Promise<void> {
  await tx.run(`DELETE FROM identity WHERE tenant_id = $1 AND account_id = $2 AND id = $3`, [at.tenant, at.account, id]);
}
