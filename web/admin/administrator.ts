// Who reads: an administrator, and what their roles include. The server decides; pages only leave out what it would refuse.

import type { Duty, Role } from '../../src/mail/roles.ts';
import { pathOf, useRoute } from '../app/router.ts';
import { useJmap, useOwnAccountId } from '../app/session.tsx';
import { CAPABILITIES } from '../jmap/types.ts';

export type { Duty, Role } from '../../src/mail/roles.ts';

export interface Administrator {
  accountId: string;
  address: string;
  roles: readonly Role[];
  may(duty: Duty): boolean;
}

export function useAdministrator(): Administrator {
  const { session } = useJmap();
  const accountId = useOwnAccountId();
  const told = session.accounts[accountId]?.accountCapabilities[CAPABILITIES.admin] as
    | { roles: Role[]; duties: Duty[] }
    | undefined;
  return {
    accountId,
    address: session.username,
    roles: told?.roles ?? [],
    may: (duty) => told?.duties.includes(duty) ?? false,
  };
}

export type AdminPath = (page: string | null, id?: string | null, parameters?: Record<string, string>) => string;

/** "/u/0/admin/recalls/r7" */
export function useAdminPath(): AdminPath {
  const route = useRoute();
  const session = 'session' in route ? route.session : 0;
  return (page, id = null, parameters = {}) =>
    pathOf({ name: 'admin', session, accountId: null, page, id, parameters: new URLSearchParams(parameters) });
}
