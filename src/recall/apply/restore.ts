// Restore: a recorded, resumable sweep over what a recall took back.

import { Refusal, Unavailable } from '../../mail/errors.ts';
import type { Logger } from '../../mail/log.ts';
import { policyOf } from '../../mail/policy.ts';
import { lockAccounts, raise } from '../../store/account-state.ts';
import { appendAudit } from '../../store/audit.ts';
import { accountChanged, recallChanged } from '../../store/notify.ts';
import type { Store, Transaction } from '../../store/postgres.ts';
import { recallById, recalledByAdministratorSince } from '../../store/recalls.ts';
import { touchState } from '../../store/recall-progress.ts';
import {
  finishRestore,
  gateOf,
  insertRestore,
  lastVaulted,
  lockNotices,
  restoreEntries,
  restoreSuperseded,
  unendedRestores,
  vaultAccounts,
  vaultEntries,
} from '../../store/restore.ts';
import { addWork, halveWork, takeWork, type Range } from '../../store/work.ts';
import type { AccountInfo, People } from '../ports.ts';
import { requireDuty } from '../administer.ts';
import { isTheirs, refuseAdministrators } from '../cancel.ts';
import { keepPace } from '../pace.ts';
import { audited } from '../request.ts';

/** Deliveries a batch. */
const BATCH = 1000;

/** While a gate of the message stands, a restore waits this long and looks again. */
const AGAIN_MS = 100;

/**
 * Asks for the restoring of all that a recall took back. Throws Refusal `notFound`, `byAdministrator`, `sweeping`,
 * `tooLate`, `rateLimit`, `alreadyRestored`. `account` null: as an administrator, any time within the retention, and for
 * anyone's recall; throws `forbidden` too.
 */
export async function requestRestore(
  deps: { store: Store; people: People; clock: () => Date },
  actor: AccountInfo,
  account: number | null,
  id: number,
): Promise<void> {
  const { store, people, clock } = deps;
  const { tenant } = actor;
  const administrator = account === null;
  const policy = await people.policy(tenant, actor.id);
  await audited(deps, actor, `r${id}`, account, () =>
    store.transact(async (tx) => {
      if (administrator) await requireDuty(tx, actor, 'recall');
      const recall = await recallById(tx, tenant, id);
      const allowed = recall && (administrator || (await isTheirs(people, actor, account, recall)));
      if (!recall || !allowed) throw new Refusal('notFound', 'There is no such recall.');
      if (!administrator) refuseAdministrators(recall);
      if (recall.status === 'sweeping')
        throw new Refusal('sweeping', 'The recall is still under way; it can be cancelled.');
      const until = recall.created_at.getTime() + policyOf(recall.policy).restoreWindowSeconds * 1000;
      if (!administrator && clock().getTime() > until)
        throw new Refusal('tooLate', 'The time for restoring it yourself has passed; ask an administrator.');
      if (!administrator) await keepPace(tx, actor, policy, clock());
      const detail = administrator ? { byAdministrator: true } : {};
      if (!(await askRestore(tx, actor, { id, message: recall.message_id }, clock(), detail)))
        throw new Refusal('alreadyRestored', 'It was restored before.');
      // Looked for after the recalls were counted: one that comes later ends the restore.
      if (!administrator && (await recalledByAdministratorSince(tx, tenant, id)))
        refuseAdministrators({ by_administrator: true });
    }),
  );
}

/** Records it, and gives the worker to do. False: somebody has asked before. */
export async function askRestore(
  tx: Transaction,
  actor: AccountInfo,
  recall: { id: number; message: number },
  at: Date,
  detail: Record<string, unknown>,
): Promise<boolean> {
  const { tenant } = actor;
  const { id } = recall;
  if (!(await insertRestore(tx, tenant, recall, actor.id, at))) return false;
  // One range, however many: deliveries are numbered from 1.
  await addWork(tx, 'restore', { tenant, of: id, from: 1, to: 2 ** 31 - 1 }, 2 ** 31 - 1);
  tx.changes.wake.add('restore');
  const audit = { actor: actor.address, action: 'recall.restore-requested', subject: `r${id}`, detail };
  appendAudit(tx, tenant, { at, ...audit });
  return true;
}

export interface RestoreDeps {
  store: Store;
  clock: () => Date;
  log: Logger;
  /** Barrier tests stop here: 'accounts-locked', 'applied'. */
  pause?: (point: string) => Promise<void>;
}

/** Does one batch; false: nothing is due. */
export async function restoreStep(deps: RestoreDeps): Promise<boolean> {
  const { store, clock, log } = deps;
  let taken: Range | undefined;
  try {
    const done = await store.transact(async (tx) => {
      taken = await takeWork(tx, 'restore', clock());
      if (!taken) return false;
      const { tenant, of: id } = taken;
      const recall = await recallById(tx, tenant, id);
      if (!recall) return true;
      // While its own sweep goes on, nobody knows yet how far the vault will reach.
      const again = { notBefore: new Date(clock().getTime() + AGAIN_MS) };
      if (await gateOf(tx, tenant, recall.message_id)) {
        await addWork(tx, 'restore', taken, taken.to - taken.from + 1, again);
        return true;
      }
      const rest = { ...taken };
      if (taken.to - taken.from >= BATCH) {
        // The first thousand now, the rest of the recall's deliveries after it.
        rest.to = taken.from + BATCH - 1;
        const last = await lastVaulted(tx, tenant, id);
        if (last > rest.to) await addWork(tx, 'restore', { ...taken, from: rest.to + 1, to: last }, BATCH);
      }
      const at = { tenant, recall: id, from: rest.from, to: rest.to };
      const modseqs = await lockAccounts(tx, tenant, await vaultAccounts(tx, at));
      await deps.pause?.('accounts-locked');
      if (await restoreSuperseded(tx, tenant, id)) return true; // it stays in the vault: a later recall has the word
      if (await gateOf(tx, tenant, recall.message_id)) {
        await addWork(tx, 'restore', rest, BATCH, again);
        return true;
      }
      const accounts = [...modseqs.keys()];
      const notices =
        recall.notice_message_id === null ? [] : await lockNotices(tx, tenant, id, recall.notice_message_id, accounts);
      const entries = await vaultEntries(tx, at, accounts);
      if (entries.length > 0) await restoreEntries(tx, { tenant, recall: id, now: clock() }, modseqs, entries, notices);
      if (accounts.length > 200) tx.changes.tenants.add(tenant);
      else for (const account of accounts) accountChanged(tx.changes, tenant, account);
      recallChanged(tx.changes, tenant, id);
      await deps.pause?.('applied');
      return true;
    }, 'batch');
    if (done && taken) await endRestore(deps, taken.tenant, taken.of);
    return done;
  } catch (error) {
    if (!taken || error instanceof Unavailable) throw error;
    log.error({ err: error, recall: taken.of }, 'a restore batch failed');
    const range = taken;
    await store.transact((tx) => halveWork(tx, 'restore', range, new Date(clock().getTime() + 1000)), 'batch');
    return true;
  }
}

/** Ends restores whose last batch was done by a process that died before it could say so. */
export async function endLeftRestores(deps: Pick<RestoreDeps, 'store' | 'clock'>): Promise<void> {
  for (const { tenant, recall } of await unendedRestores(deps.store)) await endRestore(deps, tenant, recall);
}

/** Tells of the end, and of changed outcomes, through the sender's account. */
async function endRestore(deps: Pick<RestoreDeps, 'store' | 'clock'>, tenant: number, id: number): Promise<void> {
  await deps.store.transact(async (tx) => {
    const recall = await recallById(tx, tenant, id);
    if (!recall) return;
    const modseq = await raise(tx, tenant, recall.account_id);
    await touchState(tx, tenant, id, modseq ?? recall.modseq ?? 0);
    accountChanged(tx.changes, tenant, recall.account_id);
    recallChanged(tx.changes, tenant, id);
    if (await finishRestore(tx, tenant, id, deps.clock())) {
      appendAudit(tx, tenant, {
        at: deps.clock(),
        actor: 'homing',
        action: 'recall.restored',
        subject: `r${id}`,
        detail: {},
      });
    }
  });
}
