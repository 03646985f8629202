// What must be true of a tenant whatever ran beside what: the promises of the specification, read off the tables.

import assert from 'node:assert/strict';
import { DEFAULT_POLICY } from '../../src/mail/policy.ts';
import { EXPOSURE } from '../../src/store/exposure.ts';
import { parametersOf, type Check } from '../../src/store/verify/check.ts';
import { MAILBOX_CHECKS } from '../../src/store/verify/mailboxes.ts';
import { RECALL_CHECKS } from '../../src/store/verify/recalls.ts';
import { CHECKS } from '../../src/store/verify/verify.ts';
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

/** Nothing is old enough to be forgotten: nothing is excused. */
const MOMENT = { now: new Date(0), policy: DEFAULT_POLICY };

async function checkAll(world: World, { tenant }: Firm, checks: Check[]): Promise<void> {
  for (const check of checks) await none(world, check.says, check.sql, parametersOf(check, tenant, MOMENT));
}

/** Mailboxes are as their counters say, modseqs hold, and what left has its tombstones. */
export async function checkMailboxes(world: World, firm: Firm, seen: Sight[]): Promise<void> {
  await checkAll(world, firm, MAILBOX_CHECKS);
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

/** While a gate stands, nothing that it covers is in the visibility rule; and whatever is undecided, somebody has to do. */
export async function checkGates(world: World, firm: Firm): Promise<void> {
  await checkAll(world, firm, RECALL_CHECKS);
}

/** After everything has ended: whatever homing verify looks at, and that nothing is left to do. */
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
    'every recall has ended, and none of its outcomes is failed',
    `SELECT r.id, s.status, s.counts FROM recall r LEFT JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id
     WHERE r.tenant_id = $1 AND (s.status IS NULL OR s.status = 'sweeping' OR s.counts ? 'failed')`,
    t,
  );
  await none(
    world,
    'every restore has ended',
    `SELECT recall_id FROM recall_restore WHERE tenant_id = $1 AND done_at IS NULL`,
    t,
  );
  await checkAll(world, firm, CHECKS);
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
