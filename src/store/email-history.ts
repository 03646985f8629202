// What became of an account's Emails since a state (RFC 8620 §5.2). Ids alone: existence, which a gate does not hide.

import type { AccountKey } from './exposure.ts';
import type { Reader } from './postgres.ts';

/**
 * A point in an account's history: everything up to `modseq`; of the changes at `modseq` itself only those of Emails up
 * to `emailId`, where one transaction changed more than a client wants at once.
 */
export interface Since {
  modseq: number;
  emailId: number;
}

/** All of a modseq. */
export const WHOLE = Number.MAX_SAFE_INTEGER;

export interface EmailHistory {
  until: Since;
  hasMore: boolean;
  created: number[];
  updated: number[];
  destroyed: number[];
}

/** An Email is known at a point if it had come into being by then: at the modseq that is its id. */
function lastKnown({ modseq, emailId }: Since): number {
  return emailId >= modseq ? modseq : modseq - 1;
}

/**
 * Changes after `since`, oldest first, at most `max` of them. One that came and went meanwhile is not told. Undefined:
 * `since` is not a point of this account's history.
 */
export async function emailChanges(
  reader: Reader,
  at: AccountKey,
  since: Since,
  max: number,
): Promise<EmailHistory | undefined> {
  const rows = await reader.rows<{
    state: number;
    at: number | null;
    email_id: number;
    kind: 'created' | 'updated' | 'destroyed';
  }>(
    `SELECT s.modseq AS state, e.* FROM account_state s LEFT JOIN LATERAL (
       SELECT * FROM (
         (SELECT email_id AS at, email_id, 'created' AS kind FROM copy
          WHERE tenant_id = $1 AND account_id = $2 AND email_id > $5 ORDER BY email_id LIMIT $6)
         UNION ALL
         (SELECT modseq, email_id, 'updated' FROM copy
          WHERE tenant_id = $1 AND account_id = $2 AND modseq <> email_id AND modseq >= $3 AND (modseq, email_id) > ($3, $4) AND email_id <= $5
          ORDER BY modseq, email_id LIMIT $6)
         UNION ALL
         (SELECT modseq, email_id, 'destroyed' FROM tombstone
          WHERE tenant_id = $1 AND account_id = $2 AND modseq >= $3 AND (modseq, email_id) > ($3, $4) AND email_id <= $5
          ORDER BY modseq, email_id LIMIT $6)) x
       ORDER BY at, email_id LIMIT $6) e ON true
     WHERE s.tenant_id = $1 AND s.account_id = $2`,
    [at.tenant, at.account, since.modseq, since.emailId, lastKnown(since), max + 1],
  );
  const state = rows[0]?.state;
  if (state === undefined || since.modseq > state) return undefined;
  const changes = rows.filter((row) => row.at !== null);
  const hasMore = changes.length > max;
  const told = changes.slice(0, max);
  const last = told.at(-1);
  const of = (kind: string): number[] => told.filter((row) => row.kind === kind).map((row) => row.email_id);
  return {
    until: hasMore && last ? { modseq: last.at ?? state, emailId: last.email_id } : { modseq: state, emailId: WHOLE },
    hasMore,
    created: of('created'),
    updated: of('updated'),
    destroyed: of('destroyed'),
  };
}
