// Is there room for what a client brings? (RFC 9208 §4.3.1)

import type { AccountKey } from '../store/exposure.ts';
import { hasRoom, overQuota } from '../store/quota.ts';
import type { Session } from './session.ts';

/** Throws Refusal `overQuota`. The limit is the account's as it is now, not as it was when somebody signed in. */
export async function checkRoom(
  { deps }: Session,
  { tenant, account }: AccountKey,
  octets: () => number | Promise<number>,
): Promise<void> {
  const limit = (await deps.directory.account(tenant, account))?.quota ?? null;
  if (limit === null) return;
  if (!(await hasRoom(deps.store, { tenant, account }, await octets()))) throw overQuota();
}
