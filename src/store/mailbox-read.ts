// Reading copies by UID, for IMAP: what FETCH shows of them, exposure recorded before it is handed out.

import type { Envelope, Part } from '../mail/message.ts';
import { setKeywords } from './email-change.ts';
import { DUE_COLUMNS, EXPOSURE, recordDue, type Exposed, type Given, type Pause } from './exposure.ts';
import { SEEN } from '../mail/keywords.ts';
import type { FlagsRow, MailboxKey } from './mailbox-view.ts';
import type { Store } from './postgres.ts';

/** A copy and as much of its message as was asked for. */
export interface FetchedRow extends FlagsRow {
  email_id: number;
  message_id: number;
  /** Null: its owner's own making. */
  delivery_n: number | null;
  thread_id: number;
  /** Seconds since 1970: a Date for each of ten thousand costs more than all the rest of it. */
  received: number;
  /** When it came into the mailbox (RFC 8514), likewise. */
  saved?: number;
  size: number;
  blob_id: number;
  preview?: string;
  /** ENVELOPE as IMAP writes it; of what was stored before that was kept, it is made from `envelope`. */
  imap_envelope?: string | null;
  envelope?: Envelope | null;
  imap_structure?: string | null;
  structure?: Part | null;
  /** Octets of the message's header. */
  header_size?: number;
  /** The header itself, one character an octet; null: it is to be read from the bytes. */
  header?: string | null;
  /** `\Seen` was set by this very reading. */
  seen_now?: boolean;
}

/** Columns beyond the UID and those that recording needs. */
export type Depth =
  | 'email'
  | 'flags'
  | 'date'
  | 'saved'
  | 'size'
  | 'thread'
  | 'blob'
  | 'preview'
  | 'envelope'
  | 'bodystructure'
  | 'structure'
  | 'header size'
  | 'header';

const HEADER_SIZE = `coalesce(m.header_size, (m.structure->'header'->>1)::int)`;

const COLUMNS: Record<Depth, string> = {
  email: 'c.email_id, c.message_id, c.delivery_n',
  flags: 'c.modseq, c.flags, c.keywords',
  date: 'floor(extract(epoch FROM c.received_at))::bigint AS received',
  saved: 'floor(extract(epoch FROM coalesce(c.saved_at, c.received_at)))::bigint AS saved',
  size: 'm.size',
  thread: 'c.thread_id',
  blob: 'm.blob_id',
  preview: 'm.preview',
  envelope: `m.imap_envelope, CASE WHEN m.imap_envelope IS NULL THEN m.envelope END AS envelope`,
  bodystructure: `m.imap_structure, CASE WHEN m.imap_structure IS NULL THEN m.structure END AS structure`,
  structure: 'm.structure',
  'header size': `${HEADER_SIZE} AS header_size`,
  // Most are kept there; where the bytes are to be read, it says where.
  header: `m.header, CASE WHEN m.header IS NULL THEN ${HEADER_SIZE} END AS header_size, CASE WHEN m.header IS NULL THEN m.blob_id END AS blob_id`,
};

/** What of a copy is handed out beyond its existence; `opened` marks as read unless `readOnly`. */
export type Give = null | (Given & ({ what: 'listed' | 'downloaded' } | { what: 'opened'; readOnly: boolean }));

/**
 * Reads copies by UID, ascending as `uids` are. What is new of their exposure is recorded and committed before this answers; a
 * covered one, and one for which it could not be recorded, is left out. What is to be opened needs its flags.
 */
export async function readByUid(
  store: Store,
  at: MailboxKey,
  uids: number[],
  depths: readonly Depth[],
  give: Give,
  pause?: Pause,
): Promise<FetchedRow[]> {
  // Of columns of one name the last one counts: what the header has only where it is not kept is overruled.
  const columns = depths.toSorted((a, b) => Number(b === 'header') - Number(a === 'header')).map((one) => COLUMNS[one]);
  const { among, values } = amongUids(uids);
  const read = <T extends object>(recording: string): Promise<T[]> =>
    store.rows<T>(
      `SELECT c.uid${[...columns, recording].map((some) => some && `, ${some}`).join('')}
       FROM visible_copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
       WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = $3 AND ${among} ORDER BY c.uid`,
      [at.tenant, at.account, at.mailbox, ...values],
    );
  if (give?.what === 'opened') {
    const rows = await read<FetchedRow & Exposed>(`c.email_id, c.message_id, c.delivery_n, ${EXPOSURE} AS exposure`);
    await pause?.('looked');
    return open(store, at, rows, give.readOnly, give.now, pause);
  }
  const rows = await read<FetchedRow & { due: number | null; due_message: number | null }>(
    give === null ? '' : DUE_COLUMNS[give.what],
  );
  await pause?.('looked');
  if (give === null) return rows;
  const given = await recordDue(store, at, rows, give.what, give);
  await pause?.('recorded');
  return given;
}

/** Those without a gap, as most of a long list are, are a range: less to say and to look up. */
function amongUids(uids: number[]): { among: string; values: unknown[] } {
  const [first = 0] = uids;
  const last = uids.at(-1) ?? 0;
  return last - first === uids.length - 1
    ? { among: 'c.uid BETWEEN $4::bigint AND $5::bigint', values: [first, last] }
    : { among: 'c.uid = ANY ($4::bigint[])', values: [uids] };
}

/** Marking as opened is a mutator: under the account's lock, what a gate covers by now is absent. */
async function open(
  store: Store,
  at: MailboxKey,
  rows: (FetchedRow & Exposed)[],
  readOnly: boolean,
  now: Date,
  pause?: Pause,
): Promise<FetchedRow[]> {
  const isDue = (row: FetchedRow & Exposed): boolean =>
    (row.delivery_n !== null && row.exposure !== 'opened') || (!readOnly && (row.flags & SEEN) === 0);
  const due = new Map(rows.filter(isDue).map((row) => [row.uid, row]));
  if (due.size === 0) return rows;
  const opened = await store.inTurn(at, (tx) =>
    setKeywords(tx, { ...at, now }, { mailbox: at.mailbox, uids: [...due.keys()] }, ({ uid, message_id }) =>
      due.get(uid)?.message_id !== message_id
        ? null
        : { add: { flags: readOnly ? 0 : SEEN, others: null }, remove: { flags: 0, others: null }, opens: true },
    ),
  );
  await pause?.('recorded');
  const done = new Map(opened.map((set) => [set.copy.uid, set]));
  return rows.flatMap((row) => {
    if (!due.has(row.uid)) return row;
    const set = done.get(row.uid);
    if (!set) return [];
    const { keywords, modseq } = set;
    return {
      ...row,
      modseq,
      flags: keywords.flags,
      keywords: keywords.others,
      seen_now: (row.flags & SEEN) === 0 && !readOnly,
    };
  });
}
