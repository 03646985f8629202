// Homing as a process that a test can kill and start again on what it left behind.

import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePorts } from '../../bench/support/server.ts';
import { clusterDirectory } from '../../src/store/embedded-cluster.ts';
import { findEmbedded } from '../../src/store/embedded.ts';

export interface Crashable {
  ports: {
    http: number;
    smtp: number;
    submission: number;
    submissions: number;
    lmtp: number;
    imap: number;
    imaps: number;
  };
  /** Starts it, and waits until it takes connections. */
  start(): Promise<void>;
  /** kill -9 of the server process. Its PostgreSQL ends by its own devices, or is swept up at the next start. */
  kill(): Promise<void>;
  /** Ends it in an orderly way, so that it can be started again. */
  stop(): Promise<void>;
  /** kill -9 of PostgreSQL, every process of it; the server process goes on and starts it again. */
  killDatabase(): void;
  dataDir: string;
  /** All that its processes have printed. */
  output(): string;
  sql: <T extends object>(text: string, params?: unknown[]) => Promise<T[]>;
  /** Ends it in an orderly way and removes its data. */
  close(): Promise<void>;
}

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** `more`: environment. */
export async function createCrashable(people: number, more: NodeJS.ProcessEnv = {}): Promise<Crashable> {
  const dataDir = await mkdtemp(join(tmpdir(), 'homing-crash-'));
  const [http = 0, smtp = 0, submission = 0, submissions = 0, lmtp = 0, imap = 0, imaps = 0] = await freePorts(7);
  const env = {
    ...process.env,
    HOMING_PARENT: '1',
    HOMING_DATA: dataDir,
    HOMING_HTTP_PORT: String(http),
    HOMING_SMTP_PORT: String(smtp),
    HOMING_SUBMISSION_PORT: String(submission),
    HOMING_SUBMISSIONS_PORT: String(submissions),
    HOMING_LMTP_PORT: String(lmtp),
    HOMING_IMAP_PORT: String(imap),
    HOMING_IMAPS_PORT: String(imaps),
    ...more,
  };
  let printed = '';
  let end = async (_signal: NodeJS.Signals): Promise<void> => undefined;

  const sql = async <T extends object>(text: string, params: unknown[] = []): Promise<T[]> => {
    const connection = findEmbedded(dataDir);
    if (!connection) throw new Error('there is no database');
    const client = new pg.Client(connection);
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<T>(text, params)).rows;
    } finally {
      await client.end();
    }
  };

  return {
    ports: { http, smtp, submission, submissions, lmtp, imap, imaps },
    async start() {
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', main, 'try', '--people', String(people)],
        { stdio: ['ignore', 'pipe', 'pipe'], env },
      );
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      let asked = false;
      end = async (signal) => {
        asked = true;
        child.kill(signal);
        await exited;
      };
      await new Promise<void>((resolve, reject) => {
        let output = '';
        const take = (chunk: Buffer): void => {
          printed += chunk.toString();
          output = (output + chunk.toString()).slice(-4000);
          if (output.includes('Homing is ready')) resolve();
        };
        child.stdout.on('data', take);
        child.stderr.on('data', take);
        child.once('exit', (code, signal) => {
          if (!asked) console.error(`Homing ended by itself with ${code ?? signal}:\n${output}`);
          reject(new Error(`Homing ended with ${code ?? signal}:\n${output}`));
        });
      });
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    killDatabase() {
      const file = join(clusterDirectory(dataDir), 'postmaster.pid');
      const postmaster = Number(readFileSync(file, 'utf8').split('\n')[0]);
      const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
      for (const pid of [postmaster, ...children.trim().split(' ').map(Number)]) {
        try {
          if (pid > 0) process.kill(pid, 'SIGKILL');
        } catch {
          // gone between the reading and the killing
        }
      }
    },
    dataDir,
    output: () => printed,
    sql,
    async close() {
      await end('SIGTERM');
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Asks again until it is so, or throws `what` after a time. Errors count as "not yet": the database may be away. */
export async function until(what: string, isSo: () => Promise<boolean>, ms = 60_000): Promise<void> {
  const deadline = Date.now() + ms;
  let last: unknown;
  for (;;) {
    if (await isSo().catch((error: unknown) => void (last = error))) return;
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
