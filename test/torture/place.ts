// One durable PostgreSQL, two Homing servers on it, each with lines that can be cut before its ports, and an outside world.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePorts } from '../../bench/support/server.ts';
import { createAdmin } from '../../src/directory/admin.ts';
import { hashPassword } from '../../src/directory/passwords.ts';
import { SERVER_ROLE } from '../../src/store/embedded-cluster.ts';
import { startEmbedded } from '../../src/store/embedded.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openStore, type Store } from '../../src/store/postgres.ts';
import { startOutside, type OutsideWorld } from '../../src/try/outside.ts';
import type { Random } from '../fuzz/fuzz.ts';
import { createProxy, type Proxy } from './proxy.ts';

export const DOMAIN = 'firm.test';
export const PASSWORD = 'torture';
export const ANA = `ana@${DOMAIN}`;
/** An administrator, who is in no group. */
export const BOSS = `boss@${DOMAIN}`;
export const EVERYONE = `everyone@${DOMAIN}`;
export const person = (n: number): string => `p${n}@${DOMAIN}`;

export interface Server {
  http: Proxy;
  submissions: Proxy;
  imaps: Proxy;
  start(): Promise<void>;
  /** kill -9, or an orderly end. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  pid(): number | undefined;
}

export interface Place {
  servers: [Server, Server];
  outside: OutsideWorld;
  tenant: number;
  domain: string;
  /** By address. */
  accounts: Map<string, number>;
  store: Store;
  /** Errors that the servers have logged, each a line. */
  errors: string[];
  /** Servers that ended without being asked to. */
  died: string[];
  sql<T extends object>(text: string, params?: unknown[]): Promise<T[]>;
  /** As `homing policy` does, beside the servers. */
  setPolicy(change: Record<string, unknown>): Promise<void>;
  /** Ends the thread that a server's batches run in. */
  endWorker(server: Server): void;
  /** Every process of PostgreSQL. */
  database(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Moves both servers' clocks this far from the machine's, in milliseconds. */
  moveClock(ms: number): void;
  /** No room is left where the database is, until the answer is called; null: this machine has no such place for it. */
  fillDisk: (() => () => void) | null;
  close(): Promise<void>;
}

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const clock = fileURLToPath(new URL('clock.ts', import.meta.url));

/** So long may a database take to be back. */
const START_MS = 120_000;

/** Last words of a server whose database is away, or has no room. */
const NO_DATABASE = /database|ECONN|ENOENT|ETIMEDOUT|terminat|No space|could not/i;

/** Megabytes of a disk of the database's own, and for each minute more: small enough to be filled. Only root can make one. */
const DISK = { first: 700, minute: 40 };

/** `seconds`: so long is it to be lived in. */
export async function createPlace(people: number, seconds: number, random: Random): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'homing-torture-'));
  const disk = join(directory, 'db');
  mkdirSync(disk);
  const size = DISK.first + Math.ceil((DISK.minute * seconds) / 60);
  const mounted =
    process.getuid?.() === 0 &&
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m,mode=0755`, 'tmpfs', disk], { stdio: 'ignore' }).status ===
      0;
  const settings = { max_connections: '200', shared_buffers: '64MB', max_wal_size: '128MB', min_wal_size: '32MB' };
  const database = await startEmbedded({ dataDir: disk, settings });
  const { connection } = database;
  await migrate(connection, SERVER_ROLE);
  const store = openStore({ connection });
  const now = (): Date => new Date();
  const admin = createAdmin({ store, clock: now, actor: 'torture' });
  const policy = { rateLimit: 0, readCopies: 'sender-chooses', holdOutsideSeconds: 1 } as const;
  const tenant = await admin.addTenant({ name: DOMAIN, domains: [DOMAIN], policy });
  const passwordHash = await hashPassword(PASSWORD);
  const addresses = [ANA, BOSS, ...Array.from({ length: people }, (_, i) => person(i + 1))];
  await admin.addAccounts(
    tenant,
    addresses.map((address) => ({ address, name: address, passwordHash })),
  );
  await admin.addGroup({ address: EVERYONE, members: addresses.slice(2) });
  await admin.setAccount(BOSS, { addRoles: ['recall-admin'] });
  const outside = await startOutside({ clock: now, slowMs: 300, lostMs: 300, keep: Infinity });
  const clockFile = join(directory, 'clock');
  const workerFile = join(directory, 'end-worker');
  let ends = 0;
  const { host, port, user, database: name } = database.server;
  const url = `postgresql://${user}@localhost:${port}/${name}?host=${encodeURIComponent(host)}`;

  const errors: string[] = [];
  const died: string[] = [];
  const server = async (n: number): Promise<Server> => {
    const names = ['HTTP', 'SMTP', 'SUBMISSION', 'SUBMISSIONS', 'LMTP', 'IMAP', 'IMAPS'];
    const ports = await freePorts(names.length);
    const env = {
      ...process.env,
      ...Object.fromEntries(names.map((face, i) => [`HOMING_${face}_PORT`, String(ports[i])])),
      HOMING_PARENT: '1',
      HOMING_DATA: join(directory, `server${n}`),
      DATABASE_URL: url,
      HOMING_NEXT_HOP: `127.0.0.1:${outside.nextHop.port}`,
      HOMING_TEST_CLOCK: clockFile,
      HOMING_TEST_END_WORKER: workerFile,
      HOMING_LOG: 'error',
    };
    let child: ChildProcess | undefined;
    let asked = false;
    const [http, submissions, imaps] = await Promise.all([
      createProxy(ports[0] ?? 0, random),
      createProxy(ports[3] ?? 0, random),
      createProxy(ports[6] ?? 0, random),
    ]);
    /** Null: it is ready; else its last words. */
    const startOnce = (): Promise<string | null> => {
      const flags = ['--disable-warning=ExperimentalWarning', `--import=${clock}`];
      const next = spawn(process.execPath, [...flags, main, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      child = next;
      asked = false;
      let output = '';
      let ready = false;
      return new Promise((resolve) => {
        const take = (chunk: Buffer): void => {
          const text = chunk.toString();
          output = (output + text).slice(-4000);
          errors.push(...text.split('\n').filter((line) => line.startsWith('{')));
          if (!ready && output.includes('Homing is ready')) resolve(((ready = true), null));
        };
        next.stdout.on('data', take);
        next.stderr.on('data', take);
        next.once('exit', (code, signal) => {
          if (child === next) child = undefined;
          if (ready && !asked) died.push(`server ${n} ended by itself with ${code ?? signal}: ${output}`);
          resolve(`${code ?? signal}: ${output}`);
        });
      });
    };
    const one: Server = {
      http,
      submissions,
      imaps,
      async start() {
        // As whatever looks after a service does: it ends if its database is not there yet.
        for (const deadline = performance.now() + START_MS; ; await sleep(500)) {
          const output = await startOnce();
          if (output === null) return;
          if (performance.now() > deadline || !NO_DATABASE.test(output))
            throw new Error(`server ${n} does not start: ${output}\nThe database: ${stateOf(disk)}\n${lastOf(disk)}`);
        }
      },
      async end(signal) {
        const ending = child;
        if (!ending) return;
        asked = true;
        const exited = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
        ending.kill(signal);
        await exited;
      },
      signal: (signal) => void child?.kill(signal),
      pid: () => child?.pid,
    };
    return one;
  };
  const servers: [Server, Server] = [await server(1), await server(2)];
  const sql = async <T extends object>(text: string, params: unknown[] = []): Promise<T[]> => {
    const client = new pg.Client(connection);
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<T>(text, params)).rows;
    } finally {
      await client.end();
    }
  };
  const rows = await sql<{ id: number; address: string }>(`SELECT id, address FROM account WHERE tenant_id = $1`, [
    tenant,
  ]);

  return {
    servers,
    outside,
    tenant,
    domain: DOMAIN,
    accounts: new Map(rows.map((row) => [row.address, row.id])),
    store,
    errors,
    died,
    sql,
    setPolicy: (change) => admin.setPolicy(tenant, change),
    endWorker: (server) => writeFileSync(workerFile, `${server.pid()} ${++ends}`),
    database(signal) {
      const { pid } = database;
      const children = read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').map(Number);
      for (const one of [pid, ...children]) if (one > 0) kill(one, signal);
    },
    moveClock: (ms) => writeFileSync(clockFile, String(ms)),
    fillDisk: mounted
      ? () => {
          const file = join(disk, 'filler');
          const fd = openSync(file, 'w');
          try {
            for (const piece of [1 << 20, 4096]) {
              const zeros = Buffer.alloc(piece);
              try {
                for (;;) writeSync(fd, zeros);
              } catch {
                // full
              }
            }
            fsyncSync(fd);
          } finally {
            closeSync(fd);
          }
          return () => rmSync(file, { force: true });
        }
      : null,
    async close() {
      for (const one of servers) {
        one.signal('SIGCONT');
        await one.end('SIGTERM');
        for (const proxy of [one.http, one.submissions, one.imaps]) proxy.close();
      }
      await outside.close();
      await store.close();
      await database.stop();
      if (mounted) spawnSync('umount', [disk], { stdio: 'ignore' });
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** What PostgreSQL's processes are doing, a line each: "S postgres: homing: startup recovering …". */
function stateOf(dataDir: string): string {
  // One that is not ready yet is nobody's `database.pid`.
  const [pid = ''] = read(join(dataDir, 'cluster', 'postmaster.pid')).split('\n');
  const children = read(`/proc/${pid}/task/${pid}/children`).trim().split(' ');
  const state = (of: string): string =>
    `${/State:\s+(\S)/.exec(read(`/proc/${of}/status`))?.[1] ?? 'gone'} ${read(`/proc/${of}/cmdline`).replaceAll('\0', ' ')}`;
  return [pid, ...children.filter((one) => one !== '')].map(state).join('\n');
}

/** The last lines of PostgreSQL's log. */
function lastOf(dataDir: string): string {
  return read(join(dataDir, 'pg.log')).trim().split('\n').slice(-30).join('\n');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone between the reading and the killing
  }
}
