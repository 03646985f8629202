// What becomes of a recall, for a person at a terminal or for a program.

import { Refusal } from '../mail/errors.ts';
import { OUTCOMES } from '../mail/recall.ts';
import { headline } from '../recall/report.ts';
import { downloadOf, sentenceOf } from '../recall/sentences.ts';
import { outcomesByNumber, queryOutcomes, type ReportedOutcome } from '../store/outcomes.ts';
import { recallById, type RecallProgress } from '../store/recalls.ts';
import { print, table } from './output.ts';
import type { Session } from './session.ts';

/** Follows a recall to its end, with a bar where somebody looks. */
export async function watch(session: Session, tenant: number, id: number, bar: boolean): Promise<RecallProgress> {
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

export async function showOutcomes(
  session: Session,
  tenant: number,
  recall: RecallProgress,
  json: boolean,
): Promise<void> {
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
