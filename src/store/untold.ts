// Failures that a sender is still to be told of: failed deliveries with a date, by which somebody else may take the telling over.

import type { Reader, Store, Transaction } from './postgres.ts';

/** Failures whose sender is to be told by now and has not been; they are ours to tell until `until`. */
export async function takeUntold(
  tx: Transaction,
  tenant: number,
  now: Date,
  until: Date,
): Promise<{ message: number; failed: FailedDelivery[] } | undefined> {
  // Only messages that are still under way have an envelope, so few rows are looked at.
  const first = await tx.row<{ message_id: number }>(
    `SELECT d.message_id FROM envelope e LEFT JOIN submission s ON s.tenant_id = e.tenant_id AND s.id = e.message_id
       JOIN delivery d ON d.tenant_id = e.tenant_id AND d.message_id = e.message_id AND d.n > coalesce(s.total - s.outside, 0)
     WHERE e.tenant_id = $1 AND d.account_id IS NULL AND d.state = 'failed' AND d.due_at <= $2 LIMIT 1`,
    [tenant, now],
  );
  if (!first) return undefined;
  const failed = await tx.rows<FailedDelivery>(
    `UPDATE delivery SET due_at = $4 WHERE tenant_id = $1 AND message_id = $2 AND account_id IS NULL AND state = 'failed' AND due_at <= $3
     RETURNING n, recipient, via, notify, original_recipient, remote_host, remote_reply, finished_at, maybe_sent`,
    [tenant, first.message_id, now, until],
  );
  return { message: first.message_id, failed };
}

export interface FailedDelivery {
  n: number;
  recipient: string;
  via: string | null;
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
    `UPDATE delivery SET due_at = NULL WHERE tenant_id = $1 AND message_id = $2 AND n = ANY ($3::int[]) AND state = 'failed'`,
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
