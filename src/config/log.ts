// Homing's log: a JSON object a line, for people's programs to read. No content, no passwords: what an error drags along of
// either stays out.

import { pino } from 'pino';
import type { Logger } from '../mail/log.ts';
import type { Config } from './config.ts';

/** What an error is asked for. PostgreSQL's `detail` and `where` show rows and values, `cause` of whatever kind its own. */
interface Told {
  type: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: Told;
}

/** Errors within errors that are told. */
const CAUSES = 3;

/** An error as it is logged: kind, sentence, code, place, and the same of what caused it. Quotations are cut out. */
export function toldError(error: unknown, causes = CAUSES): Told {
  if (!(error instanceof Error)) {
    const { message, stack } = (error ?? {}) as { message?: unknown; stack?: unknown };
    return {
      type: typeof error,
      message: typeof message === 'string' ? withoutQuotes(message) : '',
      ...(typeof stack === 'string' ? { stack: placesOf(stack) } : {}),
    };
  }
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: withoutQuotes(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(error.stack === undefined ? {} : { stack: placesOf(error.stack) }),
    ...(error.cause !== undefined && causes > 0 ? { cause: toldError(error.cause, causes - 1) } : {}),
  };
}

/** JSON.parse and PostgreSQL say in quotation marks what they could not read, and that may be anybody's. */
function withoutQuotes(message: string): string {
  return message.replaceAll(/"[^"]*(?:"|$)/gs, '"…"').slice(0, 500);
}

/** The stack without its first lines, which are the message. */
function placesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}

/** To standard output, or to `write`. `part`: which of Homing's threads. */
export function createLog(
  config: Pick<Config, 'logLevel'>,
  part: 'faces' | 'worker',
  write?: (line: string) => void,
): Logger {
  const options = { level: config.logLevel, base: { part }, serializers: { err: toldError } };
  return write ? pino(options, { write }) : pino(options);
}
