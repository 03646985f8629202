// How the directory is changed: one transaction, audited at its end, then told to every process.

import { Refusal } from '../mail/errors.ts';
import { appendAudit, type AuditEntry } from '../store/audit.ts';
import { alreadyThere } from '../store/directory.ts';
import type { Reader, Store, Transaction } from '../store/postgres.ts';

export interface AdminDeps {
  store: Store;
  clock: () => Date;
  /** Who changes it, for the audit log: an address, or "command line". */
  actor: string;
  /** May it be changed? Asked first in each change's transaction. Throws where it may not. */
  check?: (reader: Reader) => Promise<void>;
}

export interface Changed<T> {
  result: T;
  tenant: number;
  audit: Omit<AuditEntry, 'at' | 'actor'>;
}

/**
 * Runs `work`, which may run again from its start. Resolves when the change is durable and every process was told.
 * Throws Refusal `taken` where somebody else was a moment quicker.
 */
export type Change = <T>(work: (tx: Transaction) => Promise<Changed<T>>) => Promise<T>;

export function createChange({ store, clock, actor, check }: AdminDeps): Change {
  return async (work) => {
    const result = await store
      .transact(async (tx) => {
        await check?.(tx);
        const done = await work(tx);
        appendAudit(tx, done.tenant, { at: clock(), actor, ...done.audit });
        return done.result;
      })
      .catch(asTaken);
    await tell(store);
    return result;
  };
}

/** Every process drops what it remembers. What was changed is durable already: a lost connection is worth a second try. */
export async function tell({ notifier }: Store): Promise<void> {
  await notifier.publishDirectory().catch(() => notifier.publishDirectory());
}

export function asTaken(error: unknown): never {
  const there = alreadyThere(error);
  throw there === undefined ? error : new Refusal('taken', `${there} is taken.`);
}
