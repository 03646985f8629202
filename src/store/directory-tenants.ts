// Tenants and their domains, written.

import type { Reader, Transaction } from './postgres.ts';

export async function insertTenant(
  tx: Transaction,
  tenant: { name: string; policy: object; domains: string[]; at: Date },
): Promise<number> {
  const [row] = await tx.rows<{ id: number }>(
    `INSERT INTO tenant (name, policy, created_at) VALUES ($1, $2, $3) RETURNING id`,
    [tenant.name, JSON.stringify(tenant.policy), tenant.at],
  );
  if (!row) throw new Error('no tenant');
  await insertDomains(tx, row.id, tenant.domains);
  return row.id;
}

export async function insertDomains(tx: Transaction, tenant: number, domains: string[]): Promise<void> {
  await tx.run(`INSERT INTO domain (name, tenant_id) SELECT name, $2 FROM unnest($1::text[]) AS name`, [
    domains,
    tenant,
  ]);
}

/**
 * Makes changes of a tenant's policy and groups wait for each other: two of them could close a loop together, or undo
 * each other. Inserting accounts does not wait for it. Answers what is stored; undefined: no such tenant.
 */
export async function lockTenant(
  tx: Transaction,
  tenant: number,
): Promise<{ name: string; policy: Record<string, unknown> } | undefined> {
  return tx.row(`SELECT name, policy FROM tenant WHERE id = $1 FOR NO KEY UPDATE`, [tenant]);
}

export async function writePolicy(tx: Transaction, tenant: number, policy: object): Promise<void> {
  await tx.run(`UPDATE tenant SET policy = $2 WHERE id = $1`, [tenant, JSON.stringify(policy)]);
}

export interface ListedTenant {
  id: number;
  name: string;
  domains: string[];
  accounts: number;
}

export async function tenantsWithDomains(reader: Reader): Promise<ListedTenant[]> {
  return reader.rows(
    `SELECT t.id, t.name, ARRAY(SELECT d.name FROM domain d WHERE d.tenant_id = t.id ORDER BY 1) AS domains,
       (SELECT count(*)::int FROM account p WHERE p.tenant_id = t.id) AS accounts
     FROM tenant t ORDER BY t.name`,
  );
}
