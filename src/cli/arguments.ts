// What somebody typed after a command's name.

import { parseArgs, type ParseArgsConfig } from 'node:util';
import { Refusal } from '../mail/errors.ts';

/** The command line itself is wrong: exit code 2. */
export class Usage extends Refusal {
  constructor(sentence: string) {
    super('usage', sentence);
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>>;

/** Options and words, as node:util's parseArgs has them. Throws Usage. */
export function readArguments<T extends Options>(args: string[], options: T): Parsed<T> {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw asUsage(error) ?? error;
  }
}

/** parseArgs' error in our words; undefined: it is another error. */
export function asUsage(error: unknown): Usage | undefined {
  const { code, message = '' } = error as { code?: string; message?: string };
  if (!code?.startsWith('ERR_PARSE_ARGS')) return undefined;
  const option = /'(?:-\w, )?(--?[^\s'=<]+)/.exec(message)?.[1];
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return new Usage(`There is no option ${option}; --help lists them.`);
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') return new Usage(`Too many words; --help says how it is used.`);
  return new Usage(/does not take/.test(message) ? `${option} takes no value.` : `${option} needs a value.`);
}

/** The verb that a command begins with. Throws Usage. */
export function verbOf<T extends string>(command: string, given: string | undefined, verbs: readonly T[]): T {
  const verb = verbs.find((one) => one === given);
  if (verb) return verb;
  const said = given === undefined ? '' : `There is no "homing ${command} ${given}". `;
  throw new Usage(`${said}Say homing ${command} ${verbs.join(' | ')}; --help says more.`);
}

/** One of these words, or undefined where the option was not given. Throws Usage. */
export function wordOf<T extends string>(
  option: string,
  given: string | undefined,
  words: readonly T[],
): T | undefined {
  if (given === undefined) return undefined;
  return words.find((one) => one === given) ?? fail(`${option} takes ${words.join(', ')}, not "${given}".`);
}

export function yesOrNo(option: string, given: string | undefined): boolean | undefined {
  const word = wordOf(option, given, ['yes', 'no']);
  return word === undefined ? undefined : word === 'yes';
}

function fail(sentence: string): never {
  throw new Usage(sentence);
}
