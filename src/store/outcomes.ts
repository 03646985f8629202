// Outcomes as a report reads them: with the delivery they decide.

import type { Exposure, Outcome } from '../mail/recall.ts';
import type { Reader } from './postgres.ts';

export interface ReportedOutcome {
  recall_id: number;
  n: number;
  recipient: string;
  /** Of the account; null: outside, or gone. */
  name: string | null;
  via: string | null;
  outcome: Outcome;
  exposure: Exposure;
  reason: string | null;
  decided_at: Date;
  restored_at: Date | null;
  downloaded_at: Date | null;
  downloaded_by: string | null;
  /** When that program was told that the copy is gone; null: not since. */
  told_at: Date | null;
  remote_host: string | null;
  remote_reply: string | null;
  finished_at: Date | null;
}

const COLUMNS = `o.recall_id, o.n, d.recipient, a.name, d.via, o.outcome, o.exposure, o.reason, o.decided_at, o.restored_at, o.downloaded_at, o.downloaded_by, o.told_at,
  d.remote_host, d.remote_reply, d.finished_at`;

const FROM = `recall r JOIN outcome o ON o.tenant_id = r.tenant_id AND o.recall_id = r.id
  JOIN delivery d ON d.tenant_id = r.tenant_id AND d.message_id = r.message_id AND d.n = o.n`;

export async function outcomesByNumber(
  reader: Reader,
  tenant: number,
  recall: number,
  numbers: number[],
): Promise<ReportedOutcome[]> {
  return reader.rows(
    `SELECT ${COLUMNS} FROM ${FROM} LEFT JOIN account a ON a.tenant_id = d.tenant_id AND a.id = d.account_id
     WHERE r.tenant_id = $1 AND r.id = $2 AND o.n = ANY ($3::int[]) ORDER BY o.n`,
    [tenant, recall, numbers],
  );
}

export interface OutcomeFilter {
  outcomes: Outcome[] | null;
  /** Part of a recipient's address or name, any case. */
  text: string | null;
  /** Groups whose members the reader may not see: what came through them is left out. */
  hidden: string[];
}

const FILTER = `r.tenant_id = $1 AND r.id = $2 AND ($3::outcome_kind[] IS NULL OR o.outcome = ANY ($3::outcome_kind[]))
  AND ($4::text IS NULL OR strpos(lower(d.recipient), lower($4)) > 0
    OR d.account_id IN (SELECT a.id FROM account a WHERE a.tenant_id = $1 AND strpos(lower(a.name), lower($4)) > 0)) AND (d.via IS NULL OR d.via <> ALL ($5::text[]))`;

/** What is asked of outcomes alone needs no look at their deliveries: a deep page of a million is still quick. */
const PLAIN = `outcome o WHERE o.tenant_id = $1 AND o.recall_id = $2 AND ($3::outcome_kind[] IS NULL OR o.outcome = ANY ($3::outcome_kind[]))`;

const isPlain = (filter: OutcomeFilter): boolean => filter.text === null && filter.hidden.length === 0;

export type OutcomeSort = 'recipient' | 'outcome' | 'exposure' | 'decidedAt';

const ORDER: Record<OutcomeSort, string> = {
  recipient: 'd.recipient',
  outcome: 'o.outcome',
  exposure: 'o.exposure',
  decidedAt: 'o.decided_at',
};

/** Delivery numbers of the outcomes that match, one page. `sort` null: in the order of the deliveries. */
export async function queryOutcomes(
  reader: Reader,
  of: { tenant: number; recall: number },
  filter: OutcomeFilter,
  page: { sort: OutcomeSort | null; ascending: boolean; position: number; limit: number },
): Promise<number[]> {
  const order = page.sort === null ? 'o.n' : `${ORDER[page.sort]} ${page.ascending ? 'ASC' : 'DESC'}, o.n`;
  if (isPlain(filter) && page.sort !== 'recipient') {
    const plain = await reader.rows<{ n: number }>(`SELECT o.n FROM ${PLAIN} ORDER BY ${order} OFFSET $4 LIMIT $5`, [
      of.tenant,
      of.recall,
      filter.outcomes,
      page.position,
      page.limit,
    ]);
    return plain.map((row) => row.n);
  }
  const rows = await reader.rows<{ n: number }>(
    `SELECT o.n FROM ${FROM} WHERE ${FILTER} ORDER BY ${order} OFFSET $6 LIMIT $7`,
    [of.tenant, of.recall, filter.outcomes, filter.text, filter.hidden, page.position, page.limit],
  );
  return rows.map((row) => row.n);
}

export async function countFiltered(
  reader: Reader,
  of: { tenant: number; recall: number },
  filter: OutcomeFilter,
): Promise<number> {
  if (isPlain(filter)) {
    const sql = `SELECT count(*)::int AS count FROM ${PLAIN}`;
    return (await reader.row<{ count: number }>(sql, [of.tenant, of.recall, filter.outcomes]))?.count ?? 0;
  }
  const row = await reader.row<{ count: number }>(`SELECT count(*)::int AS count FROM ${FROM} WHERE ${FILTER}`, [
    of.tenant,
    of.recall,
    filter.outcomes,
    filter.text,
    filter.hidden,
  ]);
  return row?.count ?? 0;
}

/** Outcomes by exposure, for the report's summary. */
export async function countByExposure(
  reader: Reader,
  tenant: number,
  recall: number,
): Promise<{ outcome: Outcome; exposure: Exposure; count: number }[]> {
  return reader.rows(
    `SELECT outcome, exposure, count(*)::int AS count FROM outcome WHERE tenant_id = $1 AND recall_id = $2 GROUP BY outcome, exposure ORDER BY outcome, exposure`,
    [tenant, recall],
  );
}

/** Groups a recall reached people through. */
export async function groupsOf(
  reader: Reader,
  tenant: number,
  message: number,
): Promise<{ address: string; members_visible_to: string; group_id: number }[]> {
  return reader.rows(
    `SELECT g.address, g.members_visible_to, g.id AS group_id FROM mail_group g
     WHERE g.tenant_id = $1 AND g.members_visible_to <> 'everyone'
       AND EXISTS (SELECT FROM delivery d WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.via = g.address)`,
    [tenant, message],
  );
}

/** Of these addresses, the groups whose members not everybody is shown. */
export async function notForAll(
  reader: Reader,
  tenant: number,
  addresses: string[],
): Promise<{ address: string; members_visible_to: string }[]> {
  return reader.rows(
    `SELECT address, members_visible_to FROM mail_group
     WHERE tenant_id = $1 AND address = ANY ($2::text[]) AND members_visible_to <> 'everyone'`,
    [tenant, addresses],
  );
}

/** One row with counts for a group whose members are not shown. */
export async function countsOfGroup(
  reader: Reader,
  of: { tenant: number; recall: number },
  group: string,
): Promise<{ outcome: Outcome; count: number }[]> {
  return reader.rows(
    `SELECT o.outcome, count(*)::int AS count FROM ${FROM} WHERE r.tenant_id = $1 AND r.id = $2 AND d.via = $3 GROUP BY o.outcome`,
    [of.tenant, of.recall, group],
  );
}

export interface PreviewCounts {
  inside: number;
  outside: number;
  held: number;
  /** Those of `held` that will leave the organisation. */
  heldOutside: number;
  /** When the first of `held` goes; null: nothing is held, or not for a time. */
  heldUntil: Date | null;
  queued: number;
}

/** What can be expected, from delivery state alone and never from who has read. */
export async function previewCounts(
  reader: Reader,
  of: { tenant: number; message: number },
  numbers: number[] | null,
): Promise<PreviewCounts> {
  const row = await reader.row<PreviewCounts>(
    `SELECT (count(*) FILTER (WHERE account_id IS NOT NULL AND state = 'delivered'))::int AS inside,
       (count(*) FILTER (WHERE account_id IS NULL AND state NOT IN ('held', 'queued', 'stopped')))::int AS outside,
       (count(*) FILTER (WHERE state = 'held'))::int AS held,
       (count(*) FILTER (WHERE account_id IS NULL AND state = 'held'))::int AS "heldOutside",
       min(due_at) FILTER (WHERE state = 'held') AS "heldUntil",
       (count(*) FILTER (WHERE state = 'queued'))::int AS queued
     FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND ($3::int[] IS NULL OR n = ANY ($3::int[]))`,
    [of.tenant, of.message, numbers],
  );
  return row ?? { inside: 0, outside: 0, held: 0, heldOutside: 0, heldUntil: null, queued: 0 };
}

/** Has every delivery of the message ended? Then what previewCounts answers of them all stays so. */
export async function isDelivered(reader: Reader, tenant: number, message: number): Promise<boolean> {
  const row = await reader.row<{ open: boolean }>(
    `SELECT EXISTS (SELECT FROM envelope WHERE tenant_id = $1 AND message_id = $2)
       OR EXISTS (SELECT FROM work WHERE tenant_id = $1 AND kind IN ('fanout', 'replace') AND of_id = $2) AS open`,
    [tenant, message],
  );
  return row?.open === false;
}

/** Did this account get the message through the group? Then it is one of its members. */
export async function gotThrough(
  reader: Reader,
  tenant: number,
  message: number,
  account: number,
  group: string,
): Promise<boolean> {
  const row = await reader.row(
    `SELECT 1 FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND account_id = $3 AND via = $4`,
    [tenant, message, account, group],
  );
  return row !== undefined;
}
