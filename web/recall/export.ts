// A recall's report as a file: CSV for a spreadsheet, JSON for a program. Fetched page by page.

import type { RecallOutcome } from './data.ts';
import { labelOf, sentenceOf } from './words.ts';

export type Format = 'csv' | 'json';

const COLUMNS = [
  'recipient',
  'name',
  'via',
  'outcome',
  'exposure',
  'sentence',
  'remoteHost',
  'remoteReply',
  'downloadedBy',
  'downloadedAt',
  'toldAt',
  'decidedAt',
  'restoredAt',
] as const;

type Line = Record<(typeof COLUMNS)[number], string | null>;

function lineOf(row: RecallOutcome): Line {
  return {
    recipient: row.recipient,
    name: row.name,
    via: row.via,
    outcome: row.outcome,
    exposure: row.exposure,
    sentence: said(row),
    remoteHost: row.remote?.host ?? null,
    remoteReply: row.remote?.reply ?? null,
    downloadedBy: row.downloadedBy,
    downloadedAt: row.downloadedAt,
    toldAt: row.toldAt,
    decidedAt: row.decidedAt,
    restoredAt: row.restoredAt,
  };
}

function said(row: RecallOutcome): string {
  if (row.outcome === null) return row.reason;
  const sentence = sentenceOf({ ...row, outcome: row.outcome });
  return sentence === '' ? `${labelOf(row.outcome)}.` : `${labelOf(row.outcome)}: ${sentence}`;
}

/** RFC 4180; a spreadsheet must not take what somebody else wrote for a formula. */
function cell(value: string | null): string {
  const text = value === null ? '' : /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The file's parts, one a page. */
export async function* exported(format: Format, pages: AsyncIterable<RecallOutcome[]>): AsyncGenerator<string> {
  if (format === 'csv') {
    yield `\ufeff${COLUMNS.join(',')}\r\n`;
    for await (const page of pages) {
      yield page.map((row) => `${COLUMNS.map((name) => cell(lineOf(row)[name])).join(',')}\r\n`).join('');
    }
    return;
  }
  let first = true;
  yield '[';
  for await (const page of pages) {
    for (const row of page) {
      yield `${first ? '' : ','}\n${JSON.stringify({ ...lineOf(row), counts: row.counts ?? undefined })}`;
      first = false;
    }
  }
  yield '\n]\n';
}

/** "recall-salaries-2026.csv" */
export function fileName(subject: string | null, format: Format): string {
  const words = (subject ?? '')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return `recall${words === '' ? '' : `-${words}`}.${format}`;
}
