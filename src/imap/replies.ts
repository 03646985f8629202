// How a command ends (RFC 9051 §7.1, RFC 5530): the one place where reasons become response codes.

import { Refusal, SyntaxFault, Unavailable } from '../mail/errors.ts';
import { CommandFault, type Fault } from './wire/fault.ts';

export interface Result {
  status: 'OK' | 'NO' | 'BAD';
  /** Without its brackets. */
  code?: string;
  text: string;
}

export function ok(text: string, code?: string): Result {
  return { status: 'OK', text, ...(code === undefined ? {} : { code }) };
}

export { bad, no } from './wire/fault.ts';

const REFUSALS: Readonly<Record<string, string>> = {
  noMailbox: 'NONEXISTENT',
  noAccount: 'NONEXISTENT',
  tooLarge: 'TOOBIG',
  overQuota: 'OVERQUOTA', // RFC 9208 §4.3.1
  tooManyFailures: 'UNAVAILABLE',
  // Of a recall: recall/request.ts.
  notFound: 'NONEXISTENT',
  notSender: 'NOPERM',
  disabled: 'NOPERM',
  ambiguous: 'CANNOT',
  tooOld: 'LIMIT',
  rateLimit: 'LIMIT',
  underWay: 'INUSE',
};

/** Any error as the end of a command; undefined: a fault of ours, to be logged, and told without its cause. */
export function toResult(error: unknown): Fault | undefined {
  if (error instanceof CommandFault) return error.fault;
  if (error instanceof SyntaxFault) return { status: 'BAD', text: error.message };
  if (error instanceof Unavailable)
    return { status: 'NO', code: 'UNAVAILABLE', text: 'The mail store is not available; try again.' };
  if (!(error instanceof Refusal)) return undefined;
  const code = REFUSALS[error.reason];
  return { status: 'NO', text: error.message, ...(code === undefined ? {} : { code }) };
}

/** `tag OK [CODE] text`. */
export function statusLine(tag: string, { status, code, text }: Result): string {
  return `${tag} ${status} ${code === undefined ? '' : `[${code}] `}${text.replace(/[\r\n]+/g, ' ')}`;
}
