// Brings a database to this code's schema, at start. Refuses one that is newer than the code.

import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { Refusal } from '../mail/errors.ts';
import { clientConfig, type Connection } from './postgres.ts';
import { grantServer } from './rights.ts';

const CREATE = `CREATE TABLE migration (version int PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL)`;

const directory = new URL('./migrations/', import.meta.url);

/** Files of migrations/, in order: "0001-heart.sql" is version 1. */
export async function migrations(): Promise<{ version: number; name: string; sql: string }[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-.*\.sql$/.test(name)).toSorted();
  return Promise.all(
    names.map(async (name) => ({
      version: Number(name.slice(0, 4)),
      name,
      sql: await readFile(new URL(name, directory), 'utf8'),
    })),
  );
}

/**
 * Runs what is missing, each migration in its own transaction; several processes may start at once. Numbers are handed out
 * to whoever writes one, so a lower one may come later and there may be gaps: what counts is which were run.
 * Throws Refusal `newer` if the database knows a migration that this code does not; `needsOwner` if there is something to
 * be run and this role may not. `server`: the role that the server connects as, which is then given its rights.
 */
export async function migrate(connection: Connection, server?: string): Promise<void> {
  const client = new pg.Client(clientConfig(connection));
  await client.connect();
  try {
    await lockMigrations(client);
    await runMigrations(client);
    if (server !== undefined) await grantServer(client, server);
  } finally {
    await client.end();
  }
}

/** Until the session ends: nobody else migrates. */
export async function lockMigrations(client: pg.Client): Promise<void> {
  await client.query(`SELECT pg_advisory_lock(hashtext('homing migrations'))`);
}

/** The same under a lock that the caller has; `only`: of these versions. */
export async function runMigrations(client: pg.Client, only?: ReadonlySet<number>): Promise<void> {
  const known = await migrations();
  // Not IF NOT EXISTS: that asks for the right to make tables even where there is nothing to be made.
  const { rows: tables } = await client.query(`SELECT to_regclass('migration') AS made`);
  if ((tables[0] as { made: string | null }).made === null) await asOwner(client, CREATE);
  const { rows } = await client.query<{ version: number }>('SELECT version FROM migration');
  const done = new Set(rows.map((row) => row.version));
  const [newest, newestKnown] = [Math.max(0, ...done), known.at(-1)?.version ?? 0];
  if (newest > newestKnown) {
    throw new Refusal(
      'newer',
      `The database is at version ${newest}, this program knows ${newestKnown}: start a newer Homing.`,
    );
  }
  for (const { version, name, sql } of known) {
    if (done.has(version) || (only && !only.has(version))) continue;
    await client.query('BEGIN');
    await asOwner(client, sql);
    await client.query('INSERT INTO migration VALUES ($1, $2, now())', [version, name]);
    await client.query('COMMIT');
  }
}

async function asOwner(client: pg.Client, sql: string): Promise<void> {
  await client.query(sql).catch((error: { code?: string }) => {
    if (error.code !== '42501') throw error;
    throw new Refusal(
      'needsOwner',
      'The database has an older schema, or none, and this role may not change it: run homing migrate as the role that owns the database.',
    );
  });
}
