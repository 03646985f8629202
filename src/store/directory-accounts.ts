// Accounts with their addresses, first mailboxes and delegations, written and listed.

import type { GivenRole, Role } from '../mail/roles.ts';
import type { Right } from './directory.ts';
import { EXPOSURE } from './exposure.ts';
import type { Reader, Transaction } from './postgres.ts';

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

/** Inserts accounts with addresses, state and mailboxes; four statements, however many. Answers their numbers, in order. */
export async function insertAccounts(
  tx: Transaction,
  tenant: number,
  accounts: NewAccount[],
  at: Date,
): Promise<number[]> {
  const rows = await tx.rows<{ id: number; address: string }>(
    `INSERT INTO account (tenant_id, address, name, kind, password, created_at)
     SELECT $1, a.address, a.name, a.kind, a.password, $2
     FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS a (address, name, kind, password)
     RETURNING id, address`,
    [
      tenant,
      at,
      accounts.map((account) => account.address),
      accounts.map((account) => account.name),
      accounts.map((account) => account.kind),
      accounts.map((account) => account.password),
    ],
  );
  const numbers = new Map(rows.map((row) => [row.address, row.id]));
  const ids = accounts.map((account) => numbers.get(account.address) ?? 0);
  const addresses = accounts.flatMap((account, i) =>
    [account.address, ...account.aliases].map((address) => ({ address, id: ids[i] })),
  );
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

/**
 * False: it was none of the account's aliases (its own address is not one). Groups that had the alias as a member have
 * the account's own address instead: nobody drops out of a group by it.
 */
export async function deleteAlias(tx: Transaction, tenant: number, account: number, address: string): Promise<boolean> {
  const removed = await tx.run(
    `DELETE FROM address a USING account p
     WHERE a.tenant_id = $1 AND a.account_id = $2 AND a.address = $3 AND p.tenant_id = $1 AND p.id = $2 AND p.address <> $3`,
    [tenant, account, address],
  );
  if (removed === 0) return false;
  await tx.run(
    `INSERT INTO group_member (tenant_id, group_id, address)
     SELECT $1, m.group_id, p.address FROM group_member m JOIN account p ON p.tenant_id = $1 AND p.id = $2
     WHERE m.tenant_id = $1 AND m.address = $3 ON CONFLICT DO NOTHING`,
    [tenant, account, address],
  );
  await tx.run(`DELETE FROM group_member WHERE tenant_id = $1 AND address = $2`, [tenant, address]);
  return true;
}

export interface AccountChange {
  name?: string | undefined;
  /** PHC string; null: nobody signs in any more. */
  password?: string | null | undefined;
  kind?: NewAccount['kind'] | undefined;
  acceptsRecalls?: boolean | undefined;
  legalHold?: boolean | undefined;
  addRoles?: GivenRole[] | undefined;
  removeRoles?: GivenRole[] | undefined;
}

export async function updateAccount(
  tx: Transaction,
  tenant: number,
  account: number,
  change: AccountChange,
): Promise<void> {
  await tx.run(
    `UPDATE account SET name = coalesce($3, name), password = CASE WHEN $4 THEN $5 ELSE password END,
       accepts_recalls = coalesce($6, accepts_recalls), kind = coalesce($7, kind),
       roles = ARRAY(SELECT unnest(roles || $8::text[]) EXCEPT SELECT unnest($9::text[]) ORDER BY 1),
       legal_hold = coalesce($10, legal_hold)
     WHERE tenant_id = $1 AND id = $2`,
    [
      tenant,
      account,
      change.name ?? null,
      change.password !== undefined,
      change.password ?? null,
      change.acceptsRecalls ?? null,
      change.kind ?? null,
      change.addRoles ?? [],
      change.removeRoles ?? [],
      change.legalHold ?? null,
    ],
  );
}

/**
 * Removes everything of an account's but what it sent, and the deliveries it had: those keep the most that had happened
 * to their copies. Its lock is held.
 */
export async function deleteAccount(tx: Transaction, tenant: number, account: number): Promise<void> {
  // Programs record without the account lock what they were given of a copy: from here on they wait, and then find none.
  await tx.rows(
    `SELECT count(*) FROM (
       SELECT 1 FROM copy WHERE tenant_id = $1 AND account_id = $2 ORDER BY mailbox_id, uid FOR UPDATE
     ) AS held`,
    [tenant, account],
  );
  await tx.run(
    `UPDATE delivery d SET past_exposure = greatest(d.past_exposure, x.exposure),
       past_downloaded_at = least(d.past_downloaded_at, x.at),
       past_downloaded_by = CASE WHEN d.past_downloaded_at <= x.at OR x.at IS NULL THEN d.past_downloaded_by ELSE x.by END
     FROM (
       SELECT message_id, delivery_n, min(downloaded_at) AS at, (array_agg(downloaded_by ORDER BY downloaded_at))[1] AS by,
         max(${EXPOSURE}::exposure) AS exposure
       FROM copy c WHERE tenant_id = $1 AND account_id = $2 AND delivery_n IS NOT NULL
         AND coalesce(opened_at, downloaded_at, listed_at) IS NOT NULL
       GROUP BY message_id, delivery_n
     ) x WHERE d.tenant_id = $1 AND d.message_id = x.message_id AND d.n = x.delivery_n`,
    [tenant, account],
  );
  // Its uploads go with their bytes, by upkeep: nobody can use them any more.
  for (const table of [
    'copy',
    'tombstone',
    'mailbox',
    'mailbox_tombstone',
    'lost_subscription',
    'identity',
    'inbox_rule',
    'vacation_response',
    'vacation_due',
    'vacation_sent',
    'push_subscription',
    'app_password',
    'account_state',
  ]) {
    await tx.run(`DELETE FROM ${table} WHERE tenant_id = $1 AND account_id = $2`, [tenant, account]);
  }
  await tx.run(`DELETE FROM delegation WHERE tenant_id = $1 AND (account_id = $2 OR delegate_id = $2)`, [
    tenant,
    account,
  ]);
  await tx.run(
    `DELETE FROM group_member m USING address a
     WHERE m.tenant_id = $1 AND a.tenant_id = $1 AND a.account_id = $2 AND m.address = a.address`,
    [tenant, account],
  );
  await tx.run(`DELETE FROM address WHERE tenant_id = $1 AND account_id = $2`, [tenant, account]);
  await tx.run(`DELETE FROM account WHERE tenant_id = $1 AND id = $2`, [tenant, account]);
}

export interface ListedAccount {
  tenant: string;
  id: number;
  address: string;
  name: string;
  kind: NewAccount['kind'];
  aliases: string[];
  canSignIn: boolean;
  roles: Role[];
}

const LISTED = `t.name AS tenant, p.id, p.address, p.name, p.kind, p.password IS NOT NULL AS "canSignIn", array_prepend('user', p.roles) AS roles,
  ARRAY(SELECT a.address FROM address a WHERE a.tenant_id = p.tenant_id AND a.account_id = p.id AND a.address <> p.address ORDER BY 1) AS aliases`;

/** Accounts of a tenant by address, a page after `after`. */
export async function accountsPage(
  reader: Reader,
  tenant: number,
  after: string,
  limit: number,
): Promise<ListedAccount[]> {
  return reader.rows(
    `SELECT ${LISTED} FROM account p JOIN tenant t ON t.id = p.tenant_id
     WHERE p.tenant_id = $1 AND p.address > $2 ORDER BY p.address LIMIT $3`,
    [tenant, after, limit],
  );
}

export interface ShownAccount extends ListedAccount {
  acceptsRecalls: boolean;
  /** What recalls took from it, or for it, is kept for as long as this stands. */
  legalHold: boolean;
  /** Octets that its messages may take up; null: no limit. */
  quota: number | null;
  createdAt: Date;
  /** Groups that name it themselves, by any of its addresses, or take in everybody. */
  groups: string[];
  /** Who may do what with it; with whose mailboxes it may do what. */
  delegates: Delegated[];
  delegatedTo: Delegated[];
}

export interface Delegated {
  address: string;
  rights: Right[];
}

export async function accountShown(reader: Reader, tenant: number, id: number): Promise<ShownAccount | undefined> {
  return (await accountsShown(reader, tenant, [id]))[0];
}

/** Those of these numbers that there are, in no order: three statements, however many. */
export async function accountsShown(reader: Reader, tenant: number, ids: number[]): Promise<ShownAccount[]> {
  const rows = await reader.rows<Omit<ShownAccount, 'delegates' | 'delegatedTo'>>(
    `SELECT ${LISTED}, p.accepts_recalls AS "acceptsRecalls", p.legal_hold AS "legalHold", p.quota, p.created_at AS "createdAt",
       ARRAY(SELECT g.address FROM mail_group g WHERE g.tenant_id = $1 AND (g.everybody AND p.kind = 'person' OR EXISTS (
         SELECT FROM group_member m JOIN address a ON a.address = m.address AND a.tenant_id = $1
         WHERE m.tenant_id = $1 AND m.group_id = g.id AND a.account_id = p.id)) ORDER BY 1) AS groups
     FROM account p JOIN tenant t ON t.id = p.tenant_id WHERE p.tenant_id = $1 AND p.id = ANY ($2::int[])`,
    [tenant, ids],
  );
  const delegates = await delegationsOf(reader, tenant, ids, { of: 'account_id', named: 'delegate_id' });
  const delegatedTo = await delegationsOf(reader, tenant, ids, { of: 'delegate_id', named: 'account_id' });
  const listOf = (all: Map<number, Delegated[]>, id: number): Delegated[] => all.get(id) ?? [];
  return rows.map((row) => ({
    ...row,
    delegates: listOf(delegates, row.id),
    delegatedTo: listOf(delegatedTo, row.id),
  }));
}

type Side = 'account_id' | 'delegate_id';

/** Delegations by the account on one side, each naming the one on the other, by address. */
async function delegationsOf(
  reader: Reader,
  tenant: number,
  ids: number[],
  { of, named }: { of: Side; named: Side },
): Promise<Map<number, Delegated[]>> {
  const rows = await reader.rows<Delegated & { id: number }>(
    `SELECT d.${of} AS id, p.address, d.rights FROM delegation d JOIN account p ON p.tenant_id = $1 AND p.id = d.${named}
     WHERE d.tenant_id = $1 AND d.${of} = ANY ($2::int[]) ORDER BY p.address`,
    [tenant, ids],
  );
  const grouped = Map.groupBy(rows, (row) => row.id);
  return new Map([...grouped].map(([id, list]) => [id, list.map(({ address, rights }) => ({ address, rights }))]));
}

/** The addresses of accounts, by number; those that are gone are not in it. */
export async function addressesById(reader: Reader, tenant: number, ids: number[]): Promise<Map<number, string>> {
  const rows = await reader.rows<{ id: number; address: string }>(
    `SELECT id, address FROM account WHERE tenant_id = $1 AND id = ANY ($2::int[])`,
    [tenant, [...new Set(ids)]],
  );
  return new Map(rows.map((row) => [row.id, row.address]));
}

export interface AccountFilter {
  /** Part of a name or of an address (aliases too), any case. */
  text: string | null;
  kind: NewAccount['kind'] | null;
  role: GivenRole | null;
  legalHold: boolean | null;
}

/** Numbers of a tenant's accounts by address, a page; and how many there are. */
export async function accountsFound(
  reader: Reader,
  tenant: number,
  filter: AccountFilter,
  page: { position: number; limit: number },
): Promise<{ ids: number[]; total: number }> {
  const rows = await reader.rows<{ id: number | null; total: number }>(
    `WITH found AS (
       SELECT p.id, p.address FROM account p WHERE p.tenant_id = $1 AND ($3::text IS NULL OR p.kind = $3) AND ($4::text IS NULL OR $4 = ANY (p.roles))
         AND ($5::boolean IS NULL OR p.legal_hold = $5) AND ($2::text IS NULL OR strpos(lower(p.name), lower($2)) > 0
           OR EXISTS (SELECT FROM address a WHERE a.tenant_id = $1 AND a.account_id = p.id AND strpos(a.address, lower($2)) > 0))
     ) SELECT x.id, (SELECT count(*)::int FROM found) AS total
     FROM (SELECT 1) one LEFT JOIN (SELECT id, address FROM found ORDER BY address OFFSET $6 LIMIT $7) x ON true ORDER BY x.address`,
    [tenant, filter.text, filter.kind, filter.role, filter.legalHold, page.position, page.limit],
  );
  return { ids: rows.flatMap((row) => (row.id === null ? [] : [row.id])), total: rows[0]?.total ?? 0 };
}

/** Has somebody else than this account a role? `owner`, say: then it is not the last. */
export async function othersWithRole(
  reader: Reader,
  tenant: number,
  role: GivenRole,
  account: number,
): Promise<boolean> {
  const row = await reader.row(`SELECT 1 FROM account WHERE tenant_id = $1 AND $2 = ANY (roles) AND id <> $3 LIMIT 1`, [
    tenant,
    role,
    account,
  ]);
  return row !== undefined;
}

export async function setRights(
  tx: Transaction,
  tenant: number,
  account: number,
  delegate: number,
  rights: Right[],
): Promise<void> {
  await tx.run(`DELETE FROM delegation WHERE tenant_id = $1 AND account_id = $2 AND delegate_id = $3`, [
    tenant,
    account,
    delegate,
  ]);
  if (rights.length === 0) return;
  await tx.run(`INSERT INTO delegation (tenant_id, account_id, delegate_id, rights) VALUES ($1, $2, $3, $4)`, [
    tenant,
    account,
    delegate,
    rights,
  ]);
}

/** The rights that are there stay. */
export async function addRights(
  tx: Transaction,
  tenant: number,
  account: number,
  delegate: number,
  rights: Right[],
): Promise<void> {
  await tx.run(
    `INSERT INTO delegation AS d (tenant_id, account_id, delegate_id, rights) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant_id, account_id, delegate_id) DO UPDATE SET rights = ARRAY(SELECT DISTINCT unnest(d.rights || $4::text[]) ORDER BY 1)`,
    [tenant, account, delegate, rights],
  );
}

/** Highest n of the accounts `<prefix>n@<domain>`; 0: there is none. */
export async function highestNumbered(reader: Reader, tenant: number, prefix: string, domain: string): Promise<number> {
  const row = await reader.row<{ highest: number | null }>(
    `SELECT max(substring(address FROM char_length($2) + 1 FOR char_length(address) - char_length($2 || $3) - 1)::int) AS highest
     FROM account WHERE tenant_id = $1 AND address ~ ('^' || $2 || '[1-9][0-9]{0,8}@' || replace($3, '.', '\\.') || '$')`,
    [tenant, prefix, domain],
  );
  return row?.highest ?? 0;
}

/** After a large import the planner is told what is there. */
export async function analyse(tx: Transaction): Promise<void> {
  await tx.rows('SELECT analyse_directory()');
}
