// The directory's tables, read.

import type { Policy } from '../mail/policy.ts';
import type { GivenRole } from '../mail/roles.ts';
import type { Reader } from './postgres.ts';

export type Right = 'full' | 'send-as' | 'send-on-behalf' | 'recall';

export interface AccountRow {
  tenant: number;
  id: number;
  address: string;
  name: string;
  kind: 'person' | 'shared' | 'service';
  /** Beside user. */
  roles: GivenRole[];
  /** Octets that its messages may take up; null: no limit. */
  quota: number | null;
}

const ACCOUNT = `tenant_id AS tenant, id, address, name, kind, roles, quota`;

export async function addressRow(
  reader: Reader,
  address: string,
): Promise<{ tenant_id: number; account_id: number | null; group_id: number | null; own: string | null } | undefined> {
  return reader.row(
    `SELECT a.tenant_id, a.account_id, a.group_id, p.address AS own FROM address a
     LEFT JOIN account p ON p.tenant_id = a.tenant_id AND p.id = a.account_id WHERE a.address = $1`,
    [address],
  );
}

/** The same for many; what leads nowhere is not in it. */
export async function addressRows(
  reader: Reader,
  addresses: string[],
): Promise<Map<string, { tenant_id: number; account_id: number | null; group_id: number | null }>> {
  const rows = await reader.rows<{
    address: string;
    tenant_id: number;
    account_id: number | null;
    group_id: number | null;
  }>(`SELECT address, tenant_id, account_id, group_id FROM address WHERE address = ANY ($1::text[])`, [addresses]);
  return new Map(rows.map((row) => [row.address, row]));
}

export async function domainTenant(reader: Reader, domain: string): Promise<number | undefined> {
  return (await reader.row<{ tenant_id: number }>(`SELECT tenant_id FROM domain WHERE name = $1`, [domain]))?.tenant_id;
}

/** The tenants of these domains; one that is nobody's here is not in it. */
export async function tenantsOfDomains(reader: Reader, domains: string[]): Promise<Map<string, number>> {
  const rows = await reader.rows<{ name: string; tenant_id: number }>(
    `SELECT name, tenant_id FROM domain WHERE name = ANY ($1::text[])`,
    [domains],
  );
  return new Map(rows.map((row) => [row.name, row.tenant_id]));
}

/** Those of these addresses that lead somewhere already. */
export async function takenAddresses(reader: Reader, addresses: string[]): Promise<string[]> {
  const rows = await reader.rows<{ address: string }>(`SELECT address FROM address WHERE address = ANY ($1::text[])`, [
    addresses,
  ]);
  return rows.map((row) => row.address);
}

/** What was there already, of an INSERT that failed because something was; undefined: it failed for another reason. */
export function alreadyThere(error: unknown): string | undefined {
  const { code, detail = '' } = error as { code?: string; detail?: string };
  if (code !== '23505') return undefined;
  return /\(([^()]*)\) already exists/.exec(detail)?.[1]?.split(', ').at(-1) ?? 'It';
}

export async function domainsOf(reader: Reader, tenant: number): Promise<string[]> {
  const rows = await reader.rows<{ name: string }>(`SELECT name FROM domain WHERE tenant_id = $1 ORDER BY name`, [
    tenant,
  ]);
  return rows.map((row) => row.name);
}

export async function accountRow(reader: Reader, tenant: number, id: number): Promise<AccountRow | undefined> {
  return reader.row(`SELECT ${ACCOUNT} FROM account WHERE tenant_id = $1 AND id = $2`, [tenant, id]);
}

/** What an account may do for its organisation, as it stands at this moment; nothing for one that is gone. */
export async function rolesOf(reader: Reader, tenant: number, id: number): Promise<GivenRole[]> {
  const row = await reader.row<{ roles: GivenRole[] }>(`SELECT roles FROM account WHERE tenant_id = $1 AND id = $2`, [
    tenant,
    id,
  ]);
  return row?.roles ?? [];
}

/** Accounts that have any of these roles. */
export async function accountsWithRoles(reader: Reader, tenant: number, roles: GivenRole[]): Promise<AccountRow[]> {
  return reader.rows(
    `SELECT ${ACCOUNT} FROM account WHERE tenant_id = $1 AND roles <> '{}' AND roles && $2::text[] ORDER BY id`,
    [tenant, roles],
  );
}

/** Does the account's owner accept recalls? */
export async function acceptsRecalls(reader: Reader, tenant: number, id: number): Promise<boolean> {
  const row = await reader.row<{ accepts_recalls: boolean }>(
    `SELECT accepts_recalls FROM account WHERE tenant_id = $1 AND id = $2`,
    [tenant, id],
  );
  return row?.accepts_recalls ?? true;
}

export async function credentialsOf(
  reader: Reader,
  tenant: number,
  id: number,
): Promise<{ password: string | null } | undefined> {
  return reader.row(`SELECT password FROM account WHERE tenant_id = $1 AND id = $2`, [tenant, id]);
}

export async function tenantRow(
  reader: Reader,
  tenant: number,
): Promise<{ id: number; name: string; policy: Partial<Policy> } | undefined> {
  return reader.row(`SELECT id, name, policy FROM tenant WHERE id = $1`, [tenant]);
}

export async function tenantsAll(reader: Reader): Promise<{ id: number; name: string; policy: Partial<Policy> }[]> {
  return reader.rows(`SELECT id, name, policy FROM tenant ORDER BY id`);
}

/** Accounts that gave `delegate` any of these rights. */
export async function accountsDelegatedTo(
  reader: Reader,
  tenant: number,
  delegate: number,
  rights: Right[],
): Promise<number[]> {
  const rows = await reader.rows<{ account_id: number }>(
    `SELECT account_id FROM delegation WHERE tenant_id = $1 AND delegate_id = $2 AND rights && $3::text[] ORDER BY account_id`,
    [tenant, delegate, rights],
  );
  return rows.map((row) => row.account_id);
}

export async function delegationRights(
  reader: Reader,
  tenant: number,
  account: number,
  delegate: number,
): Promise<Right[]> {
  const row = await reader.row<{ rights: Right[] }>(
    `SELECT rights FROM delegation WHERE tenant_id = $1 AND account_id = $2 AND delegate_id = $3`,
    [tenant, account, delegate],
  );
  return row?.rights ?? [];
}

/** Every address that leads to these accounts; of each its own first. */
export async function addressesOfAccounts(reader: Reader, tenant: number, accounts: number[]): Promise<string[]> {
  const rows = await reader.rows<{ address: string }>(
    `SELECT a.address FROM address a JOIN account p ON p.tenant_id = a.tenant_id AND p.id = a.account_id
     WHERE a.tenant_id = $1 AND a.account_id = ANY ($2::int[])
     ORDER BY array_position($2::int[], a.account_id), a.address <> p.address, a.address`,
    [tenant, accounts],
  );
  return rows.map((row) => row.address);
}
