// What a sweep batch locks and reads, in the order of the Gate protocol: accounts, then deliveries, then copies. Every
// statement takes whole arrays; a batch is about a dozen of them, with what it writes (sweep-apply.ts).

import { EXPOSURES, type DeliveryState, type Exposure } from '../mail/recall.ts';
import { SEEN } from '../mail/keywords.ts';
import type { Reader, Transaction } from './postgres.ts';

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
    const account_id = row?.accounts?.[i] ?? null;
    const details = detailsOf.get(n);
    return details ? { ...details, account_id, ...datesOf(details) } : plainDelivery(n, account_id);
  });
}

/** With nearly all of them there is no more to say: written out, it costs a tenth of being put together. */
function plainDelivery(n: number, account_id: number | null): SweptDelivery {
  return {
    n,
    account_id,
    state: 'delivered',
    maybe_sent: false,
    due_at: null,
    past_exposure: 'none',
    past_downloaded_at: null,
    past_downloaded_by: null,
    protected: false,
  };
}

function datesOf(
  details: Record<'due_at' | 'past_downloaded_at', string | null>,
): Record<keyof typeof details, Date | null> {
  const { due_at: due, past_downloaded_at: at } = details;
  return { due_at: due === null ? null : new Date(due), past_downloaded_at: at === null ? null : new Date(at) };
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
