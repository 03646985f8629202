// What must be true of a tenant whatever ran beside what: the promises of the specification, read off the tables.

import assert from 'node:assert/strict';
import { EXPOSURE } from '../../src/store/exposure.ts';
import type { Firm as WholeFirm, Sent, World as WholeWorld } from './world.ts';

type World = Pick<WholeWorld, 'sql'> & { outside: Pick<WholeWorld['outside'], 'received'> };
type Firm = Pick<WholeFirm, 'tenant'>;

/** Where copies have been seen: each that is there no longer must have left a tombstone newer than the sight. */
export interface Sight {
  account_id: number;
  mailbox_id: number;
  uid: string;
  email_id: string;
  /** The account's modseq when it was seen. */
  modseq: string;
}

export async function look(world: World, firm: Firm): Promise<Sight[]> {
  return world.sql<Sight>(
    `SELECT c.account_id, c.mailbox_id, c.uid, c.email_id, s.modseq FROM copy c
     JOIN account_state s ON s.tenant_id = c.tenant_id AND s.account_id = c.account_id WHERE c.tenant_id = $1`,
    [firm.tenant],
  );
}

const none = async (world: World, what: string, text: string, params: unknown[]): Promise<void> =>
  assert.deepEqual(await world.sql(text, params), [], what);

/** Mailboxes are as their counters say, modseqs hold, and what left has its tombstones. */
export async function checkMailboxes(world: World, firm: Firm, seen: Sight[]): Promise<void> {
  const t = [firm.tenant];
  await none(
    world,
    'counters are what is there',
    `SELECT m.account_id, m.id, m.total, m.unread, m.uid_next, count(c.uid)::int AS copies,
       (count(c.uid) FILTER (WHERE c.flags & 1 = 0))::int AS unseen, max(c.uid) AS highest
     FROM mailbox m LEFT JOIN copy c ON c.tenant_id = m.tenant_id AND c.account_id = m.account_id AND c.mailbox_id = m.id
     WHERE m.tenant_id = $1 GROUP BY m.tenant_id, m.account_id, m.id
     HAVING m.total <> count(c.uid) OR m.unread <> count(c.uid) FILTER (WHERE c.flags & 1 = 0) OR m.uid_next <= coalesce(max(c.uid), 0)`,
    t,
  );
  await none(
    world,
    'no modseq is ahead of its account, no Email has two copies, no copy is older than its Email',
    `SELECT c.account_id, c.email_id FROM copy c JOIN account_state s ON s.tenant_id = c.tenant_id AND s.account_id = c.account_id
     WHERE c.tenant_id = $1 AND (c.modseq > s.modseq OR c.email_id > c.modseq)
     UNION ALL SELECT account_id, email_id FROM copy WHERE tenant_id = $1 GROUP BY account_id, email_id HAVING count(*) > 1`,
    t,
  );
  await none(
    world,
    'a UID is never used again',
    `SELECT c.account_id, c.mailbox_id, c.uid FROM copy c JOIN tombstone t USING (tenant_id, account_id, mailbox_id, uid) WHERE c.tenant_id = $1`,
    t,
  );
  await none(
    world,
    'an Email that is gone is gone',
    `SELECT c.account_id, c.email_id FROM copy c JOIN tombstone t USING (tenant_id, account_id, email_id) WHERE c.tenant_id = $1`,
    t,
  );
  await none(
    world,
    'what left has a tombstone',
    `SELECT s.* FROM unnest($2::int[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[]) AS s (account_id, mailbox_id, uid, email_id, modseq)
     WHERE NOT EXISTS (SELECT FROM copy c WHERE c.tenant_id = $1 AND c.account_id = s.account_id AND c.mailbox_id = s.mailbox_id AND c.uid = s.uid
         AND c.email_id = s.email_id)
       AND (NOT EXISTS (SELECT FROM tombstone t WHERE t.tenant_id = $1 AND t.account_id = s.account_id AND t.mailbox_id = s.mailbox_id
           AND t.uid = s.uid AND t.modseq > s.modseq)
         OR NOT EXISTS (SELECT FROM copy c WHERE c.tenant_id = $1 AND c.account_id = s.account_id AND c.email_id = s.email_id
             UNION ALL SELECT FROM tombstone t WHERE t.tenant_id = $1 AND t.account_id = s.account_id AND t.email_id = s.email_id AND t.modseq > s.modseq))`,
    [
      firm.tenant,
      seen.map((s) => s.account_id),
      seen.map((s) => s.mailbox_id),
      seen.map((s) => s.uid),
      seen.map((s) => s.email_id),
      seen.map((s) => s.modseq),
    ],
  );
}

/** While a gate stands, nothing that it covers is in the visibility rule (written here a second time, the other way). */
export async function checkGates(world: World, firm: Firm): Promise<void> {
  await none(
    world,
    'P1: what a gate covers is not visible',
    `SELECT c.account_id, c.email_id FROM visible_copy c JOIN gate g USING (tenant_id, message_id)
     LEFT JOIN outcome o ON o.tenant_id = g.tenant_id AND o.recall_id = g.recall_id AND o.n = c.delivery_n
     WHERE c.tenant_id = $1 AND c.delivery_n IS NOT NULL AND o.n IS NULL AND (c.opened_at IS NULL OR g.include_read)
       AND (g.all_recipients OR c.delivery_n IN (SELECT n FROM recall_scope s WHERE s.tenant_id = g.tenant_id AND s.recall_id = g.recall_id))`,
    [firm.tenant],
  );
}

/** After everything has ended: P2 to P5, and that nothing is left to do. */
export async function checkEnd(world: World, firm: Firm, sent: Sent[]): Promise<void> {
  const t = [firm.tenant];
  await none(world, 'no gate is left', `SELECT message_id, recall_id FROM gate WHERE tenant_id = $1`, t);
  await none(world, 'no work is left', `SELECT kind, of_id, from_n, to_n FROM work WHERE tenant_id = $1`, t);
  await none(
    world,
    'every delivery has ended',
    `SELECT message_id, n, state FROM delivery WHERE tenant_id = $1 AND state IN ('held', 'queued', 'sending')`,
    t,
  );
  await none(
    world,
    'P2: one outcome for each delivery in scope, and the recall has ended and counts them',
    `SELECT r.id, s.status, s.counts, array_agg(o.n) AS n FROM recall r LEFT JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id
       LEFT JOIN outcome o ON o.tenant_id = r.tenant_id AND o.recall_id = r.id
     WHERE r.tenant_id = $1 GROUP BY r.tenant_id, r.id, s.status, s.counts
     HAVING s.status IS NULL OR s.status = 'sweeping' OR count(o.n) <> r.total
       OR (SELECT coalesce(sum(v::int), 0) FROM jsonb_each_text(s.counts) AS j (k, v)) <> r.total
       OR EXISTS (SELECT FROM outcome x WHERE x.tenant_id = r.tenant_id AND x.recall_id = r.id
         AND CASE WHEN r.all_recipients THEN x.n NOT BETWEEN 1 AND r.total
           ELSE NOT EXISTS (SELECT FROM recall_scope c WHERE c.tenant_id = r.tenant_id AND c.recall_id = r.id AND c.n = x.n) END)`,
    t,
  );
  await none(
    world,
    'P3: recalled only unopened, kept-read only opened',
    `SELECT o.recall_id, o.n, o.outcome, o.exposure FROM outcome o JOIN recall r ON r.tenant_id = o.tenant_id AND r.id = o.recall_id
     WHERE o.tenant_id = $1 AND ((o.outcome = 'recalled' AND o.exposure = 'opened' AND NOT r.include_read)
       OR (o.outcome = 'kept-read' AND o.exposure <> 'opened') OR o.outcome = 'failed')`,
    t,
  );
  await none(
    world,
    'P5: nothing of a delivery is left where the last word on it is recalled',
    `SELECT c.account_id, c.email_id, c.delivery_n FROM copy c JOIN LATERAL (
         SELECT o.outcome, o.restored_at FROM outcome o JOIN recall r ON r.tenant_id = o.tenant_id AND r.id = o.recall_id
         WHERE o.tenant_id = c.tenant_id AND o.n = c.delivery_n AND r.message_id = c.message_id ORDER BY o.recall_id DESC LIMIT 1) AS last ON true
     WHERE c.tenant_id = $1 AND c.delivery_n IS NOT NULL AND last.outcome = 'recalled' AND last.restored_at IS NULL
       -- Given back by a restore that was asked for after all recalls.
       AND NOT EXISTS (SELECT FROM recall_restore x JOIN recall r ON r.tenant_id = x.tenant_id AND r.id = x.recall_id
         WHERE x.tenant_id = c.tenant_id AND r.message_id = c.message_id AND x.known_recalls = (
           SELECT count(*) FROM recall q WHERE q.tenant_id = r.tenant_id AND q.message_id = r.message_id))`,
    t,
  );
  await none(
    world,
    'P6: of each local delivery something is somewhere: a copy, the vault, or the owner’s own deletion',
    `SELECT d.message_id, d.n FROM delivery d WHERE d.tenant_id = $1 AND d.account_id IS NOT NULL AND d.state = 'delivered'
       AND NOT EXISTS (SELECT FROM copy c WHERE c.tenant_id = $1 AND c.account_id = d.account_id AND c.message_id = d.message_id AND c.delivery_n = d.n)
       AND NOT EXISTS (SELECT FROM vault v JOIN recall r ON r.tenant_id = v.tenant_id AND r.id = v.recall_id
         WHERE v.tenant_id = $1 AND r.message_id = d.message_id AND v.n = d.n)
       AND NOT EXISTS (SELECT FROM tombstone x WHERE x.tenant_id = $1 AND x.account_id = d.account_id AND x.email_id IS NOT NULL)`,
    t,
  );
  for (const { message, outside } of sent) {
    const went = world.outside.received().filter((mail) => mail.to.includes(outside)).length;
    assert.ok(went <= 1, `${outside} got it ${went} times`);
    if (went === 0) continue;
    await none(
      world,
      'P4: intercepted is never said of what went out',
      `SELECT o.recall_id, o.n FROM outcome o JOIN recall r ON r.tenant_id = o.tenant_id AND r.id = o.recall_id
       JOIN delivery d ON d.tenant_id = o.tenant_id AND d.message_id = r.message_id AND d.n = o.n
       WHERE o.tenant_id = $1 AND r.message_id = $2 AND d.recipient = $3 AND o.outcome IN ('intercepted', 'not-delivered')`,
      [firm.tenant, message, outside],
    );
  }
}

/** The most that is known to have happened to an account's delivery of a message. */
export async function knownExposure(world: World, firm: Firm, account: number, message: number): Promise<string> {
  const [row] = await world.sql<{ exposure: string }>(
    `SELECT max(e) AS exposure FROM (
       SELECT ${EXPOSURE}::exposure AS e FROM copy c WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.message_id = $3
       UNION ALL SELECT ${EXPOSURE}::exposure FROM vault c WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.message_id = $3
       UNION ALL SELECT past_exposure FROM delivery d WHERE d.tenant_id = $1 AND d.account_id = $2 AND d.message_id = $3) AS x`,
    [firm.tenant, account, message],
  );
  return row?.exposure ?? 'none';
}
