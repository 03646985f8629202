// Cancelling is a row that the sweep reads; the sweep alone writes outcomes. Gate protocol, step 7.

import { Refusal } from '../mail/errors.ts';
import { appendAudit } from '../store/audit.ts';
import { recallChanged } from '../store/notify.ts';
import type { Transaction } from '../store/postgres.ts';
import { insertCancel, recallById, type RecallProgress, type RecallRow } from '../store/recalls.ts';
import { keepPace } from './pace.ts';
import type { AccountInfo, People } from './ports.ts';
import { audited, type RequestDeps } from './request.ts';

/**
 * Stops the sweep where it is: what is not decided yet stays. Throws Refusal `notFound`, `byAdministrator`, `done`,
 * `rateLimit`. Asking again changes nothing.
 */
export async function cancelRecall(deps: RequestDeps, actor: AccountInfo, account: number, id: number): Promise<void> {
  const { store, people, clock } = deps;
  const { tenant } = actor;
  const policy = await people.policy(tenant, actor.id);
  await audited(deps, actor, `r${id}`, account, () =>
    store.transact(async (tx) => {
      const recall = await recallById(tx, tenant, id);
      if (!recall || !(await isTheirs(people, actor, account, recall)))
        throw new Refusal('notFound', 'There is no such recall.');
      refuseAdministrators(recall);
      await cancelUnderWay(tx, actor, recall, clock(), () => keepPace(tx, actor, policy, clock()));
    }),
  );
}

/** Is it the account's: of a message that it sent, or one that its owner asked for in somebody's place and still may? */
export async function isTheirs(
  people: People,
  actor: AccountInfo,
  account: number,
  recall: Pick<RecallRow, 'account_id' | 'requested_by' | 'by_administrator'>,
): Promise<boolean> {
  const isOf = recall.account_id === account || (recall.requested_by === account && !recall.by_administrator);
  return isOf && people.may(actor.tenant, actor.id, recall.account_id, 'recall');
}

/** What an administrator has taken back is no longer its sender's to decide. Throws Refusal `byAdministrator`. */
export function refuseAdministrators(recall: Pick<RecallRow, 'by_administrator'>): void {
  if (recall.by_administrator)
    throw new Refusal(
      'byAdministrator',
      'An administrator took this message back; only an administrator can change that.',
    );
}

/** Throws Refusal `done`, and what `check` throws. */
export async function cancelUnderWay(
  tx: Transaction,
  actor: AccountInfo,
  recall: RecallProgress,
  now: Date,
  check: () => Promise<void>,
): Promise<void> {
  const { tenant } = actor;
  if (recall.status !== 'sweeping')
    throw new Refusal('done', 'This recall has ended; what it took back can be restored.');
  await check();
  if (!(await insertCancel(tx, tenant, recall.id, actor.id, now))) return;
  tx.changes.wake.add('sweep');
  recallChanged(tx.changes, tenant, recall.id);
  appendAudit(tx, tenant, {
    at: now,
    actor: actor.address,
    action: 'recall.cancel-requested',
    subject: `r${recall.id}`,
    detail: {},
  });
}
