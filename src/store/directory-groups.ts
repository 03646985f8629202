// Groups and their members, written and listed.

import type { Policy } from '../mail/policy.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface GroupRow {
  tenant: number;
  id: number;
  address: string;
  name: string;
  everybody: boolean;
  members_visible_to: 'everyone' | 'members' | 'administrators';
}

const GROUP = 'tenant_id AS tenant, id, address, name, everybody, members_visible_to';

export async function insertGroup(
  tx: Transaction,
  tenant: number,
  group: Omit<GroupRow, 'tenant' | 'id'>,
  at: Date,
): Promise<number> {
  const [row] = await tx.rows<{ id: number }>(
    `INSERT INTO mail_group (tenant_id, address, name, everybody, members_visible_to, created_at)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
    [tenant, group.address, group.name, group.everybody, group.members_visible_to, at],
  );
  if (!row) throw new Error('no group');
  await tx.run(`INSERT INTO address (tenant_id, address, group_id) VALUES ($1, $2, $3)`, [
    tenant,
    group.address,
    row.id,
  ]);
  return row.id;
}

export async function updateGroup(
  tx: Transaction,
  tenant: number,
  id: number,
  change: {
    name?: string | undefined;
    everybody?: boolean | undefined;
    membersVisibleTo?: GroupRow['members_visible_to'] | undefined;
  },
): Promise<void> {
  await tx.run(
    `UPDATE mail_group SET name = coalesce($3, name), everybody = coalesce($4, everybody),
       members_visible_to = coalesce($5, members_visible_to)
     WHERE tenant_id = $1 AND id = $2`,
    [tenant, id, change.name ?? null, change.everybody ?? null, change.membersVisibleTo ?? null],
  );
}

/** With its membership of other groups. */
export async function deleteGroup(tx: Transaction, tenant: number, id: number): Promise<void> {
  await tx.run(
    `DELETE FROM group_member m USING mail_group g
     WHERE m.tenant_id = $1 AND g.tenant_id = $1 AND g.id = $2 AND m.address = g.address`,
    [tenant, id],
  );
  await tx.run(`DELETE FROM address WHERE tenant_id = $1 AND group_id = $2`, [tenant, id]);
  await tx.run(`DELETE FROM mail_group WHERE tenant_id = $1 AND id = $2`, [tenant, id]);
}

/** Those that are members already stay. */
export async function insertMembers(
  tx: Transaction,
  tenant: number,
  members: { group: number; address: string }[],
): Promise<void> {
  await tx.run(
    `INSERT INTO group_member (tenant_id, group_id, address)
     SELECT $1, * FROM unnest($2::int[], $3::text[]) ON CONFLICT DO NOTHING`,
    [tenant, members.map((member) => member.group), members.map((member) => member.address)],
  );
}

/** Answers which of them were members. */
export async function deleteMembers(
  tx: Transaction,
  tenant: number,
  group: number,
  addresses: string[],
): Promise<string[]> {
  const rows = await tx.rows<{ address: string }>(
    `DELETE FROM group_member WHERE tenant_id = $1 AND group_id = $2 AND address = ANY ($3::text[]) RETURNING address`,
    [tenant, group, addresses],
  );
  return rows.map((row) => row.address);
}

export async function groupById(reader: Reader, tenant: number, id: number): Promise<GroupRow | undefined> {
  return reader.row(`SELECT ${GROUP} FROM mail_group WHERE tenant_id = $1 AND id = $2`, [tenant, id]);
}

/** Groups of these addresses; those found cannot be removed before the transaction ends. */
export async function holdGroups(tx: Transaction, tenant: number, addresses: string[]): Promise<Map<string, number>> {
  const rows = await tx.rows<{ address: string; id: number }>(
    `SELECT address, id FROM mail_group WHERE tenant_id = $1 AND address = ANY ($2::text[]) ORDER BY id FOR KEY SHARE`,
    [tenant, addresses],
  );
  return new Map(rows.map((row) => [row.address, row.id]));
}

export interface ListedGroup {
  tenant: string;
  address: string;
  name: string;
  everybody: boolean;
  membersVisibleTo: GroupRow['members_visible_to'];
  /** Named one by one; `everybody` comes on top. */
  members: number;
}

/** By address; of every tenant where `tenant` is null. */
export async function groupsListed(reader: Reader, tenant: number | null): Promise<ListedGroup[]> {
  return reader.rows(
    `SELECT t.name AS tenant, g.address, g.name, g.everybody, g.members_visible_to AS "membersVisibleTo",
       (SELECT count(*)::int FROM group_member m WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id) AS members
     FROM mail_group g JOIN tenant t ON t.id = g.tenant_id WHERE $1::int IS NULL OR g.tenant_id = $1 ORDER BY g.address`,
    [tenant],
  );
}

/** Has any group a policy of its own? In most organisations none has. */
export async function hasGroupPolicies(reader: Reader, tenant: number): Promise<boolean> {
  const row = await reader.row(`SELECT 1 FROM mail_group WHERE tenant_id = $1 AND policy <> '{}' LIMIT 1`, [tenant]);
  return row !== undefined;
}

/** Policies of the groups that an account belongs to: named in them, through groups in them, or as everybody. */
export async function groupPoliciesOf(reader: Reader, tenant: number, account: number): Promise<Partial<Policy>[]> {
  const rows = await reader.rows<{ policy: Partial<Policy> }>(
    `WITH RECURSIVE up (id) AS (
       SELECT m.group_id FROM address a JOIN group_member m ON m.tenant_id = $1 AND m.address = a.address
       WHERE a.tenant_id = $1 AND a.account_id = $2
       UNION
       SELECT g.id FROM mail_group g WHERE g.tenant_id = $1 AND g.everybody
         AND EXISTS (SELECT FROM account p WHERE p.tenant_id = $1 AND p.id = $2 AND p.kind = 'person')
     ), reached (id) AS (
       SELECT id FROM up
       UNION
       SELECT m.group_id FROM reached r JOIN mail_group g ON g.tenant_id = $1 AND g.id = r.id
         JOIN group_member m ON m.tenant_id = $1 AND m.address = g.address
     ) SELECT g.policy FROM mail_group g WHERE g.tenant_id = $1 AND g.policy <> '{}' AND g.id IN (SELECT id FROM reached) ORDER BY g.id`,
    [tenant, account],
  );
  return rows.map((row) => row.policy);
}

/** Numbers of groups that have a policy of their own, by address. */
export async function groupsWithPolicy(reader: Reader, tenant: number): Promise<number[]> {
  const rows = await reader.rows<{ id: number }>(
    `SELECT id FROM mail_group WHERE tenant_id = $1 AND policy <> '{}' ORDER BY address`,
    [tenant],
  );
  return rows.map((row) => row.id);
}

export async function groupPolicy(reader: Reader, tenant: number, group: number): Promise<Partial<Policy>> {
  const row = await reader.row<{ policy: Partial<Policy> }>(
    `SELECT policy FROM mail_group WHERE tenant_id = $1 AND id = $2`,
    [tenant, group],
  );
  return row?.policy ?? {};
}

export async function writeGroupPolicy(tx: Transaction, tenant: number, group: number, policy: object): Promise<void> {
  await tx.run(`UPDATE mail_group SET policy = $3 WHERE tenant_id = $1 AND id = $2`, [
    tenant,
    group,
    JSON.stringify(policy),
  ]);
}

/** Members' addresses in order, a page after `after`. */
export async function membersPage(
  reader: Reader,
  tenant: number,
  group: number,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await reader.rows<{ address: string }>(
    `SELECT address FROM group_member WHERE tenant_id = $1 AND group_id = $2 AND address > $3 ORDER BY address LIMIT $4`,
    [tenant, group, after, limit],
  );
  return rows.map((row) => row.address);
}

/** Numbers of a tenant's groups by address, a page, and how many there are; `text`: part of a name or address. */
export async function groupsFound(
  reader: Reader,
  tenant: number,
  text: string | null,
  page: { position: number; limit: number },
): Promise<{ ids: number[]; total: number }> {
  const rows = await reader.rows<{ id: number | null; total: number }>(
    `WITH found AS (
       SELECT id, address FROM mail_group WHERE tenant_id = $1 AND ($2::text IS NULL OR strpos(lower(name), lower($2)) > 0 OR strpos(address, lower($2)) > 0)
     ) SELECT x.id, (SELECT count(*)::int FROM found) AS total
     FROM (SELECT 1) one LEFT JOIN (SELECT id, address FROM found ORDER BY address OFFSET $3 LIMIT $4) x ON true ORDER BY x.address`,
    [tenant, text, page.position, page.limit],
  );
  return { ids: rows.flatMap((row) => (row.id === null ? [] : [row.id])), total: rows[0]?.total ?? 0 };
}

export async function groupsShown(
  reader: Reader,
  tenant: number,
  ids: number[],
): Promise<(Omit<ListedGroup, 'tenant'> & { id: number; createdAt: Date })[]> {
  return reader.rows(
    `SELECT g.id, g.address, g.name, g.everybody, g.members_visible_to AS "membersVisibleTo", g.created_at AS "createdAt",
       (SELECT count(*)::int FROM group_member m WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id) AS members
     FROM mail_group g WHERE g.tenant_id = $1 AND g.id = ANY ($2::int[])`,
    [tenant, ids],
  );
}

export interface FoundMember {
  address: string;
  /** Null: outside. */
  name: string | null;
  kind: 'person' | 'shared' | 'service' | 'group' | 'outside';
}

/** Members that are named one by one, by address, a page, and how many there are; `text`: part of an address or name. */
export async function membersFound(
  reader: Reader,
  tenant: number,
  group: number,
  text: string | null,
  page: { position: number; limit: number },
): Promise<{ members: FoundMember[]; total: number }> {
  const rows = await reader.rows<FoundMember & { total: number; none: boolean }>(
    `WITH found AS (
       SELECT m.address, coalesce(p.name, g.name) AS name, CASE WHEN p.id IS NOT NULL THEN p.kind WHEN g.id IS NOT NULL THEN 'group' ELSE 'outside' END AS kind
       FROM group_member m LEFT JOIN address a ON a.address = m.address AND a.tenant_id = $1
         LEFT JOIN account p ON p.tenant_id = $1 AND p.id = a.account_id LEFT JOIN mail_group g ON g.tenant_id = $1 AND g.id = a.group_id
       WHERE m.tenant_id = $1 AND m.group_id = $2
         AND ($3::text IS NULL OR strpos(m.address, lower($3)) > 0 OR strpos(lower(coalesce(p.name, g.name)), lower($3)) > 0)
     ) SELECT x.address, x.name, x.kind, x.address IS NULL AS none, (SELECT count(*)::int FROM found) AS total
     FROM (SELECT 1) one LEFT JOIN (SELECT * FROM found ORDER BY address OFFSET $4 LIMIT $5) x ON true ORDER BY x.address`,
    [tenant, group, text, page.position, page.limit],
  );
  const members = rows.filter(({ none }) => !none).map(({ address, name, kind }) => ({ address, name, kind }));
  return { members, total: rows[0]?.total ?? 0 };
}

export interface GroupEdge {
  id: number;
  address: string;
  /** The group it is a member of. */
  of: number;
}

/** Every membership of a group in a group that is reached from `group` downwards. Ends in a loop, too. */
export async function groupsBelow(reader: Reader, tenant: number, group: number): Promise<GroupEdge[]> {
  return reader.rows(
    `WITH RECURSIVE below (id, address, of) AS (
       SELECT a.group_id, a.address, m.group_id FROM group_member m JOIN address a ON a.address = m.address AND a.tenant_id = $1
         WHERE m.tenant_id = $1 AND m.group_id = $2 AND a.group_id IS NOT NULL
       UNION
       SELECT a.group_id, a.address, m.group_id FROM below b
         JOIN group_member m ON m.tenant_id = $1 AND m.group_id = b.id
         JOIN address a ON a.address = m.address AND a.tenant_id = $1 AND a.group_id IS NOT NULL
     ) SELECT id, address, of FROM below`,
    [tenant, group],
  );
}
