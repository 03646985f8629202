// Programs of Debian's that tests run: the machine's own, or installed where we may.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of these names that there is, with its path. */
export function findProgram(names: readonly string[]): string | null {
  const places = ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  const candidates = names.flatMap((name) => places.map((place) => join(place, name)));
  return candidates.find((path) => existsSync(path)) ?? null;
}

export function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/** Null: done. */
export function install(...packages: string[]): string | null {
  return (
    aptGet('install', '--no-install-recommends', ...packages) &&
    (aptGet('update') ?? aptGet('install', '--no-install-recommends', ...packages))
  );
}

/** Null: done. Waits for another that is at it. */
function aptGet(...args: string[]): string | null {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3', '-qq', '-y'];
  const { status, stderr, error } = spawnSync('apt-get', [...options, ...args], { env, encoding: 'utf8' });
  if (status === 0) return null;
  const said = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  return `apt-get ${args[0]}: ${said || status}`;
}
