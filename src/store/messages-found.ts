// Messages across a tenant, for administrators: found by what can be said of them, and what a recall of one would meet.

import type { EmailAddress } from '../mail/message.ts';
import { EXPOSURE } from './exposure.ts';
import type { RecallableSubmission } from './recalls.ts';
import type { Reader } from './postgres.ts';

export interface MessageFilter {
  /** Without angle brackets. */
  messageId?: string;
  /** Part of a name or address in From, or of the address that sent it, any case. */
  from?: string;
  /** Part of the subject, any case. */
  subject?: string;
  /** Accepted at or after; before. */
  after?: Date;
  before?: Date;
  /** Part of the name of a file in it, any case. */
  attachmentName?: string;
  /** SHA-256 of a file or message in it, 64 hexadecimal digits. */
  attachmentSha256?: string;
}

export interface FoundMessage {
  id: number;
  message_id_header: string | null;
  subject: string | null;
  from: EmailAddress[] | null;
  accepted_at: Date;
  size: number;
  /** Own address of the account that it was sent from; null: it came from outside, or the server wrote it. */
  sender: string | null;
  /** Names of the files in it, at most 20. */
  files: string[];
  deliveries: number;
}

const FROM = `CASE WHEN jsonb_typeof(m.envelope -> 'from') = 'array' THEN m.envelope -> 'from' ELSE '[]' END`;

function conditions(filter: MessageFilter, values: unknown[]): string[] {
  const part = (text: string): string => `lower($${values.push(text)}::text)`;
  const found: string[] = [];
  if (filter.messageId !== undefined) found.push(`m.message_id_header = $${values.push(filter.messageId)}`);
  if (filter.from !== undefined) {
    const text = part(filter.from);
    found.push(`(strpos(lower(s.mail_from), ${text}) > 0 OR EXISTS (SELECT FROM jsonb_array_elements(${FROM}) f
      WHERE strpos(lower(f ->> 'email'), ${text}) > 0 OR strpos(lower(f ->> 'name'), ${text}) > 0))`);
  }
  if (filter.subject !== undefined) found.push(`strpos(lower(m.subject), ${part(filter.subject)}) > 0`);
  if (filter.after !== undefined) found.push(`m.created_at >= $${values.push(filter.after)}`);
  if (filter.before !== undefined) found.push(`m.created_at < $${values.push(filter.before)}`);
  if (filter.attachmentName !== undefined)
    found.push(
      `EXISTS (SELECT FROM attachment a WHERE a.tenant_id = $1 AND a.message_id = m.id AND strpos(lower(a.name), ${part(filter.attachmentName)}) > 0)`,
    );
  if (filter.attachmentSha256 !== undefined)
    found.push(
      `m.id IN (SELECT a.message_id FROM attachment a WHERE a.tenant_id = $1 AND a.sha256 = decode($${values.push(filter.attachmentSha256)}, 'hex'))`,
    );
  return found;
}

const FROM_MESSAGES = `message m LEFT JOIN submission s ON s.tenant_id = $1 AND s.id = m.id
  WHERE m.tenant_id = $1 AND EXISTS (SELECT FROM delivery d WHERE d.tenant_id = $1 AND d.message_id = m.id)`;

/** Numbers of messages that went to somebody and match all of it, newest first, a page. */
export async function findMessages(
  reader: Reader,
  tenant: number,
  filter: MessageFilter,
  page: { position: number; limit: number },
): Promise<number[]> {
  const values: unknown[] = [tenant];
  const where = [FROM_MESSAGES, ...conditions(filter, values)].join(' AND ');
  const range = `OFFSET $${values.push(page.position)} LIMIT $${values.push(page.limit)}`;
  const rows = await reader.unprepared<{ id: number }>(
    `SELECT m.id FROM ${where} ORDER BY m.created_at DESC, m.id DESC ${range}`,
    values,
  );
  return rows.map((row) => row.id);
}

export async function messagesFound(reader: Reader, tenant: number, ids: number[]): Promise<FoundMessage[]> {
  return reader.rows(
    `SELECT m.id, m.message_id_header, m.subject, ${FROM} AS from, m.created_at AS accepted_at, m.size,
       (SELECT p.address FROM account p WHERE p.tenant_id = $1 AND p.id = s.account_id) AS sender,
       ARRAY(SELECT a.name FROM attachment a WHERE a.tenant_id = $1 AND a.message_id = m.id AND a.name IS NOT NULL ORDER BY a.part_id LIMIT 20) AS files,
       (SELECT max(d.n) FROM delivery d WHERE d.tenant_id = $1 AND d.message_id = m.id) AS deliveries
     FROM ${FROM_MESSAGES} AND m.id = ANY ($2::bigint[])`,
    [tenant, ids],
  );
}

/** A message that an administrator may recall: submitted here (`sender`), or not (0). */
export interface RecallableMessage extends RecallableSubmission {
  message_id_header: string;
}

/** Constant cost, however many deliveries: they are numbered from 1. Undefined: there is none, or nobody was to get it. */
export async function recallableMessage(
  reader: Reader,
  tenant: number,
  id: number,
): Promise<RecallableMessage | undefined> {
  return reader.row(
    `SELECT m.id, coalesce(s.account_id, 0) AS account_id, coalesce(m.message_id_header, '') AS message_id_header,
       m.created_at AS accepted_at, d.total, coalesce(s.outside, d.total) AS outside, coalesce(s.redirected, 0) AS redirected, m.subject,
       EXISTS (SELECT FROM recall r LEFT JOIN recall_state x ON x.tenant_id = r.tenant_id AND x.recall_id = r.id
         WHERE r.tenant_id = $1 AND r.message_id = m.id AND coalesce(x.status, 'sweeping') = 'sweeping') AS under_way
     FROM message m LEFT JOIN submission s ON s.tenant_id = $1 AND s.id = m.id
     JOIN LATERAL (SELECT n AS total FROM delivery WHERE tenant_id = $1 AND message_id = m.id ORDER BY n DESC LIMIT 1) d ON true
     WHERE m.tenant_id = $1 AND m.id = $2`,
    [tenant, id],
  );
}

export interface ExpectedExposure {
  none: number;
  listed: number;
  downloaded: number;
  opened: number;
}

/** How many copies inside have been listed, downloaded, opened by now, and how many are of protected recipients. */
export async function expectedExposure(
  reader: Reader,
  of: { tenant: number; message: number },
  numbers: number[] | null,
  protectedRecipients: string[],
): Promise<ExpectedExposure & { protected: number }> {
  const row = await reader.row<ExpectedExposure & { protected: number }>(
    `SELECT (count(*) FILTER (WHERE x.exposure = 'none'))::int AS none, (count(*) FILTER (WHERE x.exposure = 'listed'))::int AS listed,
       (count(*) FILTER (WHERE x.exposure = 'downloaded'))::int AS downloaded, (count(*) FILTER (WHERE x.exposure = 'opened'))::int AS opened,
       (count(*) FILTER (WHERE x.recipient = ANY ($4::text[])))::int AS protected
     FROM (
       SELECT d.recipient, greatest(d.past_exposure, c.exposure) AS exposure FROM delivery d LEFT JOIN (
         SELECT delivery_n, max(${EXPOSURE}::exposure) AS exposure
         FROM copy c WHERE tenant_id = $1 AND message_id = $2 AND delivery_n IS NOT NULL GROUP BY delivery_n) c ON c.delivery_n = d.n
       WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.account_id IS NOT NULL AND d.state = 'delivered'
         AND ($3::int[] IS NULL OR d.n = ANY ($3::int[]))) x`,
    [of.tenant, of.message, numbers, protectedRecipients],
  );
  return row ?? { none: 0, listed: 0, downloaded: 0, opened: 0, protected: 0 };
}
