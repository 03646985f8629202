// An administrator says to have seen an alert.

import { Refusal } from '../mail/errors.ts';
import { appendAudit } from '../store/audit.ts';
import { recallChanged } from '../store/notify.ts';
import type { Store } from '../store/postgres.ts';
import { lockAlert, markAcknowledged, numberAlert } from '../store/recall-alerts.ts';
import { requireDuty } from './administer.ts';
import type { AccountInfo } from './ports.ts';

/** The first who has seen it: a later one changes nothing. `recall`: whose alert. Throws Refusal `forbidden`, `notFound`. */
export async function acknowledgeAlert(
  { store, clock }: { store: Store; clock: () => Date },
  actor: AccountInfo,
  recall: number,
): Promise<void> {
  const { tenant } = actor;
  await store.transact(async (tx) => {
    await requireDuty(tx, actor, 'recall');
    const alert = await lockAlert(tx, tenant, recall);
    if (!alert) throw new Refusal('notFound', 'There is no such alert.');
    if (alert.acknowledged_at !== null) return;
    const at = clock();
    await markAcknowledged(tx, tenant, recall, { account: actor.id, at });
    recallChanged(tx.changes, tenant, recall);
    const detail = { causes: alert.causes };
    appendAudit(tx, tenant, { at, actor: actor.address, action: 'alert.acknowledged', subject: `r${recall}`, detail });
    numberAlert(tx, tenant, recall);
  });
}
