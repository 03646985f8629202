// Recalls as a person's programs read them.

import type { RecallStatus } from '../mail/recall.ts';
import type { Reader } from './postgres.ts';
import { PROGRESS, RECALLS, type RecallProgress } from './recalls.ts';

/** Recalls `r` that account $2 is shown: of what it sent, and those that its owner asked for in a place they still have. */
const SHOWN_TO = `(r.account_id = $2 OR (r.requested_by = $2 AND NOT r.by_administrator AND EXISTS (
  SELECT FROM delegation d WHERE d.tenant_id = $1 AND d.account_id = r.account_id AND d.delegate_id = $2 AND 'recall' = ANY (d.rights))))`;

export async function recallsByIds(
  reader: Reader,
  tenant: number,
  account: number,
  ids: number[],
): Promise<RecallProgress[]> {
  return reader.rows(
    `SELECT ${PROGRESS} FROM ${RECALLS} WHERE r.tenant_id = $1 AND ${SHOWN_TO} AND r.id = ANY ($3::bigint[])`,
    [tenant, account, ids],
  );
}

/** Newest first. */
export async function recallIdsOf(
  reader: Reader,
  tenant: number,
  account: number,
): Promise<{ id: number; message_id: number; email_id: number | null; status: RecallStatus }[]> {
  return reader.rows(
    `SELECT r.id, r.message_id, r.email_id, coalesce(s.status, 'sweeping') AS status FROM ${RECALLS}
     WHERE r.tenant_id = $1 AND ${SHOWN_TO} ORDER BY r.created_at DESC, r.id DESC LIMIT 10000`,
    [tenant, account],
  );
}

/** The recalls of a sender's messages, newest first a message: what a Sent copy carries. */
export async function recallsOfMessages(
  reader: Reader,
  tenant: number,
  account: number,
  messageIds: string[],
): Promise<RecallProgress[]> {
  return reader.rows(
    `SELECT ${PROGRESS} FROM ${RECALLS}
     WHERE r.tenant_id = $1 AND r.account_id = $2 AND r.message_id_header = ANY ($3::text[]) ORDER BY r.created_at DESC, r.id DESC`,
    [tenant, account, messageIds],
  );
}

/** Recalls whose state changed after `since`, in order of change. */
export async function recallsChangedSince(
  reader: Reader,
  tenant: number,
  account: number,
  since: number,
  limit: number,
): Promise<{ id: number; created: boolean; modseq: number }[]> {
  return reader.rows(
    `SELECT recall_id AS id, created_modseq > $3 AS created, modseq FROM recall_state
     WHERE tenant_id = $1 AND account_id = $2 AND modseq > $3 ORDER BY modseq LIMIT $4`,
    [tenant, account, since, limit],
  );
}

/** The state string of Recall and RecallOutcome: the account's modseq. */
export async function accountModseq(reader: Reader, tenant: number, account: number): Promise<number> {
  const row = await reader.row<{ modseq: number }>(
    `SELECT modseq FROM account_state WHERE tenant_id = $1 AND account_id = $2`,
    [tenant, account],
  );
  return row?.modseq ?? 0;
}
