// The report: what a reader may see of a recall's outcomes, and the mailed form of it.

import { simpleMessage } from '../mail/mime/compose.ts';
import { domainOf } from '../mail/address.ts';
import { policyOf } from '../mail/policy.ts';
import { OUTCOMES, type Exposure, type Outcome } from '../mail/recall.ts';
import { raise } from '../store/account-state.ts';
import {
  countByExposure,
  countsOfGroup,
  outcomesByNumber,
  queryOutcomes,
  type ReportedOutcome,
} from '../store/outcomes.ts';
import type { Reader, Store } from '../store/postgres.ts';
import { type RecallProgress } from '../store/recalls.ts';
import { markReported } from '../store/recall-progress.ts';
import type { AccountInfo, People, SubmitMail } from './ports.ts';
import { hiddenGroups } from './hidden.ts';
import { downloadOf, sentenceOf } from './sentences.ts';

/** `counts` is never shown of fewer: it would name people. */
const LEAST_COUNTED = 5;

/** Rows that a mailed report lists; the tracking page and the API have them all. */
const MAILED_ROWS = 10_000;

/** What the sender's policy lets them see. */
export interface ReportView {
  rows: boolean;
  exposure: boolean;
  /** Groups shown as one row with counts. */
  hidden: string[];
}

/** An administrator sees all of it. */
export const WHOLE_VIEW: ReportView = { rows: true, exposure: true, hidden: [] };

export async function viewFor(reader: Reader, viewer: AccountInfo, recall: RecallProgress): Promise<ReportView> {
  const { senderSees } = policyOf(recall.policy);
  // No group's row either: what is left of all when it is taken away would name people.
  if (senderSees === 'counts') return { rows: false, exposure: false, hidden: [] };
  const hidden = await hiddenGroups(reader, viewer, recall.message_id);
  return { rows: true, exposure: senderSees === 'outcome+exposure', hidden };
}

/** Counts by outcome as the viewer may see them: none of fewer than five where only counts are shown. */
export function countsFor(recall: RecallProgress): Partial<Record<Outcome, number>> {
  const { senderSees } = policyOf(recall.policy);
  if (senderSees === 'counts' && recall.total < LEAST_COUNTED) return {};
  return recall.counts;
}

/** Mails the report once; the sender asked for it. */
export async function mailReport(
  deps: { store: Store; people: People; submit: SubmitMail; clock: () => Date },
  tenant: number,
  recall: RecallProgress,
): Promise<void> {
  if (!recall.notify_me || recall.reported_at !== null) return;
  const to = await deps.people.account(tenant, recall.requested_by);
  if (to) {
    const bytes = await composeReport(deps.store, to, recall, deps.clock());
    await deps.submit({
      tenant,
      origin: { kind: 'server' },
      mailFrom: '',
      recipients: [{ address: to.address }],
      bytes,
    });
  }
  await deps.store.transact(async (tx) => {
    await raise(tx, tenant, recall.account_id);
    await markReported(tx, tenant, recall.id, deps.clock());
  });
}

async function composeReport(reader: Reader, to: AccountInfo, recall: RecallProgress, now: Date): Promise<Buffer> {
  // An administrator's recall is reported to whoever made it, for whom nothing is hidden.
  const view = recall.by_administrator ? WHOLE_VIEW : await viewFor(reader, to, recall);
  const counts = recall.by_administrator ? recall.counts : countsFor(recall);
  const rows = view.rows ? await listRows(reader, to.tenant, recall, view) : [];
  const groups = await Promise.all(
    view.hidden.map(async (address) => ({
      address,
      counts: await countsOfGroup(reader, { tenant: to.tenant, recall: recall.id }, address),
    })),
  );
  const isCounted = Object.keys(counts).length > 0 || recall.total === 0;
  const text = [
    isCounted ? headline(recall, counts) : 'The recall has ended. Your organisation shows counts of five and more.',
    '',
    ...OUTCOMES.filter((outcome) => counts[outcome]).map((outcome) => `  ${outcome}: ${counts[outcome]}`),
    '',
    ...(view.exposure ? await exposureLines(reader, to.tenant, recall.id) : []),
    ...groups.flatMap(({ address, counts: of }) => [
      `${address}: ${of.map((row) => `${row.count} ${row.outcome}`).join(', ')}`,
    ]),
    ...rows.flatMap((row) => {
      const download = view.exposure ? downloadOf(row) : '';
      return [`${row.recipient}: ${sentenceOf(row, view.exposure)}`, ...(download === '' ? [] : [`  (${download})`])];
    }),
    ...(view.rows && recall.total > rows.length && view.hidden.length === 0
      ? ['', `… and ${recall.total - rows.length} more on the tracking page.`]
      : []),
  ];
  const json = {
    recallId: `r${recall.id}`,
    messageId: recall.message_id_header,
    status: recall.status,
    mode: recall.mode,
    createdAt: recall.created_at,
    doneAt: recall.done_at,
    total: recall.total,
    counts,
    groups: groups.map(({ address, counts: of }) => ({
      address,
      counts: Object.fromEntries(of.map((row) => [row.outcome, row.count])),
    })),
    recipients: rows.map((row) => ({
      recipient: row.recipient,
      via: row.via,
      outcome: row.outcome,
      exposure: view.exposure ? row.exposure : null,
      downloadedBy: view.exposure ? row.downloaded_by : null,
      downloadedAt: view.exposure ? row.downloaded_at : null,
      toldAt: view.exposure ? row.told_at : null,
      decidedAt: row.decided_at,
    })),
  };
  const domain = domainOf(to.address);
  return simpleMessage({
    from: { name: 'Homing', email: `postmaster@${domain}` },
    to: [{ name: to.name, email: to.address }],
    subject: `Recall report: ${recall.subject ?? ''}`,
    date: now,
    messageId: `recall-${recall.id}.report@${domain}`,
    text: `${text.join('\r\n')}\r\n`,
    headers: [{ name: 'Auto-Submitted', value: 'auto-generated' }],
    attachments: [
      {
        name: `recall-r${recall.id}.json`,
        type: 'application/json',
        bytes: Buffer.from(JSON.stringify(json, null, 2)),
      },
    ],
  });
}

/** The truth in one line: "Taken back from 412 of 433 in 38 ms." */
export function headline(recall: RecallProgress, counts: Partial<Record<Outcome, number>>): string {
  const back = (counts.recalled ?? 0) + (counts.intercepted ?? 0);
  const took = recall.done_at ? ` in ${milliseconds(recall.done_at.getTime() - recall.created_at.getTime())}` : '';
  const read = counts['kept-read'] ? ` ${counts['kept-read']} had read it.` : '';
  const away = (counts.outside ?? 0) + (counts['outside-unknown'] ?? 0);
  const outside = away === 0 ? '' : ` ${away} ${away === 1 ? 'is' : 'are'} outside.`;
  return `Taken back from ${back} of ${recall.total}${took}.${read}${outside}`;
}

function milliseconds(ms: number): string {
  return ms < 10_000 ? `${ms} ms` : `${Math.round(ms / 1000)} s`;
}

async function listRows(
  reader: Reader,
  tenant: number,
  recall: RecallProgress,
  view: ReportView,
): Promise<ReportedOutcome[]> {
  const numbers = await queryOutcomes(
    reader,
    { tenant, recall: recall.id },
    { outcomes: null, text: null, hidden: view.hidden },
    { sort: null, ascending: true, position: 0, limit: MAILED_ROWS },
  );
  return outcomesByNumber(reader, tenant, recall.id, numbers);
}

const EXPOSED: Record<Exposure, string> = {
  none: 'no program had shown it',
  listed: 'subject or first words may have been seen',
  downloaded: 'a device had downloaded it',
  opened: 'it had been read',
};

async function exposureLines(reader: Reader, tenant: number, recall: number): Promise<string[]> {
  const rows = (await countByExposure(reader, tenant, recall)).filter((row) => row.outcome === 'recalled');
  return rows.length === 0
    ? []
    : [...rows.map((row) => `  of those recalled, ${row.count}: ${EXPOSED[row.exposure]}`), ''];
}
