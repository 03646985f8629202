// What a sweep batch reads and writes, in the order of the Gate protocol: accounts, then deliveries, then copies, then
// mailboxes. Every statement takes whole arrays; a batch of thousands is about a dozen of them.

import { EXPOSURES, type DeliveryState, type Exposure, type Outcome } from '../mail/recall.ts';
import { SEEN } from '../mail/keywords.ts';
import type { Reader, Transaction } from './postgres.ts';
import { together } from './together.ts';

/** Deliveries of a recall: those of a range, all or only the listed ones. */
export interface Scope {
  tenant: number;
  recall: number;
  message: number;
  all: boolean;
  from: number;
  to: number;
}

/** FROM and WHERE: a list is walked from its own rows, so that ten recipients of a million cost ten. */
function inScope(scope: Scope): string {
  return scope.all
    ? `FROM delivery d WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.n BETWEEN $4 AND $5 AND $3::bigint IS NOT NULL`
    : `FROM recall_scope s JOIN delivery d ON d.tenant_id = s.tenant_id AND d.message_id = $2 AND d.n = s.n
       WHERE s.tenant_id = $1 AND s.recall_id = $3 AND s.n BETWEEN $4 AND $5`;
}

const scopeParams = (scope: Scope): unknown[] => [scope.tenant, scope.message, scope.recall, scope.from, scope.to];

/**
 * Local accounts of the scope, as their deliveries are numbered: to be locked before anything else is read. By another
 * order the planner would walk all of the message's deliveries for each range, while the table is new to it.
 */
export async function accountsInScope(reader: Reader, scope: Scope): Promise<number[]> {
  const row = await reader.row<{ accounts: number[] | null }>(
    `SELECT array_agg(account_id) AS accounts FROM (SELECT d.account_id ${inScope(scope)} AND d.account_id IS NOT NULL ORDER BY d.n) x`,
    scopeParams(scope),
  );
  return row?.accounts ?? [];
}

/** Locks the deliveries that are not delivered yet, skipping none: a claim or a result comes before or after us. */
export async function lockUndelivered(tx: Transaction, scope: Scope): Promise<void> {
  await tx.run(
    `SELECT 1 ${inScope(scope)} AND d.state <> 'delivered' ORDER BY d.n FOR UPDATE OF d`,
    scopeParams(scope),
  );
}

export interface SweptDelivery {
  n: number;
  account_id: number | null;
  state: DeliveryState;
  maybe_sent: boolean;
  due_at: Date | null;
  past_exposure: Exposure;
  past_downloaded_at: Date | null;
  past_downloaded_by: string | null;
  /** Is it one of policy.protectedRecipients? */
  protected: boolean;
}

/** What is said of a delivery unless there is more to say: with nearly all of them there is not. */
const PLAIN = {
  state: 'delivered',
  maybe_sent: false,
  past_exposure: 'none',
  past_downloaded_by: null,
  protected: false,
} as const;

/** The scope's deliveries, read after all locks. */
export async function deliveriesInScope(
  tx: Reader,
  scope: Scope,
  protectedRecipients: string[],
): Promise<SweptDelivery[]> {
  type Details = Omit<SweptDelivery, 'account_id' | 'due_at' | 'past_downloaded_at'> &
    Record<'due_at' | 'past_downloaded_at', string | null>;
  const row = await tx.row<{ n: number[] | null; accounts: (number | null)[] | null; details: Details[] | null }>(
    `SELECT array_agg(n) AS n, array_agg(account_id) AS accounts,
       json_agg(x) FILTER (WHERE NOT (state = 'delivered' AND NOT maybe_sent AND past_exposure = 'none' AND past_downloaded_at IS NULL AND NOT protected)) AS details
     FROM (SELECT d.n, d.account_id, d.state, d.maybe_sent, d.due_at, d.past_exposure, d.past_downloaded_at, d.past_downloaded_by,
         d.recipient = ANY ($6::text[]) AS protected
       ${inScope(scope)} ORDER BY d.n) x`,
    [...scopeParams(scope), protectedRecipients],
  );
  const detailsOf = new Map(row?.details?.map((details) => [details.n, details]));
  return (row?.n ?? []).map((n, i) => {
    const { due_at: due = null, past_downloaded_at: at = null, ...details } = detailsOf.get(n) ?? {};
    return {
      ...PLAIN,
      ...details,
      n,
      account_id: row?.accounts?.[i] ?? null,
      due_at: due === null ? null : new Date(due),
      past_downloaded_at: at === null ? null : new Date(at),
    };
  });
}

export interface SweptCopy {
  /** Where the row is, as long as we hold its lock. */
  ctid: string;
  account_id: number;
  mailbox_id: number;
  delivery_n: number;
  exposure: Exposure;
  downloaded_at: Date | null;
  downloaded_by: string | null;
  unseen: boolean;
}

/** Beside the exposure's place in EXPOSURES. */
const UNSEEN = 4;

/** Locks and reads the message's delivered copies in these accounts. */
export async function lockCopies(
  tx: Transaction,
  tenant: number,
  message: number,
  accounts: number[],
): Promise<SweptCopy[]> {
  const row = await tx.row<{
    ctids: string[] | null;
    accounts: number[];
    mailboxes: number[];
    deliveries: number[];
    marks: number[];
    downloads: { ctid: string; at: string; by: string | null }[] | null;
  }>(
    `SELECT array_agg(ctid) AS ctids, array_agg(account_id) AS accounts, array_agg(mailbox_id) AS mailboxes, array_agg(delivery_n) AS deliveries,
       array_agg(CASE WHEN opened_at IS NOT NULL THEN 3 WHEN downloaded_at IS NOT NULL THEN 2 WHEN listed_at IS NOT NULL THEN 1 ELSE 0 END
         + CASE WHEN flags & ${SEEN} = 0 THEN ${UNSEEN} ELSE 0 END) AS marks,
       json_agg(json_build_object('ctid', ctid, 'at', downloaded_at, 'by', downloaded_by)) FILTER (WHERE downloaded_at IS NOT NULL) AS downloads
     FROM (SELECT ctid, account_id, mailbox_id, delivery_n, opened_at, downloaded_at, listed_at, flags, downloaded_by
       FROM copy WHERE tenant_id = $1 AND message_id = $2 AND account_id = ANY ($3::int[]) AND delivery_n IS NOT NULL
       ORDER BY account_id, mailbox_id, uid FOR UPDATE) x`,
    [tenant, message, accounts],
  );
  if (!row?.ctids) return [];
  const downloadOf = new Map(row.downloads?.map((download) => [download.ctid, download]));
  return row.ctids.map((ctid, i) => {
    const marks = row.marks[i] ?? 0;
    const download = downloadOf.get(ctid);
    return {
      ctid,
      account_id: row.accounts[i] ?? 0,
      mailbox_id: row.mailboxes[i] ?? 0,
      delivery_n: row.deliveries[i] ?? 0,
      exposure: EXPOSURES[marks & 3] ?? 'opened',
      downloaded_at: download ? new Date(download.at) : null,
      downloaded_by: download?.by ?? null,
      unseen: (marks & UNSEEN) !== 0,
    };
  });
}

/** Accounts whose owners do not accept recalls. */
export async function decliningAccounts(reader: Reader, tenant: number, accounts: number[]): Promise<Set<number>> {
  const rows = await reader.rows<{ id: number }>(
    `SELECT id FROM account WHERE tenant_id = $1 AND id = ANY ($2::int[]) AND NOT accepts_recalls`,
    [tenant, accounts],
  );
  return new Set(rows.map((row) => row.id));
}

/** Deliveries of the message whose copies earlier recalls hold, and the exposure they had. */
export async function vaultedDeliveries(
  reader: Reader,
  tenant: number,
  message: number,
  deliveries: number[],
): Promise<Map<number, Exposure>> {
  const rows = await reader.rows<{ n: number; exposure: Exposure }>(
    `SELECT v.n, max(CASE WHEN opened_at IS NOT NULL THEN 'opened' WHEN downloaded_at IS NOT NULL THEN 'downloaded'
         WHEN listed_at IS NOT NULL THEN 'listed' ELSE 'none' END::exposure) AS exposure
     FROM recall r JOIN vault v ON v.tenant_id = r.tenant_id AND v.recall_id = r.id AND v.n = ANY ($3::int[])
     WHERE r.tenant_id = $1 AND r.message_id = $2 GROUP BY v.n`,
    [tenant, message, deliveries],
  );
  return new Map(rows.map((row) => [row.n, row.exposure]));
}

/** A copy that leaves its mailbox for the vault. `notice`: its row becomes the notice; else it is deleted. */
export interface Withdrawal {
  copy: SweptCopy;
  notice: boolean;
}

/** A copy that a decision keeps though a gate covers it. */
export interface Passed {
  copy: SweptCopy;
}

/**
 * Takes copies out of sight in accounts that are locked and raised to `modseqs`: copy to vault, row into
 * notice in place (same mailbox, date and thread; new UID and Email) or gone, tombstone, counters; kept ones are marked
 * as passed. One after the other on the wire, without waiting in between.
 */
export async function applyDecisions(
  tx: Transaction,
  at: { tenant: number; recall: number; notice: number | null; now: Date },
  modseqs: ReadonlyMap<number, number>,
  withdrawals: Withdrawal[],
  passed: Passed[],
): Promise<void> {
  const modseqOf = ({ copy }: { copy: SweptCopy }): number => modseqs.get(copy.account_id) ?? 0;
  const statements: Promise<unknown>[] = [];
  if (passed.length > 0) {
    statements.push(
      tx.run(
        `UPDATE copy c SET passed_recall = $2, modseq = p.modseq
         FROM unnest($3::tid[], $4::bigint[]) AS p (ctid, modseq) WHERE c.ctid = p.ctid AND c.tenant_id = $1`,
        [at.tenant, at.recall, passed.map(({ copy }) => copy.ctid), passed.map(modseqOf)],
      ),
    );
  }
  if (withdrawals.length > 0) statements.push(...withdraw(tx, at, withdrawals, modseqOf));
  await together(...statements);
}

/** The copies are read for vault and tombstones before they change. */
function withdraw(
  tx: Transaction,
  { tenant, recall, notice, now }: { tenant: number; recall: number; notice: number | null; now: Date },
  withdrawals: Withdrawal[],
  modseqOf: (withdrawal: Withdrawal) => number,
): Promise<unknown>[] {
  const gone = withdrawals.filter((withdrawal) => !withdrawal.notice);
  const ctids = withdrawals.map(({ copy }) => copy.ctid);
  const modseqs = withdrawals.map(modseqOf);
  const counted = countOut(tx, tenant, withdrawals, modseqOf);
  const statements: Promise<unknown>[] = [
    counted,
    tx.run(
      `INSERT INTO vault (tenant_id, recall_id, n, email_id, account_id, mailbox_id, message_id, thread_id, received_at, listed_at, downloaded_at,
         opened_at, notice_email_id, flags, downloaded_by, keywords, removed_at)
       SELECT $1, $2, c.delivery_n, c.email_id, c.account_id, c.mailbox_id, c.message_id, c.thread_id, c.received_at, c.listed_at, c.downloaded_at,
         c.opened_at, w.notice_email_id, c.flags, c.downloaded_by, c.keywords, $3
       FROM unnest($4::tid[], $5::bigint[]) AS w (ctid, notice_email_id) JOIN copy c ON c.ctid = w.ctid AND c.tenant_id = $1`,
      [
        tenant,
        recall,
        now,
        ctids,
        gone.length === 0 ? modseqs : withdrawals.map((one) => (one.notice ? modseqOf(one) : null)),
      ],
    ),
    tx.run(
      `INSERT INTO tombstone (tenant_id, account_id, modseq, mailbox_id, uid, email_id, thread_id)
       SELECT $1, c.account_id, w.modseq, c.mailbox_id, c.uid, c.email_id, c.thread_id
       FROM unnest($2::tid[], $3::bigint[]) AS w (ctid, modseq) JOIN copy c ON c.ctid = w.ctid AND c.tenant_id = $1`,
      [tenant, ctids, modseqs],
    ),
    counted.then((placed) => placeNotices(tx, { tenant, recall, notice, now }, placed, modseqOf)),
  ];
  if (gone.length > 0) {
    statements.push(
      tx.run(`DELETE FROM copy c USING unnest($2::tid[]) AS w (ctid) WHERE c.ctid = w.ctid AND c.tenant_id = $1`, [
        tenant,
        gone.map(({ copy }) => copy.ctid),
      ]),
    );
  }
  return statements;
}

/** A withdrawal whose row becomes the notice, and the notice's UID. */
interface Placed extends Withdrawal {
  uid: number;
}

async function placeNotices(
  tx: Transaction,
  { tenant, recall, notice, now }: { tenant: number; recall: number; notice: number | null; now: Date },
  placed: Placed[],
  modseqOf: (withdrawal: Withdrawal) => number,
): Promise<void> {
  if (placed.length === 0) return;
  await tx.run(
    `UPDATE copy c SET uid = w.uid, email_id = w.modseq, modseq = w.modseq, message_id = $2, listed_at = NULL, downloaded_at = NULL,
       opened_at = NULL, passed_recall = NULL, notice_of = $3, delivery_n = NULL, flags = ${SEEN}, downloaded_by = NULL, keywords = NULL, saved_at = $7
     FROM unnest($4::tid[], $5::bigint[], $6::bigint[]) AS w (ctid, uid, modseq) WHERE c.ctid = w.ctid AND c.tenant_id = $1`,
    [
      tenant,
      notice,
      recall,
      placed.map(({ copy }) => copy.ctid),
      placed.map(({ uid }) => uid),
      placed.map(modseqOf),
      now,
    ],
  );
}

/** What a batch changes of one mailbox's counters. */
interface Box {
  account: number;
  mailbox: number;
  modseq: number;
  gone: number;
  unseen: number;
  notices: Withdrawal[];
}

/** Keeps the mailboxes' counters; answers the notices with the UIDs that their mailboxes give them. */
async function countOut(
  tx: Transaction,
  tenant: number,
  withdrawals: Withdrawal[],
  modseqOf: (withdrawal: Withdrawal) => number,
): Promise<Placed[]> {
  const boxes = boxesOf(withdrawals, modseqOf);
  const row = await tx.row<{ i: number[] | null; next: number[] }>(
    `WITH counted AS (
       UPDATE mailbox m SET uid_next = m.uid_next + b.notices, total = m.total - b.gone, unread = m.unread - b.unseen, modseq = b.modseq
       FROM unnest($2::int[], $3::int[], $4::bigint[], $5::int[], $6::int[], $7::int[]) WITH ORDINALITY AS b (account_id, id, modseq, notices, gone, unseen, i)
       WHERE m.tenant_id = $1 AND m.account_id = b.account_id AND m.id = b.id
       RETURNING b.i, m.uid_next)
     SELECT array_agg(i) AS i, array_agg(uid_next) AS next FROM counted`,
    [
      tenant,
      boxes.map((box) => box.account),
      boxes.map((box) => box.mailbox),
      boxes.map((box) => box.modseq),
      boxes.map((box) => box.notices.length),
      boxes.map((box) => box.gone),
      boxes.map((box) => box.unseen),
    ],
  );
  const placed: Placed[] = [];
  row?.i?.forEach((i, at) => {
    const notices = boxes[i - 1]?.notices ?? [];
    const first = (row.next[at] ?? 0) - notices.length;
    notices.forEach((notice, nth) => placed.push({ ...notice, uid: first + nth }));
  });
  return placed;
}

function boxesOf(withdrawals: Withdrawal[], modseqOf: (withdrawal: Withdrawal) => number): Box[] {
  const boxes: Box[] = [];
  const byAccount = new Map<number, Box[]>();
  for (const withdrawal of withdrawals) {
    const { account_id: account, mailbox_id: mailbox, unseen } = withdrawal.copy;
    const ofAccount = byAccount.get(account) ?? [];
    if (ofAccount.length === 0) byAccount.set(account, ofAccount);
    let box = ofAccount.find((one) => one.mailbox === mailbox);
    if (!box) {
      box = { account, mailbox, modseq: modseqOf(withdrawal), gone: 0, unseen: 0, notices: [] };
      ofAccount.push(box);
      boxes.push(box);
    }
    if (withdrawal.notice) box.notices.push(withdrawal);
    else box.gone++;
    if (unseen) box.unseen++;
  }
  return boxes;
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

export interface OutcomeRow {
  n: number;
  outcome: Outcome;
  exposure: Exposure;
  downloadedAt: Date | null;
  downloadedBy: string | null;
  reason: string | null;
}

/**
 * Writes outcomes; a second one for a delivery is a fault of ours and fails the batch. Most have nothing to say but
 * outcome and exposure: those go by numbers alone.
 */
export async function insertOutcomes(
  tx: Transaction,
  tenant: number,
  recall: number,
  now: Date,
  outcomes: OutcomeRow[],
): Promise<void> {
  const isPlain = (row: OutcomeRow): boolean => row.downloadedAt === null && row.reason === null;
  const plain = Map.groupBy(outcomes.filter(isPlain), (row) => `${row.outcome} ${row.exposure}`);
  const statements: Promise<unknown>[] = [...plain.values()].map((rows) =>
    tx.run(
      `INSERT INTO outcome (tenant_id, recall_id, n, outcome, exposure, decided_at)
       SELECT $1, $2, n, $4::outcome_kind, $5::exposure, $3 FROM unnest($6::int[]) AS n`,
      [tenant, recall, now, rows[0]?.outcome, rows[0]?.exposure, rows.map((row) => row.n)],
    ),
  );
  const rest = outcomes.filter((row) => !isPlain(row));
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
