// What messages carry and forward, as rows: written at acceptance, for finding messages across the tenant.

import type { CarriedFile } from '../mail/mime/carried.ts';
import type { Reader, Transaction, Writer } from './postgres.ts';

export interface Carried {
  message: number;
  files: CarriedFile[];
  /** Message-IDs; `sameSubject`: it is a forward of that only if its subject is otherwise the same. */
  forwards: { messageId: string; sameSubject: boolean }[];
}

/** Most messages carry nothing, and then nothing is asked of the database. */
export async function insertCarried(writer: Writer, tenant: number, carried: Carried[]): Promise<void> {
  const files = carried.flatMap(({ message, files: of }) => of.map((file) => ({ message, ...file })));
  if (files.length > 0) {
    await writer.run(
      `INSERT INTO attachment (tenant_id, message_id, part_id, sha256, name)
       SELECT $1, a.message_id, a.part_id, decode(a.sha256, 'hex'), a.name
       FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) AS a (message_id, part_id, sha256, name)
       ON CONFLICT DO NOTHING`,
      [
        tenant,
        files.map((file) => file.message),
        files.map((file) => file.partId),
        files.map((file) => file.sha256),
        files.map((file) => file.name),
      ],
    );
  }
  const forwards = carried.flatMap(({ message, forwards: of }) => of.map((forward) => ({ message, ...forward })));
  if (forwards.length > 0) {
    await writer.run(
      `INSERT INTO forward (tenant_id, message_id_header, message_id, same_subject)
       SELECT $1, f.header, f.message_id, f.same_subject FROM unnest($2::text[], $3::bigint[], $4::boolean[]) AS f (header, message_id, same_subject)
       ON CONFLICT DO NOTHING`,
      [
        tenant,
        forwards.map((forward) => forward.messageId),
        forwards.map((forward) => forward.message),
        forwards.map((forward) => forward.sameSubject),
      ],
    );
  }
}

/** With their messages. */
export async function deleteCarried(tx: Transaction, tenant: number, messages: number[]): Promise<void> {
  for (const table of ['attachment', 'forward'])
    await tx.run(`DELETE FROM ${table} WHERE tenant_id = $1 AND message_id = ANY ($2::bigint[])`, [tenant, messages]);
}

/** Files and messages in a message, in its order. */
export async function filesOf(reader: Reader, tenant: number, message: number): Promise<CarriedFile[]> {
  return reader.rows(
    `SELECT part_id AS "partId", encode(sha256, 'hex') AS sha256, name FROM attachment WHERE tenant_id = $1 AND message_id = $2
     ORDER BY string_to_array(part_id, '.')::int[]`,
    [tenant, message],
  );
}

export interface ForwardRow {
  id: number;
  account_id: number;
  subject: string | null;
  same_subject: boolean;
}

/**
 * Submissions that say they forward this message, by accounts that got it, or sent it, before. Not of an account that has
 * another message of the same Message-ID: which of them it forwarded nobody can tell.
 */
export async function forwardsOf(
  reader: Reader,
  tenant: number,
  message: { id: number; header: string },
): Promise<ForwardRow[]> {
  return reader.rows(
    `SELECT s.id, s.account_id, m.subject, f.same_subject FROM forward f
     JOIN submission s ON s.tenant_id = $1 AND s.id = f.message_id
     JOIN message m ON m.tenant_id = $1 AND m.id = s.id
     WHERE f.tenant_id = $1 AND f.message_id_header = $3 AND s.id <> $2
       AND s.accepted_at >= (SELECT o.created_at FROM message o WHERE o.tenant_id = $1 AND o.id = $2)
       AND (EXISTS (SELECT FROM delivery d WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.account_id = s.account_id)
         OR EXISTS (SELECT FROM submission o WHERE o.tenant_id = $1 AND o.id = $2 AND o.account_id = s.account_id))
       AND NOT EXISTS (SELECT FROM message x JOIN delivery d ON d.tenant_id = $1 AND d.message_id = x.id
         WHERE x.tenant_id = $1 AND x.message_id_header = $3 AND x.id <> $2 AND d.account_id = s.account_id)
     ORDER BY s.id`,
    [tenant, message.id, message.header],
  );
}
