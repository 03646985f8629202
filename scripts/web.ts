// Builds the web client into web/dist, where that is missing or older than what it is made of.

import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'web/dist');
const stamp = join(dist, 'inputs');

const inputs = hashOfInputs();
if (!isBuilt()) {
  waitForOthers();
  if (!isBuilt()) await build();
}

function isBuilt(): boolean {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs;
}

/** The kernel keeps this lock until this process ends, however it ends; without flock two builds only waste time. */
function waitForOthers(): void {
  spawnSync('flock', ['3'], { stdio: ['ignore', 'ignore', 'ignore', openSync(join(root, 'web'), 'r')] });
}

function hashOfInputs(): string {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  const files = globSync('{*,!(dist)/**/*}', { cwd: join(root, 'web'), withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  for (const file of files) hash.update(`\0${file.slice(root.length)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** Beside the old one first, so that there is never half a client. */
async function build(): Promise<void> {
  const { build: viteBuild } = await import('vite');
  const fresh = join(root, `web/dist-${process.pid}`);
  await viteBuild({
    configFile: join(root, 'web/vite.config.ts'),
    build: { outDir: fresh },
    logLevel: 'warn',
  });
  compress(join(fresh, 'assets'));
  writeFileSync(join(fresh, 'inputs'), inputs);
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
}

/** Beside each file, as the server hands it out to browsers that take it. */
function compress(directory: string): void {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  for (const file of globSync('*.{js,css}', { cwd: directory }).map((name) => join(directory, name))) {
    const bytes = readFileSync(file);
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  }
}
