// The states that a client is told of: how far each type of an account has come.

import type { Reader } from './postgres.ts';
import { quotaState } from './quota.ts';

export interface AccountStates {
  account_id: number;
  modseq: number;
  submission: number;
  recall: number;
}

/** In one statement, for accounts of a tenant that somebody listens to. */
export async function accountStates(reader: Reader, tenant: number, accounts: number[]): Promise<AccountStates[]> {
  return reader.rows(
    `SELECT s.account_id, s.modseq,
       coalesce((SELECT max(modseq) FROM submission x WHERE x.tenant_id = $1 AND x.account_id = s.account_id), 0) AS submission,
       coalesce((SELECT max(modseq) FROM recall_state x WHERE x.tenant_id = $1 AND x.account_id = s.account_id), 0) AS recall
     FROM account_state s WHERE s.tenant_id = $1 AND s.account_id = ANY ($2::int[])`,
    [tenant, accounts],
  );
}

export interface ChangedStates extends AccountStates {
  /** Where these have changed since: their newest modseq. Null: they have not. */
  identity: number | null;
  vacation: number | null;
  quota: number | null;
  /** The newest Email that was delivered since: new mail, unseen. Null: none was. */
  delivered: number | null;
}

/**
 * Of accounts at `since[i]`, those that are further now. Delivered is what came by itself: no notice, no copy that its
 * owner made of one that was there, nothing that came back into its place or took another's (recall.md: it does not
 * ring; its date is older than its message).
 */
export async function statesSince(
  reader: Reader,
  tenant: number,
  accounts: number[],
  since: number[],
): Promise<ChangedStates[]> {
  return reader.rows(
    `SELECT s.account_id, s.modseq,
       coalesce((SELECT max(modseq) FROM submission x WHERE x.tenant_id = $1 AND x.account_id = s.account_id), 0) AS submission,
       coalesce((SELECT max(modseq) FROM recall_state x WHERE x.tenant_id = $1 AND x.account_id = s.account_id), 0) AS recall,
       (SELECT max(modseq) FROM identity x WHERE x.tenant_id = $1 AND x.account_id = s.account_id AND x.modseq > b.since) AS identity,
       (SELECT modseq FROM vacation_response x WHERE x.tenant_id = $1 AND x.account_id = s.account_id AND x.modseq > b.since) AS vacation,
       nullif(greatest(b.since, ${quotaState('$1', 's.account_id')}), b.since) AS quota,
       (SELECT c.email_id FROM visible_copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
        WHERE c.tenant_id = $1 AND c.account_id = s.account_id AND c.email_id > b.since
          AND c.delivery_n IS NOT NULL AND c.notice_of IS NULL AND c.flags & 1 = 0 AND c.received_at >= m.created_at
          AND NOT EXISTS (SELECT FROM copy o WHERE o.tenant_id = $1 AND o.account_id = c.account_id AND o.message_id = c.message_id
            AND o.email_id < c.email_id)
          AND NOT EXISTS (SELECT FROM recall r JOIN outcome o ON o.tenant_id = r.tenant_id AND o.recall_id = r.id
            WHERE r.tenant_id = $1 AND r.message_id = c.message_id AND o.n = c.delivery_n AND o.restored_at IS NOT NULL)
        ORDER BY c.email_id DESC LIMIT 1) AS delivered
     FROM unnest($2::int[], $3::bigint[]) AS b (account_id, since)
     JOIN account_state s ON s.tenant_id = $1 AND s.account_id = b.account_id AND s.modseq > b.since`,
    [tenant, accounts, since],
  );
}
