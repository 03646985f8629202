// The states that a client is told of: how far each type of an account has come.

import type { Reader } from './postgres.ts';

export interface AccountStates {
  account_id: number;
  modseq: number;
  /** Of the newest unread copy that arrived (no notice): EmailDelivery. */
  delivered: number;
  submission: number;
  recall: number;
}

/** In one statement, for all accounts of a tenant that somebody listens to. */
export async function accountStates(reader: Reader, tenant: number, accounts: number[]): Promise<AccountStates[]> {
  return reader.rows(
    `SELECT s.account_id, s.modseq,
       coalesce((SELECT c.email_id FROM copy c WHERE c.tenant_id = $1 AND c.account_id = s.account_id AND c.delivery_n IS NOT NULL AND c.notice_of IS NULL
         ORDER BY c.email_id DESC LIMIT 1), 0) AS delivered,
       coalesce((SELECT max(modseq) FROM submission x WHERE x.tenant_id = $1 AND x.account_id = s.account_id), 0) AS submission,
       coalesce((SELECT max(modseq) FROM recall_state x WHERE x.tenant_id = $1 AND x.account_id = s.account_id), 0) AS recall
     FROM account_state s WHERE s.tenant_id = $1 AND s.account_id = ANY ($2::int[])`,
    [tenant, accounts],
  );
}
