// Programs that had downloaded what a recall took back: when each was told that it is gone.

import { raise } from './account-state.ts';
import type { AccountKey } from './exposure.ts';
import { accountChanged, recallChanged } from './notify.ts';
import type { Store } from './postgres.ts';
import { touchState } from './recall-progress.ts';

/** What a program was told of: everything that had happened in the account up to this modseq. */
export interface Telling extends AccountKey {
  program: string;
  modseq: number;
}

/** Outcomes of copies that this program had downloaded, that are gone, and whose going it has not been told of. */
const UNTOLD = `vault v JOIN outcome o ON o.tenant_id = v.tenant_id AND o.recall_id = v.recall_id AND o.n = v.n
  WHERE v.tenant_id = $1 AND v.account_id = $2 AND v.downloaded_by IS NOT NULL AND o.outcome = 'recalled' AND o.downloaded_by = $3 AND o.told_at IS NULL
    AND EXISTS (SELECT FROM tombstone t WHERE t.tenant_id = $1 AND t.account_id = $2 AND t.modseq <= $4 AND t.email_id = v.email_id)`;

/** Records it, the first time only, and lets those who watch the recall know. Writes nothing where nothing was recalled. */
export async function recordTold(store: Store, telling: Telling, now: Date): Promise<void> {
  const { tenant, account, program, modseq } = telling;
  const params = [tenant, account, program, modseq];
  const rows = await store.rows<{ id: number; sender: number; shown: boolean }>(
    `SELECT DISTINCT r.id, r.account_id AS sender, coalesce(r.policy ->> 'senderSees', 'outcome+exposure') = 'outcome+exposure' AS shown FROM recall r
     WHERE r.tenant_id = $1 AND r.id IN (SELECT o.recall_id FROM ${UNTOLD}) ORDER BY r.id`,
    params,
  );
  for (const { id, sender, shown } of rows) {
    await store.transact(async (tx) => {
      // To whom exposure is not shown, a change would say that somebody's device has just been about.
      const raised = shown ? await raise(tx, tenant, sender) : undefined;
      await tx.run(
        `UPDATE outcome SET told_at = $5 WHERE tenant_id = $1 AND recall_id = $6 AND told_at IS NULL AND n IN (
           SELECT o.n FROM ${UNTOLD} AND v.recall_id = $6)`,
        [...params, now, id],
      );
      if (raised === undefined) return;
      await touchState(tx, tenant, id, raised);
      accountChanged(tx.changes, tenant, sender);
      recallChanged(tx.changes, tenant, id);
    });
  }
}
