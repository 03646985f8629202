// Files that clients uploaded and nothing refers to yet (RFC 8620 §6.1).

import type { Blobs } from './blobs.ts';
import type { AccountKey } from './exposure.ts';
import { tenantIds } from './outgoing.ts';
import type { Reader, Store, Transaction } from './postgres.ts';

/** Account of what nobody has uploaded: a large message that is coming in (spool.ts). */
export const NOBODY = 0;

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

/** Octets of one person's uploads to one account that are kept: those of twenty of the largest messages. */
const MOST = 1000 << 20;

/** What is the least counted of each: a row is not free. */
const LEAST = 1024;

/** Octets uploaded, on average, from one look to the next: one person may have brought 100,000 small ones. */
const BETWEEN = 32 << 20;

/**
 * RFC 8620 §6: past its limit, what a person uploaded to an account goes oldest first, but for the one of `id`, which has just
 * come with so many octets. `draw`: whether it is looked at now, the more often the larger. Answers how many went.
 */
export async function keepToLimit(
  tx: Transaction,
  blobs: Pick<Blobs, 'remove'>,
  at: AccountKey & { uploadedBy: number; id: string; size: number },
  { most = MOST, draw = Math.random() }: { most?: number; draw?: number } = {},
): Promise<number> {
  if (draw * BETWEEN >= Math.max(LEAST, at.size)) return 0;
  const rows = await tx.rows<{ blob_id: number }>(
    `DELETE FROM upload WHERE tenant_id = $1 AND account_id = $2 AND id IN (
       SELECT id FROM upload WHERE tenant_id = $1 AND account_id = $2 AND id IN (
         SELECT id FROM (
           SELECT id, sum(greatest(size, ${LEAST})) OVER (ORDER BY id = $4 DESC, created_at DESC, id) AS octets
           FROM upload WHERE tenant_id = $1 AND account_id = $2 AND uploaded_by = $3) AS newest
         WHERE octets > $5 AND id <> $4)
       ORDER BY id FOR UPDATE SKIP LOCKED)
     RETURNING blob_id`,
    [at.tenant, at.account, at.uploadedBy, at.id, most],
  );
  if (rows.length > 0)
    await blobs.remove(
      tx,
      at.tenant,
      rows.map((row) => row.blob_id),
    );
  return rows.length;
}

/** More of it has come: it is as old as that. */
export async function growUpload(
  tx: Transaction,
  at: AccountKey & { id: string },
  octets: number,
  now: Date,
): Promise<void> {
  const grown = await tx.run(
    `UPDATE upload SET size = size + $4, created_at = $5 WHERE tenant_id = $1 AND account_id = $2 AND id = $3`,
    [at.tenant, at.account, at.id, octets, now],
  );
  if (grown === 0) throw new Error(`upload ${at.id} is gone`);
}

/** Its bytes are a message's from now on. Throws if it is gone, and they with it. */
export async function takeUpload(tx: Transaction, at: AccountKey & { id: string }): Promise<void> {
  const taken = await tx.run(`DELETE FROM upload WHERE tenant_id = $1 AND account_id = $2 AND id = $3`, [
    at.tenant,
    at.account,
    at.id,
  ]);
  if (taken === 0) throw new Error(`upload ${at.id} is gone`);
}

/** Forgets it and its bytes, if nobody has taken them. */
export async function dropUpload(
  tx: Transaction,
  blobs: Pick<Blobs, 'remove'>,
  at: AccountKey & { id: string },
): Promise<void> {
  const dropped = await tx.row<{ blob_id: number }>(
    `DELETE FROM upload WHERE tenant_id = $1 AND account_id = $2 AND id = $3 RETURNING blob_id`,
    [at.tenant, at.account, at.id],
  );
  if (dropped) await blobs.remove(tx, at.tenant, [dropped.blob_id]);
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

/**
 * Forgets uploads made before `before`, and their bytes: what a message was made of has been copied into it. Answers how
 * many. RFC 8620 §6: they must be there for at least an hour. `nobodys`: the same of messages that were coming in, which have
 * gone with the process that took them if nothing has come of them since.
 */
export async function expireUploads(
  { store, blobs }: { store: Store; blobs: Pick<Blobs, 'remove'> },
  before: Date,
  nobodys = before,
): Promise<number> {
  let forgotten = 0;
  for (const tenant of await tenantIds(store)) {
    for (;;) {
      const some = await store.transact((tx) => forgetSome(tx, blobs, tenant, before, nobodys), 'batch');
      forgotten += some;
      if (some < AT_ONCE) break;
    }
  }
  return forgotten;
}

/** Uploads forgotten in one transaction. */
const AT_ONCE = 100;

async function forgetSome(
  tx: Transaction,
  blobs: Pick<Blobs, 'remove'>,
  tenant: number,
  before: Date,
  nobodys: Date,
): Promise<number> {
  const rows = await tx.rows<{ blob_id: number }>(
    `DELETE FROM upload WHERE tenant_id = $1 AND (account_id, id) IN (
       SELECT account_id, id FROM upload WHERE tenant_id = $1 AND created_at < CASE account_id WHEN ${NOBODY} THEN $3::timestamptz ELSE $2::timestamptz END ORDER BY account_id, id LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)
     RETURNING blob_id`,
    [tenant, before, nobodys],
  );
  if (rows.length > 0)
    await blobs.remove(
      tx,
      tenant,
      rows.map((row) => row.blob_id),
    );
  return rows.length;
}
