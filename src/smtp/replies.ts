// Errors as SMTP says them: the one place where reasons become codes (RFC 5321 §4.2, RFC 3463).

import { Refusal, SyntaxFault, Unavailable } from '../mail/errors.ts';

/** What smtp-server sends: its message begins with the enhanced code. */
export interface SmtpError extends Error {
  responseCode: number;
}

export function reply(code: number, enhanced: string, text: string): SmtpError {
  return Object.assign(new Error(`${enhanced} ${text.replace(/[\r\n]+/g, ' ')}`), { responseCode: code });
}

const REFUSALS: Record<string, [code: number, enhanced: string]> = {
  noRecipients: [554, '5.5.1'],
  tooManyRecipients: [452, '4.5.3'],
  tooLarge: [552, '5.3.4'],
  overQuota: [552, '5.2.2'],
  unknownRecipient: [550, '5.1.1'],
  badAddress: [553, '5.1.3'],
  noAccount: [550, '5.7.1'],
  tooManyFailures: [454, '4.7.0'],
};

/** Any error as a reply; faults of ours are told without their cause. */
export function toReply(error: unknown): SmtpError {
  if (error instanceof Error && 'responseCode' in error) return error as SmtpError;
  if (error instanceof Refusal) {
    const [code, enhanced] = REFUSALS[error.reason] ?? [554, '5.0.0'];
    return reply(code, enhanced, error.message);
  }
  if (error instanceof SyntaxFault) return reply(501, '5.5.4', error.message);
  // RFC 5321 §4.2.3: its disk is full, says PostgreSQL.
  if (error instanceof Unavailable && (error.cause as { code?: string } | undefined)?.code === '53100')
    return reply(452, '4.3.1', 'There is no room for it just now; try again later.');
  if (error instanceof Unavailable) return reply(451, '4.3.0', 'The mail store is not available; try again.');
  return reply(451, '4.3.0', 'Local error; try again.');
}

/** For a reason of ours. */
export function isPutOff({ responseCode }: SmtpError): boolean {
  return responseCode === 451 || responseCode === 452;
}

/** RFC 4954 §6: 454 is the passing failure of AUTH. */
export function toAuthReply(error: unknown): SmtpError {
  const told = toReply(error);
  return isPutOff(told) ? reply(454, '4.7.0', 'Signing in is not possible just now; try again.') : told;
}
