// Who is who: lookups that every face makes all the time, remembered until the directory changes.

import { canonicalAddress, domainOf } from '../mail/address.ts';
import type { GivenRole } from '../mail/roles.ts';
import {
  acceptsRecalls,
  accountRow,
  accountsDelegatedTo,
  addressRow,
  addressesOfAccounts,
  credentialsOf,
  delegationRights,
  domainTenant,
  domainsOf,
  tenantRow,
  type Right,
} from '../store/directory.ts';
import type { Store } from '../store/postgres.ts';
import { createMemory } from './memory.ts';
import { createPasswordChecker } from './passwords.ts';
import { policyOf, type Policy } from './policy.ts';

export interface Account {
  tenant: number;
  id: number;
  /** Its own, canonical address. */
  address: string;
  name: string;
  kind: 'person' | 'shared' | 'service';
  /** What it may do for its organisation (mail/roles.ts), beside user. */
  roles: readonly GivenRole[];
}

export type Target =
  | { kind: 'account'; tenant: number; account: number; address: string }
  | { kind: 'group'; tenant: number; group: number; address: string }
  /** A domain of ours, and nobody there of that name. */
  | { kind: 'unknown'; tenant: number }
  /** No domain of this server. */
  | { kind: 'outside' };

export interface Directory {
  /**
   * The account that may sign in so; null: no such address, or another password. Takes as long for both. A password that
   * was changed is void at once in the process that changed it, in others when they hear of it: milliseconds later.
   * Throws Unavailable.
   */
  authenticate(address: string, password: string): Promise<Account | null>;
  resolve(address: string): Promise<Target>;
  account(tenant: number, id: number): Promise<Account | undefined>;
  policy(tenant: number): Promise<Policy>;
  /** Addresses it may send from: its own, its aliases, those of accounts it may send as or on behalf of. */
  addressesOf(tenant: number, account: number): Promise<string[]>;
  /** Other accounts it may read and write. */
  accessible(tenant: number, account: number): Promise<Account[]>;
  /** Its owner's 'recalls of mail to me'; matters only where policy leaves it to the recipient. */
  acceptsRecalls(tenant: number, account: number): Promise<boolean>;
  /** May `actor` do this with `account`? Everything with its own. */
  may(tenant: number, actor: number, account: number, right: Right): Promise<boolean>;
  tenantName(tenant: number): Promise<string>;
  domains(tenant: number): Promise<string[]>;
  /** Hears of no changes any more. */
  close(): void;
}

/** Answers remembered. */
const REMEMBERED = 100_000;

/** Milliseconds for which an old password may work at most, should the news that it was changed be lost. */
const CREDENTIALS_MS = 10_000;

export function createDirectory(deps: { store: Store }): Directory {
  const { store } = deps;
  const passwords = createPasswordChecker();
  const { remember: remembered, forget } = createMemory(REMEMBERED);
  store.notifier.on('directory', forget).on('resync', forget);

  const resolve = async (given: string): Promise<Target> => {
    const address = canonicalAddress(given);
    if (address === null) return { kind: 'outside' };
    return remembered(`address ${address}`, async () => {
      const row = await addressRow(store, address);
      if (row && row.account_id !== null) {
        return { kind: 'account', tenant: row.tenant_id, account: row.account_id, address: row.own ?? address };
      }
      if (row && row.group_id !== null) return { kind: 'group', tenant: row.tenant_id, group: row.group_id, address };
      const tenant = await domainTenant(store, domainOf(address));
      return tenant === undefined ? { kind: 'outside' } : { kind: 'unknown', tenant };
    });
  };
  const account = (tenant: number, id: number): Promise<Account | undefined> =>
    remembered(`account ${tenant} ${id}`, () => accountRow(store, tenant, id));
  const tenantOf = (tenant: number): ReturnType<typeof tenantRow> =>
    remembered(`tenant ${tenant}`, () => tenantRow(store, tenant));

  return {
    resolve,
    account,
    async authenticate(given, password) {
      const target = await resolve(given);
      const credentials =
        target.kind === 'account'
          ? await remembered(
              `password ${target.tenant} ${target.account}`,
              () => credentialsOf(store, target.tenant, target.account),
              CREDENTIALS_MS,
            )
          : undefined;
      if (!(await passwords.check(password, credentials?.password ?? null)) || target.kind !== 'account') return null;
      return (await account(target.tenant, target.account)) ?? null;
    },
    policy: async (tenant) => policyOf((await tenantOf(tenant))?.policy),
    tenantName: async (tenant) => (await tenantOf(tenant))?.name ?? '',
    domains: (tenant) => remembered(`domains ${tenant}`, () => domainsOf(store, tenant)),
    addressesOf: (tenant, id) =>
      remembered(`sender ${tenant} ${id}`, async () => {
        const others = await accountsDelegatedTo(store, tenant, id, ['send-as', 'send-on-behalf']);
        return addressesOfAccounts(store, tenant, [id, ...others]);
      }),
    accessible: (tenant, id) =>
      remembered(`accessible ${tenant} ${id}`, async () => {
        const others = await accountsDelegatedTo(store, tenant, id, ['full']);
        const found = await Promise.all(others.map((other) => account(tenant, other)));
        return found.filter((other) => other !== undefined);
      }),
    acceptsRecalls: (tenant, id) => remembered(`recalls ${tenant} ${id}`, () => acceptsRecalls(store, tenant, id)),
    may: async (tenant, actor, of, right) =>
      actor === of ||
      (await remembered(`may ${tenant} ${actor} ${of}`, () => delegationRights(store, tenant, of, actor))).includes(
        right,
      ),
    close() {
      store.notifier.off('directory', forget).off('resync', forget);
    },
  };
}
