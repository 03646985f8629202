// Taking a backup beside everything that runs: one REPEATABLE READ transaction, so that all of it is of one moment, a table
// after the other. It holds no lock that a message or a recall waits for.

import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { Refusal } from '../../mail/errors.ts';
import { clientConfig, type Connection } from '../postgres.ts';
import {
  MANIFEST,
  OWN_FILES,
  sha256Of,
  sumLines,
  SUMS,
  syncDirectory,
  writeDurably,
  type Manifest,
  type TableEntry,
} from './format.ts';
import { Rows } from './rows.ts';
import { COPY_SETTINGS, copyTarget, migrationsOf, sequencesOf, tablesOf, type Table } from './schema.ts';

export interface BackupOptions {
  connection: Connection;
  /** Where it shall be; must not be there yet. */
  directory: string;
  /** Its own certificate is taken along, if it is here. */
  dataDir: string;
  /** Ends it, and nothing is left. */
  signal?: AbortSignal;
  /** Tests look at the same moment here, before anything has been read of it: its name for SET TRANSACTION SNAPSHOT. */
  onSnapshot?: (name: string) => Promise<void>;
}

/**
 * Answers once `directory` is whole and on the disk. Until then it is `directory.partial`, which no restore takes; where
 * it fails, that is removed. Throws Refusal `exists` if either is there.
 */
export async function takeBackup(options: BackupOptions): Promise<Manifest> {
  const directory = resolve(options.directory);
  const partial = `${directory}.partial`;
  mayNotExist(directory);
  await mkdir(dirname(directory), { recursive: true });
  await mkdir(partial, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    throw new Refusal(
      'exists',
      `${partial} is there: a backup is being written, or one was broken off. Remove it if nothing writes to it.`,
    );
  });
  try {
    const manifest = await write(partial, options);
    mayNotExist(directory);
    await rename(partial, directory);
    await syncDirectory(dirname(directory));
    return manifest;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (options.signal?.aborted)
      throw new Refusal('brokenOff', 'The backup was broken off; nothing is left of it.', { cause: error });
    throw error;
  }
}

function mayNotExist(directory: string): void {
  if (existsSync(directory))
    throw new Refusal('exists', `${directory} is there already: each backup has a directory of its own.`);
}

async function write(partial: string, options: BackupOptions): Promise<Manifest> {
  const client = new pg.Client(clientConfig(options.connection));
  client.on('error', () => undefined); // a connection that ends fails what is being read
  await client.connect();
  try {
    const sums = new Map<string, string>();
    const begun = await begin(client);
    if (options.onSnapshot) {
      const { rows } = await client.query<{ name: string }>('SELECT pg_export_snapshot() AS name');
      await options.onSnapshot(rows[0]?.name ?? '');
    }
    const tables: TableEntry[] = [];
    await mkdir(join(partial, 'tables'), { mode: 0o700 });
    for (const table of begun.tables) {
      options.signal?.throwIfAborted();
      tables.push(await writeTable(client, table, partial, sums, options.signal));
    }
    const sequences = await sequencesOf(client);
    await client.query('ROLLBACK'); // nothing was written
    const files = await writeFiles(options.dataDir, partial, sums);
    const { tables: _, ...head } = begun;
    const manifest: Manifest = { format: 'homing-backup', version: 1, ...head, tables, sequences, files };
    await writeDurably(join(partial, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    sums.set(MANIFEST, await sha256Of(join(partial, MANIFEST)));
    // All else is on the disk, under its name, before there is the file that makes it a backup.
    for (const one of [...(files.length > 0 ? ['files/tls', 'files'] : []), 'tables', '.'])
      await syncDirectory(join(partial, one));
    await writeDurably(join(partial, SUMS), sumLines(sums));
    await syncDirectory(partial);
    return manifest;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Fixes the moment. Tables are locked against a change of the schema, and nothing else, before it: as pg_dump does. */
async function begin(
  client: pg.Client,
): Promise<{ takenAt: string; postgres: string; migrations: number[]; tables: Table[] }> {
  await client.query(COPY_SETTINGS);
  const names = (await tablesOf(client)).map((table) => pg.escapeIdentifier(table.name));
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query(`LOCK TABLE migration, ${names.join(', ')} IN ACCESS SHARE MODE`);
  const { rows } = await client.query<{ at: Date; postgres: string }>(
    `SELECT clock_timestamp() AS at, current_setting('server_version') AS postgres`,
  );
  const tables = await tablesOf(client);
  if (tables.some((table) => !names.includes(pg.escapeIdentifier(table.name))))
    throw new Refusal('newer', 'A newer Homing has just changed the database: try again.');
  return {
    takenAt: rows[0]?.at.toISOString() ?? '',
    postgres: rows[0]?.postgres ?? '',
    migrations: await migrationsOf(client),
    tables,
  };
}

/** A large table goes through in pieces: what is in memory is a few of them. */
async function writeTable(
  client: pg.Client,
  table: Table,
  partial: string,
  sums: Map<string, string>,
  signal: AbortSignal | undefined,
): Promise<TableEntry> {
  const file = `tables/${table.name}.copy.gz`;
  const rows = new Rows();
  const sum = createHash('sha256');
  const summing = new PassThrough();
  summing.on('data', (chunk: Buffer) => void sum.update(chunk));
  await pipeline(
    client.query(copyTo(`COPY ${copyTarget(table)} TO STDOUT`)),
    rows,
    createGzip({ level: 1 }),
    summing,
    createWriteStream(join(partial, file), { flags: 'wx', mode: 0o600, flush: true }),
    ...(signal ? [{ signal }] : []),
  );
  sums.set(file, sum.digest('hex'));
  return { ...table, file, rows: rows.count, digest: rows.digest };
}

async function writeFiles(dataDir: string, partial: string, sums: Map<string, string>): Promise<string[]> {
  const written: string[] = [];
  for (const name of OWN_FILES) {
    const bytes = await readFile(join(dataDir, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (!bytes) continue;
    const file = `files/${name}`;
    await mkdir(dirname(join(partial, file)), { recursive: true, mode: 0o700 });
    await writeDurably(join(partial, file), bytes);
    sums.set(file, await sha256Of(join(partial, file)));
    written.push(name);
  }
  return written;
}
