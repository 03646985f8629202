// One Homing to a data directory.

import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../mail/errors.ts';

/**
 * Takes `directory` (made if need be) for this process; answers how to give it back. The kernel's lock on the open
 * directory ends with us, however we end. Node cannot ask for one, but a child can, for a descriptor that it shares with
 * us; where there is no flock(1), PostgreSQL's own lock file must do.
 * Throws Refusal `dataInUse` if another process has it, `dataNotMine` if it cannot be used at all.
 */
export async function lockDirectory(directory: string): Promise<() => void> {
  const note = join(directory, 'homing.pid');
  const fd = orRefuse(directory, () => {
    fs.mkdirSync(directory, { recursive: true }); // no mode: parents would get it too, and lock the server's user out
    return fs.openSync(directory, 'r');
  });
  const release = (): void => fs.closeSync(fd);
  // One that was killed this moment still has it until the kernel has taken it apart.
  for (let tries = 1; isTaken(fd); tries++) {
    if (tries < 10) {
      await sleep(100);
      continue;
    }
    release();
    const other = fs.existsSync(note) ? ` (process ${fs.readFileSync(note, 'utf8').trim()})` : '';
    throw new Refusal(
      'dataInUse',
      `Another Homing${other} is using ${directory}. Stop it first, or give this one its own directory with HOMING_DATA.`,
    );
  }
  orRefuse(directory, () => fs.writeFileSync(note, `${process.pid}\n`), release);
  return () => {
    fs.rmSync(note, { force: true });
    release();
  };
}

function isTaken(fd: number): boolean {
  return spawnSync('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] }).status === 1;
}

function orRefuse<T>(directory: string, work: () => T, otherwise?: () => void): T {
  try {
    return work();
  } catch (cause) {
    otherwise?.();
    throw new Refusal('dataNotMine', `${directory} cannot be used: ${(cause as Error).message}`);
  }
}
