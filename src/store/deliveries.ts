// Deliveries as acceptance makes them: one row a recipient, however many ways led there.

import type { Reader, Transaction, Writer } from './postgres.ts';

export interface NewDelivery {
  messageId: number;
  n: number;
  accountId: number | null;
  state: 'held' | 'queued' | 'delivered' | 'failed';
  /** `held`: until when; `queued`: not before. `delivered`, `failed`: the sender is to be told by then. */
  dueAt: Date | null;
  recipient: string;
  via: string | null;
  notify: number;
  originalRecipient: string | null;
}

/** What is said of a delivery whose account went while the message was on its way. */
const ACCOUNT_GONE = 'The account is gone.';
/** And of one whose messages take up as much as they may. */
export const MAILBOX_FULL = '552 5.2.2 The mailbox is full.';

export async function insertDeliveries(
  writer: Writer,
  tenant: number,
  deliveries: NewDelivery[],
  now: Date,
): Promise<void> {
  if (deliveries.length === 0) return;
  await writer.run(
    `INSERT INTO delivery (tenant_id, message_id, n, account_id, state, due_at, recipient, via, notify, original_recipient, untold_at, finished_at, remote_reply)
     SELECT $1, d.message_id, d.n, d.account_id, d.state, CASE WHEN NOT e.ended THEN d.due_at END, d.recipient, d.via, d.notify, d.original_recipient,
       CASE WHEN e.ended THEN d.due_at END, CASE WHEN e.ended THEN $2::timestamptz END, CASE WHEN d.state = 'failed' THEN '${ACCOUNT_GONE}' END
     FROM unnest($3::bigint[], $4::int[], $5::int[], $6::delivery_state[], $7::timestamptz[], $8::text[], $9::text[], $10::smallint[], $11::text[])
       AS d (message_id, n, account_id, state, due_at, recipient, via, notify, original_recipient),
       LATERAL (SELECT d.state IN ('delivered', 'failed') AS ended) AS e`,
    [
      tenant,
      now,
      deliveries.map((d) => d.messageId),
      deliveries.map((d) => d.n),
      deliveries.map((d) => d.accountId),
      deliveries.map((d) => d.state),
      deliveries.map((d) => d.dueAt),
      deliveries.map((d) => d.recipient),
      deliveries.map((d) => d.via),
      deliveries.map((d) => d.notify),
      deliveries.map((d) => d.originalRecipient),
    ],
  );
}

export interface GroupTarget {
  group: number;
  /** As the sender named it; for a group within it too. */
  address: string;
  notify: number;
  /** RFC 3461 ORCPT of the group's own address. */
  originalRecipient: string | null;
}

export interface ReachedGroup extends Omit<GroupTarget, 'originalRecipient'> {
  everybody: boolean;
}

/** RFC 3461 NOTIFY bits. */
const SUCCESS = 1;
const FAILURE = 2;
const NEVER = 8;

/**
 * RFC 3461 §5.2.7.3: who wants to know that it was delivered to a group is told so of the group, not of its members: once
 * the first of them has it.
 */
export async function askOfGroups(
  tx: Transaction,
  tenant: number,
  message: number,
  groups: GroupTarget[],
): Promise<void> {
  for (const { address, originalRecipient } of groups.filter(({ notify }) => (notify & SUCCESS) !== 0)) {
    await tx.run(
      `UPDATE delivery SET notify = notify | ${SUCCESS}, original_recipient = $4 WHERE tenant_id = $1 AND message_id = $2
         AND n = (SELECT min(n) FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND via = $3 AND account_id IS NOT NULL)`,
      [tenant, message, address, originalRecipient],
    );
  }
}

/** Groups and the groups within them, each once. A SELECT of its own: Citus takes no CTE inside an INSERT. */
export async function reachedGroups(reader: Reader, tenant: number, groups: GroupTarget[]): Promise<ReachedGroup[]> {
  if (groups.length === 0) return [];
  return reader.rows(
    `WITH RECURSIVE reached (id, via, notify) AS (
       SELECT * FROM unnest($2::int[], $3::text[], $4::smallint[])
       UNION
       SELECT a.group_id, r.via, r.notify FROM reached r
         JOIN group_member m ON m.tenant_id = $1 AND m.group_id = r.id
         JOIN address a ON a.address = m.address AND a.tenant_id = $1 AND a.group_id IS NOT NULL
     )
     SELECT DISTINCT ON (g.id) g.id AS "group", r.via AS address, r.notify, g.everybody
     FROM reached r JOIN mail_group g ON g.tenant_id = $1 AND g.id = r.id ORDER BY g.id, r.via`,
    [tenant, groups.map((g) => g.group), groups.map((g) => g.address), groups.map((g) => g.notify & ~SUCCESS)],
  );
}

export interface Expansion {
  messageId: number;
  direct: { account: number; via: string | null; notify: number; originalRecipient: string | null }[];
  groups: ReachedGroup[];
  /** `key`: the canonical address, by which it is known to be named once. */
  outside: { key: string; address: string; notify: number; originalRecipient: string | null }[];
  local: { state: 'held' | 'queued'; dueAt: Date | null };
  away: { state: 'held' | 'queued'; dueAt: Date | null };
}

/**
 * One delivery an account and outside address, however many ways led there: named directly before by alias before by
 * group. Members are put in by the database: a million of them never pass through here. Local ones come first, by
 * ascending account. An address of ours that leads nowhere any more is no member. Answers how many there are.
 */
export async function insertExpanded(
  tx: Transaction,
  tenant: number,
  of: Expansion,
): Promise<{ total: number; outside: number }> {
  const total = await tx.run(
    // Sorted once: the window's order is the one that DISTINCT ON leaves behind.
    `INSERT INTO delivery (tenant_id, message_id, n, account_id, state, due_at, recipient, via, notify, original_recipient)
     SELECT $1, $2, row_number() OVER (ORDER BY o.account_id, o.outside), o.account_id,
       CASE WHEN o.account_id IS NULL THEN $18::delivery_state ELSE $16::delivery_state END,
       CASE WHEN o.account_id IS NULL THEN $19::timestamptz ELSE $17::timestamptz END,
       o.recipient, o.via, o.notify, o.original
     FROM (
       SELECT DISTINCT ON (w.account_id, w.outside) w.account_id, w.outside, w.recipient, w.via, w.notify, w.original
       FROM (
         SELECT p.id AS account_id, NULL::text AS outside, p.address AS recipient, d.via, d.notify, d.original, CASE WHEN d.via IS NULL THEN 0 ELSE 1 END AS rank
         FROM unnest($3::int[], $4::text[], $5::smallint[], $6::text[]) AS d (account, via, notify, original)
         JOIN account p ON p.tenant_id = $1 AND p.id = d.account
         UNION ALL
         SELECT NULL, o.key, o.address, NULL, o.notify, o.original, 0
         FROM unnest($12::text[], $13::text[], $14::smallint[], $15::text[]) AS o (key, address, notify, original)
         UNION ALL
         SELECT p.id, NULL, p.address, r.via, r.notify, NULL, 2
         FROM unnest($7::text[], $8::smallint[]) AS r (via, notify) JOIN account p ON p.tenant_id = $1 AND p.kind = 'person'
         UNION ALL
         SELECT p.id, NULL, p.address, r.via, r.notify, NULL, 2
         FROM unnest($9::int[], $10::text[], $11::smallint[]) AS r (id, via, notify)
         JOIN group_member m ON m.tenant_id = $1 AND m.group_id = r.id
         JOIN address a ON a.address = m.address AND a.tenant_id = $1
         JOIN account p ON p.tenant_id = $1 AND p.id = a.account_id
         UNION ALL
         SELECT NULL, m.address, m.address, r.via, r.notify, NULL, 2
         FROM unnest($9::int[], $10::text[], $11::smallint[]) AS r (id, via, notify)
         JOIN group_member m ON m.tenant_id = $1 AND m.group_id = r.id
         WHERE NOT EXISTS (SELECT FROM domain h WHERE h.name = split_part(m.address, '@', -1) AND h.tenant_id = $1)
       ) w
       ORDER BY w.account_id, w.outside, w.rank, w.via
     ) o`,
    [
      tenant,
      of.messageId,
      of.direct.map((d) => d.account),
      of.direct.map((d) => d.via),
      of.direct.map((d) => d.notify),
      of.direct.map((d) => d.originalRecipient),
      of.groups.filter((g) => g.everybody).map((g) => g.address),
      of.groups.filter((g) => g.everybody).map((g) => g.notify),
      of.groups.map((g) => g.group),
      of.groups.map((g) => g.address),
      of.groups.map((g) => g.notify),
      of.outside.map((o) => o.key),
      of.outside.map((o) => o.address),
      of.outside.map((o) => o.notify),
      of.outside.map((o) => o.originalRecipient),
      of.local.state,
      of.local.dueAt,
      of.away.state,
      of.away.dueAt,
    ],
  );
  // Those outside are the last ones.
  const row = await tx.row<{ local: number | null }>(
    `SELECT max(n) AS local FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND account_id IS NOT NULL`,
    [tenant, of.messageId],
  );
  return { total, outside: total - (row?.local ?? 0) };
}

/** Accounts of a message's local deliveries 1 … `to`, ascending, as they are numbered. */
export async function localDeliveries(
  reader: Reader,
  tenant: number,
  message: number,
  to: number,
): Promise<{ n: number; account: number }[]> {
  return reader.rows(
    `SELECT n, account_id AS account FROM delivery WHERE tenant_id = $1 AND message_id = $2 AND n BETWEEN 1 AND $3 ORDER BY n`,
    [tenant, message, to],
  );
}

/**
 * Local deliveries are done: their copies are there, or their accounts are not (or `why` else). Of those whose sender asked to be told of
 * it, that is due (store/untold.ts).
 */
export async function finishLocal(
  tx: Transaction,
  at: { tenant: number; message: number; now: Date },
  deliveries: number[],
  state: 'delivered' | 'failed',
  why = ACCOUNT_GONE,
): Promise<void> {
  if (deliveries.length === 0) return;
  await tx.run(
    // Not joined to unnest: the planner would read all of the message's deliveries, which it takes for a few.
    `UPDATE delivery SET state = $4, finished_at = $5, due_at = NULL, untold_at = CASE WHEN notify & $7 = $8 THEN $5::timestamptz END, remote_reply = $6 WHERE tenant_id = $1 AND message_id = $2 AND n = ANY ($3::int[])`,
    [
      at.tenant,
      at.message,
      deliveries,
      state,
      at.now,
      state === 'failed' ? why : null,
      NEVER | (state === 'failed' ? FAILURE : SUCCESS),
      state === 'failed' ? FAILURE : SUCCESS,
    ],
  );
}
