// What a database has that a backup takes: every table but the migrations', every sequence.

import pg from 'pg';
import type { SequenceEntry } from './format.ts';

/** The same rows make the same text, whatever a server's own settings are. */
export const COPY_SETTINGS = `SET client_encoding = 'UTF8'; SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres';
  SET bytea_output = 'hex'; SET extra_float_digits = 1; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0`;

export interface Table {
  name: string;
  columns: string[];
}

/** Tables with their columns, each after those that it refers to. */
export async function tablesOf(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table & { needs: string[] }>(
    `SELECT c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns,
       ARRAY(SELECT DISTINCT f.relname::text FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid
         WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> c.oid) AS needs
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'migration'
     GROUP BY c.oid, c.relname ORDER BY c.relname`,
  );
  const sorted: typeof rows = [];
  for (let left = rows; left.length > 0;) {
    const ready = left.filter((table) => !left.some((other) => table.needs.includes(other.name)));
    if (ready.length === 0) throw new Error(`tables refer to one another: ${left.map((one) => one.name).join(', ')}`);
    sorted.push(...ready);
    left = left.filter((table) => !ready.includes(table));
  }
  return sorted.map(({ name, columns }) => ({ name, columns }));
}

/** COPY's way to name a table and its columns. */
export function copyTarget({ name, columns }: Table): string {
  return `${pg.escapeIdentifier(name)} (${columns.map((column) => pg.escapeIdentifier(column)).join(', ')})`;
}

/** Sequences are of no snapshot: read after it, they are at or past every number in it. */
export async function sequencesOf(client: pg.Client): Promise<SequenceEntry[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT sequencename::text AS name FROM pg_sequences WHERE schemaname = current_schema() ORDER BY sequencename`,
  );
  const found: SequenceEntry[] = [];
  for (const { name } of rows) {
    const read = await client.query<Omit<SequenceEntry, 'name'>>(
      `SELECT last_value AS last, is_called AS called FROM ${pg.escapeIdentifier(name)}`,
    );
    const [row] = read.rows;
    if (row) found.push({ name, ...row });
  }
  return found;
}

export async function migrationsOf(client: pg.Client): Promise<number[]> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM migration ORDER BY version');
  return rows.map((row) => row.version);
}
