// The command: its first word names a file beside this one, loaded when it is asked for.

import { Refusal, Unavailable } from '../mail/errors.ts';

export interface Command {
  /** One line for the list, then how it is used. */
  help: string;
  /** Answers the exit code. */
  run(args: string[]): Promise<number>;
}

const COMMANDS: Record<string, () => Promise<Command>> = {
  try: () => import('./try.ts'),
  serve: () => import('./serve.ts'),
  account: () => import('./account.ts'),
  group: () => import('./group.ts'),
  policy: () => import('./policy.ts'),
  recall: () => import('./recall.ts'),
  recalls: () => import('./recalls.ts'),
  queue: () => import('./queue.ts'),
  audit: () => import('./audit.ts'),
};

const [name = '', ...args] = process.argv.slice(2);
process.exitCode = await main(name, args);

async function main(command: string, rest: string[]): Promise<number> {
  if (command === '' || command === '--help' || command === 'help') {
    const lines = await Promise.all(Object.entries(COMMANDS).map(async ([word, load]) => `  ${word.padEnd(9)} ${(await load()).help.split('\n')[0]}`));
    console.log(`homing COMMAND [options]\n\n${lines.join('\n')}\n\nhoming COMMAND --help says more.`);
    return 0;
  }
  const load = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!load) {
    console.error(`homing: there is no command "${command}"; there are ${Object.keys(COMMANDS).join(', ')}.`);
    return 2;
  }
  try {
    const found = await load();
    if (rest.includes('--help')) {
      console.log(found.help);
      return 0;
    }
    return await found.run(rest);
  } catch (error) {
    if (error instanceof Refusal || error instanceof Unavailable) {
      if (rest.includes('--json')) console.log(JSON.stringify({ error: error instanceof Refusal ? error.reason : 'unavailable', description: error.message }));
      console.error(`homing: ${error.message}`);
      return error instanceof Refusal && error.reason === 'usage' ? 2 : 1;
    }
    if ((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) {
      console.error(`homing: ${(error as Error).message}`);
      return 2;
    }
    throw error;
  }
}
