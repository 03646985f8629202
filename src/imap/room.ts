// Is there room for what a client brings? (RFC 9208 §4.3.1)

import { lockAccounts } from '../store/account-state.ts';
import type { AccountKey } from '../store/exposure.ts';
import type { Transaction } from '../store/postgres.ts';
import { hasRoom, overQuota } from '../store/quota.ts';
import type { Session } from './session.ts';

/**
 * Answers false where the account has no limit; throws Refusal `overQuota`. The limit is the account's as it is now, not as it
 * was when somebody signed in. `locking`: these are locked before, so that what others bring meanwhile is counted.
 */
export async function checkRoom(
  { deps }: Session,
  { tenant, account }: AccountKey,
  octets: () => number | Promise<number>,
  locking?: { tx: Transaction; accounts: number[] },
): Promise<boolean> {
  const limit = (await deps.directory.account(tenant, account))?.quota ?? null;
  if (limit === null) return false;
  if (locking) await lockAccounts(locking.tx, tenant, locking.accounts);
  if (!(await hasRoom(locking?.tx ?? deps.store, { tenant, account }, await octets()))) throw overQuota();
  return true;
}
