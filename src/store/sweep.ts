// What a sweep batch reads and writes, in the order of the Gate protocol: accounts, then deliveries, then copies, then
// mailboxes. Every statement takes whole arrays; a batch of thousands is about a dozen of them.

import type { DeliveryState, Exposure, Outcome } from '../mail/recall.ts';
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

/** Local accounts of the scope, ascending; to be locked before anything else is read. */
export async function accountsInScope(reader: Reader, scope: Scope): Promise<number[]> {
  const rows = await reader.rows<{ account_id: number }>(
    `SELECT d.account_id ${inScope(scope)} AND d.account_id IS NOT NULL ORDER BY account_id`,
    scopeParams(scope),
  );
  return rows.map((row) => row.account_id);
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

/** The scope's deliveries, read after all locks. */
export async function deliveriesInScope(
  tx: Reader,
  scope: Scope,
  protectedRecipients: string[],
): Promise<SweptDelivery[]> {
  return tx.rows(
    `SELECT d.n, d.account_id, d.state, d.maybe_sent, d.due_at, d.past_exposure, d.past_downloaded_at, d.past_downloaded_by,
       d.recipient = ANY ($6::text[]) AS protected
     ${inScope(scope)} ORDER BY d.n`,
    [...scopeParams(scope), protectedRecipients],
  );
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

/** Locks and reads the message's delivered copies in these accounts. */
export async function lockCopies(
  tx: Transaction,
  tenant: number,
  message: number,
  accounts: number[],
): Promise<SweptCopy[]> {
  return tx.rows(
    `SELECT ctid, account_id, mailbox_id, delivery_n,
       (CASE WHEN opened_at IS NOT NULL THEN 'opened' WHEN downloaded_at IS NOT NULL THEN 'downloaded'
             WHEN listed_at IS NOT NULL THEN 'listed' ELSE 'none' END) AS exposure,
       downloaded_at, downloaded_by, flags & ${SEEN} = 0 AS unseen
     FROM copy WHERE tenant_id = $1 AND message_id = $2 AND account_id = ANY ($3::int[]) AND delivery_n IS NOT NULL
     ORDER BY account_id, mailbox_id, uid FOR UPDATE`,
    [tenant, message, accounts],
  );
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

/** In this order: the copies are read for vault and tombstones before they change, the counters before the new UIDs. */
function withdraw(
  tx: Transaction,
  { tenant, recall, notice, now }: { tenant: number; recall: number; notice: number | null; now: Date },
  withdrawals: Withdrawal[],
  modseqOf: (withdrawal: Withdrawal) => number,
): Promise<unknown>[] {
  const placed = withdrawals.filter((withdrawal) => withdrawal.notice);
  const gone = withdrawals.filter((withdrawal) => !withdrawal.notice);
  const ctids = withdrawals.map(({ copy }) => copy.ctid);
  const modseqs = withdrawals.map(modseqOf);
  const statements: Promise<unknown>[] = [
    tx.run(
      `INSERT INTO vault (tenant_id, recall_id, n, email_id, account_id, mailbox_id, message_id, thread_id, received_at, listed_at, downloaded_at,
         opened_at, notice_email_id, flags, downloaded_by, keywords, removed_at)
       SELECT $1, $2, c.delivery_n, c.email_id, c.account_id, c.mailbox_id, c.message_id, c.thread_id, c.received_at, c.listed_at, c.downloaded_at,
         c.opened_at, w.notice_email_id, c.flags, c.downloaded_by, c.keywords, $3
       FROM unnest($4::tid[], $5::bigint[]) AS w (ctid, notice_email_id) JOIN copy c ON c.ctid = w.ctid AND c.tenant_id = $1`,
      [tenant, recall, now, ctids, withdrawals.map((one) => (one.notice ? modseqOf(one) : null))],
    ),
    tx.run(
      `INSERT INTO tombstone (tenant_id, account_id, modseq, mailbox_id, uid, email_id, thread_id)
       SELECT $1, c.account_id, w.modseq, c.mailbox_id, c.uid, c.email_id, c.thread_id
       FROM unnest($2::tid[], $3::bigint[]) AS w (ctid, modseq) JOIN copy c ON c.ctid = w.ctid AND c.tenant_id = $1`,
      [tenant, ctids, modseqs],
    ),
    countOut(tx, tenant, withdrawals, modseqOf),
  ];
  if (placed.length > 0) {
    // One notice an account, so its UID is the last that its mailbox has given.
    statements.push(
      tx.run(
        `UPDATE copy c SET uid = m.uid_next - 1, email_id = w.modseq, modseq = w.modseq, message_id = $2, listed_at = NULL, downloaded_at = NULL,
           opened_at = NULL, passed_recall = NULL, notice_of = $3, delivery_n = NULL, flags = ${SEEN}, downloaded_by = NULL, keywords = NULL, saved_at = $8
         FROM unnest($4::tid[], $5::int[], $6::int[], $7::bigint[]) AS w (ctid, account_id, mailbox_id, modseq)
         JOIN mailbox m ON m.tenant_id = $1 AND m.account_id = w.account_id AND m.id = w.mailbox_id
         WHERE c.ctid = w.ctid AND c.tenant_id = $1`,
        [
          tenant,
          notice,
          recall,
          placed.map(({ copy }) => copy.ctid),
          placed.map(({ copy }) => copy.account_id),
          placed.map(({ copy }) => copy.mailbox_id),
          placed.map(modseqOf),
          now,
        ],
      ),
    );
  }
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

/** Keeps the mailboxes' counters, and gives a UID for each notice. */
async function countOut(
  tx: Transaction,
  tenant: number,
  withdrawals: Withdrawal[],
  modseqOf: (withdrawal: Withdrawal) => number,
): Promise<void> {
  const boxes = new Map<
    string,
    { account: number; mailbox: number; modseq: number; notices: number; gone: number; unseen: number }
  >();
  for (const withdrawal of withdrawals) {
    const { account_id: account, mailbox_id: mailbox, unseen } = withdrawal.copy;
    const key = `${account} ${mailbox}`;
    let box = boxes.get(key);
    if (!box) {
      box = { account, mailbox, modseq: modseqOf(withdrawal), notices: 0, gone: 0, unseen: 0 };
      boxes.set(key, box);
    }
    if (withdrawal.notice) box.notices++;
    else box.gone++;
    if (unseen) box.unseen++;
  }
  const list = [...boxes.values()];
  await tx.run(
    `UPDATE mailbox m SET uid_next = m.uid_next + b.notices, total = m.total - b.gone, unread = m.unread - b.unseen, modseq = b.modseq
     FROM unnest($2::int[], $3::int[], $4::bigint[], $5::int[], $6::int[], $7::int[]) AS b (account_id, id, modseq, notices, gone, unseen)
     WHERE m.tenant_id = $1 AND m.account_id = b.account_id AND m.id = b.id`,
    [
      tenant,
      list.map((box) => box.account),
      list.map((box) => box.mailbox),
      list.map((box) => box.modseq),
      list.map((box) => box.notices),
      list.map((box) => box.gone),
      list.map((box) => box.unseen),
    ],
  );
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
