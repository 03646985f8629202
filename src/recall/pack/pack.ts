// The incident pack of a recall: one HTML file for a privacy officer, with what was taken back, by whom, who had seen how
// much of it, and when, from the outcomes and the audit log; signed with the installation's key.

import { Refusal } from '../../mail/errors.ts';
import { DEFAULT_POLICY, policyOf } from '../../mail/policy.ts';
import { EXPOSURES, OUTCOMES } from '../../mail/recall.ts';
import { appendAudit, auditOfSubjects, verifyAudit, type AuditRecord } from '../../store/audit.ts';
import { filesOf } from '../../store/carried.ts';
import { tenantRow } from '../../store/directory.ts';
import { installationKey } from '../../store/installation-keys.ts';
import { messagesFound } from '../../store/messages-found.ts';
import { countByExposure, outcomesByNumber, queryOutcomes, type ReportedOutcome } from '../../store/outcomes.ts';
import type { Reader, Store } from '../../store/postgres.ts';
import { recallById, type RecallProgress } from '../../store/recalls.ts';
import { recallsForwarding } from '../../store/tenant-recalls.ts';
import type { People } from '../ports.ts';
import { headline } from '../report.ts';
import { sentenceOf } from '../sentences.ts';
import { list, minute, page, paragraph, section, table } from './html.ts';
import { keyId, signed } from './signature.ts';

export interface PackDeps {
  store: Store;
  people: People;
  clock: () => Date;
}

/** Recipients that are listed; all are counted. */
const LISTED = 10_000;

/** Answers the file. Throws Refusal `notFound`. `by`: who asks for it, an address or "command line". */
export async function packRecall(
  deps: PackDeps,
  by: string,
  tenant: number,
  id: number,
): Promise<{ html: string; keyId: string }> {
  const { store, clock } = deps;
  const recall = await recallById(store, tenant, id);
  if (!recall) throw new Refusal('notFound', 'There is no such recall.');
  const at = clock();
  const key = await installationKey(store, 'pack', at);
  // On record before it is written, so that it tells of itself, too.
  await store.transact(async (tx) =>
    appendAudit(tx, tenant, { at, actor: by, action: 'recall.packed', subject: `r${id}`, detail: {} }),
  );
  const html = page(`Incident pack: recall r${id}`, [
    await overview(deps, tenant, recall, by, at),
    await message(store, tenant, recall),
    await who(deps, tenant, recall),
    await numbers(store, tenant, recall),
    await forwards(store, tenant, recall),
    await timeline(store, tenant, recall),
    await recipients(store, tenant, recall),
    await proof(store, tenant, keyId(key.publicKey)),
  ]);
  return { html: signed(html, key), keyId: keyId(key.publicKey) };
}

async function overview(
  { store }: PackDeps,
  tenant: number,
  recall: RecallProgress,
  by: string,
  at: Date,
): Promise<string> {
  const name = (await tenantRow(store, tenant))?.name ?? '';
  const under = 'The recall is still under way: what follows is what has been decided so far.';
  return `${paragraph(recall.done_at ? headline(recall, recall.counts) : under)}\n${list([
    ['Organisation', name],
    ['Recall', `r${recall.id}`],
    ['Status', recall.status],
    ['Written', at],
    ['Written by', by],
  ])}`;
}

async function message(reader: Reader, tenant: number, recall: RecallProgress): Promise<string> {
  const [found] = await messagesFound(reader, tenant, [recall.message_id]);
  const files = await filesOf(reader, tenant, recall.message_id);
  return section(
    'What',
    list([
      ['Subject', recall.subject],
      ['Message-ID', recall.message_id_header],
      ['From', found?.from?.map((one) => (one.name ? `${one.name} <${one.email}>` : one.email)).join(', ')],
      ['Sent from here by', found?.sender ?? (recall.account_id === 0 ? 'nobody: it came from outside' : null)],
      ['Accepted', found?.accepted_at],
      ['Size', found && `${found.size} octets`],
    ]),
    files.length === 0
      ? ''
      : table(
          ['Part', 'File or message in it', 'SHA-256'],
          files.map((file) => [file.partId, file.name, file.sha256]),
        ),
  );
}

async function who({ people }: PackDeps, tenant: number, recall: RecallProgress): Promise<string> {
  const address = async (account: number | null): Promise<string | null> =>
    account === null ? null : ((await people.account(tenant, account))?.address ?? `account ${account}, which is gone`);
  const policy = policyOf(recall.policy);
  const names = Object.keys(policy) as (keyof typeof policy)[];
  const set = names.filter((name) => JSON.stringify(policy[name]) !== JSON.stringify(DEFAULT_POLICY[name]));
  return section(
    'Who',
    list([
      ['Asked for by', await address(recall.requested_by)],
      ['As', recall.by_administrator ? 'an administrator' : 'the sender, or in their place'],
      ['Approved by', await address(recall.approved_by)],
      ['Reason', recall.reason],
      ['Read copies', recall.include_read ? 'taken back too' : 'left'],
      ['Recipients', recall.all_recipients ? 'all' : 'those that were named'],
      ['Replaced', recall.mode === 'replace' ? 'by another message' : null],
      ['Policy as it stood', set.map((name) => `${name} ${JSON.stringify(policy[name])}`).join(', ') || 'the defaults'],
    ]),
  );
}

/** How many, by outcome and by how far each had got when it was decided. */
async function numbers(reader: Reader, tenant: number, recall: RecallProgress): Promise<string> {
  const rows = await countByExposure(reader, tenant, recall.id);
  const count = (outcome: string, exposure: string): number =>
    rows.find((row) => row.outcome === outcome && row.exposure === exposure)?.count ?? 0;
  const known = OUTCOMES.filter((outcome) => rows.some((row) => row.outcome === outcome));
  const sum = (of: number[]): number => of.reduce((a, b) => a + b, 0);
  const line = (name: string, of: (exposure: string) => number): (string | number)[] => {
    const counts = EXPOSURES.map((exposure) => of(exposure));
    return [name, ...counts, sum(counts)];
  };
  const body = known.map((outcome) => line(outcome, (exposure) => count(outcome, exposure)));
  const total = line('all', (exposure) => sum(known.map((outcome) => count(outcome, exposure))));
  return section(
    'Exposure',
    paragraph(
      'What had happened to each copy when its outcome was decided. none: no program had shown it. listed: subject, sender or first words had been given to a program. downloaded: a program had its content, unread. opened: it was marked or fetched as read. Of copies on other servers nothing is known.',
    ),
    table(['Outcome', ...EXPOSURES, 'all'], [...body, total]),
    paragraph(`${recall.total} deliveries were in scope.`),
  );
}

async function forwards(reader: Reader, tenant: number, recall: RecallProgress): Promise<string> {
  const rows = await recallsForwarding(reader, tenant, recall.id);
  if (rows.length === 0 && recall.forward_of === null) return '';
  return section(
    'Forwards',
    recall.forward_of === null ? '' : paragraph(`Taken along with recall r${recall.forward_of}.`),
    rows.length === 0
      ? ''
      : table(
          ['Recall', 'Subject', 'Status', 'In scope', 'Outcomes'],
          rows.map((row) => [`r${row.id}`, row.subject, row.status, row.total, said(row.counts)]),
        ),
  );
}

function said(counts: RecallProgress['counts']): string {
  return OUTCOMES.flatMap((outcome) => (counts[outcome] ? [`${counts[outcome]} ${outcome}`] : [])).join(', ');
}

/** The audit log's entries of this recall, with the times that it does not have. */
async function timeline(reader: Reader, tenant: number, recall: RecallProgress): Promise<string> {
  const entries = await auditOfSubjects(reader, tenant, [`r${recall.id}`]);
  const own: [Date, string, string, string, string][] = [
    [recall.created_at, '', 'asked for', '', ''],
    [recall.gated_at, '', 'gate: no copy in scope can be opened from here on', '', ''],
    ...(recall.done_at
      ? [[recall.done_at, '', 'every delivery has its outcome', '', ''] as [Date, string, string, string, string]]
      : []),
  ];
  const rows = [...own, ...entries.map(entryRow)].toSorted(([a], [b]) => a.getTime() - b.getTime());
  return section(
    'Timeline',
    table(
      ['When', 'Who', 'What', 'Detail', 'Audit entry'],
      rows.map(([at, ...rest]) => [minute(at), ...rest]),
    ),
  );
}

function entryRow({ at, actor, action, detail, seq, hash }: AuditRecord): [Date, string, string, string, string] {
  const told = Object.keys(detail).length === 0 ? '' : JSON.stringify(detail);
  return [at, actor, action, told, `${seq} ${hash.toString('hex').slice(0, 16)}…`];
}

async function recipients(reader: Reader, tenant: number, recall: RecallProgress): Promise<string> {
  const rows: ReportedOutcome[] = [];
  const filter = { outcomes: null, text: null, hidden: [] };
  for (let position = 0; position < LISTED; position += 1000) {
    const range = { sort: null, ascending: true, position, limit: 1000 } as const;
    const some = await queryOutcomes(reader, { tenant, recall: recall.id }, filter, range);
    rows.push(...(await outcomesByNumber(reader, tenant, recall.id, some)));
    if (some.length < 1000) break;
  }
  const more = recall.total - rows.length;
  const columns = [
    'Recipient',
    'Through',
    'Outcome',
    'Exposure',
    'Downloaded',
    'Told of the removal',
    'Decided',
    'Restored',
  ];
  return section(
    'Recipients',
    table(
      columns,
      rows.map((row) => [
        row.recipient,
        row.via,
        sentenceOf(row),
        row.exposure,
        row.downloaded_at && `${minute(row.downloaded_at)} by ${row.downloaded_by ?? 'unknown'}`,
        row.told_at,
        row.decided_at,
        row.restored_at,
      ]),
    ),
    more > 0 ? paragraph(`${more} more are counted above and not listed, or not decided yet.`) : '',
  );
}

async function proof(reader: Reader, tenant: number, id: string): Promise<string> {
  const verdict = await verifyAudit(reader, tenant);
  const chain = verdict.intact
    ? `The audit log’s chain was verified for this pack: intact, ${verdict.entries} entries.`
    : `The audit log’s chain was verified for this pack and is broken at entry ${verdict.brokenAt}: ${verdict.why}.`;
  return section(
    'How far this can be relied on',
    paragraph(chain),
    paragraph(
      'The last line of this file is a signature over all before it, by a key of the installation that wrote it. It shows that nobody has changed the file since. To verify it there: homing recall verify FILE. Anywhere else, with the key that homing recall key prints: homing recall verify FILE --key KEY.pem.',
    ),
    list([['Key', `Ed25519 ${id}`]]),
  );
}
