// What a sweep batch writes: outcomes, and of copies that are taken back vault, tombstone, counters and notice. A row's
// numbers go in columns, and no object is made of a copy that is one already: of what outlives the wait for the database,
// every piece is copied by the collector.

import { SEEN } from '../mail/keywords.ts';
import type { Exposure, Outcome } from '../mail/recall.ts';
import type { Transaction } from './postgres.ts';
import type { SweptCopy } from './sweep.ts';
import { together } from './together.ts';

export interface Decided {
  /** Copies that leave their mailboxes for the vault; their rows become notices. */
  noticed: SweptCopy[];
  /** The same; nothing takes their places. */
  gone: SweptCopy[];
  /** Copies that a decision keeps though a gate covers them. */
  passed: SweptCopy[];
}

/** Which recall, its notice (null: none), and when. */
interface At {
  tenant: number;
  recall: number;
  notice: number | null;
  now: Date;
}

/**
 * Takes copies out of sight in accounts that are locked and raised to `modseqs`: copy to vault, row into
 * notice in place (same mailbox, date and thread; new UID and Email) or gone, tombstone, counters; kept ones are marked
 * as passed. One after the other on the wire, without waiting in between.
 */
export async function applyDecisions(
  tx: Transaction,
  at: At,
  modseqs: ReadonlyMap<number, number>,
  { noticed, gone, passed }: Decided,
): Promise<void> {
  const modseqsOf = (copies: SweptCopy[]): number[] => copies.map((copy) => modseqs.get(copy.account_id) ?? 0);
  const statements: Promise<unknown>[] = [];
  if (passed.length > 0) {
    statements.push(
      tx.run(
        `UPDATE copy c SET passed_recall = $2, modseq = p.modseq
         FROM unnest($3::tid[], $4::bigint[]) AS p (ctid, modseq) WHERE c.ctid = p.ctid AND c.tenant_id = $1`,
        [at.tenant, at.recall, tids(passed), modseqsOf(passed)],
      ),
    );
  }
  if (noticed.length + gone.length > 0)
    statements.push(...withdraw(tx, at, { noticed, gone }, modseqsOf(noticed), modseqsOf(gone)));
  await together(...statements);
}

/** The copies are read for vault and tombstones before they change. `modseqs`, `goneModseqs`: of the noticed, of the gone. */
function withdraw(
  tx: Transaction,
  at: At,
  { noticed, gone }: Pick<Decided, 'noticed' | 'gone'>,
  modseqs: number[],
  goneModseqs: number[],
): Promise<unknown>[] {
  const { tenant, recall, now } = at;
  const counted = countOut(tx, tenant, noticed, gone, [...modseqs, ...goneModseqs]);
  // Each is said to three statements: put into words once.
  const noticedTids = tids(noticed);
  const [all, allModseqs] =
    gone.length === 0
      ? [noticedTids, list(modseqs)]
      : [tids([...noticed, ...gone]), list([...modseqs, ...goneModseqs])];
  const statements: Promise<unknown>[] = [
    counted,
    tx.run(
      `INSERT INTO vault (tenant_id, recall_id, n, email_id, account_id, mailbox_id, message_id, thread_id, received_at, listed_at, downloaded_at,
         opened_at, notice_email_id, flags, downloaded_by, keywords, removed_at)
       SELECT $1, $2, c.delivery_n, c.email_id, c.account_id, c.mailbox_id, c.message_id, c.thread_id, c.received_at, c.listed_at, c.downloaded_at,
         c.opened_at, w.notice_email_id, c.flags, c.downloaded_by, c.keywords, $3
       FROM unnest($4::tid[], $5::bigint[]) AS w (ctid, notice_email_id) JOIN copy c ON c.ctid = w.ctid AND c.tenant_id = $1`,
      [tenant, recall, now, all, gone.length === 0 ? allModseqs : [...modseqs, ...gone.map(() => null)]],
    ),
    tx.run(
      `INSERT INTO tombstone (tenant_id, account_id, modseq, mailbox_id, uid, email_id, thread_id)
       SELECT $1, c.account_id, w.modseq, c.mailbox_id, c.uid, c.email_id, c.thread_id
       FROM unnest($2::tid[], $3::bigint[]) AS w (ctid, modseq) JOIN copy c ON c.ctid = w.ctid AND c.tenant_id = $1`,
      [tenant, all, allModseqs],
    ),
    counted.then((uids) => placeNotices(tx, at, { tids: noticedTids, uids, modseqs: list(modseqs) })),
  ];
  if (gone.length > 0) {
    statements.push(
      tx.run(`DELETE FROM copy c USING unnest($2::tid[]) AS w (ctid) WHERE c.ctid = w.ctid AND c.tenant_id = $1`, [
        tenant,
        tids(gone),
      ]),
    );
  }
  return statements;
}

async function placeNotices(
  tx: Transaction,
  { tenant, recall, notice, now }: At,
  placed: { tids: string; uids: number[]; modseqs: string },
): Promise<void> {
  if (placed.uids.length === 0) return;
  await tx.run(
    `UPDATE copy c SET uid = w.uid, email_id = w.modseq, modseq = w.modseq, message_id = $2, listed_at = NULL, downloaded_at = NULL,
       opened_at = NULL, passed_recall = NULL, notice_of = $3, delivery_n = NULL, flags = ${SEEN}, downloaded_by = NULL, keywords = NULL, saved_at = $7
     FROM unnest($4::tid[], $5::bigint[], $6::bigint[]) AS w (ctid, uid, modseq) WHERE c.ctid = w.ctid AND c.tenant_id = $1`,
    [tenant, notice, recall, placed.tids, placed.uids, placed.modseqs, now],
  );
}

/** Keeps the mailboxes' counters; answers the UIDs that they give the notices. `modseqs`: of the noticed, then of the gone. */
async function countOut(
  tx: Transaction,
  tenant: number,
  noticed: SweptCopy[],
  gone: SweptCopy[],
  modseqs: number[],
): Promise<number[]> {
  const boxes = createBoxes();
  const boxOf = noticed.map((copy, i) => boxes.take(copy, modseqs[i] ?? 0, true));
  for (const [i, copy] of gone.entries()) boxes.take(copy, modseqs[noticed.length + i] ?? 0, false);
  const { accounts, mailboxes, modseqs: raised, notices, gone: left, unseen } = boxes.columns;
  const row = await tx.row<{ i: number[] | null; next: number[] }>(
    `WITH counted AS (
       UPDATE mailbox m SET uid_next = m.uid_next + b.notices, total = m.total - b.gone, unread = m.unread - b.unseen, modseq = b.modseq
       FROM unnest($2::int[], $3::int[], $4::bigint[], $5::int[], $6::int[], $7::int[]) WITH ORDINALITY AS b (account_id, id, modseq, notices, gone, unseen, i)
       WHERE m.tenant_id = $1 AND m.account_id = b.account_id AND m.id = b.id
       RETURNING b.i, m.uid_next)
     SELECT array_agg(i) AS i, array_agg(uid_next) AS next FROM counted`,
    [tenant, accounts, mailboxes, raised, notices, left, unseen],
  );
  if (row?.i?.length !== accounts.length) throw new Error('a mailbox of copies that are taken back is not there');
  const next: number[] = [];
  for (const [at, i] of row.i.entries()) next[i - 1] = (row.next[at] ?? 0) - (notices[i - 1] ?? 0);
  return boxOf.map((box) => {
    const uid = next[box] ?? 0;
    next[box] = uid + 1;
    return uid;
  });
}

type Columns = Record<'accounts' | 'mailboxes' | 'modseqs' | 'notices' | 'gone' | 'unseen', number[]>;

/** What a batch changes of each mailbox's counters, in columns; mailboxes of an account are chained. */
function createBoxes(): {
  columns: Columns;
  /** Counts a copy; answers its mailbox's place in the columns. */
  take(copy: SweptCopy, modseq: number, notice: boolean): number;
} {
  const columns: Columns = { accounts: [], mailboxes: [], modseqs: [], notices: [], gone: [], unseen: [] };
  const { accounts, mailboxes, modseqs, notices, gone, unseen } = columns;
  const first = new Map<number, number>();
  const following: (number | undefined)[] = [];
  const placeOf = (account: number, mailbox: number, modseq: number): number => {
    let box = first.get(account);
    while (box !== undefined && mailboxes[box] !== mailbox) box = following[box];
    if (box !== undefined) return box;
    box = accounts.length;
    following.push(first.get(account));
    first.set(account, box);
    accounts.push(account);
    mailboxes.push(mailbox);
    modseqs.push(modseq);
    for (const column of [notices, gone, unseen]) column.push(0);
    return box;
  };
  return {
    columns,
    take(copy, modseq, notice) {
      const box = placeOf(copy.account_id, copy.mailbox_id, modseq);
      const count = notice ? notices : gone;
      count[box] = (count[box] ?? 0) + 1;
      if (copy.unseen) unseen[box] = (unseen[box] ?? 0) + 1;
      return box;
    },
  };
}

/** As PostgreSQL reads a list of numbers. */
function list(numbers: number[]): string {
  return `{${numbers.join(',')}}`;
}

/** Where the copies' rows are, as PostgreSQL reads it: {"(0,1)","(0,2)"}. */
function tids(copies: SweptCopy[]): string {
  return copies.length === 0 ? '{}' : `{"${copies.map((copy) => copy.ctid).join('","')}"}`;
}

/** Stops deliveries that have not gone out and never will. */
export async function stopDeliveries(
  tx: Transaction,
  tenant: number,
  message: number,
  deliveries: number[],
  now: Date,
): Promise<void> {
  if (deliveries.length === 0) return;
  await tx.run(
    `UPDATE delivery SET state = 'stopped', due_at = NULL, finished_at = $4 WHERE tenant_id = $1 AND message_id = $2 AND n = ANY ($3::int[])`,
    [tenant, message, deliveries, now],
  );
}

/** Deliveries of which there is no more to say than this: nearly all. */
export interface PlainOutcomes {
  outcome: Outcome;
  exposure: Exposure;
  n: number[];
}

export interface OutcomeRow {
  n: number;
  outcome: Outcome;
  exposure: Exposure;
  downloadedAt: Date | null;
  downloadedBy: string | null;
  reason: string | null;
}

/** Writes outcomes; a second one for a delivery is a fault of ours and fails the batch. */
export async function insertOutcomes(
  tx: Transaction,
  tenant: number,
  recall: number,
  now: Date,
  plain: PlainOutcomes[],
  rest: OutcomeRow[],
): Promise<void> {
  const statements: Promise<unknown>[] = plain.map(({ outcome, exposure, n }) =>
    tx.run(
      `INSERT INTO outcome (tenant_id, recall_id, n, outcome, exposure, decided_at)
       SELECT $1, $2, n, $4::outcome_kind, $5::exposure, $3 FROM unnest($6::int[]) AS n`,
      [tenant, recall, now, outcome, exposure, n],
    ),
  );
  if (rest.length > 0) {
    statements.push(
      tx.run(
        `INSERT INTO outcome (tenant_id, recall_id, n, outcome, exposure, decided_at, downloaded_at, downloaded_by, reason)
         SELECT $1, $2, o.n, o.outcome, o.exposure, $3, o.downloaded_at, o.downloaded_by, o.reason
         FROM unnest($4::int[], $5::outcome_kind[], $6::exposure[], $7::timestamptz[], $8::text[], $9::text[])
           AS o (n, outcome, exposure, downloaded_at, downloaded_by, reason)`,
        [
          tenant,
          recall,
          now,
          rest.map((row) => row.n),
          rest.map((row) => row.outcome),
          rest.map((row) => row.exposure),
          rest.map((row) => row.downloadedAt),
          rest.map((row) => row.downloadedBy),
          rest.map((row) => row.reason),
        ],
      ),
    );
  }
  await together(...statements);
}
