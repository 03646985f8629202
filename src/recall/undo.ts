// Undoing what a compromised account did: everything that it recalled since a time is stopped and brought back.

import { Refusal } from '../mail/errors.ts';
import { appendAudit } from '../store/audit.ts';
import { recallChanged } from '../store/notify.ts';
import { decideRecallRequest, lockRecallRequest, pendingRequestsOf } from '../store/recall-requests.ts';
import { insertCancel } from '../store/recalls.ts';
import { recallsToUndo } from '../store/tenant-recalls.ts';
import { askRestore } from './apply/restore.ts';
import { requireDuty } from './administer.ts';
import type { AccountInfo } from './ports.ts';
import { audited, type RequestDeps } from './request.ts';

export interface UndoRequest {
  /** The administrator. */
  actor: AccountInfo;
  /** Whose recalls: of the same tenant. */
  account: number;
  since: Date;
  /** Only says what would be undone. */
  dryRun: boolean;
}

export interface Undone {
  /** Recalls that are brought back; those under way are stopped first. */
  recalls: { id: number; subject: string | null; createdAt: Date; underWay: boolean }[];
  /** Requests that wait for an administrator, denied. */
  requests: number[];
}

/**
 * Each recall in a transaction of its own, oldest first: what one that fails has done, stays done, and asking again goes
 * on. Whoever is restoring already is left to it. Throws Refusal `forbidden`, `notFound`.
 */
export async function undoRecalls(deps: RequestDeps, request: UndoRequest): Promise<Undone> {
  const { store, people, clock } = deps;
  const { actor, account, since, dryRun } = request;
  const { tenant } = actor;
  await audited(deps, actor, `account ${account}`, null, () => requireDuty(store, actor, 'recall'));
  const whose = await people.account(tenant, account);
  if (!whose) throw new Refusal('notFound', 'There is no such account.');
  const recalls = await recallsToUndo(store, tenant, account, since);
  const requests = await pendingRequestsOf(store, tenant, account, since);
  const undone = {
    recalls: recalls.map((row) => ({
      id: row.id,
      subject: row.subject,
      createdAt: row.created_at,
      underWay: row.status === 'sweeping',
    })),
    requests,
  };
  if (dryRun) return undone;
  await store.transact(async (tx) => {
    const detail = { since, recalls: recalls.length, requests: requests.length };
    appendAudit(tx, tenant, {
      at: clock(),
      actor: actor.address,
      action: 'recalls.undone',
      subject: whose.address,
      detail,
    });
  });
  for (const id of requests) {
    await store.transact(async (tx) => {
      await requireDuty(tx, actor, 'recall');
      if ((await lockRecallRequest(tx, tenant, id))?.status !== 'pending') return;
      await decideRecallRequest(tx, tenant, id, { status: 'denied', by: actor.id, at: clock() });
      appendAudit(tx, tenant, {
        at: clock(),
        actor: actor.address,
        action: 'recall.denied',
        subject: `r${id}`,
        detail: {},
      });
    });
  }
  for (const { id, message_id, status } of recalls) {
    await store.transact(async (tx) => {
      await requireDuty(tx, actor, 'recall');
      if (status === 'sweeping' && (await insertCancel(tx, tenant, id, actor.id, clock()))) {
        tx.changes.wake.add('sweep');
        recallChanged(tx.changes, tenant, id);
        const audit = { actor: actor.address, action: 'recall.cancel-requested', subject: `r${id}`, detail: {} };
        appendAudit(tx, tenant, { at: clock(), ...audit });
      }
      // It waits for the gate to go, and then brings back what was taken until it was stopped.
      await askRestore(tx, actor, { id, message: message_id }, clock(), { byAdministrator: true, undo: true });
    });
  }
  return undone;
}
