// The list of `homing account import`, in CSV (RFC 4180): a line of column names, then a line an account.

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse';
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

/** A quotation mark that is never closed must not make one record of a million lines. */
const FORMAT = { bom: true, max_record_size: 1 << 20, relax_column_count: true, skip_empty_lines: true, trim: true };

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
  const parser = parse({ ...FORMAT, info: true });
  bytes.on('error', (error: Error) => parser.destroy(error)).pipe(parser);
  let columns: string[] | undefined;
  let twice = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      // The parser counts both characters of a CRLF between quotation marks.
      twice += count(record, /\r\n/g);
      if (columns) yield toLine(info.lines - twice - count(record, /\r\n?|\n/g), columns, record);
      else columns = readColumns(record);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) cannotRead(file)(); // a directory, say
    if (!(error instanceof CsvError)) throw error;
    yield brokenLine(error as CsvError & { lines: number; records: number });
    return;
  } finally {
    bytes.destroy();
  }
  if (!columns) throw new Refusal('badFile', `${file} is empty: its first line names the columns.`);
}

/** The parser gives up, and what it had read before with it. */
function brokenLine({ code, lines, records }: CsvError & { lines: number; records: number }): ImportLine {
  const open = code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE';
  const fault = open ? 'A quotation mark is opened and never closed.' : 'A quotation mark is where none may be.';
  return { line: open ? records + 1 : lines, address: '', aliases: [], groups: [], fault };
}

function count(record: string[], what: RegExp): number {
  return record.reduce((sum, value) => sum + (value.match(what)?.length ?? 0), 0);
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
