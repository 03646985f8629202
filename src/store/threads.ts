// Threads: what copies of an account have in common.

import type { Reader } from './postgres.ts';

/** Emails of threads, oldest first, that are visible; and the account's modseq. */
export async function emailsOfThreads(
  reader: Reader,
  at: { tenant: number; account: number },
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

export interface ThreadChange {
  thread_id: number;
  modseq: number;
  /** Has it any Email left, and had it one before? */
  exists: boolean;
  existed: boolean;
}

/** Threads that gained or lost an Email since a modseq. */
export async function threadChanges(reader: Reader, at: { tenant: number; account: number }, since: number): Promise<{ modseq: number; changes: ThreadChange[] }> {
  const rows = await reader.rows<ThreadChange & { current: number }>(
    `SELECT s.modseq AS current, x.thread_id, x.modseq,
       EXISTS (SELECT FROM copy c WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.thread_id = x.thread_id) AS exists,
       EXISTS (SELECT FROM copy c WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.thread_id = x.thread_id AND c.email_id <= $3)
         OR EXISTS (SELECT FROM tombstone t WHERE t.tenant_id = $1 AND t.account_id = $2 AND t.modseq > $3 AND t.thread_id = x.thread_id AND t.email_id <= $3)
         AS existed
     FROM account_state s LEFT JOIN (
       SELECT thread_id, max(modseq) AS modseq FROM (
         SELECT thread_id, email_id AS modseq FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id > $3
         UNION ALL
         SELECT thread_id, modseq FROM tombstone WHERE tenant_id = $1 AND account_id = $2 AND modseq > $3 AND email_id IS NOT NULL
       ) y GROUP BY thread_id
     ) x ON true WHERE s.tenant_id = $1 AND s.account_id = $2`,
    [at.tenant, at.account, since],
  );
  return { modseq: rows[0]?.current ?? 0, changes: rows.filter((row) => row.thread_id !== null) };
}
