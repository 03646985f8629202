// Runs test files, each in a process of its own: `runner.ts CONCURRENCY TIME-LIMIT-MS FILE…`, in the order in which they
// are named (`node --test` sorts them).

import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { failureLine } from './failures.ts';

/** Of those that failed, at the end. */
const MOST_NAMED = 20;

const [concurrency, timeout, ...files] = process.argv.slice(2);
const failed: string[] = [];
/** After the reporter's own closing lines. */
process.on('exit', () => {
  if (failed.length > 0) console.log(`\n${failed.length} failed:\n${failed.slice(0, MOST_NAMED).join('\n')}`);
});
process.on('SIGTERM', () => process.exit(1));
run({ files, concurrency: Number(concurrency), timeout: Number(timeout) })
  .on('test:fail', (data) => {
    process.exitCode = 1;
    const line = failureLine(data);
    if (line) failed.push(line);
  })
  .compose(new spec())
  .pipe(process.stdout);
