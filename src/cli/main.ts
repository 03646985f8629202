// The command: its first word names a file beside this one, loaded when it is asked for.

import '../lean.ts';
import { Refusal, Unavailable } from '../mail/errors.ts';
import { asUsage, Usage } from './arguments.ts';

export interface Command {
  /** One line that says what it does, then how it is used. */
  help: string;
  /** Answers the exit code: 0 done, 1 not done, 2 not understood. */
  run(args: string[]): Promise<number>;
}

const COMMANDS: Record<string, { about: string; load: () => Promise<Command> }> = {
  try: {
    about: 'run a living mail system on this machine, with people in it (npm start)',
    load: () => import('./try.ts'),
  },
  serve: { about: 'run Homing', load: () => import('./serve.ts') },
  tenant: { about: 'add, list or set organisations', load: () => import('./tenant.ts') },
  account: { about: 'add, list, show, set, remove or import accounts', load: () => import('./account.ts') },
  group: { about: 'add, list, show, set or remove groups', load: () => import('./group.ts') },
  rule: { about: "add, list, show, set or remove an account's inbox rules", load: () => import('./rule.ts') },
  'app-password': {
    about: "add, list or remove an account's app passwords",
    load: () => import('./app-password.ts'),
  },
  policy: { about: "show or set an organisation's policy", load: () => import('./policy.ts') },
  recall: { about: 'take a sent message back, or bring back what was taken', load: () => import('./recall.ts') },
  recalls: { about: 'list recalls', load: () => import('./recalls.ts') },
  queue: { about: 'list, show, retry or drop mail that waits to leave', load: () => import('./queue.ts') },
  audit: { about: 'show the audit log, or verify it', load: () => import('./audit.ts') },
  verify: { about: 'verify that the store is as it must be', load: () => import('./verify.ts') },
  selftest: { about: 'send, recall and restore between probes of its own', load: () => import('./selftest.ts') },
  backup: { about: 'back up everything while Homing runs, or check a backup', load: () => import('./backup.ts') },
  restore: { about: 'restore a backup into an empty database', load: () => import('./restore.ts') },
  migrate: { about: "bring a database of yours to this program's schema", load: () => import('./migrate.ts') },
};

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const [name = '', ...args] = process.argv.slice(2);
process.exitCode = await main(name, args);

async function main(command: string, rest: string[]): Promise<number> {
  if (['', 'help', '--help', '-h'].includes(command)) {
    const lines = Object.entries(COMMANDS).map(([word, { about }]) => `  ${word.padEnd(12)} ${about}`);
    console.log(`homing COMMAND [options]\n\n${lines.join('\n')}\n\nhoming COMMAND --help says more.`);
    return 0;
  }
  try {
    const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    if (!known) throw new Usage(`There is no command "${command}"; there are ${Object.keys(COMMANDS).join(', ')}.`);
    const found = await known.load();
    if (!rest.includes('--help') && !rest.includes('-h')) return await found.run(rest);
    console.log(found.help);
    return 0;
  } catch (error) {
    return explain(asUsage(error) ?? error, rest.includes('--json'));
  }
}

/** One sentence for a person, and with --json an object for a program. Answers the exit code. */
function explain(error: unknown, json: boolean): number {
  const expected = error instanceof Refusal || error instanceof Unavailable;
  const reason = error instanceof Refusal ? error.reason : expected ? 'unavailable' : 'fault';
  const { message, stack } = error as Error;
  if (json) console.log(JSON.stringify({ error: reason, description: message }));
  console.error(`homing: ${expected ? message : `A fault of Homing's own: ${message}`}`);
  if (!expected) console.error(process.env['HOMING_LOG'] === 'debug' ? stack : 'HOMING_LOG=debug shows where.');
  return error instanceof Usage || reason === 'badOption' ? 2 : 1;
}
