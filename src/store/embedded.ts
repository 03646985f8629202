// The embedded PostgreSQL: started with Homing, ended with it, and started again should it end by itself.
// One Homing to a data directory. Nothing listens but a Unix socket in the cluster, which only its owner can enter.

import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  clusterDirectory,
  clusterTag,
  DATABASE,
  openCluster,
  ROLE,
  SERVER_ROLE,
  type Cluster,
} from './embedded-cluster.ts';
import { clearLeftovers, clusterProcesses } from './embedded-leftovers.ts';
import { lockDirectory } from './embedded-lock.ts';

export interface SocketConnection {
  /** The socket's directory, as node-postgres wants it. */
  host: string;
  port: number;
  user: string;
  database: string;
}

export interface EmbeddedOptions {
  /** Directory of the cluster and of pg.log; made if need be. */
  dataDir: string;
  /** Lines for a person: that it recovers, that it ended, that it is back. */
  log?: (line: string) => void;
  /** PostgreSQL settings that override ours. */
  settings?: Record<string, string>;
  /** Removes the cluster that is there and makes a new one. */
  fresh?: boolean;
}

export interface EmbeddedPostgres {
  /** As the owner of all there is: for setting up, migrating and restoring. */
  readonly connection: SocketConnection;
  /** As the server's role, which is there once the database was migrated for it. See rights.ts. */
  readonly server: SocketConnection;
  /** The owner, who is the cluster's superuser, in the database `postgres`: for making and dropping databases. */
  readonly superuser: SocketConnection;
  /** The postmaster's process id; another one after a restart. */
  readonly pid: number;
  /** A fast shutdown: sessions are ended, the rest is written out. Afterwards the data directory is free. */
  stop(): Promise<void>;
  /** Calls `fn` whenever the server ended without having been asked to. It is started again in any case. */
  onExit(fn: (how: string) => void): void;
}

const PORT = 5432;
const LOG_LIMIT = 10 * 1024 * 1024;
const STOP_MS = 60_000;
/** sun_path of a socket's address, less the terminating zero. */
const SOCKET_PATH_LIMIT = 107;

/**
 * Starts PostgreSQL on `dataDir` and answers once it takes connections: about 0.1 s, and 1 s more the first time; after
 * a crash as long as recovery takes. Must be called from a thread that lives as long as the database shall (see setpriv).
 * Throws Refusal `dataInUse` if another Homing is there, `dataNotMine` if the directory is somebody else's.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { log = () => undefined, settings = {} } = options;
  const dataDir = resolve(options.dataDir);
  const unlock = await lockDirectory(dataDir);
  try {
    const directory = clusterDirectory(dataDir);
    if (fs.existsSync(directory)) await clearLeftovers(directory, clusterTag(directory), log);
    if (options.fresh) fs.rmSync(directory, { recursive: true, force: true });
    const cluster = await openCluster(dataDir, settings['fsync'] !== 'off');
    const start = (): Promise<ChildProcess> => launch(cluster, dataDir, { ...defaults(cluster), ...settings }, log);
    return supervise(cluster, await start(), start, log, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Where the embedded PostgreSQL of `dataDir` takes connections, as its owner, for a second program beside Homing; undefined: nowhere. */
export function findEmbedded(dataDir: string): SocketConnection | undefined {
  const directory = clusterDirectory(resolve(dataDir));
  if (!isReady(directory) || clusterProcesses(clusterTag(directory)).length === 0) return undefined;
  return connectionTo(directory, DATABASE);
}

/** Keeps the server running until stop(). */
function supervise(
  cluster: Cluster,
  first: ChildProcess,
  start: () => Promise<ChildProcess>,
  log: (line: string) => void,
  unlock: () => void,
): EmbeddedPostgres {
  const connection = connectionTo(cluster.directory, DATABASE);
  const listeners: ((how: string) => void)[] = [];
  let server = first;
  let reviving: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  const asked = new AbortController();

  const revive = async (): Promise<void> => {
    for (let pause = 250; !stopping; pause = Math.min(pause * 2, 10_000)) {
      try {
        await clearLeftovers(cluster.directory, cluster.tag, log);
        server = await start();
        log('The database is back.');
        return watch();
      } catch (error) {
        log((error as Error).message);
        await sleep(pause, undefined, { signal: asked.signal }).catch(() => undefined);
      }
    }
  };
  const watch = (): void => {
    server.once('exit', (code, signal) => {
      if (stopping) return;
      const how = `The database ended by itself (${signal ?? `exit code ${code}`}).`;
      log(how);
      for (const listener of listeners) listener(how);
      reviving = revive();
    });
  };
  // For a Node that ends without stop(), where there is no setpriv to see to it.
  const farewell = (): void => void server.kill('SIGINT');
  process.once('exit', farewell);
  watch();

  return {
    connection,
    server: { ...connection, user: SERVER_ROLE },
    superuser: { ...connection, database: 'postgres' },
    get pid() {
      return server.pid ?? 0;
    },
    onExit: (fn) => void listeners.push(fn),
    stop: () =>
      (stopping ??= (async () => {
        asked.abort();
        await reviving;
        await shutDown(server);
        process.off('exit', farewell);
        unlock();
      })()),
  };
}

async function launch(
  cluster: Cluster,
  dataDir: string,
  settings: Record<string, string>,
  log: (line: string) => void,
): Promise<ChildProcess> {
  const { fd, since } = openLog(dataDir, cluster.as);
  const [program, ...prefix] = cluster.command;
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(program, [...prefix, '-D', cluster.dataArgument, ...flags], {
    ...cluster.as,
    detached: true, // out of the terminal's reach: Ctrl-C is for Homing, which still needs its database then
    stdio: ['ignore', fd, fd],
    // What bin/homing says of memory is for Homing itself.
    env: { ...process.env, MALLOC_MMAP_THRESHOLD_: undefined, MALLOC_TRIM_THRESHOLD_: undefined },
  });
  fs.closeSync(fd);
  server.unref(); // it need not keep Node alive: whoever uses it does
  let failure: Error | undefined;
  server.once('error', (error) => (failure = error));

  for (let waited = 0; ; waited += 10) {
    await sleep(10);
    if (failure || hasEnded(server)) {
      throw new Error(`PostgreSQL does not start: ${failure?.message ?? lastWords(dataDir, since)}`);
    }
    if (isReady(cluster.directory, server.pid)) return server;
    if (waited === 2_000) log('The database is recovering from a crash…');
  }
}

/** PostgreSQL writes its state on the eighth line of its lock file. */
function isReady(directory: string, pid?: number): boolean {
  try {
    const lines = fs.readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n');
    return lines[7]?.trim() === 'ready' && (pid === undefined || Number(lines[0]) === pid);
  } catch {
    return false;
  }
}

async function shutDown(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  server.ref();
  const end = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  const impatience = setTimeout(() => server.kill('SIGQUIT'), STOP_MS);
  await end;
  clearTimeout(impatience);
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}

function openLog(dataDir: string, { uid, gid }: Cluster['as']): { fd: number; since: number } {
  const fd = fs.openSync(join(dataDir, 'pg.log'), 'a', 0o600);
  if (uid !== undefined && gid !== undefined) fs.fchownSync(fd, uid, gid);
  if (fs.fstatSync(fd).size > LOG_LIMIT) fs.ftruncateSync(fd);
  return { fd, since: fs.fstatSync(fd).size };
}

function lastWords(dataDir: string, since: number): string {
  const lines = fs.readFileSync(join(dataDir, 'pg.log')).subarray(since).toString().trim().split('\n');
  return lines.slice(-5).join('\n') || 'it ended without a word';
}

/** A socket's path must be short, the directory's need not be: a long one is entered through a descriptor of it. */
function connectionTo(directory: string, database: string): SocketConnection {
  const fits = Buffer.byteLength(`${directory}/.s.PGSQL.${PORT}`) <= SOCKET_PATH_LIMIT;
  const host = fits ? directory : `/proc/${process.pid}/fd/${fs.openSync(directory, 'r')}`;
  return { host, port: PORT, user: ROLE, database };
}

function defaults(cluster: Cluster): Record<string, string> {
  // constrainedMemory: a container's share, 0 or absurdly large where there is no limit.
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return {
    listen_addresses: '',
    port: String(PORT),
    unix_socket_directories: '.', // the cluster itself; relative, so of any length, and where the server stands anyway
    unix_socket_permissions: '0700',
    cluster_name: cluster.tag,
    max_connections: '100',
    shared_buffers: `${Math.round(Math.min(1024, memory / 8 / 2 ** 20))}MB`,
    io_method: 'sync', // what we read is nearly always cached: handing it to an I/O worker costs more than reading it
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    fsync: 'on',
    synchronous_commit: 'on',
    // Bursts (a large fan-out, its sweep) go by without a checkpoint, and full page images with it. This build compresses
    // those with pglz only, which takes more from two cores than it saves the disk.
    max_wal_size: '8GB',
    min_wal_size: '256MB',
    checkpoint_timeout: '15min',
    wal_compression: 'off',
    wal_buffers: '32MB',
    wal_init_zero: 'off',
    wal_writer_delay: '10ms',
    wal_writer_flush_after: '256kB',
    // Queue and state rows are rewritten all the time: vacuum them early and without dawdling.
    autovacuum_naptime: '15s',
    autovacuum_vacuum_scale_factor: '0.05',
    autovacuum_vacuum_cost_limit: '400',
  };
}
