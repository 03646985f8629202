// `npm test [-- WORD…]`: every test, or those whose path contains one of the words, on one PostgreSQL made for the run.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestCluster } from './support/cluster.ts';
import { prepareWeb } from './web/support/prepare.ts';

/** Twice what they may take on two quiet cores (CONTRIBUTING.md): a machine that is busy is no failure of theirs. */
const TIME_LIMIT_MS = Number(process.env['HOMING_TEST_MINUTES'] ?? 20) * 60_000;
/** One test that hangs fails by its name, before the limit of all ends them without one. */
const TEST_LIMIT_MS = TIME_LIMIT_MS === 20 * 60_000 ? 6 * 60_000 : TIME_LIMIT_MS;
/**
 * One more than the cores of the machines that this is tested on: a file that waits for its server, or for PostgreSQL,
 * leaves one idle.
 */
const FILES_AT_ONCE = 3;

const root = fileURLToPath(new URL('..', import.meta.url));
const RUNNER = join(root, 'test/support/runner.ts');
const words = process.argv.slice(2);
const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'web/*/**/*.test.ts'], { cwd: root })
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .toSorted();
if (files.length === 0) {
  console.error(`No test file has ${words.join(' or ') || '.test.ts'} in its path.`);
  process.exit(1);
}

const web = files.some((file) => file.startsWith('test/web/')) ? prepareWeb((line) => console.error(line)) : null;
const cluster = await startTestCluster();
const runner = spawn(process.execPath, [RUNNER, `${FILES_AT_ONCE}`, `${TEST_LIMIT_MS}`, ...inOrder(files)], {
  cwd: root,
  env: {
    ...process.env,
    HOMING_TEST_PG: JSON.stringify(cluster.connection),
    // Hundreds of processes load the same modules: half a second of the processor each, a quarter with this.
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
    ...(web ? { HOMING_TEST_WEB: JSON.stringify(web) } : {}),
  },
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true, // a process group of its own, to be ended as a whole
});
const endAll = (signal: NodeJS.Signals): void => {
  if (runner.pid !== undefined && runner.exitCode === null && runner.signalCode === null)
    process.kill(-runner.pid, signal);
};
const end = (): void => {
  endAll('SIGTERM');
  setTimeout(endAll, 5_000, 'SIGKILL').unref();
};
let tooLong = false;
const limit = setTimeout(() => {
  tooLong = true;
  end();
}, TIME_LIMIT_MS);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);

const [code] = (await once(runner, 'exit')) as [number | null];
clearTimeout(limit);
await cluster.close();
// Nothing after the runner's own closing lines, but for the one case in which there are none.
if (tooLong) console.error(`The tests took more than ${TIME_LIMIT_MS / 60_000} minutes and were ended.`);
process.exitCode = code ?? 1;

/** The browser's files take longest and keep a core each busy: evenly among the others, so that few run at once. */
function inOrder(all: readonly string[]): string[] {
  const isBrowsers = (file: string): boolean => file.startsWith('test/web/');
  const browsers = all.filter(isBrowsers);
  const others = all.filter((file) => !isBrowsers(file));
  const every = others.length / browsers.length;
  return browsers.length === 0
    ? others
    : browsers.flatMap((file, i) => [file, ...others.slice(Math.round(i * every), Math.round((i + 1) * every))]);
}
