// What a sender is still to be told of: deliveries that have ended and have a date, by which somebody else may take the telling over.

import type { Reader, Store, Transaction } from './postgres.ts';

/** Deliveries in one notification. */
const AT_ONCE = 500;

/** Deliveries whose sender is to be told by now and has not been, some of one message; they are ours to tell until `until`. */
export async function takeUntold(
  tx: Transaction,
  tenant: number,
  now: Date,
  until: Date,
): Promise<{ message: number; ended: EndedDelivery[] } | undefined> {
  const first = await tx.row<{ message_id: number }>(
    `SELECT message_id FROM delivery WHERE tenant_id = $1 AND untold_at <= $2
     ORDER BY untold_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [tenant, now],
  );
  if (!first) return undefined;
  const ended = await tx.rows<EndedDelivery>(
    `UPDATE delivery d SET untold_at = $4 WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.n IN (
       SELECT n FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND untold_at <= $3
       ORDER BY n LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)
     RETURNING d.n, d.account_id, d.recipient, d.via, d.state, d.notify, d.original_recipient, d.remote_host, d.remote_reply, d.finished_at, d.maybe_sent`,
    [tenant, first.message_id, now, until],
  );
  return { message: first.message_id, ended: ended.toSorted((a, b) => a.n - b.n) };
}

export interface EndedDelivery {
  n: number;
  /** Null: another server's. */
  account_id: number | null;
  recipient: string;
  via: string | null;
  state: 'delivered' | 'failed';
  notify: number;
  original_recipient: string | null;
  remote_host: string | null;
  remote_reply: string | null;
  finished_at: Date;
  maybe_sent: boolean;
}

/** Their sender has been told, or need not be. */
export async function markTold(
  store: Pick<Store, 'single'>,
  tenant: number,
  message: number,
  deliveries: number[],
): Promise<void> {
  await store.single(
    `UPDATE delivery SET untold_at = NULL WHERE tenant_id = $1 AND message_id = $2 AND n = ANY ($3::int[])`,
    [tenant, message, deliveries],
  );
}

/** Those of these addresses that are groups whose members not everyone may know. */
export async function secretGroups(reader: Reader, tenant: number, addresses: string[]): Promise<Set<string>> {
  const rows = await reader.rows<{ address: string }>(
    `SELECT address FROM mail_group WHERE tenant_id = $1 AND address = ANY ($2::text[]) AND members_visible_to <> 'everyone'`,
    [tenant, addresses],
  );
  return new Set(rows.map((row) => row.address));
}
