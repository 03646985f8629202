// Identities: the addresses an account may send from, with what its owner set for each. Every change is made under the
// account's lock, with a modseq of its own.

import type { AccountKey } from './exposure.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface IdentityRow {
  id: number;
  /** Canonical. */
  address: string;
  name: string;
  /** EmailAddress[] (RFC 8621 §4.1.2.3). */
  reply_to: object[] | null;
  bcc: object[] | null;
  text_signature: string;
  html_signature: string;
  created_modseq: number;
  modseq: number;
  destroyed: boolean;
}

const COLUMNS = 'id, address, name, reply_to, bcc, text_signature, html_signature, created_modseq, modseq, destroyed';

/** All of an account's, those destroyed too, by number. */
export async function identitiesOf(reader: Reader, at: AccountKey): Promise<IdentityRow[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM identity WHERE tenant_id = $1 AND account_id = $2 ORDER BY id`, [
    at.tenant,
    at.account,
  ]);
}

/** Inserts it, or puts it in the place of the one of its number. */
export async function putIdentity(tx: Transaction, at: AccountKey, row: IdentityRow): Promise<void> {
  const json = (list: object[] | null): string | null => (list === null ? null : JSON.stringify(list));
  await tx.run(
    `INSERT INTO identity (tenant_id, account_id, ${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (tenant_id, account_id, id)
     DO UPDATE SET name = $5, reply_to = $6, bcc = $7, text_signature = $8, html_signature = $9, modseq = $11, destroyed = $12`,
    [
      at.tenant,
      at.account,
      row.id,
      row.address,
      row.name,
      json(row.reply_to),
      json(row.bcc),
      row.text_signature,
      row.html_signature,
      row.created_modseq,
      row.modseq,
      row.destroyed,
    ],
  );
}
