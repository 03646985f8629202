// Changing the directory: what administrators do. Each change is one transaction, audited, and told to every process.

import { analyse } from '../store/directory-accounts.ts';
import { accountAdmin, type AccountAdmin } from './accounts.ts';
import { createChange, type AdminDeps } from './change.ts';
import { groupAdmin, type GroupAdmin } from './groups.ts';
import { tenantAdmin, type TenantAdmin } from './tenants.ts';

export type { AccountChanges, AccountInput, AccountKind } from './accounts.ts';
export type { AdminDeps } from './change.ts';
export type { GroupChanges, GroupInput, MembersVisibleTo } from './groups.ts';

export interface Admin extends TenantAdmin, AccountAdmin, GroupAdmin {
  /** After very many accounts were added: tells the database's planner. */
  analyse(): Promise<void>;
}

export function createAdmin(deps: AdminDeps): Admin {
  const change = createChange(deps);
  return {
    ...tenantAdmin(deps, change),
    ...accountAdmin(deps, change),
    ...groupAdmin(deps, change),
    analyse: () => deps.store.transact(analyse),
  };
}
