// Parameters of MAIL and RCPT (RFC 3461 DSN, RFC 6152 8BITMIME, RFC 6531 SMTPUTF8).

import type { AcceptRecipient } from '../delivery/accept.ts';
import { reply, type SmtpError } from './replies.ts';

type Arguments = Record<string, string | true> | false | undefined | object;

function argument(args: Arguments, name: string): string | undefined {
  const value = args ? (args as Record<string, string | true>)[name] : undefined;
  return value === undefined ? undefined : value === true ? '' : value;
}

/** RFC 6152 §3: BODY is 7BIT or 8BITMIME (BINARYMIME is not offered). */
export function parameterFault(args: Arguments): SmtpError | undefined {
  const body = argument(args, 'BODY');
  if (body !== undefined && !/^(?:7BIT|8BITMIME)$/i.test(body)) return reply(501, '5.5.4', `BODY=${body} is not offered.`);
  return undefined;
}

export interface MailParameters {
  body: '7bit' | '8bitmime';
  smtputf8: boolean;
  ret?: string;
  envid?: string;
}

export function mailParameters(args: Arguments, dsn: { ret?: string | null; envid?: string | null } | undefined): MailParameters {
  return {
    body: argument(args, 'BODY')?.toUpperCase() === '7BIT' ? '7bit' : '8bitmime',
    smtputf8: argument(args, 'SMTPUTF8') !== undefined,
    ...(dsn?.ret ? { ret: dsn.ret } : {}),
    ...(dsn?.envid ? { envid: dsn.envid } : {}),
  };
}

const NOTIFY: Record<string, number> = { SUCCESS: 1, FAILURE: 2, DELAY: 4, NEVER: 8 };

export function recipientOf(rcpt: { address: string; dsn?: { notify?: string[] | null; orcpt?: string | null } }): AcceptRecipient {
  const bits = (rcpt.dsn?.notify ?? []).reduce((sum, word) => sum | (NOTIFY[word.toUpperCase()] ?? 0), 0);
  return { address: rcpt.address, ...(bits > 0 ? { notify: bits } : {}), ...(rcpt.dsn?.orcpt ? { originalRecipient: rcpt.dsn.orcpt } : {}) };
}
