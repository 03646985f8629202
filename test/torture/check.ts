// Holds what clients were told against what is there: by the specification alone, from the tables alone.

import { verifyTenant } from '../../src/store/verify/verify.ts';
import { checkAppended, checkDelivered, checkOutside, checkSent } from './check-mail.ts';
import type { Place } from './place.ts';
import type { RecallAsked, Told } from './told.ts';

export type Checked = Pick<Place, 'sql' | 'tenant' | 'domain' | 'store'> & {
  outside: { received(): readonly { to: string[] }[] };
};

/** Something is not as it should be. */
export type Say = (what: string, detail: unknown) => void;

interface OutcomeRow {
  recall: string;
  n: number;
  token: string;
  recipient: string;
  inside: boolean;
  outcome: string;
  exposure: string;
}

/** Answers everything that is not as it should be. */
export async function checkTold(place: Checked, told: Told): Promise<string[]> {
  const wrong = [...told.wrong];
  const say: Say = (what, detail) => void wrong.push(`${what}: ${JSON.stringify(detail)}`);
  await checkSent(place, told, say);
  await checkDelivered(place, told, say);
  await checkAppended(place, told, say);
  await checkOutside(place, say);
  await checkRecalls(place, told, say);
  await checkAudited(place, told, say);
  for await (const page of verifyTenant(place.store, place.tenant, new Date()))
    for (const { check, of } of page) say(`homing verify: ${check}`, of);
  return wrong;
}

async function checkRecalls({ sql, tenant }: Checked, told: Told, say: Say): Promise<void> {
  const outcomes = await sql<OutcomeRow>(
    `SELECT o.recall_id AS recall, o.n, split_part(m.message_id_header, '@', 1) AS token, d.recipient, d.account_id IS NOT NULL AS inside, o.outcome, o.exposure
     FROM outcome o JOIN recall r ON r.tenant_id = $1 AND r.id = o.recall_id JOIN message m ON m.tenant_id = $1 AND m.id = r.message_id
     JOIN delivery d ON d.tenant_id = $1 AND d.message_id = r.message_id AND d.n = o.n WHERE o.tenant_id = $1`,
    [tenant],
  );
  const ofRecall = Map.groupBy(outcomes, (row) => Number(row.recall));

  // P2: a recall that was answered is there, and has ended with an outcome for each in scope. P7: its rows are as many as were ticked.
  const recalls = await sql<{
    id: string;
    status: string | null;
    total: number;
    deliveries: number;
    all: boolean;
    listed: number;
  }>(
    `SELECT r.id, s.status, r.total, r.all_recipients AS all, (SELECT count(*)::int FROM recall_scope x WHERE x.tenant_id = $1 AND x.recall_id = r.id) AS listed,
       (SELECT count(*)::int FROM delivery d WHERE d.tenant_id = $1 AND d.message_id = r.message_id) AS deliveries
     FROM recall r LEFT JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id WHERE r.tenant_id = $1`,
    [tenant],
  );
  const byId = new Map(recalls.map((row) => [Number(row.id), row]));
  for (const row of recalls) {
    const has = ofRecall.get(Number(row.id))?.length ?? 0;
    const scope = row.all ? row.deliveries : row.listed;
    if (has !== scope || row.total !== scope || (row.status !== 'done' && row.status !== 'cancelled'))
      say('P2: a recall without its outcomes', { ...row, has });
    if (row.all && row.listed > 0) say('P7: a gate for all that names each', row);
  }
  for (const asked of told.recalls)
    if (asked.recallId !== null && !byId.has(asked.recallId)) say('P2: a recall that was answered is not there', asked);
  const kept = async (table: string, ids: number[], what: string): Promise<void> => {
    const rows = await sql<{ recall_id: string }>(`SELECT recall_id FROM ${table} WHERE tenant_id = $1`, [tenant]);
    const has = new Set(rows.map((row) => Number(row.recall_id)));
    for (const id of ids) if (!has.has(id)) say(what, id);
  };
  const restored = told.restores.filter((one) => one.told).map((one) => one.recallId);
  await kept('recall_cancel', told.cancelled, 'a cancel that was answered is not there');
  await kept('recall_restore', restored, 'a restore that was answered is not there');

  const read = indexOf(told);
  for (const asked of told.recalls)
    for (const row of (ofRecall.get(asked.recallId ?? 0) ?? []).filter((one) => one.inside))
      checkOutcome(read, asked, row, say);
}

interface Read {
  content(row: OutcomeRow): Told['content'];
  listed(row: OutcomeRow): Told['listed'];
  opened(row: OutcomeRow): Told['opened'];
  /** It is not known which messages they opened. */
  perhaps(row: OutcomeRow): boolean;
  /** When giving back its message was asked for first. */
  restoring(token: string): number;
}

function indexOf(told: Told): Read {
  const by = (list: Told['content']) => {
    const index = Map.groupBy(list, (one) => `${one.who} ${one.token}`);
    return (row: OutcomeRow) => index.get(`${row.recipient} ${row.token}`) ?? [];
  };
  const any = new Set(told.opened.filter((one) => one.token === '*').map((one) => one.who));
  const opened = by(told.opened);
  const tokens = new Map(told.recalls.map((asked) => [asked.recallId, asked.token]));
  const restoring = new Map<string, number>();
  for (const { recallId, began } of told.restores) {
    const token = tokens.get(recallId) ?? '';
    restoring.set(token, Math.min(began, restoring.get(token) ?? Infinity));
  }
  return {
    content: by(told.content),
    listed: by(told.listed),
    opened,
    perhaps: (row) => any.has(row.recipient),
    restoring: (token) => restoring.get(token) ?? Infinity,
  };
}

/** P1 and P3: one recipient's outcome against what that recipient's programs were given, and asked for. */
function checkOutcome(read: Read, asked: RecallAsked, row: OutcomeRow, say: Say): void {
  const opened = read.opened(row);
  const before = opened.filter((one) => one.ended < asked.began);
  if (row.outcome === 'recalled' && before.length > 0 && !asked.includeRead)
    say('P3: recalled, and was opened before', { row, asked, before });
  if (before.length > 0 && row.exposure !== 'opened' && row.outcome !== 'cancelled')
    say('P3: opened before, and not said', { row, asked, before });
  if (row.outcome === 'kept-read' && (row.exposure !== 'opened' || (opened.length === 0 && !read.perhaps(row))))
    say('P3: kept as read, and not opened', { row, asked });
  const wasRead = read.content(row).some((one) => one.ended < asked.began);
  if (wasRead && ['none', 'listed'].includes(row.exposure) && row.outcome !== 'cancelled')
    say('P1: was handed out before, and is not counted', { row, asked });
  if (row.outcome !== 'recalled') return;
  // Given back since, it may be read.
  const late = [...read.content(row), ...read.listed(row)].filter(
    (one) => one.began > asked.ended && one.ended < read.restoring(row.token),
  );
  if (late.length > 0) say('P1: handed out after the gate', { row, asked, late });
}

/** P8: whatever was told is in the audit log. That the log is whole, verify looks at. */
async function checkAudited({ sql, tenant }: Checked, told: Told, say: Say): Promise<void> {
  const rows = await sql<{ action: string; subject: string; reason: string | null }>(
    `SELECT action, subject, detail ->> 'reason' AS reason FROM audit WHERE tenant_id = $1`,
    [tenant],
  );
  const entries = new Set(rows.map((row) => `${row.action} ${row.subject}`));
  const expect = (action: string, ids: (number | null)[]): void => {
    for (const id of ids)
      if (id !== null && !entries.has(`${action} r${id}`))
        say('P8: told, and not in the audit log', `${action} r${id}`);
  };
  expect(
    'recall.created',
    told.recalls.map((one) => one.recallId),
  );
  expect('recall.cancel-requested', told.cancelled);
  expect(
    'recall.restore-requested',
    told.restores.filter((one) => one.told).map((one) => one.recallId),
  );
  const count = (action: string, reason?: string): number =>
    rows.filter((row) => row.action === action && (reason === undefined || row.reason === reason)).length;
  for (const [reason, times] of told.refused)
    if (count('recall.refused', reason) < times)
      say('P8: refused, and not in the audit log', { reason, times, has: count('recall.refused', reason) });
  const { made, unknown } = told.policies;
  const changed = count('policy.changed');
  if (changed < made || changed > made + unknown)
    say('P8: changes of policy, and entries in the audit log', { made, unknown, changed });
}
