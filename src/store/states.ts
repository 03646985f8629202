// The states that a client is told of: how far each type of an account, and of an organisation's administration, has come.

import { NAMED_RECALL } from './mailboxes.ts';
import type { Reader } from './postgres.ts';
import { quotaState } from './quota.ts';

export interface AccountStates {
  account_id: number;
  modseq: number;
  submission: number;
  recall: number;
  /** Of a mailbox that has the name of what takes messages back. See mailboxes.ts. */
  named_recall: boolean;
}

/** In one statement, for accounts of a tenant that somebody listens to. */
export async function accountStates(reader: Reader, tenant: number, accounts: number[]): Promise<AccountStates[]> {
  return reader.rows(
    `SELECT s.account_id, s.modseq,
       coalesce((SELECT max(modseq) FROM submission x WHERE x.tenant_id = $1 AND x.account_id = s.account_id), 0) AS submission,
       coalesce((SELECT max(modseq) FROM recall_state x WHERE x.tenant_id = $1 AND x.account_id = s.account_id), 0) AS recall, ${NAMED_RECALL} AS named_recall
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

/** `since`: what stands for it. `from`: account_state as s, of those that are further. */
function changedStates(since: string, from: string): string {
  return `SELECT s.account_id, s.modseq,
       coalesce((SELECT max(modseq) FROM submission x WHERE x.tenant_id = $1 AND x.account_id = s.account_id), 0) AS submission,
       coalesce((SELECT max(modseq) FROM recall_state x WHERE x.tenant_id = $1 AND x.account_id = s.account_id), 0) AS recall, ${NAMED_RECALL} AS named_recall,
       (SELECT max(modseq) FROM identity x WHERE x.tenant_id = $1 AND x.account_id = s.account_id AND x.modseq > ${since}) AS identity,
       (SELECT modseq FROM vacation_response x WHERE x.tenant_id = $1 AND x.account_id = s.account_id AND x.modseq > ${since}) AS vacation,
       nullif(greatest(${since}, ${quotaState('$1', 's.account_id')}), ${since}) AS quota,
       (SELECT c.email_id FROM visible_copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
        WHERE c.tenant_id = $1 AND c.account_id = s.account_id AND c.email_id > ${since}
          AND c.delivery_n IS NOT NULL AND c.notice_of IS NULL AND c.flags & 1 = 0 AND c.received_at >= m.created_at
          AND NOT EXISTS (SELECT FROM copy o WHERE o.tenant_id = $1 AND o.account_id = c.account_id AND o.message_id = c.message_id
            AND o.email_id < c.email_id)
          AND NOT EXISTS (SELECT FROM recall r JOIN outcome o ON o.tenant_id = r.tenant_id AND o.recall_id = r.id
            WHERE r.tenant_id = $1 AND r.message_id = c.message_id AND o.n = c.delivery_n AND o.restored_at IS NOT NULL)
        ORDER BY c.email_id DESC LIMIT 1) AS delivered
     FROM ${from}`;
}

const CHANGED = changedStates(
  'b.since',
  `unnest($2::int[], $3::bigint[]) AS b (account_id, since)
     JOIN account_state s ON s.tenant_id = $1 AND s.account_id = b.account_id AND s.modseq > b.since`,
);

/** Of a list PostgreSQL makes a plan each time, which takes as long as twenty looks; of one account it keeps one. */
const CHANGED_ONE = changedStates(
  '$3::bigint',
  'account_state s WHERE s.tenant_id = $1 AND s.account_id = $2 AND s.modseq > $3',
);

/** So many accounts are looked at one by one. */
const FEW = 4;

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
  if (accounts.length <= FEW) {
    const each = accounts.map((account, i) => reader.rows<ChangedStates>(CHANGED_ONE, [tenant, account, since[i]]));
    return (await Promise.all(each)).flat();
  }
  return reader.rows(CHANGED, [tenant, accounts, since]);
}

export interface AdministrationStates {
  /** Of recalls, their outcomes and the vault: another whenever any of these may be. */
  recalls: string;
  /** Of alerts: a modseq. */
  alerts: number;
}

/**
 * What is asked for, decided, ended or restored is in the audit log; between, a recall under way has counts. One statement,
 * and little of it.
 */
export async function administrationStates(reader: Reader, tenant: number): Promise<AdministrationStates> {
  const row = await reader.row<{ seq: number; under_way: string | null; alerts: number }>(
    `SELECT coalesce((SELECT seq FROM audit_head WHERE tenant_id = $1), 0) AS seq,
       (SELECT left(md5(string_agg(recall_id || ' ' || counts::text, ',' ORDER BY recall_id)), 12)
        FROM recall_state WHERE tenant_id = $1 AND status = 'sweeping') AS under_way,
       coalesce((SELECT max(modseq) FROM recall_alert WHERE tenant_id = $1), 0) AS alerts`,
    [tenant],
  );
  const { seq = 0, under_way: underWay = null, alerts = 0 } = row ?? {};
  return { recalls: underWay === null ? String(seq) : `${seq}-${underWay}`, alerts };
}
