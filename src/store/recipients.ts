// Whom a message went to, from its deliveries alone: never from who has read it.

import type { Reader } from './postgres.ts';

export interface RecipientRow {
  recipient: string;
  /** Of the account; null: it is outside, or gone. */
  name: string | null;
  via: string | null;
  inside: boolean;
  state: 'held' | 'queued' | 'sending' | 'delivered' | 'failed' | 'stopped';
}

export interface RecipientFilter {
  /** Part of an address or a name, any case. */
  text: string | null;
  /** Groups whose members the reader may not see: what came through them is left out. */
  hidden: string[];
}

const FILTER = `d.tenant_id = $1 AND d.message_id = $2 AND (d.via IS NULL OR d.via <> ALL ($3::text[])) AND ($4::text IS NULL
  OR strpos(lower(d.recipient), lower($4)) > 0
  OR d.account_id IN (SELECT a.id FROM account a WHERE a.tenant_id = $1 AND strpos(lower(a.name), lower($4)) > 0))`;

/** One page, in the order of the deliveries: those inside first. Names are looked up for the page only. */
export async function recipientsPage(
  reader: Reader,
  of: { tenant: number; message: number },
  filter: RecipientFilter,
  page: { position: number; limit: number },
): Promise<RecipientRow[]> {
  return reader.rows(
    `SELECT p.recipient, a.name, p.via, p.account_id IS NOT NULL AS inside, p.state
     FROM (SELECT d.n, d.recipient, d.via, d.account_id, d.state FROM delivery d WHERE ${FILTER} ORDER BY d.n OFFSET $5 LIMIT $6) p
     LEFT JOIN account a ON a.tenant_id = $1 AND a.id = p.account_id ORDER BY p.n`,
    [of.tenant, of.message, filter.hidden, filter.text, page.position, page.limit],
  );
}

export async function countRecipients(
  reader: Reader,
  of: { tenant: number; message: number },
  filter: RecipientFilter,
): Promise<number> {
  const row = await reader.row<{ count: number }>(`SELECT count(*)::int AS count FROM delivery d WHERE ${FILTER}`, [
    of.tenant,
    of.message,
    filter.hidden,
    filter.text,
  ]);
  return row?.count ?? 0;
}

/** How many got it through each of these groups. */
export async function countThrough(
  reader: Reader,
  of: { tenant: number; message: number },
  groups: string[],
): Promise<Map<string, number>> {
  const rows = await reader.rows<{ via: string; count: number }>(
    `SELECT via, count(*)::int AS count FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND via = ANY ($3::text[]) GROUP BY via`,
    [of.tenant, of.message, groups],
  );
  return new Map(rows.map((row) => [row.via, row.count]));
}
