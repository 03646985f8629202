// The list of `homing account import`, in CSV (RFC 4180): a line of column names, then a line an account.

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { parse } from 'csv-parse';
import type { AdminDeps } from '../directory/admin.ts';
import { importAccounts, type ImportLine } from '../directory/import.ts';
import { Refusal } from '../mail/errors.ts';
import { print } from './output.ts';

const COLUMNS = ['address', 'name', 'password', 'aliases', 'groups', 'kind'] as const;

/** Answers the exit code: a wrong line is named on standard error, and then nothing was imported. */
export async function importFile(
  deps: AdminDeps,
  file: string,
  options: { tenant: number | undefined; dryRun: boolean | undefined; json: boolean },
): Promise<number> {
  const progress = process.stderr.isTTY && !options.json;
  const { imported, wrong, wrongLines } = await importAccounts(deps, () => readLines(file), {
    ...options,
    ...(progress ? { onProgress: (lines) => process.stderr.write(`\r${lines} lines`) } : {}),
  });
  if (progress) process.stderr.write('\r\u001b[K');
  if (wrongLines === 0) {
    const done = options.dryRun
      ? `All ${imported} lines are right; nothing was imported.`
      : `Imported ${imported} ${imported === 1 ? 'account' : 'accounts'}.`;
    print(options.json, { imported: options.dryRun ? 0 : imported, lines: imported, wrong, wrongLines }, () => done);
    return 0;
  }
  for (const { line, why } of wrong) console.error(`${file}:${line}: ${why}`);
  if (wrongLines > wrong.length) console.error(`… and ${wrongLines - wrong.length} more.`);
  const sentence = `Nothing was imported: ${wrongLines} ${wrongLines === 1 ? 'line is' : 'lines are'} wrong.`;
  if (options.json) print(true, { error: 'badFile', description: sentence, imported: 0, wrong, wrongLines }, () => '');
  console.error(`homing: ${sentence}`);
  return 1;
}

interface Parsed {
  record: string[];
  /** Lines read, up to and with this record. */
  info: { lines: number };
}

/**
 * Reads the file as a stream. A line that cannot be understood is answered with its fault; one after which nothing can be
 * (a quotation mark that is never closed) ends the list. Throws Refusal `badFile`, `notFound`.
 */
export async function* readLines(file: string): AsyncIterable<ImportLine> {
  const bytes = file === '-' ? process.stdin : createReadStream('', { fd: await open(file).catch(cannotRead(file)) });
  const parser = parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true });
  bytes.on('error', (error: Error) => parser.destroy(error)).pipe(parser);
  let columns: string[] | undefined;
  let last = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      last = info.lines;
      if (columns) yield toLine(info.lines, columns, record);
      else columns = readColumns(record);
    }
  } catch (error) {
    const { code = '', lines = last + 1 } = error as { code?: string; lines?: number };
    if (!code.startsWith('CSV_')) throw error;
    const fault = 'A quotation mark is not where it may be, or is never closed; what follows cannot be read.';
    yield { line: lines, address: '', aliases: [], groups: [], fault };
  } finally {
    bytes.destroy();
  }
  if (!columns) throw new Refusal('badFile', `${file} is empty: its first line names the columns.`);
}

const cannotRead = (file: string) => (): never => {
  throw new Refusal('notFound', `${file} cannot be read.`);
};

function readColumns(record: string[]): string[] {
  const columns = record.map((name) => name.toLowerCase());
  const strange = columns.find((name, i) => !COLUMNS.some((one) => one === name) || columns.indexOf(name) !== i);
  if (strange !== undefined || !columns.includes('address')) {
    const what = strange === undefined ? 'It has no column "address"' : `It cannot have this column "${strange}"`;
    throw new Refusal('badFile', `The first line names the columns, of ${COLUMNS.join(', ')}. ${what}.`);
  }
  return columns;
}

function toLine(line: number, columns: string[], record: string[]): ImportLine {
  const value = (column: (typeof COLUMNS)[number]): string | undefined => record[columns.indexOf(column)] || undefined;
  const words = (text: string | undefined): string[] => text?.split(/\s+/).filter((word) => word !== '') ?? [];
  return {
    line,
    address: value('address') ?? '',
    name: value('name'),
    kind: value('kind'),
    password: value('password'),
    aliases: words(value('aliases')),
    groups: words(value('groups')),
    fault:
      record.length > columns.length
        ? `It has ${record.length} columns, the first line names ${columns.length}.`
        : undefined,
  };
}
