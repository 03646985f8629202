// What an earlier Homing may have left behind in a cluster: a server that is still shutting down, one that nobody told,
// children of a killed one, a postmaster.pid of none. Called by whoever holds the data directory's lock, so that all
// this is nobody's any more.

import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A fast shutdown writes out what is dirty: on a slow disk that takes a while, and interrupting it takes longer. */
const SHUTDOWN_MS = 60_000;
/** SIGQUIT: leave at once, recover at the next start. */
const QUIT_MS = 5_000;

/** Processes of the cluster that live. A zombie has no command line, so it is not among them. */
export function clusterProcesses(tag: string): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isOf(tag, commandLine(name)))
    .map(Number);
}

/** The postmaster keeps its arguments; its children say "postgres: TAG: what they do". */
function isOf(tag: string, commandLine: string): boolean {
  return /^postgres: |\/postgres\0/.test(commandLine) && commandLine.includes(tag);
}

function commandLine(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
}

/** Ends what runs in the cluster and removes the files that say it does. A cluster that was shut down costs nothing. */
export async function clearLeftovers(directory: string, tag: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(directory, 'postmaster.pid');
  if (!fs.existsSync(pidFile)) return;
  if (clusterProcesses(tag).length > 0) {
    log('Waiting for the database that was running here to end.');
    // Only a living postmaster can end its children in order. To them, without it, SIGINT means something else.
    const postmaster = clusterProcesses(tag).filter((pid) => pid === postmasterOf(pidFile));
    signal(postmaster, 'SIGINT');
    if (postmaster.length === 0 || !(await gone(tag, SHUTDOWN_MS))) {
      signal(clusterProcesses(tag), 'SIGQUIT');
      if (!(await gone(tag, QUIT_MS))) signal(clusterProcesses(tag), 'SIGKILL');
      if (!(await gone(tag, QUIT_MS))) throw new Error(`Processes ${clusterProcesses(tag).join(', ')} do not end.`);
    }
  }
  // The server would look up the number in these, and refuse to start if by now some other process bears it.
  for (const file of ['postmaster.pid', '.s.PGSQL.5432', '.s.PGSQL.5432.lock']) {
    fs.rmSync(join(directory, file), { force: true });
  }
}

function postmasterOf(pidFile: string): number | undefined {
  return fs.existsSync(pidFile) ? Number.parseInt(fs.readFileSync(pidFile, 'utf8'), 10) : undefined;
}

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

async function gone(tag: string, withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (clusterProcesses(tag).length > 0) {
    if (Date.now() > end) return false;
    await sleep(20);
  }
  return true;
}
