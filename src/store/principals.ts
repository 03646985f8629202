// Whom an organisation's directory lists: people, shared mailboxes and groups (services are nobody's correspondents).

import type { Reader } from './postgres.ts';

export type PrincipalFilter =
  | { kind: 'and' | 'or' | 'not'; of: PrincipalFilter[] }
  /** Part of a name, of an address (aliases too), of either; any case. */
  | { kind: 'name' | 'email' | 'text'; text: string }
  | { kind: 'is'; of: PrincipalKind };

export type PrincipalKind = 'person' | 'shared' | 'group';

export interface PrincipalRow {
  id: number;
  kind: PrincipalKind;
  address: string;
  name: string;
}

const LISTED = `(
  SELECT id, kind, address, name FROM account WHERE tenant_id = $1 AND kind <> 'service'
  UNION ALL
  SELECT id, 'group', address, name FROM mail_group WHERE tenant_id = $1) x`;

function filterSql(filter: PrincipalFilter, values: unknown[]): string {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const parts = filter.of.map((each) => filterSql(each, values));
      if (parts.length === 0) return String(filter.kind === 'and');
      return `(${parts.join(filter.kind === 'and' ? ' AND ' : ' OR ')})`;
    }
    case 'not':
      return `NOT ${filterSql({ kind: 'or', of: filter.of }, values)}`;
    case 'is':
      return `x.kind = $${values.push(filter.of)}::text`;
    default:
      return textSql(filter.kind, `lower($${values.push(filter.text)}::text)`);
  }
}

function textSql(kind: 'name' | 'email' | 'text', text: string): string {
  const name = `strpos(lower(x.name), ${text}) > 0`;
  const alias = `EXISTS (SELECT FROM address a WHERE a.tenant_id = $1 AND a.account_id = x.id AND strpos(a.address, ${text}) > 0)`;
  const email = `strpos(x.address, ${text}) > 0 OR x.kind <> 'group' AND ${alias}`;
  return `(${kind === 'name' ? name : kind === 'email' ? email : `${name} OR ${email}`})`;
}

/** The first text of a filter: what begins with it is what was meant. */
function firstText(filter: PrincipalFilter): string | null {
  if (filter.kind === 'is') return null;
  if ('text' in filter) return filter.text;
  return filter.of.map(firstText).find((text) => text !== null) ?? null;
}

export type PrincipalSort = { by: 'relevance' } | { by: 'name' | 'email'; descending: boolean };

/** By relevance: addresses and names that begin with the text, then words that do, then the rest; each by name. */
function orderSql(sort: PrincipalSort, filter: PrincipalFilter, values: unknown[]): string {
  if (sort.by !== 'relevance') {
    const column = sort.by === 'name' ? 'lower(x.name)' : 'x.address';
    return `${column} ${sort.descending ? 'DESC' : 'ASC'}, x.address`;
  }
  const text = firstText(filter);
  if (text === null) return 'lower(x.name), x.address';
  const value = `lower($${values.push(text)}::text)`;
  return `CASE WHEN starts_with(x.address, ${value}) OR starts_with(lower(x.name), ${value}) THEN 0
    WHEN strpos(' ' || lower(x.name), ' ' || ${value}) > 0 THEN 1 ELSE 2 END, lower(x.name), x.address`;
}

export async function principalsPage(
  reader: Reader,
  tenant: number,
  filter: PrincipalFilter,
  sort: PrincipalSort,
  page: { position: number; limit: number },
): Promise<PrincipalRow[]> {
  const values: unknown[] = [tenant];
  const where = filterSql(filter, values);
  const order = orderSql(sort, filter, values);
  const range = `OFFSET $${values.push(page.position)} LIMIT $${values.push(page.limit)}`;
  return reader.unprepared(
    `SELECT id, kind, address, name FROM ${LISTED} WHERE ${where} ORDER BY ${order} ${range}`,
    values,
  );
}

export async function countPrincipals(reader: Reader, tenant: number, filter: PrincipalFilter): Promise<number> {
  const values: unknown[] = [tenant];
  const where = filterSql(filter, values);
  const [row] = await reader.unprepared<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${LISTED} WHERE ${where}`,
    values,
  );
  return row?.count ?? 0;
}

export async function principalsByIds(
  reader: Reader,
  tenant: number,
  ids: { accounts: number[]; groups: number[] },
): Promise<PrincipalRow[]> {
  return reader.rows(
    `SELECT id, kind, address, name FROM ${LISTED}
     WHERE kind <> 'group' AND id = ANY ($2::int[]) OR kind = 'group' AND id = ANY ($3::int[])`,
    [tenant, ids.accounts, ids.groups],
  );
}

export interface GroupSize {
  /** Accounts and addresses outside that mail to it reaches, each once, groups within it taken apart. */
  total: number;
  outside: number;
  /** Is the viewer among them? */
  member: boolean;
  membersVisibleTo: 'everyone' | 'members' | 'administrators';
}

/** As acceptance would expand it (deliveries.ts). */
export async function groupSize(
  reader: Reader,
  tenant: number,
  group: number,
  viewer: number,
): Promise<GroupSize | undefined> {
  return reader.row(
    `WITH RECURSIVE reached (id) AS (
       SELECT $2::int
       UNION
       SELECT a.group_id FROM reached r JOIN group_member m ON m.tenant_id = $1 AND m.group_id = r.id
         JOIN address a ON a.address = m.address AND a.tenant_id = $1 AND a.group_id IS NOT NULL
     ), everybody (yes) AS (
       SELECT EXISTS (SELECT FROM reached r JOIN mail_group g ON g.tenant_id = $1 AND g.id = r.id WHERE g.everybody)
     ), inside (account_id) AS (
       SELECT p.id FROM everybody e JOIN account p ON e.yes AND p.tenant_id = $1 AND p.kind = 'person'
       UNION
       SELECT a.account_id FROM reached r JOIN group_member m ON m.tenant_id = $1 AND m.group_id = r.id
         JOIN address a ON a.address = m.address AND a.tenant_id = $1 WHERE a.account_id IS NOT NULL
     ), away (address) AS (
       SELECT DISTINCT m.address FROM reached r JOIN group_member m ON m.tenant_id = $1 AND m.group_id = r.id
       WHERE NOT EXISTS (SELECT FROM domain h WHERE h.name = split_part(m.address, '@', -1) AND h.tenant_id = $1)
     )
     SELECT (SELECT count(*)::int FROM inside) + (SELECT count(*)::int FROM away) AS total,
       (SELECT count(*)::int FROM away) AS outside,
       EXISTS (SELECT FROM inside WHERE account_id = $3) AS member,
       g.members_visible_to AS "membersVisibleTo"
     FROM mail_group g WHERE g.tenant_id = $1 AND g.id = $2`,
    [tenant, group, viewer],
  );
}

/** Changes with every change of the directory, and with much else: each is in the audit log. */
export async function directoryState(reader: Reader, tenant: number): Promise<string> {
  const row = await reader.row<{ hash: Buffer }>(`SELECT hash FROM audit_head WHERE tenant_id = $1`, [tenant]);
  return row ? row.hash.toString('base64url').slice(0, 16) : '0';
}
