// Restoring a backup into an empty database, all or nothing, and holding what is there afterwards against the manifest.

import { createReadStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { Refusal } from '../../mail/errors.ts';
import { lockMigrations, migrations, runMigrations } from '../migrate.ts';
import { clientConfig, type Connection } from '../postgres.ts';
import { writeDurably, type Manifest, type TableEntry } from './format.ts';
import { Rows } from './rows.ts';
import { COPY_SETTINGS, copyTarget, migrationsOf, tablesOf } from './schema.ts';

export interface RestoreOptions {
  connection: Connection;
  /** The backup, and what checkBackup answered of it. */
  directory: string;
  manifest: Manifest;
  /** The certificate that was taken along is put here, unless there is one. */
  dataDir: string;
}

/**
 * What clients were told after the backup's moment is forgotten, and must not be told again of something else: numbers go
 * on this far past where they were. No account has changed more often meanwhile, nor have messages been more.
 */
const LEAP = 10_000_000;
/** The same for numbers of organisations, accounts and groups, which have 31 bits. */
const SMALL_LEAP = 1_000;

/**
 * Fills the database in one transaction, which commits only if every table has the rows that were backed up. Throws
 * Refusal `corrupted` if one has not; `newer` where the backup, or the database, has a schema that does not fit;
 * `notEmpty` if there is anything in the database; `inUse` if another program is connected to it. Then nothing was
 * changed.
 */
export async function restoreBackup(options: RestoreOptions): Promise<void> {
  const { directory, connection, manifest } = options;
  const known = new Set((await migrations()).map((one) => one.version));
  const strange = manifest.migrations.find((version) => !known.has(version));
  if (strange !== undefined)
    throw new Refusal('newer', `The backup is of a newer Homing (schema ${strange}): restore it with that one.`);

  const client = new pg.Client(clientConfig(connection));
  client.on('error', () => undefined); // a connection that ends fails what is being written
  await client.connect();
  try {
    // Held to the end: a Homing that is started meanwhile waits for it.
    await lockMigrations(client);
    await mustBeFree(client);
    await makeSchema(client, manifest);
    await client.query(COPY_SETTINGS);
    await client.query('BEGIN');
    for (const table of manifest.tables) await fill(client, table, directory);
    await setSequences(client, manifest);
    for (const table of manifest.tables) await compare(client, table);
    await leap(client);
    await client.query('COMMIT');
    await runMigrations(client);
    await client.query('ANALYZE');
    await placeFiles(options);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function mustBeFree(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  );
  if (rows.length > 0)
    throw new Refusal('inUse', 'Another program is connected to the database. Stop Homing first; then restore.');
  for (const { name } of await tablesOf(client)) {
    const any = await client.query(`SELECT 1 FROM ${pg.escapeIdentifier(name)} LIMIT 1`);
    if (any.rows.length > 0)
      throw new Refusal(
        'notEmpty',
        `The database is not empty (${name} has rows): a backup goes into an empty one only.`,
      );
  }
}

/** The schema as it was when the backup was taken; later migrations run over what was restored. */
async function makeSchema(client: pg.Client, manifest: Manifest): Promise<void> {
  await runMigrations(client, new Set(manifest.migrations));
  const has = await migrationsOf(client);
  if (has.length > manifest.migrations.length)
    throw new Refusal(
      'newer',
      `The database has schema ${has.at(-1)}, the backup ${manifest.migrations.at(-1)}: it goes into a new database or data directory.`,
    );
}

async function fill(client: pg.Client, table: TableEntry, directory: string): Promise<void> {
  await pipeline(
    createReadStream(join(directory, table.file)),
    createGunzip(),
    client.query(copyFrom(`COPY ${copyTarget(table)} FROM STDIN`)),
  );
}

async function setSequences(client: pg.Client, { sequences }: Manifest): Promise<void> {
  for (const { name, last, called } of sequences)
    await client.query('SELECT setval($1::text::regclass, $2::bigint, $3)', [pg.escapeIdentifier(name), last, called]);
}

/** The table as it is in the database now has the rows that the manifest tells of. */
async function compare(client: pg.Client, table: TableEntry): Promise<void> {
  const rows = new Rows();
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(client.query(copyTo(`COPY ${copyTarget(table)} TO STDOUT`)), rows, nowhere);
  if (rows.count !== table.rows || rows.digest !== table.digest)
    throw new Refusal(
      'corrupted',
      `What was restored of ${table.name} is not what was backed up (${rows.count} rows of ${table.rows}). Nothing was kept.`,
    );
}

/**
 * The system that was backed up went on for a while. What was to leave it may have left (recall.md, P4: it is never called
 * intercepted), and programs know UIDs, ids and states that it gave out: no number is given out again for another thing.
 */
async function leap(client: pg.Client): Promise<void> {
  await client.query(
    `UPDATE delivery SET maybe_sent = true WHERE account_id IS NULL AND state IN ('held', 'queued', 'sending')`,
  );
  await client.query(`UPDATE account_state SET modseq = modseq + $1`, [LEAP]);
  // RFC 9051 §2.3.1.1: UIDs that are not those of before have another UIDVALIDITY.
  await client.query(`UPDATE mailbox SET uid_validity = greatest(uid_validity + 1, extract(epoch FROM now())::bigint)`);
  await client.query(
    `SELECT setval(format('%I.%I', schemaname, sequencename)::regclass,
       coalesce(last_value, start_value) + CASE WHEN data_type = 'bigint'::regtype THEN $1::int ELSE $2::int END)
     FROM pg_sequences WHERE schemaname = current_schema()`,
    [LEAP, SMALL_LEAP],
  );
}

async function placeFiles({ directory, dataDir, manifest }: RestoreOptions): Promise<void> {
  for (const name of manifest.files) {
    await mkdir(dirname(join(dataDir, name)), { recursive: true, mode: 0o700 });
    await writeDurably(join(dataDir, name), await readFile(join(directory, 'files', name))).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
}
