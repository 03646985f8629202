// Push subscriptions (RFC 8620 §7.2): which URLs are to be told of changes in a person's accounts.

import type { Reader, Store, Transaction } from './postgres.ts';

export interface PushKeys {
  /** Base64url (RFC 8291 §3.1): an uncompressed point of P-256, and 16 random octets. */
  p256dh: string;
  auth: string;
}

export interface PushSubscriptionRow {
  id: string;
  device_client_id: string;
  url: string;
  keys: PushKeys | null;
  verification_code: string;
  code_sent: boolean;
  verified: boolean;
  expires: Date;
  types: string[] | null;
  credential: string;
  told: number;
}

/** With whose it is. */
export interface OwnedSubscription extends PushSubscriptionRow {
  tenant_id: number;
  account_id: number;
}

interface Owner {
  tenant: number;
  account: number;
}

const COLUMNS =
  'id, device_client_id, url, keys, verification_code, code_sent, verified, expires, types, credential, told';

/** A person's that were made with this credential and have not ended. */
export async function subscriptionsOf(
  reader: Reader,
  of: Owner,
  credential: string,
  now: Date,
): Promise<PushSubscriptionRow[]> {
  return reader.rows(
    `SELECT ${COLUMNS} FROM push_subscription WHERE tenant_id = $1 AND account_id = $2 AND credential = $3 AND expires > $4
     ORDER BY created_at, id`,
    [of.tenant, of.account, credential, now],
  );
}

/** All that are to be told anything: verified ones, and those whose URL has not had its code. */
export async function liveSubscriptions(reader: Reader, now: Date): Promise<OwnedSubscription[]> {
  return reader.rows(
    `SELECT tenant_id, account_id, ${COLUMNS} FROM push_subscription WHERE expires > $1 AND (verified OR NOT code_sent)`,
    [now],
  );
}

export async function insertSubscription(
  tx: Transaction,
  of: Owner,
  row: PushSubscriptionRow,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO push_subscription (tenant_id, account_id, ${COLUMNS}, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      of.tenant,
      of.account,
      row.id,
      row.device_client_id,
      row.url,
      row.keys && JSON.stringify(row.keys),
      row.verification_code,
      row.code_sent,
      row.verified,
      row.expires,
      row.types,
      row.credential,
      row.told,
      now,
    ],
  );
}

/** `told` is kept where somebody has told more by now. */
export async function updateSubscription(
  tx: Transaction,
  of: Owner,
  { id, verified, expires, types, told }: Pick<PushSubscriptionRow, 'id' | 'verified' | 'expires' | 'types' | 'told'>,
): Promise<void> {
  await tx.run(
    `UPDATE push_subscription SET verified = $4, expires = $5, types = $6, told = greatest(told, $7) WHERE tenant_id = $1 AND account_id = $2 AND id = $3`,
    [of.tenant, of.account, id, verified, expires, types, told],
  );
}

export async function deleteSubscription(tx: Transaction, of: Owner, id: string): Promise<void> {
  await tx.run(`DELETE FROM push_subscription WHERE tenant_id = $1 AND account_id = $2 AND id = $3`, [
    of.tenant,
    of.account,
    id,
  ]);
}

/** RFC 8620 §7.2: those that were made with a credential go with it. */
export async function deleteSubscriptionsBy(tx: Transaction, of: Owner, credential: string): Promise<void> {
  await tx.run(`DELETE FROM push_subscription WHERE tenant_id = $1 AND account_id = $2 AND credential = $3`, [
    of.tenant,
    of.account,
    credential,
  ]);
}

/** Who gets true is to send the code: nobody else does. */
export async function claimCode(store: Store, row: OwnedSubscription): Promise<boolean> {
  const claimed = await store.single(
    `UPDATE push_subscription SET code_sent = true WHERE tenant_id = $1 AND account_id = $2 AND id = $3 AND NOT code_sent RETURNING id`,
    [row.tenant_id, row.account_id, row.id],
  );
  return claimed.length > 0;
}

/** Who gets true is to tell it of its accounts' states, which add up to `told`: nobody else does. */
export async function claimTelling(store: Store, row: OwnedSubscription, told: number): Promise<boolean> {
  const claimed = await store.single(
    `UPDATE push_subscription SET told = $4 WHERE tenant_id = $1 AND account_id = $2 AND id = $3 AND told < $4 RETURNING id`,
    [row.tenant_id, row.account_id, row.id, told],
  );
  return claimed.length > 0;
}

export async function expireSubscriptions(tx: Transaction, tenant: number, now: Date): Promise<number> {
  return tx.run(`DELETE FROM push_subscription WHERE tenant_id = $1 AND expires <= $2`, [tenant, now]);
}
