import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LAST_BACKUP, SETTINGS, readConfig } from '../config/config.ts';
import { checkBackup, type Manifest } from '../store/backup/format.ts';
import { takeBackup } from '../store/backup/take.ts';
import { readArguments, Usage } from './arguments.ts';
import { print } from './output.ts';
import { dataDirOf, findDatabase } from './session.ts';

export const help = `back up everything while Homing runs, or check a backup
  homing backup DIR            all of one moment, into a new directory, which is there only once it is whole
  homing backup DIR --check    that it is whole and as it was written
  The database, messages' bytes among it, and the certificate that Homing made for itself; a certificate and key of your
  own (${SETTINGS.tlsCert.env}, ${SETTINGS.tlsKey.env}) are not in it. Whoever can read a backup can read all mail.
  --json for programs.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { check: { type: 'boolean' }, json: { type: 'boolean' } });
  const [directory, more] = positionals;
  if (directory === undefined || more !== undefined)
    throw new Usage('Say homing backup and a directory; --help says more.');
  const manifest = values.check ? await checkBackup(directory) : await take(directory);
  const said = values.check ? `${directory} is whole` : `Backed up to ${directory}`;
  print(values.json, summaryOf(manifest), () => `${said}: ${sentenceOf(manifest)}.`);
  return 0;
}

/** Ended by a signal, it leaves nothing. */
async function take(directory: string): Promise<Manifest> {
  const config = readConfig('serve', [], process.env);
  const { connection } = await findDatabase(config);
  const asked = new AbortController();
  const end = (): void => asked.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  try {
    const dataDir = dataDirOf(config);
    const manifest = await takeBackup({ connection, directory, dataDir, signal: asked.signal });
    // Where the data directory is Homing's own machine's: its metrics tell how long ago that was.
    if (existsSync(dataDir)) await writeFile(join(dataDir, LAST_BACKUP), `${manifest.takenAt}\n`);
    return manifest;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, end);
  }
}

/** What a manifest comes to. */
function summaryOf({ takenAt, migrations, tables }: Manifest): {
  takenAt: string;
  schema: number;
  tables: number;
  rows: number;
  messages: number;
} {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const messages = tables.find((table) => table.name === 'message')?.rows ?? 0;
  return { takenAt, schema: migrations.at(-1) ?? 0, tables: tables.length, rows, messages };
}

export function sentenceOf(manifest: Manifest): string {
  const { takenAt, schema, tables, rows, messages } = summaryOf(manifest);
  return `${messages} messages, ${rows} rows of ${tables} tables (schema ${schema}), as of ${takenAt}`;
}
