// `npm run fuzz [-- --minutes N] [WORD…]`: every fuzz test for N minutes (10), or those whose path has one of the words.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '10' } },
  allowPositionals: true,
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes takes a number of minutes.');
const words = positionals.length > 0 ? positionals.map((word) => `test/fuzz/${word}`) : ['test/fuzz/'];
const run = fileURLToPath(new URL('../run.ts', import.meta.url));
// Two files at a time, one after the other: for all of them that is the longest.
const env = { ...process.env, HOMING_FUZZ_MINUTES: String(minutes), HOMING_TEST_MINUTES: String(minutes * 4 + 20) };
spawn(process.execPath, [run, ...words], { env, stdio: 'inherit' }).once('exit', (code) => process.exit(code ?? 1));
