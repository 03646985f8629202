// Recalling from a shell, and restoring.

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { OUTCOMES } from '../mail/recall.ts';
import { Refusal } from '../mail/errors.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { headline } from '../recall/report.ts';
import { downloadOf, sentenceOf } from '../recall/sentences.ts';
import { outcomesByNumber, queryOutcomes, type ReportedOutcome } from '../store/outcomes.ts';
import { recallById, type RecallProgress } from '../store/recalls.ts';
import { accountNamed, print, table, Usage, withSession, type Session } from './session.ts';

export const help = `take a sent message back, or bring back what was taken
  homing recall MESSAGE-ID --from ADDRESS [--replace FILE.eml] [--to ADDRESS,…] [--include-read] [--reason TEXT] [--notify] [--wait]
  homing recall cancel RECALL --from ADDRESS
  homing recall restore RECALL --from ADDRESS
  --wait shows the progress and then every outcome.  --json for programs.`;

const OPTIONS = {
  from: { type: 'string' },
  replace: { type: 'string' },
  to: { type: 'string' },
  reason: { type: 'string' },
  'include-read': { type: 'boolean', default: false },
  notify: { type: 'boolean', default: false },
  wait: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values'];

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [first = '', second = ''] = positionals;
  if (first === '' || values.from === undefined)
    throw new Usage('homing recall MESSAGE-ID --from ADDRESS …; --help says more.');
  const from = values.from;
  await withSession(async (session) => {
    if (first === 'cancel' || first === 'restore') return await undo(session, first, second, from, values);
    await recall(session, first, from, values);
  });
  return 0;
}

async function recall(session: Session, messageId: string, from: string, values: Values): Promise<void> {
  const actor = await accountNamed(session, from);
  const { recalls, store } = session.services;
  const replacement = values.replace === undefined ? null : await readReplacement(values.replace, from);
  if (replacement) await recalls.checkReplacement(actor.tenant, replacement);
  const made = await recalls.request({
    actor,
    account: actor.id,
    message: { messageId },
    mode: replacement ? 'replace' : 'delete',
    recipients: values.to === undefined ? null : values.to.split(',').map((one) => one.trim()),
    includeRead: values['include-read'],
    notifyMe: values.notify,
    reason: values.reason ?? null,
  });
  await store.notifier.flushed();
  if (replacement) await recalls.replace(actor, actor.id, made.id, replacement);
  if (!values.wait) {
    print(
      values.json,
      { id: `r${made.id}`, total: made.total, gatedAt: made.gated_at },
      () => `r${made.id}: taking back from ${made.total}; no unread copy can be opened any more.`,
    );
    return;
  }
  const done = await watch(session, actor.tenant, made.id, !values.json && process.stderr.isTTY);
  await showOutcomes(session, actor.tenant, done, values.json);
}

async function readReplacement(
  file: string,
  from: string,
): Promise<{ mailFrom: string; recipients: string[]; bytes: Buffer; emailId: null }> {
  const bytes = await readFile(file).catch(() => {
    throw new Refusal('notFound', `${file} cannot be read.`);
  });
  const { to, cc, bcc } = parseMessage(bytes).envelope;
  const recipients = [...(to ?? []), ...(cc ?? []), ...(bcc ?? [])].map((one) => one.email);
  if (recipients.length === 0) throw new Refusal('noRecipients', `${file} names no recipient.`);
  return { mailFrom: from, recipients, bytes, emailId: null };
}

/** Follows a recall to its end, with a bar where somebody looks. */
async function watch(session: Session, tenant: number, id: number, bar: boolean): Promise<RecallProgress> {
  const { store } = session.services;
  for (;;) {
    const news = nextNews(session, tenant, id);
    const recall = await recallById(store, tenant, id);
    if (!recall) throw new Refusal('notFound', 'There is no such recall.');
    const decided = Object.values(recall.counts).reduce((sum, count) => sum + count, 0);
    if (bar) {
      const filled = recall.total === 0 ? 40 : Math.round((40 * decided) / recall.total);
      process.stderr.write(`\r[${'█'.repeat(filled)}${'·'.repeat(40 - filled)}] ${decided} of ${recall.total}`);
    }
    if (recall.status !== 'sweeping') {
      if (bar) process.stderr.write('\n');
      return recall;
    }
    await news;
  }
}

/** Until something is told of the recall; a second at most, for news can be missed. */
function nextNews({ services }: Session, tenant: number, id: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      services.store.notifier.off('recalls', onRecalls);
      resolve();
    };
    const onRecalls = (of: number, recalls: ReadonlySet<number>): void => {
      if (of === tenant && recalls.has(id)) done();
    };
    const timer = setTimeout(done, 1000);
    services.store.notifier.on('recalls', onRecalls);
  });
}

/** Rows printed to a person; a program gets them all. */
const SHOWN = 200;

async function showOutcomes(session: Session, tenant: number, recall: RecallProgress, json: boolean): Promise<void> {
  const { store } = session.services;
  const rows: {
    recipient: string;
    outcome: string;
    exposure: string;
    sentence: string;
    downloadedBy: string | null;
    downloadedAt: Date | null;
    toldAt: Date | null;
  }[] = [];
  const filter = { outcomes: null, text: null, hidden: [] };
  for (let position = 0; json || position < SHOWN; position += SHOWN) {
    const numbers = await queryOutcomes(store, { tenant, recall: recall.id }, filter, {
      sort: null,
      ascending: true,
      position,
      limit: SHOWN,
    });
    if (numbers.length === 0) break;
    for (const row of await outcomesByNumber(store, tenant, recall.id, numbers)) {
      rows.push({
        recipient: row.recipient,
        outcome: row.outcome,
        exposure: row.exposure,
        sentence: said(row),
        downloadedBy: row.downloaded_by,
        downloadedAt: row.downloaded_at,
        toldAt: row.told_at,
      });
    }
  }
  const counts = recall.counts;
  print(
    json,
    {
      id: `r${recall.id}`,
      status: recall.status,
      total: recall.total,
      counts,
      createdAt: recall.created_at,
      doneAt: recall.done_at,
      outcomes: rows,
    },
    () =>
      [
        headline(recall, counts),
        '',
        table(rows, ['recipient', 'outcome', 'exposure', 'sentence']),
        ...(recall.total > rows.length ? [`… and ${recall.total - rows.length} more (--json has them all)`] : []),
        '',
        ...OUTCOMES.filter((outcome) => counts[outcome]).map(
          (outcome) => `${String(counts[outcome]).padStart(9)}  ${outcome}`,
        ),
      ].join('\n'),
  );
}

function said(row: ReportedOutcome): string {
  const download = downloadOf(row);
  return download === '' ? sentenceOf(row) : `${sentenceOf(row)} (${download})`;
}

async function undo(
  session: Session,
  verb: 'cancel' | 'restore',
  recall: string,
  from: string,
  values: Values,
): Promise<void> {
  const actor = await accountNamed(session, from);
  const id = Number(/^r?(\d+)$/.exec(recall)?.[1] ?? Number.NaN);
  if (Number.isNaN(id)) throw new Usage(`homing recall ${verb} RECALL --from ADDRESS`);
  await session.services.recalls[verb](actor, actor.id, id);
  print(
    values.json,
    { id: `r${id}`, asked: verb },
    () => `r${id}: ${verb === 'cancel' ? 'what is not decided yet stays' : 'what was taken back returns'}.`,
  );
}
