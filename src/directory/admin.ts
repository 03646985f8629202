// Changing the directory: what administrators do. Each change is one transaction, audited, and told to every process.

import { canonicalAddress, canonicalDomain, domainOf } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { raise } from '../store/account-state.ts';
import { appendAudit, type AuditEntry } from '../store/audit.ts';
import { addressRow, domainTenant, tenantsAll, type Right } from '../store/directory.ts';
import {
  analyse,
  deleteAccount,
  deleteAlias,
  deleteGroup,
  deleteMembers,
  groupById,
  insertAccounts,
  insertAlias,
  insertGroup,
  insertMembers,
  insertTenant,
  lockGroups,
  pathBetween,
  setPolicy,
  setRights,
  takenAddresses,
  updateAccount,
  updateGroup,
  type GroupRow,
} from '../store/directory-write.ts';
import type { Reader, Store, Transaction } from '../store/postgres.ts';
import { hashPassword } from './passwords.ts';
import { checkPolicy, type Policy } from './policy.ts';

export interface AdminDeps {
  store: Store;
  clock: () => Date;
  /** Who changes it, for the audit log: an address, or "command line". */
  actor: string;
}

export interface AccountInput {
  address: string;
  name?: string | undefined;
  kind?: 'person' | 'shared' | 'service' | undefined;
  password?: string | undefined;
  aliases?: string[] | undefined;
}

type Membership = GroupRow['members_visible_to'];

export interface Admin {
  /** Throws Refusal `taken`, `badDomain`. */
  addTenant(tenant: { name: string; domains: string[]; policy?: Partial<Policy> }): Promise<number>;
  /** Throws Refusal `badAddress`, `notLocal`, `taken`, `badPassword`. */
  addAccount(account: AccountInput): Promise<number>;
  /** Many at once; `passwordHash` serves them all. */
  addAccounts(tenant: number, accounts: { address: string; name: string; passwordHash: string | null; aliases?: string[] }[]): Promise<void>;
  setAccount(address: string, change: { name?: string; password?: string | null; kind?: 'person' | 'shared' | 'service'; addAliases?: string[]; removeAliases?: string[]; acceptsRecalls?: boolean }): Promise<void>;
  removeAccount(address: string): Promise<void>;
  addGroup(group: { address: string; name?: string | undefined; everybody?: boolean | undefined; membersVisibleTo?: Membership | undefined; members?: string[] | undefined }): Promise<number>;
  setGroup(address: string, change: { name?: string; everybody?: boolean; membersVisibleTo?: Membership; add?: string[]; remove?: string[] }): Promise<void>;
  removeGroup(address: string): Promise<void>;
  /** What `delegate` may do with `account`; none: nothing any more. */
  delegate(account: string, delegate: string, rights: Right[]): Promise<void>;
  /** Merges settings into a tenant's policy. Throws Refusal `badPolicy` naming the setting. */
  setPolicy(tenant: number, change: Record<string, unknown>): Promise<void>;
  analyse(): Promise<void>;
}

export function createAdmin(deps: AdminDeps): Admin {
  const { store, clock } = deps;

  const change = async <T>(work: (tx: Transaction) => Promise<{ tenant: number; audit: Omit<AuditEntry, 'at' | 'actor'>; result: T }>): Promise<T> => {
    const result = await store.transact(async (tx) => {
      const done = await work(tx);
      await appendAudit(tx, done.tenant, { at: clock(), actor: deps.actor, ...done.audit });
      return done.result;
    });
    await store.notifier.publishDirectory();
    return result;
  };

  return {
    addTenant: (input) =>
      change(async (tx) => {
        const domains = input.domains.map((domain) => canonicalDomain(domain) ?? refuse('badDomain', `"${domain}" is not a domain.`));
        for (const domain of domains) {
          if ((await domainTenant(tx, domain)) !== undefined) refuse('taken', `${domain} belongs to a tenant already.`);
        }
        const policy = checkPolicy(input.policy ?? {});
        const tenant = await insertTenant(tx, { name: input.name, policy, domains, at: clock() });
        return { tenant, result: tenant, audit: { action: 'tenant.added', subject: input.name, detail: { domains } } };
      }),

    async addAccount(input) {
      if (input.password !== undefined) checkPassword(input.password);
      const password = input.password === undefined ? null : await hashPassword(input.password);
      return change(async (tx) => {
        const { tenant, address } = await localAddress(tx, input.address);
        const aliases = await Promise.all((input.aliases ?? []).map(async (alias) => (await localAddress(tx, alias, tenant)).address));
        await refuseTaken(tx, [address, ...aliases]);
        const account = { address, name: input.name ?? address.slice(0, address.lastIndexOf('@')), kind: input.kind ?? 'person', password, aliases } as const;
        const [id = 0] = await insertAccounts(tx, tenant, [account], clock());
        return { tenant, result: id, audit: { action: 'account.added', subject: address, detail: { kind: account.kind, aliases } } };
      });
    },

    addAccounts: (tenant, accounts) =>
      change(async (tx) => {
        const checked = await Promise.all(accounts.map(async (account) => ({ ...account, address: (await localAddress(tx, account.address, tenant)).address })));
        const aliases = checked.map((account) => (account.aliases ?? []).map((alias) => canonicalAddress(alias) ?? refuse('badAddress', `"${alias}" is not an address.`)));
        await refuseTaken(tx, [...checked.map((account) => account.address), ...aliases.flat()]);
        const rows = checked.map((account, i) => ({ address: account.address, name: account.name, kind: 'person' as const, password: account.passwordHash, aliases: aliases[i] ?? [] }));
        await insertAccounts(tx, tenant, rows, clock());
        return { tenant, result: undefined, audit: { action: 'accounts.imported', subject: `${accounts.length}`, detail: {} } };
      }),

    async setAccount(address, input) {
      if (typeof input.password === 'string') checkPassword(input.password);
      const password = typeof input.password === 'string' ? await hashPassword(input.password) : input.password;
      await change(async (tx) => {
        const { tenant, account, own } = await existingAccount(tx, address);
        await updateAccount(tx, tenant, account, { ...input, ...(password === undefined ? {} : { password }) });
        for (const alias of input.addAliases ?? []) {
          const local = await localAddress(tx, alias, tenant);
          await refuseTaken(tx, [local.address]);
          await insertAlias(tx, tenant, account, local.address);
        }
        for (const alias of input.removeAliases ?? []) {
          if (!(await deleteAlias(tx, tenant, account, canonicalAddress(alias) ?? alias))) refuse('notFound', `${alias} is no alias of ${own}.`);
        }
        const { password: _, ...detail } = input;
        return { tenant, result: undefined, audit: { action: 'account.changed', subject: own, detail: { ...detail, ...(password === undefined ? {} : { password: 'changed' }) } } };
      });
    },

    removeAccount: (address) =>
      change(async (tx) => {
        const { tenant, account, own } = await existingAccount(tx, address);
        await raise(tx, tenant, account);
        await deleteAccount(tx, tenant, account);
        return { tenant, result: undefined, audit: { action: 'account.removed', subject: own, detail: {} } };
      }),

    addGroup: (input) =>
      change(async (tx) => {
        const { tenant, address } = await localAddress(tx, input.address);
        await lockGroups(tx, tenant);
        await refuseTaken(tx, [address]);
        const name = input.name ?? address.slice(0, address.lastIndexOf('@'));
        const group = { address, name, everybody: input.everybody ?? false, members_visible_to: input.membersVisibleTo ?? 'everyone' };
        const id = await insertGroup(tx, tenant, group, clock());
        await addMembers(tx, tenant, id, address, input.members ?? []);
        return { tenant, result: id, audit: { action: 'group.added', subject: address, detail: { everybody: group.everybody, members: input.members ?? [] } } };
      }),

    setGroup: (address, input) =>
      change(async (tx) => {
        const group = await existingGroup(tx, address);
        await lockGroups(tx, group.tenant);
        await updateGroup(tx, group.tenant, group.id, input);
        await addMembers(tx, group.tenant, group.id, group.address, input.add ?? []);
        await deleteMembers(tx, group.tenant, group.id, (input.remove ?? []).map((member) => canonicalAddress(member) ?? member));
        return { tenant: group.tenant, result: undefined, audit: { action: 'group.changed', subject: group.address, detail: { ...input } } };
      }),

    removeGroup: (address) =>
      change(async (tx) => {
        const group = await existingGroup(tx, address);
        await lockGroups(tx, group.tenant);
        await deleteGroup(tx, group.tenant, group.id);
        return { tenant: group.tenant, result: undefined, audit: { action: 'group.removed', subject: group.address, detail: {} } };
      }),

    delegate: (account, delegate, rights) =>
      change(async (tx) => {
        const to = await existingAccount(tx, account);
        const by = await existingAccount(tx, delegate);
        if (by.tenant !== to.tenant) refuse('notLocal', `${by.own} is of another organisation.`);
        await setRights(tx, to.tenant, to.account, by.account, rights);
        return { tenant: to.tenant, result: undefined, audit: { action: 'account.delegated', subject: to.own, detail: { to: by.own, rights } } };
      }),

    setPolicy: (tenant, input) =>
      change(async (tx) => {
        const before = (await tenantsAll(tx)).find((row) => row.id === tenant)?.policy ?? {};
        const policy = { ...before, ...checkPolicy(input) };
        await setPolicy(tx, tenant, policy);
        return { tenant, result: undefined, audit: { action: 'policy.changed', subject: `tenant ${tenant}`, detail: { ...input } } };
      }),

    analyse: () => store.transact(analyse),
  };
}

function refuse(reason: string, message: string): never {
  throw new Refusal(reason, message);
}

function checkPassword(password: string): void {
  if (password.length < 4 || password.length > 1000) refuse('badPassword', 'A password has 4 to 1000 characters.');
}

async function localAddress(reader: Reader, given: string, tenant?: number): Promise<{ tenant: number; address: string }> {
  const address = canonicalAddress(given);
  if (address === null) return refuse('badAddress', `"${given}" is not an address.`);
  const of = await domainTenant(reader, domainOf(address));
  if (of === undefined || (tenant !== undefined && of !== tenant)) return refuse('notLocal', `${domainOf(address)} is not a domain of this organisation.`);
  return { tenant: of, address };
}

async function refuseTaken(reader: Reader, addresses: string[]): Promise<void> {
  const twice = addresses.find((address, i) => addresses.indexOf(address) !== i && addresses.length < 1000);
  const [taken] = twice ? [twice] : await takenAddresses(reader, addresses);
  if (taken) refuse('taken', `${taken} is taken.`);
}

async function existingAccount(reader: Reader, given: string): Promise<{ tenant: number; account: number; own: string }> {
  const row = await addressRow(reader, canonicalAddress(given) ?? given);
  if (row?.account_id == null) return refuse('notFound', `There is no account ${given}.`);
  return { tenant: row.tenant_id, account: row.account_id, own: row.own ?? given };
}

async function existingGroup(reader: Reader, given: string): Promise<GroupRow> {
  const row = await addressRow(reader, canonicalAddress(given) ?? given);
  const group = row?.group_id == null ? undefined : await groupById(reader, row.tenant_id, row.group_id);
  return group ?? refuse('notFound', `There is no group ${given}.`);
}

/** A member group that leads back here would be a loop: refused, with the way it goes. */
async function addMembers(tx: Transaction, tenant: number, group: number, address: string, members: string[]): Promise<void> {
  const addresses: string[] = [];
  for (const given of members) {
    const member = canonicalAddress(given) ?? refuse('badAddress', `"${given}" is not an address.`);
    const row = await addressRow(tx, member);
    const local = await domainTenant(tx, domainOf(member));
    if (local === tenant && !row) refuse('notFound', `There is no ${member} here.`);
    if (row?.tenant_id === tenant && row.group_id !== null) {
      const path = await pathBetween(tx, tenant, row.group_id, group);
      if (path) refuse('loop', `That would be a loop: ${[address, ...path].join(' → ')}.`);
    }
    addresses.push(member);
  }
  if (addresses.length > 0) await insertMembers(tx, tenant, group, addresses);
}
