// The directory's tables, written.

import type { Right } from './directory.ts';
import type { Reader, Transaction } from './postgres.ts';

export async function insertTenant(tx: Transaction, tenant: { name: string; policy: object; domains: string[]; at: Date }): Promise<number> {
  const [row] = await tx.rows<{ id: number }>(`INSERT INTO tenant (name, policy, created_at) VALUES ($1, $2, $3) RETURNING id`, [
    tenant.name,
    JSON.stringify(tenant.policy),
    tenant.at,
  ]);
  if (!row) throw new Error('no tenant');
  await tx.run(`INSERT INTO domain (name, tenant_id) SELECT name, $2 FROM unnest($1::text[]) AS name`, [tenant.domains, row.id]);
  return row.id;
}

export async function setPolicy(tx: Transaction, tenant: number, policy: object): Promise<void> {
  await tx.run(`UPDATE tenant SET policy = $2 WHERE id = $1`, [tenant, JSON.stringify(policy)]);
}

/** Those of these addresses that lead somewhere already. */
export async function takenAddresses(reader: Reader, addresses: string[]): Promise<string[]> {
  const rows = await reader.rows<{ address: string }>(`SELECT address FROM address WHERE address = ANY ($1::text[])`, [addresses]);
  return rows.map((row) => row.address);
}

export interface NewAccount {
  address: string;
  name: string;
  kind: 'person' | 'shared' | 'service';
  /** PHC string. */
  password: string | null;
  aliases: string[];
}

/** The mailboxes every account begins with; their numbers are relied on. */
const MAILBOXES = [
  { name: 'Inbox', role: 'inbox' },
  { name: 'Drafts', role: 'drafts' },
  { name: 'Sent Items', role: 'sent' },
  { name: 'Archive', role: 'archive' },
  { name: 'Junk', role: 'junk' },
  { name: 'Trash', role: 'trash' },
];

/** Inserts accounts with addresses, state and mailboxes; five statements, however many. Answers their numbers, in order. */
export async function insertAccounts(tx: Transaction, tenant: number, accounts: NewAccount[], at: Date): Promise<number[]> {
  const rows = await tx.rows<{ id: number; address: string }>(
    `INSERT INTO account (tenant_id, address, name, kind, password, created_at)
     SELECT $1, a.address, a.name, a.kind, a.password, $2 FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS a (address, name, kind, password)
     RETURNING id, address`,
    [tenant, at, accounts.map((a) => a.address), accounts.map((a) => a.name), accounts.map((a) => a.kind), accounts.map((a) => a.password)],
  );
  const numbers = new Map(rows.map((row) => [row.address, row.id]));
  const ids = accounts.map((account) => numbers.get(account.address) ?? 0);
  const addresses = accounts.flatMap((account, i) => [account.address, ...account.aliases].map((address) => ({ address, id: ids[i] })));
  await tx.run(`INSERT INTO address (tenant_id, address, account_id) SELECT $1, * FROM unnest($2::text[], $3::int[])`, [
    tenant,
    addresses.map((row) => row.address),
    addresses.map((row) => row.id),
  ]);
  await tx.run(`INSERT INTO account_state (tenant_id, account_id) SELECT $1, unnest($2::int[])`, [tenant, ids]);
  await tx.run(
    `INSERT INTO mailbox (tenant_id, account_id, id, name, role, sort_order, uid_validity, created_modseq, modseq, meta_modseq)
     SELECT $1, a.id, b.id, b.name, b.role, b.id, $3, 1, 1, 1
     FROM unnest($2::int[]) AS a (id), unnest($4::text[], $5::text[]) WITH ORDINALITY AS b (name, role, id)`,
    [tenant, ids, Math.floor(at.getTime() / 1000), MAILBOXES.map((box) => box.name), MAILBOXES.map((box) => box.role)],
  );
  return ids;
}

export async function insertAlias(tx: Transaction, tenant: number, account: number, address: string): Promise<void> {
  await tx.run(`INSERT INTO address (tenant_id, address, account_id) VALUES ($1, $2, $3)`, [tenant, address, account]);
}

/** False: it was none of the account's aliases (its own address is not one). */
export async function deleteAlias(tx: Transaction, tenant: number, account: number, address: string): Promise<boolean> {
  const removed = await tx.run(
    `DELETE FROM address a USING account p
     WHERE a.tenant_id = $1 AND a.account_id = $2 AND a.address = $3 AND p.tenant_id = $1 AND p.id = $2 AND p.address <> $3`,
    [tenant, account, address],
  );
  return removed === 1;
}

export async function updateAccount(
  tx: Transaction,
  tenant: number,
  account: number,
  change: { name?: string; password?: string | null; acceptsRecalls?: boolean; kind?: string },
): Promise<void> {
  await tx.run(
    `UPDATE account SET name = coalesce($3, name), password = CASE WHEN $4 THEN $5 ELSE password END, accepts_recalls = coalesce($6, accepts_recalls),
       kind = coalesce($7, kind)
     WHERE tenant_id = $1 AND id = $2`,
    [tenant, account, change.name ?? null, change.password !== undefined, change.password ?? null, change.acceptsRecalls ?? null, change.kind ?? null],
  );
}

/** Everything of an account's but what it sent to others, and the deliveries it had. Its lock is held. */
export async function deleteAccount(tx: Transaction, tenant: number, account: number): Promise<void> {
  for (const table of ['copy', 'tombstone', 'mailbox', 'mailbox_tombstone', 'upload', 'identity', 'account_state']) {
    await tx.run(`DELETE FROM ${table} WHERE tenant_id = $1 AND account_id = $2`, [tenant, account]);
  }
  await tx.run(`DELETE FROM delegation WHERE tenant_id = $1 AND (account_id = $2 OR delegate_id = $2)`, [tenant, account]);
  await tx.run(`DELETE FROM group_member m USING address a WHERE m.tenant_id = $1 AND a.tenant_id = $1 AND a.account_id = $2 AND m.address = a.address`, [
    tenant,
    account,
  ]);
  await tx.run(`DELETE FROM address WHERE tenant_id = $1 AND account_id = $2`, [tenant, account]);
  await tx.run(`DELETE FROM account WHERE tenant_id = $1 AND id = $2`, [tenant, account]);
}

export interface GroupRow {
  tenant: number;
  id: number;
  address: string;
  name: string;
  everybody: boolean;
  members_visible_to: 'everyone' | 'members' | 'administrators';
}

const GROUP = 'tenant_id AS tenant, id, address, name, everybody, members_visible_to';

export async function insertGroup(tx: Transaction, tenant: number, group: Omit<GroupRow, 'tenant' | 'id'>, at: Date): Promise<number> {
  const [row] = await tx.rows<{ id: number }>(
    `INSERT INTO mail_group (tenant_id, address, name, everybody, members_visible_to, created_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
    [tenant, group.address, group.name, group.everybody, group.members_visible_to, at],
  );
  if (!row) throw new Error('no group');
  await tx.run(`INSERT INTO address (tenant_id, address, group_id) VALUES ($1, $2, $3)`, [tenant, group.address, row.id]);
  return row.id;
}

export async function updateGroup(
  tx: Transaction,
  tenant: number,
  id: number,
  change: { name?: string; everybody?: boolean; membersVisibleTo?: string },
): Promise<void> {
  await tx.run(
    `UPDATE mail_group SET name = coalesce($3, name), everybody = coalesce($4, everybody), members_visible_to = coalesce($5, members_visible_to)
     WHERE tenant_id = $1 AND id = $2`,
    [tenant, id, change.name ?? null, change.everybody ?? null, change.membersVisibleTo ?? null],
  );
}

export async function deleteGroup(tx: Transaction, tenant: number, id: number): Promise<void> {
  await tx.run(`DELETE FROM group_member m USING mail_group g WHERE m.tenant_id = $1 AND g.tenant_id = $1 AND g.id = $2 AND m.address = g.address`, [tenant, id]);
  await tx.run(`DELETE FROM address WHERE tenant_id = $1 AND group_id = $2`, [tenant, id]);
  await tx.run(`DELETE FROM mail_group WHERE tenant_id = $1 AND id = $2`, [tenant, id]);
}

/** Serialises changes of a tenant's groups, so that two of them cannot close a loop together. */
export async function lockGroups(tx: Transaction, tenant: number): Promise<void> {
  await tx.run(`SELECT 1 FROM tenant WHERE id = $1 FOR UPDATE`, [tenant]);
}

export async function insertMembers(tx: Transaction, tenant: number, group: number, addresses: string[]): Promise<number> {
  return tx.run(`INSERT INTO group_member (tenant_id, group_id, address) SELECT $1, $2, unnest($3::text[]) ON CONFLICT DO NOTHING`, [tenant, group, addresses]);
}

export async function deleteMembers(tx: Transaction, tenant: number, group: number, addresses: string[]): Promise<number> {
  return tx.run(`DELETE FROM group_member WHERE tenant_id = $1 AND group_id = $2 AND address = ANY ($3::text[])`, [tenant, group, addresses]);
}

export async function membersOf(reader: Reader, tenant: number, group: number, limit: number): Promise<string[]> {
  const rows = await reader.rows<{ address: string }>(`SELECT address FROM group_member WHERE tenant_id = $1 AND group_id = $2 ORDER BY address LIMIT $3`, [
    tenant,
    group,
    limit,
  ]);
  return rows.map((row) => row.address);
}

export async function groupById(reader: Reader, tenant: number, id: number): Promise<GroupRow | undefined> {
  return reader.row(`SELECT ${GROUP} FROM mail_group WHERE tenant_id = $1 AND id = $2`, [tenant, id]);
}

export async function groupsAll(reader: Reader): Promise<GroupRow[]> {
  return reader.rows(`SELECT ${GROUP} FROM mail_group ORDER BY tenant_id, address`);
}

/** The way from one group down to another, if there is one: addresses, both ends included. */
export async function pathBetween(reader: Reader, tenant: number, from: number, to: number): Promise<string[] | undefined> {
  const row = await reader.row<{ path: string[] }>(
    `WITH RECURSIVE down (id, path) AS (
       SELECT id, ARRAY[address] FROM mail_group WHERE tenant_id = $1 AND id = $2
       UNION ALL
       SELECT g.id, d.path || g.address FROM down d
         JOIN group_member m ON m.tenant_id = $1 AND m.group_id = d.id
         JOIN mail_group g ON g.tenant_id = $1 AND g.address = m.address
       WHERE NOT g.address = ANY (d.path)
     ) SELECT path FROM down WHERE id = $3 ORDER BY cardinality(path) LIMIT 1`,
    [tenant, from, to],
  );
  return row?.path;
}

export interface ListedAccount {
  tenant: string;
  id: number;
  address: string;
  name: string;
  kind: string;
  aliases: string[];
  canSignIn: boolean;
}

/** Accounts by address, a page after `after`. */
export async function accountsPage(reader: Reader, tenant: number | null, after: string, limit: number): Promise<ListedAccount[]> {
  return reader.rows(
    `SELECT t.name AS tenant, p.id, p.address, p.name, p.kind, p.password IS NOT NULL AS "canSignIn",
       ARRAY(SELECT a.address FROM address a WHERE a.tenant_id = p.tenant_id AND a.account_id = p.id AND a.address <> p.address ORDER BY 1) AS aliases
     FROM account p JOIN tenant t ON t.id = p.tenant_id WHERE ($1::int IS NULL OR p.tenant_id = $1) AND p.address > $2 ORDER BY p.address LIMIT $3`,
    [tenant, after, limit],
  );
}

export async function setRights(tx: Transaction, tenant: number, account: number, delegate: number, rights: Right[]): Promise<void> {
  await tx.run(`DELETE FROM delegation WHERE tenant_id = $1 AND account_id = $2 AND delegate_id = $3`, [tenant, account, delegate]);
  if (rights.length > 0) await tx.run(`INSERT INTO delegation VALUES ($1, $2, $3, $4)`, [tenant, account, delegate, rights]);
}

/** After a large import the planner is told what is there. */
export async function analyse(tx: Transaction): Promise<void> {
  await tx.run('ANALYZE tenant, account, account_state, address, mailbox');
}
