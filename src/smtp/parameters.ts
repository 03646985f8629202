// Parameters and addresses of MAIL and RCPT (RFC 1870 SIZE, RFC 3461 DSN, RFC 6152 8BITMIME, RFC 6531 SMTPUTF8).

import type { SMTPServerAddress, SMTPServerAddressArgs, SMTPServerEnvelope } from 'smtp-server';
import type { AcceptInput, AcceptRecipient } from '../delivery/accept.ts';
import { canonicalAddress, domainOf } from '../mail/address.ts';
import { reply, type SmtpError } from './replies.ts';

const MAIL_PARAMETERS = ['SIZE', 'BODY', 'SMTPUTF8'];
/** AUTH: RFC 4954 §5; who vouches for whom is of no interest here. */
const SUBMISSION_PARAMETERS = [...MAIL_PARAMETERS, 'RET', 'ENVID', 'AUTH'];
const RCPT_PARAMETERS = ['NOTIFY', 'ORCPT'];

/**
 * RFC 5321 §4.1.1.11: 555 for what was not offered. To take a REQUIRETLS (RFC 8689) and not heed it would be worse than
 * to refuse it. Values have been checked by smtp-server.
 */
export function parameterFault(
  command: 'MAIL' | 'RCPT',
  args: SMTPServerAddressArgs | false,
  submission: boolean,
): SmtpError | undefined {
  const outside = command === 'MAIL' ? MAIL_PARAMETERS : [];
  const known = submission ? (command === 'MAIL' ? SUBMISSION_PARAMETERS : RCPT_PARAMETERS) : outside;
  const unknown = Object.keys(args || {}).find((name) => !known.includes(name));
  return unknown === undefined ? undefined : reply(555, '5.5.4', `${unknown} is not offered.`);
}

/** SIZE as declared, octets; 0: it was not. */
export function declaredSize(args: SMTPServerAddressArgs | false): number {
  return args ? Number(args['SIZE'] ?? 0) : 0;
}

/** An address with its domain in ASCII, as every server understands it. Throws 553 where it is none that can be used. */
export function wireAddress(given: string, envelope: SMTPServerEnvelope): string {
  const local = given.slice(0, given.lastIndexOf('@'));
  if (given.includes('\uFFFD')) throw reply(553, '5.6.7', 'The address is not UTF-8.');
  // RFC 6531 §3.5. A domain always has an ASCII form, so it alone asks for nothing.
  if (/[^\0-\x7f]/.test(local) && !envelope.smtpUtf8) throw reply(553, '5.6.7', `${given} needs SMTPUTF8.`);
  const canonical = canonicalAddress(given);
  if (canonical === null) throw reply(553, '5.1.3', `${given} is not an address.`);
  return `${local}@${domainOf(canonical)}`;
}

/** What accept is told of the envelope beside its addresses. */
export function envelopeParameters(
  envelope: SMTPServerEnvelope,
): Pick<AcceptInput, 'body' | 'smtputf8' | 'ret' | 'envid'> {
  const { bodyType, smtpUtf8, dsn, mailFrom } = envelope;
  const declared = mailFrom && mailFrom.args && mailFrom.args['BODY'] !== undefined;
  return {
    // RFC 6152 §3 takes an undeclared body for 7-bit; programs that never declare send 8-bit text all the same.
    body: declared && bodyType === '7bit' ? '7bit' : '8bitmime',
    smtputf8: smtpUtf8 ?? false,
    ...(dsn?.ret ? { ret: dsn.ret } : {}),
    ...(dsn?.envid ? { envid: dsn.envid } : {}),
  };
}

const NOTIFY: Record<string, number> = { SUCCESS: 1, FAILURE: 2, DELAY: 4, NEVER: 8 };

/** A recipient as accept takes it. */
export function recipientOf({ address, dsn }: SMTPServerAddress): AcceptRecipient {
  const bits = (dsn?.notify ?? []).reduce((sum, word) => sum | (NOTIFY[word] ?? 0), 0);
  return { address, ...(bits > 0 ? { notify: bits } : {}), ...(dsn?.orcpt ? { originalRecipient: dsn.orcpt } : {}) };
}
