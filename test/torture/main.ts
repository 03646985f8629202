// `npm run torture [-- --minutes N] [--seed N] [--only WORD] [--quiet]`: two minutes of it unless told otherwise. Exit code 1
// if anything is wrong.

import { parseArgs } from 'node:util';
import { torture } from './torture.ts';

const HANGS_AFTER_MINUTES = 12;
const MOST_TOLD = 20;
const MOST_CHARACTERS = 1000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string' },
    only: { type: 'string' },
    quiet: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes takes a number of minutes.');
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const began = performance.now();
const at = (): string => ((performance.now() - began) / 1000).toFixed(1).padStart(8);
console.log(`seed ${seed}`);
// Coming to rest has its own end; this is for what hangs.
setTimeout(
  () => {
    console.error(`Torture has not ended ${HANGS_AFTER_MINUTES} minutes after its time.`);
    process.exit(1);
  },
  (minutes + HANGS_AFTER_MINUTES) * 60_000,
).unref();
const { wrong, troubles, told, restMs, errors } = await torture(
  minutes * 60,
  seed,
  (line) => (values.quiet ? undefined : console.log(`${at()} s  ${line}`)),
  values.only,
);
const accepted = told.sent.filter((sent) => sent.told).length;
if (accepted === 0 || told.content.length === 0) wrong.push('nothing was sent, or nothing was read');
const gated = told.recalls.filter((recall) => recall.recallId !== null).length;
const commands = [...told.commands.values()].reduce((sum, count) => sum + count, 0);
console.log(`
${told.sent.length} messages sent, ${accepted} told that they were accepted; ${told.content.length} read, ${told.opened.length} opened;
${told.recalls.length} recalls, ${gated} answered; ${told.cancelled.length} cancelled, ${told.restores.filter((one) => one.told).length} restored;
${commands} IMAP commands, ${told.appended.filter((one) => one.uid !== null).length} messages appended; ${told.policies.made} changes of policy;
at rest after ${(restMs / 1000).toFixed(1)} s.`);
for (const [name, count] of Object.entries(troubles)) console.log(`${String(count).padStart(5)}  ${name}`);
// What is wrong comes last: the last lines are often all that is kept of an output.
if (wrong.length > 0) console.log(`\nThe last errors that servers logged:\n${errors.slice(-20).map(short).join('\n')}`);
const [first, rest] = [wrong.slice(0, MOST_TOLD).map(short), wrong.length - MOST_TOLD];
console.log(
  wrong.length === 0
    ? '\nEverything is as it was told.'
    : `\n${wrong.length} things are not:\n${first.join('\n')}${rest > 0 ? `\nand ${rest} more` : ''}`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;

/** A logged error has a stack or two in it: its beginning says what it is. */
function short(line: string): string {
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}
