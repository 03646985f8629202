// Builds the web client into web/dist, where that is missing or older than what it is made of.

import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'web/dist');
const stamp = join(dist, 'inputs');

const inputs = hashOfInputs();
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== inputs) await build();

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
  writeFileSync(join(fresh, 'inputs'), inputs);
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
}
