// What APPEND stores: messages of their owners' own making, each with its copy in a mailbox. All of it is two statements, of
// which nothing is asked before the COMMIT: a transaction is one round trip, and locks accounts for no longer than it writes.

import { SEEN, type Keywords } from '../mail/keywords.ts';
import { INBOX, SENT } from '../mail/mailbox.ts';
import { raiseEach } from './account-state.ts';
import type { Blobs } from './blobs.ts';
import { arrays, insertMessage, MESSAGE, references, valuesOf, type NewMessage } from './messages.ts';
import { accountChanged } from './notify.ts';
import type { Transaction } from './postgres.ts';
import { fits } from './quota.ts';
import { together } from './together.ts';
import { takeUpload } from './uploads.ts';

/** Messages for one mailbox, in order. */
export interface Appending {
  account: number;
  /** The mailbox's name, and before it those that it lies in, from the root down. The Inbox is "INBOX". */
  path: readonly string[];
  messages: (NewMessage & {
    receivedAt: Date;
    keywords: Keywords;
  })[];
  /** When they come into the mailbox (RFC 8514). */
  savedAt: Date;
  /** Whether its account may have come up to its limit. */
  limited: boolean;
}

export interface AppendedTo {
  mailbox: number;
  uidValidity: number;
  /** In order. An Email's id is its first modseq. */
  copies: { uid: number; emailId: number }[];
}

interface AppendOptions {
  tenant: number;
  now: Date;
  /** Sent Items are among the mailboxes: they get nothing otherwise, since acceptance's copy may have to go. */
  sent: boolean;
}

/**
 * Locks the accounts and stores all, or nothing: then the transaction fails with an error that isNowhere knows. What a path
 * stands for is decided once its account is locked. Answers with the COMMIT (Transaction.last), but where messages are in the
 * store already, or `sent`: then at once.
 */
export async function appendMessages(
  tx: Transaction,
  blobs: Blobs,
  groups: Appending[],
  { tenant, now, sent }: AppendOptions,
): Promise<{ answer: Promise<AppendedTo[]> }> {
  const messages = groups.flatMap((group) => group.messages);
  const uploads = messages.flatMap(({ stored }) => stored?.upload ?? []);
  const on = sent || uploads.length > 0 ? tx : tx.last;
  const { rows, boxes, boxOf, raised } = rowsOf(groups);
  const locked = raiseEach(tx, tenant, [...raised.keys()], [...raised.values()], on);
  const coming = messages.filter(({ stored }) => !stored);
  const reserved = await blobs.reserve(tx, coming.length);
  const put = coming.map(({ bytes }, i) => ({ id: reserved[i] ?? 0, bytes }));
  const blobIds = messages.map(({ stored }) => stored?.blob ?? reserved.shift() ?? 0);
  const deep = boxes.some(({ names }) => names > 1);
  const limited = boxes.some(({ octets }) => octets !== null);
  const written = together(
    locked,
    blobs.putMany(on, tenant, put),
    on.rows<Counted>(deep ? (limited ? DEEP_LIMITED : DEEP) : limited ? LIMITED : PLAIN, [
      tenant,
      now,
      sent,
      ...valuesOf(messages, blobIds),
      ...(Object.keys(COPY) as (keyof typeof COPY)[]).map((name) => rows.map((row) => row[name])),
      ...(Object.keys(BOX) as (keyof typeof BOX)[]).map((name) => boxes.map((box) => box[name])),
    ]),
  );
  for (const account of raised.keys()) accountChanged(tx.changes, tenant, account);
  const answer = written.then(([, , counted]) => {
    const byBox = new Map(counted.map((row) => [row.i - 1, row]));
    let at = 0;
    return groups.map((group, g): AppendedTo => {
      const { id = 0, uid_validity = 0, first = 0, last = 0 } = byBox.get(boxOf[g] ?? -1) ?? {};
      const own = rows.slice(at, (at += group.messages.length));
      return {
        mailbox: id,
        uidValidity: uid_validity,
        copies: own.map(({ nth, back }) => ({ uid: first + nth, emailId: last - back })),
      };
    });
  });
  answer.catch(() => undefined); // its failure is the transaction's
  if (on === tx) await answer;
  for (const upload of uploads) await takeUpload(tx, upload);
  return { answer };
}

/** There is no such account or mailbox, or it is full, or is Sent Items and that was not said. */
export function isNowhere(error: unknown): boolean {
  const { code, table, column } = error as { code?: string; table?: string; column?: string };
  return code === '23502' && table === 'copy' && column === 'mailbox_id';
}

/** A copy, beside its message's columns. `back`: by how much its modseq is below the account's. */
const COPY = {
  /** Keys of thread_reference, apart by blanks. */
  refs: 'text',
  /** The same of those before it that it has keys in common with. */
  others: 'text',
  /** Its thread, if none of them is known. */
  leader: 'bigint',
  box: 'int',
  nth: 'int',
  account_id: 'int',
  back: 'int',
  received_at: 'timestamptz',
  saved_at: 'timestamptz',
  flags: 'smallint',
  keywords: 'text',
} as const;

/** A mailbox that gets some. `octets`: those of all that its account gets, where that is limited. */
const BOX = {
  account_id: 'int',
  /** Names, apart by "/", and how many there are. */
  path: 'text',
  names: 'int',
  count: 'int',
  unread: 'int',
  back: 'int',
  octets: 'bigint',
} as const;

/**
 * SQL: rows `name` of arrays, numbered `i` from 1. The planner shall not know how long they are, or it would plan anew each time;
 * and unnest in FROM would put each column away and read it again.
 */
function rowsFrom(name: string, types: Record<string, string>, first: number): string {
  const names = Object.keys(types);
  return `(SELECT generate_subscripts(p.${names[0]}, 1) AS i, ${names.map((column) => `unnest(p.${column}) AS ${column}`).join(', ')}
    FROM (SELECT ${arrays(Object.values(types), first)} OFFSET 0) AS p (${names.join(', ')})) AS ${name}`;
}

const ROW = { ...MESSAGE, ...COPY };
const FIRST_BOX = 4 + Object.keys(ROW).length;

/**
 * A copy whose mailbox is not found has no number for it, which its table refuses. Threads: RFC 8621 §3, as findThreads;
 * references are written in their order, so that two transactions never wait for each other in a circle. OFFSET 0: each by
 * its own key, whatever is thought of how many there are; rows of a mailbox stay where they are while its account is locked.
 * A plan costs what is in it, done or not: so what few need is there for them alone.
 */
const statement = (deep: boolean, limited: boolean): string => `WITH RECURSIVE place AS (
    SELECT b.*, 1 AS depth, m.id, m.ctid AS at FROM ${rowsFrom('b', BOX, FIRST_BOX)} CROSS JOIN LATERAL (
      SELECT id, ctid FROM mailbox WHERE tenant_id = $1 AND account_id = b.account_id AND parent_id IS NULL
        AND CASE WHEN split_part(b.path, '/', 1) = 'INBOX' THEN id = ${INBOX} ELSE name = split_part(b.path, '/', 1) AND id <> ${INBOX} END OFFSET 0) m
    ${deep ? BELOW : ''}
  ), counted AS (
    UPDATE mailbox m SET uid_next = m.uid_next + p.count, total = m.total + p.count, unread = m.unread + p.unread, modseq = s.modseq - p.back
    FROM place p CROSS JOIN LATERAL (SELECT modseq FROM account_state WHERE tenant_id = $1 AND account_id = p.account_id OFFSET 0) s
    WHERE m.ctid = p.at AND p.depth = p.names AND ($3 OR m.id <> ${SENT})
      ${limited ? `AND (p.octets IS NULL OR ${fits('p.account_id', 'p.octets')})` : ''}
    RETURNING p.i, m.id, m.uid_validity, m.uid_next - p.count AS first, s.modseq AS last
  ), m AS MATERIALIZED (
    SELECT v.*, coalesce((
      SELECT r.thread_id FROM unnest(string_to_array(v.refs || v.others, ' ')::bigint[]) WITH ORDINALITY AS k (reference, i) CROSS JOIN LATERAL (
        SELECT thread_id FROM thread_reference WHERE tenant_id = $1 AND reference = k.reference OFFSET 0) r
      ORDER BY k.i LIMIT 1), v.leader) AS thread_id
    FROM ${rowsFrom('v', ROW, 4)}
  ), stored AS (
    ${insertMessage(2)} FROM m
  ), referred AS (
    INSERT INTO thread_reference
    SELECT DISTINCT ON (k.reference) $1, k.reference, m.thread_id FROM m CROSS JOIN LATERAL unnest(string_to_array(m.refs, ' ')::bigint[]) AS k (reference)
    ORDER BY k.reference, m.id ON CONFLICT DO NOTHING
  ), copied AS (
    INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, saved_at, flags, keywords)
    SELECT $1, m.account_id, c.id, c.first + m.nth, c.last - m.back, c.last - m.back, m.id, m.thread_id, m.received_at,
      nullif(m.saved_at, m.received_at), m.flags, string_to_array(m.keywords, ' ')
    FROM m LEFT JOIN counted c ON c.i = m.box
  ) SELECT i, id, uid_validity, first, last FROM counted`;

/** What lies in a place, on the way to where a path leads. */
const BELOW = `UNION ALL
    SELECT p.i, ${Object.keys(BOX)
      .map((name) => `p.${name}`)
      .join(', ')}, p.depth + 1, m.id, m.ctid FROM place p CROSS JOIN LATERAL (
      SELECT id, ctid FROM mailbox WHERE tenant_id = $1 AND account_id = p.account_id AND parent_id = p.id
        AND name = split_part(p.path, '/', p.depth + 1) AND id <> ${INBOX} OFFSET 0) m
    WHERE p.depth < p.names`;

const PLAIN = statement(false, false);
const DEEP = statement(true, false);
const LIMITED = statement(false, true);
const DEEP_LIMITED = statement(true, true);

/** A mailbox that got some. */
interface Counted {
  /** Which box, from 1. */
  i: number;
  id: number;
  uid_validity: number;
  /** Its first UID, and the account's modseq after all. */
  first: number;
  last: number;
}

type Row = Record<keyof typeof COPY, string | number | null> & { nth: number; back: number };
type Box = Record<keyof typeof BOX, string | number | null> & {
  names: number;
  count: number;
  unread: number;
  back: number;
};

type Related = Pick<Row, 'refs' | 'others' | 'leader'>;

interface Rows {
  rows: Row[];
  boxes: Box[];
  /** Which of the boxes each group goes to. */
  boxOf: number[];
  /** By how much each account's modseq is raised. */
  raised: Map<number, number>;
}

function rowsOf(groups: Appending[]): Rows {
  const raised = new Map<number, number>();
  const octets = new Map<number, number>();
  for (const { account, messages, limited } of groups) {
    raised.set(account, (raised.get(account) ?? 0) + messages.length);
    const size = messages.reduce((sum, { bytes, stored }) => sum + (stored?.size ?? bytes.length), 0);
    if (limited) octets.set(account, (octets.get(account) ?? 0) + size);
  }
  const left = new Map(raised);
  const places = new Map<string, number>();
  const boxes: Box[] = [];
  const rows: Row[] = [];
  const related = relatedOf(groups.flatMap(({ messages }) => messages));
  let at = 0;
  const boxOf = groups.map(({ account, path, messages, savedAt }) => {
    const name = path.join('/');
    const place = places.get(`${account} ${name}`) ?? boxes.length;
    places.set(`${account} ${name}`, place);
    const box = (boxes[place] ??= {
      account_id: account,
      path: name,
      names: path.length,
      count: 0,
      unread: 0,
      back: 0,
      octets: octets.get(account) ?? null,
    });
    const saved = savedAt.toISOString();
    for (const { receivedAt, keywords } of messages) {
      const back = (left.get(account) ?? 0) - 1;
      left.set(account, back);
      box.back = back;
      if ((keywords.flags & SEEN) === 0) box.unread++;
      rows.push({
        ...(related[at++] as Related),
        box: place + 1,
        nth: box.count++,
        account_id: account,
        back,
        received_at: receivedAt.toISOString(),
        saved_at: saved,
        flags: keywords.flags,
        keywords: keywords.others?.join(' ') ?? null,
      });
    }
    return place;
  });
  return { rows, boxes, boxOf, raised };
}

/** Keys of messages before it, at most, that one finds its thread by. */
const MAX_OTHERS = 40;

/**
 * What each finds its thread by. One that has a key in common with one before it is in the thread of that one, which nobody
 * knows yet: it looks for it as that one does.
 */
function relatedOf(messages: NewMessage[]): Related[] {
  const introducers = new Map<string, { keys: string[]; leader: number }>();
  return messages.map(({ id, parsed }) => {
    const own = references(parsed);
    const before = own.map((key) => introducers.get(key)).find((one) => one !== undefined);
    const others = before?.keys.slice(0, MAX_OTHERS) ?? [];
    const leader = before?.leader ?? id;
    const one = { keys: [...new Set([...own, ...others])], leader };
    for (const key of own) if (!introducers.has(key)) introducers.set(key, one);
    return { refs: own.join(' '), others: others.map((key) => ` ${key}`).join(''), leader };
  });
}
