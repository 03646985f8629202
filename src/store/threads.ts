// Threads: what copies of an account have in common.

import type { AccountKey } from './exposure.ts';
import type { Reader } from './postgres.ts';

/** Emails of threads, oldest first, that are visible; and the account's modseq. */
export async function emailsOfThreads(
  reader: Reader,
  at: AccountKey,
  threads: number[],
): Promise<{ modseq: number; emails: Map<number, number[]> }> {
  const rows = await reader.rows<{ modseq: number; thread_id: number | null; email_id: number }>(
    `SELECT s.modseq, c.thread_id, c.email_id FROM account_state s
     LEFT JOIN visible_copy c ON c.tenant_id = s.tenant_id AND c.account_id = s.account_id
       AND ((c.thread_id = ANY ($3::bigint[]) AND c.thread_id <> c.message_id) OR (c.message_id = ANY ($3::bigint[]) AND c.thread_id = c.message_id))
     WHERE s.tenant_id = $1 AND s.account_id = $2 ORDER BY c.received_at, c.email_id`,
    [at.tenant, at.account, threads],
  );
  const emails = new Map<number, number[]>();
  for (const row of rows) {
    if (row.thread_id === null) continue;
    const list = emails.get(row.thread_id);
    if (list) list.push(row.email_id);
    else emails.set(row.thread_id, [row.email_id]);
  }
  return { modseq: rows[0]?.modseq ?? 0, emails };
}

/** Threads of the account, at most `limit`; existence alone, so those of covered copies are among them. */
export async function allThreads(reader: Reader, at: AccountKey, limit: number): Promise<number[]> {
  const rows = await reader.rows<{ thread_id: number }>(
    `SELECT DISTINCT thread_id FROM copy WHERE tenant_id = $1 AND account_id = $2 ORDER BY thread_id LIMIT $3`,
    [at.tenant, at.account, limit],
  );
  return rows.map((row) => row.thread_id);
}

export interface ThreadChange {
  thread_id: number;
  /** Where in the account's history it is told: where it came into being, or its last change. */
  modseq: number;
  /** Has it any Email left, and had it one before? */
  exists: boolean;
  existed: boolean;
}

/** Copies `c` of a thread, in the two ways in which an index finds them. */
const copyOfThread = (more: string): string =>
  `(EXISTS (SELECT FROM copy c WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.thread_id = x.thread_id AND c.thread_id <> c.message_id ${more})
    OR EXISTS (SELECT FROM copy c WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.message_id = x.thread_id AND c.thread_id = c.message_id ${more}))`;

/** Threads that gained or lost an Email since a modseq; one that a recall let go is gained: while its gate stood it was in none. */
export async function threadChanges(
  reader: Reader,
  at: AccountKey,
  since: number,
): Promise<{ modseq: number; changes: ThreadChange[] }> {
  const rows = await reader.rows<Omit<ThreadChange, 'modseq'> & { current: number; first: number; last: number }>(
    `SELECT s.modseq AS current, x.thread_id, x.first, x.last, ${copyOfThread('')} AS exists, x.gone OR ${copyOfThread('AND c.email_id <= $3')} AS existed
     FROM account_state s LEFT JOIN (
       SELECT thread_id, min(modseq) AS first, max(modseq) AS last, bool_or(gone) AS gone FROM (
         SELECT thread_id, email_id AS modseq, false AS gone FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id > $3
         UNION ALL
         SELECT thread_id, modseq, false FROM copy
         WHERE tenant_id = $1 AND account_id = $2 AND modseq > $3 AND modseq <> email_id AND passed_recall IS NOT NULL
         UNION ALL
         SELECT thread_id, modseq, email_id <= $3 FROM tombstone WHERE tenant_id = $1 AND account_id = $2 AND modseq > $3 AND email_id IS NOT NULL
       ) y GROUP BY thread_id
     ) x ON true WHERE s.tenant_id = $1 AND s.account_id = $2`,
    [at.tenant, at.account, since],
  );
  const found = rows.filter((row) => row.thread_id !== null);
  return {
    modseq: rows[0]?.current ?? 0,
    changes: found.map(({ thread_id, exists, existed, first, last }) => ({
      thread_id,
      exists,
      existed,
      modseq: exists && !existed ? first : last,
    })),
  };
}
