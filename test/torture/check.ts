// Holds what clients were told against what is there: by the specification alone, from the tables alone.

import { verifyTenant } from '../../src/store/verify/verify.ts';
import type { Place } from './place.ts';
import type { Told } from './told.ts';

export type Checked = Pick<Place, 'sql' | 'tenant' | 'domain' | 'store'> & {
  outside: { received(): readonly { to: string[] }[] };
};

interface OutcomeRow {
  recall: string;
  n: number;
  token: string;
  recipient: string;
  forward_to: string | null;
  inside: boolean;
  outcome: string;
  exposure: string;
  include_read: boolean;
  state: string;
  maybe_sent: boolean;
  restores: number;
}

/** Answers everything that is not as it should be. */
export async function checkTold(place: Checked, told: Told): Promise<string[]> {
  const { sql, tenant, domain } = place;
  const wrong = [...told.wrong];
  const say = (what: string, detail: unknown): void => void wrong.push(`${what}: ${JSON.stringify(detail)}`);

  // P6: what was accepted is there, once; what was not answered, once or not at all; and nothing else.
  const messages = await sql<{ token: string; messages: number; submissions: number; copies: number }>(
    `SELECT split_part(m.message_id_header, '@', 1) AS token, count(DISTINCT m.id)::int AS messages, count(DISTINCT s.id)::int AS submissions,
       count(c.uid)::int AS copies FROM message m
     LEFT JOIN submission s ON s.tenant_id = m.tenant_id AND s.id = m.id
     LEFT JOIN copy c ON c.tenant_id = m.tenant_id AND c.message_id = m.id AND c.account_id = s.account_id AND c.mailbox_id = 3
     WHERE m.tenant_id = $1 AND m.subject LIKE 'tok%' AND m.message_id_header LIKE $2 GROUP BY 1`,
    [tenant, `%@${domain}`],
  );
  const there = new Map(messages.map((row) => [row.token, row]));
  for (const sent of told.sent) {
    const row = there.get(sent.token);
    if (sent.told && !row) say('P6: accepted, and not there', sent);
    if (row && (row.messages !== 1 || row.submissions !== 1 || row.copies !== 1))
      say('P6: there more than once, or without its parts', row);
    there.delete(sent.token);
  }
  for (const token of there.keys()) say('a message that nobody sent', token);

  const outcomes = await sql<OutcomeRow>(
    `SELECT o.recall_id AS recall, o.n, split_part(m.message_id_header, '@', 1) AS token, d.recipient, d.forward_to, d.account_id IS NOT NULL AS inside, o.outcome,
       o.exposure, r.include_read, d.state, d.maybe_sent,
       (SELECT count(*)::int FROM recall_restore x JOIN recall y ON y.tenant_id = x.tenant_id AND y.id = x.recall_id
        WHERE y.tenant_id = $1 AND y.message_id = r.message_id) AS restores
     FROM outcome o JOIN recall r ON r.tenant_id = $1 AND r.id = o.recall_id JOIN message m ON m.tenant_id = $1 AND m.id = r.message_id
     JOIN delivery d ON d.tenant_id = $1 AND d.message_id = r.message_id AND d.n = o.n WHERE o.tenant_id = $1`,
    [tenant],
  );
  const ofRecall = Map.groupBy(outcomes, (row) => Number(row.recall));

  // P2: a recall that was answered is there, and has ended with an outcome for each in scope.
  const recalls = await sql<{ id: string; status: string | null; total: number }>(
    `SELECT r.id, s.status, r.total FROM recall r LEFT JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id WHERE r.tenant_id = $1`,
    [tenant],
  );
  const byId = new Map(recalls.map((row) => [Number(row.id), row]));
  for (const row of recalls) {
    const has = ofRecall.get(Number(row.id))?.length ?? 0;
    if (has !== row.total || (row.status !== 'done' && row.status !== 'cancelled'))
      say('P2: a recall without its outcomes', { ...row, has });
  }
  for (const asked of told.recalls)
    if (asked.recallId !== null && !byId.has(asked.recallId)) say('P2: a recall that was answered is not there', asked);
  const kept = async (table: string, ids: number[], what: string): Promise<void> => {
    const rows = await sql<{ recall_id: string }>(`SELECT recall_id FROM ${table} WHERE tenant_id = $1`, [tenant]);
    const has = new Set(rows.map((row) => Number(row.recall_id)));
    for (const id of ids) if (!has.has(id)) say(what, id);
  };
  await kept('recall_cancel', told.cancelled, 'a cancel that was answered is not there');
  await kept('recall_restore', told.restored, 'a restore that was answered is not there');

  for (const asked of told.recalls.filter((one) => one.recallId !== null)) {
    for (const row of (ofRecall.get(asked.recallId ?? 0) ?? []).filter((one) => one.inside)) {
      const mine = <T extends { who: string; token: string }>(list: T[]): T[] =>
        list.filter((one) => one.who === row.recipient && one.token === asked.token);
      const opened = mine(told.opened);
      const before = opened.filter((one) => one.ended < asked.began);
      if (row.outcome === 'recalled' && before.length > 0 && !asked.includeRead)
        say('P3: recalled, and was opened before', { row, asked, before });
      if (before.length > 0 && row.exposure !== 'opened' && row.outcome !== 'cancelled')
        say('P3: opened before, and not said', { row, asked, before });
      if (row.outcome === 'kept-read' && row.exposure !== 'opened') say('P3: kept as read, and not opened', row);
      if (
        mine(told.content).some((one) => one.ended < asked.began) &&
        ['none', 'listed'].includes(row.exposure) &&
        row.outcome !== 'cancelled'
      )
        say('P1: was handed out before, and is not counted', { row, asked });
      // Given back since, or perhaps opened: then it may be read.
      if (row.outcome !== 'recalled' || row.restores > 0) continue;
      const late = mine(told.content).filter(
        (one) => one.began > asked.ended && !opened.some((open) => open.began < one.began && !asked.includeRead),
      );
      if (late.length > 0) say('P1: handed out after the gate', { row, asked, late });
    }
  }

  // P4, and nothing twice unless it is said that it may have been.
  const arrivals = Map.groupBy(
    place.outside.received().flatMap((mail) => mail.to),
    (address) => address,
  );
  const away = await sql<{
    recipient: string;
    address: string;
    state: string;
    maybe_sent: boolean;
    outcomes: string[];
  }>(
    `SELECT d.recipient, coalesce(d.forward_to, d.recipient) AS address, d.state, d.maybe_sent,
       ARRAY(SELECT o.outcome::text FROM outcome o JOIN recall r ON r.tenant_id = $1 AND r.id = o.recall_id
         WHERE o.tenant_id = $1 AND r.message_id = d.message_id AND o.n = d.n) AS outcomes
     FROM delivery d WHERE d.tenant_id = $1 AND d.account_id IS NULL AND d.recipient LIKE 'tok%'`,
    [tenant],
  );
  for (const row of away) {
    const times = arrivals.get(row.address)?.length ?? 0;
    if (times > 1 && !row.maybe_sent) say('sent twice', { ...row, times });
    if (times > 0 && row.outcomes.some((one) => one === 'intercepted' || one === 'not-delivered'))
      say('P4: went out, and is called intercepted', { ...row, times });
    if (times === 0 && row.state === 'delivered' && !row.maybe_sent) say('called delivered, and never arrived', row);
  }

  for await (const page of verifyTenant(place.store, tenant, new Date()))
    for (const { check, of } of page) say(`homing verify: ${check}`, of);
  return wrong;
}
