// Changing accounts: who there is, by which addresses, and who may act for whom.

import { domainOf } from '../mail/address.ts';
import type { GivenRole } from '../mail/roles.ts';
import { raise } from '../store/account-state.ts';
import { accountRow, tenantsOfDomains, type Right } from '../store/directory.ts';
import {
  accountShown,
  addRights,
  deleteAccount,
  deleteAlias,
  insertAccounts,
  insertAlias,
  setRights,
  updateAccount,
  type NewAccount,
} from '../store/directory-accounts.ts';
import { lockTenant } from '../store/directory-tenants.ts';
import { accountChanged } from '../store/notify.ts';
import { setQuota } from '../store/quota.ts';
import type { Reader, Transaction } from '../store/postgres.ts';
import { deleteSubscriptionsBy } from '../store/push-subscriptions.ts';
import type { AdminDeps, Change } from './change.ts';
import {
  checkedAddress,
  checkedName,
  checkedTenant,
  checkPassword,
  existingAccount,
  localAddress,
  refuse,
  refuseTaken,
  type Found,
} from './checks.ts';
import { hashPassword } from './passwords.ts';

export type AccountKind = NewAccount['kind'];

export interface AccountInput {
  address: string;
  /** The address's local part, where there is none. */
  name?: string | undefined;
  kind?: AccountKind | undefined;
  /** Without one, nobody signs in. */
  password?: string | undefined;
  aliases?: string[] | undefined;
  roles?: GivenRole[] | undefined;
  /** Whose address it has to be; anybody's here unless given. */
  tenant?: number | undefined;
}

export interface AccountChanges {
  name?: string | undefined;
  kind?: AccountKind | undefined;
  /** Null: nobody signs in any more. */
  password?: string | null | undefined;
  acceptsRecalls?: boolean | undefined;
  legalHold?: boolean | undefined;
  /** Octets that its messages may take up; null: no limit. */
  quota?: number | null | undefined;
  addRoles?: GivenRole[] | undefined;
  removeRoles?: GivenRole[] | undefined;
  addAliases?: string[] | undefined;
  removeAliases?: string[] | undefined;
  /** By the delegate's address: what it may do too from now on. */
  grant?: Record<string, Right[]> | undefined;
  /** Delegates that may do nothing any more. */
  revoke?: string[] | undefined;
  /** By the delegate's address: all that each may do from now on. */
  delegates?: Record<string, Right[]> | undefined;
}

/** May it be changed? Asked in the transaction, with the tenant's accounts held. Throws where it may not. */
export type AccountCheck = (reader: Reader, account: { tenant: number; id: number }) => Promise<void>;

export interface AccountAdmin {
  /** Answers its number. Throws Refusal `badAddress`, `notLocal`, `taken`, `badName`, `badPassword`, `badRole`. */
  addAccount(account: AccountInput): Promise<number>;
  /** Thousands at once; `passwordHash` (a PHC string) may serve them all. Throws as addAccount; then none is added. */
  addAccounts(
    tenant: number,
    accounts: { address: string; name: string; passwordHash: string | null; aliases?: string[] }[],
  ): Promise<void>;
  /** All of it or nothing. Throws Refusal `notFound` too. */
  setAccount(address: string, change: AccountChanges, check?: AccountCheck): Promise<void>;
  /** With its mail. Mail that is on its way to it finds no mailbox. Throws Refusal `notFound`, `legalHold`. */
  removeAccount(address: string, check?: AccountCheck): Promise<void>;
  /** What `delegate` may do with `account` from now on; none: nothing. Throws Refusal `notFound`, `notLocal`. */
  delegate(account: string, delegate: string, rights: Right[]): Promise<void>;
}

export function accountAdmin({ clock }: AdminDeps, change: Change): AccountAdmin {
  return {
    async addAccount(input) {
      if (input.password !== undefined) checkPassword(input.password);
      const password = input.password === undefined ? null : await hashPassword(input.password);
      return change(async (tx) => {
        const { tenant, address } = await localAddress(tx, input.address, input.tenant);
        const aliases = await aliasesOf(tx, tenant, input.aliases ?? []);
        await refuseTaken(tx, [address, ...aliases]);
        const { kind = 'person', roles = [] } = input;
        checkRoles(roles, kind);
        const account = { address, name: checkedName(input.name, address), kind, password, aliases };
        const [id = 0] = await insertAccounts(tx, tenant, [account], clock());
        if (roles.length > 0) await updateAccount(tx, tenant, id, { addRoles: roles });
        const detail = { kind, aliases, ...(roles.length > 0 ? { roles } : {}) };
        return { tenant, result: id, audit: { action: 'account.added', subject: address, detail } };
      });
    },

    addAccounts: (tenant, accounts) =>
      change(async (tx) => {
        const rows = accounts.map((account): NewAccount => {
          const address = checkedAddress(account.address);
          const aliases = (account.aliases ?? []).map(checkedAddress);
          return {
            address,
            name: checkedName(account.name, address),
            kind: 'person',
            password: account.passwordHash,
            aliases,
          };
        });
        const addresses = rows.flatMap((row) => [row.address, ...row.aliases]);
        const domains = await tenantsOfDomains(tx, [...new Set(addresses.map(domainOf))]);
        for (const address of addresses) checkedTenant(address, domains.get(domainOf(address)), tenant);
        await refuseTaken(tx, addresses);
        await insertAccounts(tx, tenant, rows, clock());
        const detail = { first: rows[0]?.address, last: rows.at(-1)?.address };
        return { tenant, result: undefined, audit: { action: 'accounts.added', subject: `${rows.length}`, detail } };
      }),

    async setAccount(address, input, check) {
      if (typeof input.password === 'string') checkPassword(input.password);
      const password = typeof input.password === 'string' ? await hashPassword(input.password) : input.password;
      await change(async (tx) => {
        const { tenant, account, own } = await heldAccount(tx, address);
        await check?.(tx, { tenant, id: account });
        const name = input.name === undefined ? undefined : checkedName(input.name, own);
        const kind = input.kind ?? (await accountRow(tx, tenant, account))?.kind ?? 'person';
        checkRoles(input.addRoles ?? [], kind);
        await updateAccount(tx, tenant, account, { ...input, name, password });
        if (input.quota !== undefined) await changeQuota(tx, { tenant, account }, input.quota);
        if (password !== undefined) await deleteSubscriptionsBy(tx, { tenant, account }, '');
        for (const alias of (input.removeAliases ?? []).map(checkedAddress)) {
          if (!(await deleteAlias(tx, tenant, account, alias))) refuse('notFound', `${alias} is no alias of ${own}.`);
        }
        const added = await aliasesOf(tx, tenant, input.addAliases ?? []);
        await refuseTaken(tx, added);
        for (const alias of added) await insertAlias(tx, tenant, account, alias);
        const of = { tenant, account, own };
        for (const delegate of input.revoke ?? []) {
          await setRights(tx, tenant, account, await delegateOf(tx, of, delegate), []);
        }
        for (const [delegate, rights] of Object.entries(input.delegates ?? {})) {
          await setRights(tx, tenant, account, await delegateOf(tx, of, delegate), rights);
        }
        for (const [delegate, rights] of Object.entries(input.grant ?? {})) {
          await addRights(tx, tenant, account, await delegateOf(tx, of, delegate), rights);
        }
        const shown = { ...input, ...(password === undefined ? {} : { password: password ? 'changed' : 'removed' }) };
        return { tenant, result: undefined, audit: { action: 'account.changed', subject: own, detail: shown } };
      });
    },

    removeAccount: (address, check) =>
      change(async (tx) => {
        const { tenant, account } = await existingAccount(tx, address);
        await raise(tx, tenant, account);
        const { own } = await heldAccount(tx, address);
        await check?.(tx, { tenant, id: account });
        if ((await accountShown(tx, tenant, account))?.legalHold)
          refuse('legalHold', `${own} is under legal hold; what was taken from it would go with it.`);
        await deleteAccount(tx, tenant, account);
        accountChanged(tx.changes, tenant, account);
        return { tenant, result: undefined, audit: { action: 'account.removed', subject: own, detail: {} } };
      }),

    delegate: (address, delegate, rights) =>
      change(async (tx) => {
        const of = await heldAccount(tx, address);
        const by = await delegateOf(tx, of, delegate);
        await setRights(tx, of.tenant, of.account, by, rights);
        const detail = { delegate, rights };
        return {
          tenant: of.tenant,
          result: undefined,
          audit: { action: 'account.delegated', subject: of.own, detail },
        };
      }),
  };
}

/** Administering is a person's: what it did has a name in the audit log. */
function checkRoles(roles: GivenRole[], kind: AccountKind): void {
  if (roles.length > 0 && kind !== 'person') refuse('badRole', 'Only a person has roles.');
}

/** The account, and nobody else changes it or removes it meanwhile. */
async function heldAccount(tx: Transaction, address: string): Promise<Found> {
  const { tenant } = await existingAccount(tx, address);
  await lockTenant(tx, tenant);
  return existingAccount(tx, address);
}

async function aliasesOf(tx: Transaction, tenant: number, given: string[]): Promise<string[]> {
  const aliases: string[] = [];
  for (const alias of given) aliases.push((await localAddress(tx, alias, tenant)).address);
  return aliases;
}

async function delegateOf(tx: Transaction, of: Found, delegate: string): Promise<number> {
  const by = await existingAccount(tx, delegate);
  if (by.tenant !== of.tenant) refuse('notLocal', `${by.own} is of another organisation.`);
  if (by.account === of.account) refuse('badDelegate', `${of.own} needs no rights on itself.`);
  return by.account;
}

async function changeQuota(
  tx: Transaction,
  at: { tenant: number; account: number },
  quota: number | null,
): Promise<void> {
  if (quota !== null && !(Number.isSafeInteger(quota) && quota >= 0))
    refuse('badQuota', 'A quota is a number of octets.');
  const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
  await setQuota(tx, at, quota, modseq);
  accountChanged(tx.changes, at.tenant, at.account);
}
