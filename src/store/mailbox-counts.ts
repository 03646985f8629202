// Thread counts of large accounts, remembered from one request to the next: of what changed since, only the threads that
// it touched are looked at again. Each answer is of one moment, its own modseq's, whichever process made the changes.

import { TRASH } from '../mail/mailbox.ts';
import type { AccountKey } from './exposure.ts';
import { mailboxesOf, type MailboxRow } from './mailboxes.ts';
import type { Reader } from './postgres.ts';

export interface MailboxCounts {
  /** As mailboxesOf with `threads`. */
  mailboxes(at: AccountKey): Promise<{ modseq: number; list: MailboxRow[] }>;
}

/** Copies of an account from which on it is worth remembering: fewer are counted in a few milliseconds. */
const LARGE = 5000;

/** Threads that are remembered, of all accounts; some 60 octets each. */
const REMEMBERED = 400_000;

/** A thread's copies in one mailbox: its number, whether one of them is unread, how many are drafts that are. */
type Part = [mailbox: number, unread: boolean, drafts: number];

interface Count {
  threads: number;
  unread: number;
  drafts: number;
}

/** An account as it was at `modseq`. */
interface Known {
  modseq: number;
  threads: Map<number, Part[] | number>;
  counts: Map<number, Count>;
}

export function createMailboxCounts(
  reader: Reader,
  { large = LARGE, remembered = REMEMBERED }: { large?: number; remembered?: number } = {},
): MailboxCounts {
  /** Longest unused first. */
  const accounts = new Map<string, Known>();
  /** One after the other for each account: what is known is at one modseq. */
  const turns = new Map<string, Promise<unknown>>();

  const remember = (key: string, known: Known): void => {
    accounts.delete(key);
    accounts.set(key, known);
    let sum = 0;
    for (const { threads } of accounts.values()) sum += threads.size;
    for (const [oldest, { threads }] of accounts) {
      if (sum <= remembered) break;
      accounts.delete(oldest);
      sum -= threads.size;
    }
  };

  const read = async (key: string, at: AccountKey): Promise<{ modseq: number; list: MailboxRow[] }> => {
    let known = accounts.get(key);
    if (!known) {
      const plain = await mailboxesOf(reader, at, false);
      const copies = plain.list.reduce((sum, row) => sum + row.total, 0);
      if (copies < large || copies > remembered) return mailboxesOf(reader, at, true);
      known = { modseq: -1, threads: new Map(), counts: new Map() };
    }
    // Whatever fails from here on: what is half changed is not kept.
    accounts.delete(key);
    const rows = await changedThreads(reader, at, known.modseq);
    const [first] = rows;
    if (!first) return { modseq: 0, list: [] };
    apply(known, first.modseq, numbers(first.touched), numbers(first.parts));
    remember(key, known);
    const { counts } = known;
    return {
      modseq: first.modseq,
      list: rows.map(({ modseq: _modseq, touched: _touched, parts: _parts, ...row }) => {
        const count = counts.get(row.id);
        return {
          ...row,
          unread: row.unread - (count?.drafts ?? 0),
          total_threads: count?.threads ?? 0,
          unread_threads: count?.unread ?? 0,
        };
      }),
    };
  };

  return {
    async mailboxes(at) {
      const key = `${at.tenant} ${at.account}`;
      const before = turns.get(key) ?? Promise.resolve();
      const turn = before.then(() => read(key, at));
      const settled = turn.then(
        () => undefined,
        () => undefined,
      );
      turns.set(key, settled);
      try {
        return await turn;
      } finally {
        if (turns.get(key) === settled) turns.delete(key);
      }
    },
  };
}

interface ChangedRow extends MailboxRow {
  modseq: number;
  /** Threads, numbers with spaces between them; null: none. */
  touched: string | null;
  /** What they have now: thread, mailbox, unread, drafts, over and over. */
  parts: string | null;
}

const PARTS = `SELECT string_agg(thread_id || ' ' || mailbox_id || ' ' || unread || ' ' || drafts, ' ') FROM (
  SELECT thread_id, mailbox_id, bool_or(flags & 9 = 0)::int AS unread, count(*) FILTER (WHERE flags & 9 = 8) AS drafts`;

const BOXES = `SELECT s.modseq, m.id, m.parent_id, m.name, m.role, m.sort_order, m.subscribed, m.total, m.unread, 0 AS total_threads, 0 AS unread_threads,
    first.touched, first.parts
  FROM first, account_state s JOIN mailbox m ON m.tenant_id = s.tenant_id AND m.account_id = s.account_id
  WHERE s.tenant_id = $1 AND s.account_id = $2 ORDER BY m.sort_order, m.name, m.id`;

const ALL = `WITH first AS MATERIALIZED (
    SELECT NULL::text AS touched, (${PARTS} FROM copy WHERE tenant_id = $1 AND account_id = $2 GROUP BY thread_id, mailbox_id) x) AS parts)
  ${BOXES}`;

/** A thread's copies in the two ways in which an index finds them. */
const CHANGED = `WITH touched AS MATERIALIZED (
    SELECT thread_id FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id > $3
    UNION SELECT thread_id FROM copy WHERE tenant_id = $1 AND account_id = $2 AND modseq > $3 AND modseq <> email_id
    UNION SELECT thread_id FROM tombstone WHERE tenant_id = $1 AND account_id = $2 AND modseq > $3 AND thread_id IS NOT NULL
  ), first AS MATERIALIZED (
    SELECT (SELECT string_agg(thread_id::text, ' ') FROM touched) AS touched, (${PARTS} FROM touched t CROSS JOIN LATERAL (
        SELECT c.mailbox_id, c.flags FROM copy c
        WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.thread_id = t.thread_id AND c.thread_id <> c.message_id
        UNION ALL
        SELECT c.mailbox_id, c.flags FROM copy c
        WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.message_id = t.thread_id AND c.thread_id = c.message_id
        OFFSET 0) c GROUP BY thread_id, mailbox_id) x) AS parts)
  ${BOXES}`;

/** `since` -1: everything. */
async function changedThreads(reader: Reader, at: AccountKey, since: number): Promise<ChangedRow[]> {
  return since < 0 ? reader.rows(ALL, [at.tenant, at.account]) : reader.rows(CHANGED, [at.tenant, at.account, since]);
}

function numbers(text: string | null): number[] {
  return text === null ? [] : text.split(' ').map(Number);
}

function apply(known: Known, modseq: number, touched: number[], values: number[]): void {
  known.modseq = modseq;
  for (const thread of touched) {
    count(known.counts, unpack(known.threads.get(thread)), -1);
    known.threads.delete(thread);
  }
  const parts = new Map<number, Part[]>();
  for (let i = 0; i < values.length; i += 4) {
    const [thread = 0, mailbox = 0, unread = 0, drafts = 0] = values.slice(i, i + 4);
    const list = parts.get(thread);
    if (list) list.push([mailbox, unread === 1, drafts]);
    else parts.set(thread, [[mailbox, unread === 1, drafts]]);
  }
  for (const [thread, list] of parts) {
    count(known.counts, list, 1);
    known.threads.set(thread, pack(list));
  }
}

/** RFC 8621 §2: what is unread in Trash makes a thread unread there only, and what is unread elsewhere everywhere else. */
function count(counts: Map<number, Count>, parts: Part[], by: 1 | -1): void {
  const elsewhere = parts.some(([mailbox, unread]) => unread && mailbox !== TRASH);
  for (const [mailbox, unread, drafts] of parts) {
    let sum = counts.get(mailbox);
    if (!sum) counts.set(mailbox, (sum = { threads: 0, unread: 0, drafts: 0 }));
    sum.threads += by;
    sum.drafts += by * drafts;
    if (mailbox === TRASH ? unread : elsewhere) sum.unread += by;
  }
}

/** Most threads are in one mailbox and no draft: one number each. */
function pack(parts: Part[]): Part[] | number {
  const [only] = parts;
  return parts.length === 1 && only && only[2] === 0 ? only[0] * 2 + (only[1] ? 1 : 0) : parts;
}

function unpack(packed: Part[] | number | undefined): Part[] {
  if (packed === undefined) return [];
  return typeof packed === 'number' ? [[Math.floor(packed / 2), packed % 2 === 1, 0]] : packed;
}
