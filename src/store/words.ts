// The words of messages (search-index.ts makes them), beside the messages: what is still to be indexed, and what has been.

import { WORDS_VERSION } from '../mail/words.ts';
import type { Envelope } from '../mail/message.ts';
import { vectorArray } from './binary.ts';
import type { AccountKey } from './exposure.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface Unindexed {
  id: number;
  blob_id: number;
  size: number;
  created_at: Date;
}

/** Some copies of an account, by email_id. */
export interface CopiesPage {
  /** Modseq of the account: what comes into it later has a higher email_id. */
  modseq: number;
  copies: number;
  /** email_id of the last. */
  last: number | null;
  /** Their messages that are not indexed, each once. */
  pending: number[] | null;
}

/** Of one page; what an account has that no search has looked at is mostly a few. */
export const COPIES_A_PAGE = 5000;

/**
 * Copies with an email_id over `after`; null: over that up to which they are known to be indexed. Undefined: no such account.
 * ORDER BY and LIMIT keep a plan that was made for any `after` to the index by email_id, OFFSET 0 to one look by key at a copy.
 */
export async function copiesToIndex(
  reader: Reader,
  { tenant, account }: AccountKey,
  after: number | null,
): Promise<CopiesPage | undefined> {
  return reader.row(
    `SELECT s.modseq, p.copies, p.last, p.pending FROM account_state s CROSS JOIN (
       SELECT count(*)::int AS copies, max(email_id) AS last, array_agg(DISTINCT message_id) FILTER (WHERE NOT indexed) AS pending FROM (
         SELECT c.email_id, c.message_id,
           EXISTS (SELECT FROM message_words w WHERE w.tenant_id = $1 AND w.message_id = c.message_id OFFSET 0) AS indexed
         FROM copy c WHERE c.tenant_id = $1 AND c.account_id = $2
           AND c.email_id > coalesce($3::bigint, (SELECT u.email_id FROM indexed_until u WHERE u.tenant_id = $1 AND u.account_id = $2), 0)
         ORDER BY c.email_id LIMIT ${COPIES_A_PAGE}) c) p
     WHERE s.tenant_id = $1 AND s.account_id = $2`,
    [tenant, account, after],
  );
}

/** A writing statement: all copies up to `until` are of indexed messages. */
export function setIndexedUntil({ tenant, account }: AccountKey, until: number): [sql: string, params: unknown[]] {
  return [
    `INSERT INTO indexed_until AS u (tenant_id, account_id, email_id) VALUES ($1, $2, $3)
     ON CONFLICT (tenant_id, account_id) DO UPDATE SET email_id = $3 WHERE u.email_id < $3`,
    [tenant, account, until],
  ];
}

/** Of messages by number, where the next page begins. */
export interface MessagesPage {
  messages: number;
  last: number | null;
  /** Not indexed, or as an older version does. */
  pending: number[] | null;
}

/** Messages that are looked at in one go. */
export const MESSAGES_A_PAGE = 2000;

/**
 * Numbers are handed out in blocks: a message may come after others with higher ones. So many before the last are looked at
 * again each time; who comes later still is found by the next round over all of them, or by a search.
 */
const OVERLAP = 500;

/** Messages after `after`, or after the one OVERLAP before the last. */
export async function messagesToIndex(reader: Reader, tenant: number, after: number): Promise<MessagesPage> {
  const page = await reader.row<MessagesPage>(
    `SELECT count(*)::int AS messages, max(id) AS last, array_agg(id ORDER BY id) FILTER (WHERE NOT indexed) AS pending FROM (
       SELECT m.id, EXISTS (SELECT FROM message_words w WHERE w.tenant_id = $1 AND w.message_id = m.id AND w.version >= ${WORDS_VERSION} OFFSET 0) AS indexed
       FROM message m WHERE m.tenant_id = $1 AND m.id > least($2, coalesce(
         (SELECT l.id FROM message l WHERE l.tenant_id = $1 ORDER BY l.id DESC OFFSET ${OVERLAP} LIMIT 1), 0))
       ORDER BY m.id LIMIT ${MESSAGES_A_PAGE}) m`,
    [tenant, after],
  );
  return page ?? { messages: 0, last: null, pending: null };
}

/** Those of these messages that are there and not indexed as `version` does, or a later one, by number. */
export async function unindexedOf(
  reader: Reader,
  tenant: number,
  ids: number[],
  version: number,
): Promise<Unindexed[]> {
  return reader.rows(
    `SELECT m.id, m.blob_id, m.size, m.created_at FROM message m WHERE m.tenant_id = $1 AND m.id = ANY ($2::bigint[])
       AND NOT EXISTS (SELECT FROM message_words w WHERE w.tenant_id = $1 AND w.message_id = m.id AND w.version >= $3 OFFSET 0)
     ORDER BY m.id`,
    [tenant, ids, version],
  );
}

/** Accounts of which nobody has said for so many changes how far they are indexed: mostly no search looked at them. */
const FAR_BEHIND = 5000;

export async function accountsBehind(reader: Reader, tenant: number): Promise<number[]> {
  const rows = await reader.rows<{ id: number }>(
    `SELECT s.account_id AS id FROM account_state s LEFT JOIN indexed_until u ON u.tenant_id = $1 AND u.account_id = s.account_id
     WHERE s.tenant_id = $1 AND s.modseq > coalesce(u.email_id, 0) + ${FAR_BEHIND} ORDER BY s.account_id`,
    [tenant],
  );
  return rows.map((row) => row.id);
}

/** What is known of a message without its bytes. */
export async function knownOf(
  reader: Reader,
  tenant: number,
  id: number,
): Promise<{ envelope: Envelope; preview: string } | undefined> {
  return reader.row(`SELECT envelope, preview FROM message WHERE tenant_id = $1 AND id = $2`, [tenant, id]);
}

export interface Words {
  message: number;
  /** As search-index.ts makes it. */
  vector: Buffer;
  version: number;
}

/**
 * A writing statement that keeps the words of some messages, ascending: two that do the same at once wait for each other for
 * as long as one takes, and never in a circle. The second changes nothing.
 */
export function keepWords(tenant: number, list: readonly Words[]): [sql: string, params: unknown[]] {
  return [
    `INSERT INTO message_words AS w (tenant_id, message_id, version, words)
     SELECT $1, x.id, x.version, x.words FROM unnest($2::bigint[], $3::smallint[], $4::tsvector[]) AS x (id, version, words)
     ON CONFLICT (tenant_id, message_id) DO UPDATE SET version = excluded.version, words = excluded.words WHERE w.version < excluded.version`,
    [
      tenant,
      list.map(({ message }) => message),
      list.map(({ version }) => version),
      vectorArray(list.map(({ vector }) => vector)),
    ],
  ];
}

/** Until the transaction ends nobody else indexes a tenant's messages in the background, nor forgets any. */
export async function lockWords(tx: Transaction, tenant: number): Promise<void> {
  await tx.rows(`SELECT pg_advisory_xact_lock(hashtext('homing words'), $1)`, [tenant]);
}

/** As lockWords, where nobody has it. */
export async function tryLockWords(tx: Transaction, tenant: number): Promise<boolean> {
  const row = await tx.row<{ got: boolean }>(`SELECT pg_try_advisory_xact_lock(hashtext('homing words'), $1) AS got`, [
    tenant,
  ]);
  return row?.got === true;
}

/** Of messages that are forgotten. */
export async function deleteWords(tx: Transaction, tenant: number, messages: number[]): Promise<void> {
  await tx.run(`DELETE FROM message_words WHERE tenant_id = $1 AND message_id = ANY ($2::bigint[])`, [
    tenant,
    messages,
  ]);
}
