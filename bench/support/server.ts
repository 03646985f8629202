// A Homing of the bench's own: try mode, fresh data, free ports, in a process of its own.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Running {
  ports: {
    http: number;
    smtp: number;
    submission: number;
    submissions: number;
    lmtp: number;
    imap: number;
    imaps: number;
  };
  dataDir: string;
  pid: number;
  /** Most memory that the server process had resident so far, MB. */
  rssMb(): Promise<number>;
  stop(): Promise<void>;
}

/** As npm start and bin/homing have it. */
const ENV = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '16777216',
  MALLOC_TRIM_THRESHOLD_: '33554432',
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url)),
};

/** As npm start has them: the heaps stay small, whatever memory the machine has. */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4', '--max-old-space-size=512'];

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Starts `npm start`'s program with p1…pN and waits for "Homing is ready". Throws with its output if it ends first. */
export async function startHoming(
  options: { people?: number; env?: NodeJS.ProcessEnv; args?: string[] } = {},
): Promise<Running> {
  const dataDir = await mkdtemp(join(tmpdir(), 'homing-bench-'));
  const [http = 0, smtp = 0, submission = 0, submissions = 0, lmtp = 0, imap = 0, imaps = 0] = await freePorts(7);
  const child = spawn(
    process.execPath,
    [...NODE_FLAGS, main, 'try', '--people', String(options.people ?? 0), ...(options.args ?? [])],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...ENV,
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
        ...options.env,
      },
    },
  );
  await ready(child);
  const pid = child.pid ?? 0;
  return {
    ports: { http, smtp, submission, submissions, lmtp, imap, imaps },
    dataDir,
    pid,
    rssMb: async () => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const take = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4000);
      if (output.includes('Homing is ready')) resolve();
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('exit', (code) => reject(new Error(`Homing ended with ${code}:\n${output}`)));
  });
}

/**
 * Ports that nobody listens on now, and that the system gives to no connection of anybody's meanwhile: from below its
 * range for those (Linux: 32768 and up), so that a server can be started again on the port it had.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(10_000, 32_768);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
