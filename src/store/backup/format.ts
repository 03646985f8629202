// A backup on disk: a directory with a gzipped COPY text for each table, manifest.json, the certificate that Homing made for
// itself, and SHA256SUMS over all of it, which is written last (`sha256sum -c SHA256SUMS` checks it without Homing).

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../../mail/errors.ts';

export interface TableEntry {
  name: string;
  columns: string[];
  /** Below the backup's directory. */
  file: string;
  rows: number;
  /** rows.ts: of all rows, whatever their order; hexadecimal. */
  digest: string;
}

export interface SequenceEntry {
  name: string;
  /** PostgreSQL's last_value and is_called. */
  last: string;
  called: boolean;
}

export interface Manifest {
  format: 'homing-backup';
  version: 1;
  /** When the moment was that it is of. ISO 8601. */
  takenAt: string;
  /** server_version of the PostgreSQL that it was taken from. */
  postgres: string;
  /** Migrations that its schema has had. */
  migrations: number[];
  /** In an order in which they can be filled. */
  tables: TableEntry[];
  sequences: SequenceEntry[];
  /** Of the data directory; below `files/`. */
  files: string[];
}

export const MANIFEST = 'manifest.json';
export const SUMS = 'SHA256SUMS';
/** Files of the data directory that go along where they are: the certificate that Homing made for itself. */
export const OWN_FILES = ['tls/key.pem', 'tls/cert.pem'];

/** Writes a file that only its owner may read, and has it on the disk before it answers. */
export async function writeDurably(path: string, bytes: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What a directory lists is on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export function sumLines(sums: ReadonlyMap<string, string>): string {
  return [...sums].map(([file, sum]) => `${sum}  ${file}\n`).join('');
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Reads every file of a backup and answers its manifest. Throws Refusal `notABackup` for a directory that is none, or not a
 * whole one; `corrupted` where a file is not what was written.
 */
export async function checkBackup(directory: string): Promise<Manifest> {
  const sums = await readSums(directory);
  for (const [file, sum] of sums) {
    const found = await sha256Of(join(directory, file)).catch((error: unknown) => {
      throw corrupted(directory, `${file} cannot be read (${(error as Error).message})`);
    });
    if (found !== sum) throw corrupted(directory, `${file} is not what was written`);
  }
  if (!sums.has(MANIFEST)) throw corrupted(directory, `${SUMS} does not name ${MANIFEST}`);
  const manifest = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8')) as Manifest;
  const { format, version } = manifest as { format?: string; version?: number };
  if (format !== 'homing-backup' || version !== 1)
    throw new Refusal('notABackup', `${directory} is not a backup that this Homing understands.`);
  const needed = [...manifest.tables.map((table) => table.file), ...manifest.files.map((file) => `files/${file}`)];
  const absent = needed.find((file) => !sums.has(file));
  if (absent !== undefined) throw corrupted(directory, `${absent} is missing`);
  return manifest;
}

async function readSums(directory: string): Promise<Map<string, string>> {
  const text = await readFile(join(directory, SUMS), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    throw new Refusal('notABackup', `${directory} is not a backup, or one that was never finished: it has no ${SUMS}.`);
  });
  const sums = new Map<string, string>();
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, sum, file] = /^([0-9a-f]{64}) {2}([\w./-]+)$/.exec(line) ?? [];
    if (sum === undefined || file === undefined || file.split('/').includes('..'))
      throw corrupted(directory, `${SUMS} is not as it was written`);
    sums.set(file, sum);
  }
  return sums;
}

function corrupted(directory: string, what: string): Refusal {
  return new Refusal('corrupted', `${directory} is damaged: ${what}. Nothing was restored.`);
}
