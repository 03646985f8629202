// Files that clients uploaded and nothing refers to yet (RFC 8620 §6.1).

import type { AccountKey } from './exposure.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface Upload {
  blob_id: number;
  /** Octets. */
  size: number;
  type: string;
}

export interface NewUpload extends Upload {
  /** A random UUID: whoever does not know it does not find it. */
  id: string;
  /** RFC 8620 §6.1: only they may use it, in a shared account too. */
  uploadedBy: number;
  now: Date;
}

export async function insertUpload(tx: Transaction, at: AccountKey, upload: NewUpload): Promise<void> {
  await tx.run(
    `INSERT INTO upload (tenant_id, account_id, id, blob_id, size, type, uploaded_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [at.tenant, at.account, upload.id, upload.blob_id, upload.size, upload.type, upload.uploadedBy, upload.now],
  );
}

/** An upload of that person's to that account; undefined: there is none of this id. */
export async function uploadById(
  reader: Reader,
  at: AccountKey & { uploadedBy: number },
  id: string,
): Promise<Upload | undefined> {
  return reader.row(
    `SELECT blob_id, size, type FROM upload WHERE tenant_id = $1 AND account_id = $2 AND id = $3 AND uploaded_by = $4`,
    [at.tenant, at.account, id, at.uploadedBy],
  );
}

/** Forgets uploads of a tenant made before `before`, at most `limit`; answers the blobs that nothing needs any more. */
export async function removeUploads(tx: Transaction, tenant: number, before: Date, limit: number): Promise<number[]> {
  const rows = await tx.rows<{ blob_id: number }>(
    `DELETE FROM upload WHERE tenant_id = $1 AND id IN (SELECT id FROM upload WHERE tenant_id = $1 AND created_at < $2 LIMIT $3) RETURNING blob_id`,
    [tenant, before, limit],
  );
  return rows.map((row) => row.blob_id);
}
