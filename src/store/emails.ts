// Reading copies for clients: what a face shows of them, exposure recorded before it is handed out.

import type { Envelope, Part } from '../mail/message.ts';
import { EXPOSURE, recordGiven, type AccountKey, type Exposed, type Given, type Pause } from './exposure.ts';
import type { MailboxRow } from './mailboxes.ts';
import type { Reader, Store } from './postgres.ts';

/** A copy's own: nothing of the message's content. */
export interface CopyRow extends Exposed {
  mailbox_id: number;
  uid: number;
  modseq: number;
  thread_id: number;
  received_at: Date;
  /** Octets of the message. */
  size: number;
  flags: number;
  keywords: string[] | null;
  /** It is the notice of this recall. */
  notice_of: number | null;
}

/** With what a list shows. */
export interface EnvelopeRow extends CopyRow {
  blob_id: number;
  has_attachment: boolean;
  preview: string;
  envelope: Envelope;
}

/** With the message's MIME structure. */
export interface StructureRow extends EnvelopeRow {
  structure: Part;
}

interface Depths {
  copy: CopyRow;
  envelope: EnvelopeRow;
  structure: StructureRow;
}

const COPY = `c.email_id, c.message_id, c.delivery_n, ${EXPOSURE} AS exposure, c.mailbox_id, c.uid, c.modseq, c.thread_id, c.received_at,
  c.flags, c.keywords, c.notice_of, m.size`;

const COLUMNS: Record<keyof Depths, string> = {
  copy: COPY,
  envelope: `${COPY}, m.blob_id, m.has_attachment, m.preview, m.envelope`,
  structure: `${COPY}, m.blob_id, m.has_attachment, m.preview, m.envelope, m.structure`,
};

export interface EmailsRead<T> {
  /** Account modseq of the same snapshot. */
  state: number;
  /** In no order; a covered, absent or foreign one is not in it. */
  rows: T[];
}

/**
 * Reads copies by Email id. `give`: what of them will be handed out beyond a copy's own; recorded and committed before
 * this answers, and a copy for which it could not be is left out.
 */
export async function readEmails<D extends keyof Depths>(
  store: Store,
  at: AccountKey,
  emailIds: number[],
  depth: D,
  give: null | (Given & { what: 'listed' | 'downloaded' }),
  pause?: Pause,
): Promise<EmailsRead<Depths[D]>> {
  // The state comes with the rows, also where there are none. One after the other (OFFSET 0), each by its key: as a list, they would be
  // looked for among all that the account has, by a plan for one with as little mail as most have.
  const rows = await store.rows<Depths[D] & { state: number }>(
    `SELECT s.modseq AS state, e.* FROM account_state s LEFT JOIN (unnest($3::bigint[]) AS k (id) CROSS JOIN LATERAL (
       SELECT ${COLUMNS[depth]} FROM visible_copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
       WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.email_id = k.id OFFSET 0) e) ON true
     WHERE s.tenant_id = $1 AND s.account_id = $2`,
    [at.tenant, at.account, [...new Set(emailIds)]],
  );
  const state = rows[0]?.state ?? 0;
  const found = rows.filter((row) => row.email_id !== null);
  await pause?.('looked');
  if (give === null) return { state, rows: found };
  const given = await recordGiven(store, at, found, give.what, give);
  await pause?.('recorded');
  return { state, rows: given };
}

/** Email ids of the whole account, newest first; existence alone, so covered ones are among them. */
export async function allEmailIds(reader: Reader, at: AccountKey, limit: number): Promise<number[]> {
  const rows = await reader.rows<{ email_id: number }>(
    `SELECT email_id FROM copy WHERE tenant_id = $1 AND account_id = $2 ORDER BY email_id DESC LIMIT $3`,
    [at.tenant, at.account, limit],
  );
  return rows.map((row) => row.email_id);
}

/** Mailboxes of the account, as whoever puts Emails into them has to know them. */
export async function mailboxPlaces(
  reader: Reader,
  at: AccountKey,
): Promise<Pick<MailboxRow, 'id' | 'parent_id' | 'name' | 'role'>[]> {
  return reader.rows(`SELECT id, parent_id, name, role FROM mailbox WHERE tenant_id = $1 AND account_id = $2`, [
    at.tenant,
    at.account,
  ]);
}
