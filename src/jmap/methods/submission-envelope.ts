// The envelope of an EmailSubmission (RFC 8621 §7): as it is given, or from the message's own fields.

import { canonicalAddress } from '../../mail/address.ts';
import type { Envelope as Fields } from '../../mail/message.ts';
import { readDate } from '../dates.ts';
import { invalidProperties, SetFault } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { isObject, isText } from '../standard.ts';

export interface SubmissionEnvelope {
  mailFrom: string;
  recipients: { address: string; notify?: number; originalRecipient?: string }[];
  /** RFC 3461 RET, ENVID. */
  ret?: string;
  envid?: string;
  /** RFC 4865. */
  sendAt?: Date;
  /** As EmailSubmission/get shows it. */
  shown: { mailFrom: Address; rcptTo: Address[] };
}

interface Address {
  email: string;
  parameters: Parameters | null;
}

type Parameters = Record<string, string | null>;

/** Throws SetFault `noRecipients`, `invalidRecipients`, `invalidProperties`. */
export function readEnvelope(given: unknown, fields: Fields, identity: string, now: Date): SubmissionEnvelope {
  if (given === null || given === undefined) return fromFields(fields, identity);
  if (!isObject(given) || !Array.isArray(given['rcptTo'])) throw invalidProperties(['envelope']);
  const mailFrom = readAddress(given['mailFrom']);
  const rcptTo = given['rcptTo'].map(readAddress);
  return {
    mailFrom: mailFrom.email,
    recipients: checkRecipients(rcptTo).map((to) => ({ address: to.email, ...readRcptParameters(to) })),
    ...readMailParameters(mailFrom, now),
    shown: { mailFrom, rcptTo },
  };
}

/** Each address once. The identity's own is what may be a return path; Bcc is as good as To. */
function fromFields({ to, cc, bcc }: Fields, identity: string): SubmissionEnvelope {
  const addresses = [...(to ?? []), ...(cc ?? []), ...(bcc ?? [])]
    .map(({ email }) => email)
    .filter((one) => one !== '');
  const once = new Map(addresses.map((email) => [canonicalAddress(email) ?? email, email]));
  const rcptTo = [...once.values()].map((email): Address => ({ email, parameters: null }));
  return {
    mailFrom: identity,
    recipients: checkRecipients(rcptTo).map(({ email }) => ({ address: email })),
    shown: { mailFrom: { email: identity, parameters: null }, rcptTo },
  };
}

function checkRecipients(rcptTo: Address[]): Address[] {
  if (rcptTo.length === 0) throw new SetFault('noRecipients', 'The message names no recipient.');
  const invalid = rcptTo.map(({ email }) => email).filter((email) => canonicalAddress(email) === null);
  if (invalid.length === 0) return rcptTo;
  throw new SetFault('invalidRecipients', 'Not all of these are addresses.', { invalidRecipients: invalid });
}

function readAddress(value: unknown): Address {
  if (!isObject(value) || !isText(value['email'], 1000, 'line')) throw invalidProperties(['envelope']);
  const given = value['parameters'] ?? null;
  if (given === null) return { email: value['email'], parameters: null };
  const isValue = (one: unknown): one is string | null => one === null || isText(one, 1000, 'line');
  if (!isObject(given) || !Object.values(given).every(isValue)) throw invalidProperties(['envelope']);
  return { email: value['email'], parameters: given as Parameters };
}

/** By upper-case name, as SMTP has them. One that this server does not know is refused: it would not do what it says. */
function parametersOf({ parameters }: Address, known: string[]): Map<string, string> {
  const found = new Map(Object.entries(parameters ?? {}).map(([name, value]) => [name.toUpperCase(), value ?? '']));
  const unknown = [...found.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return found;
  throw invalidProperties(['envelope'], `The parameter ${unknown.slice(0, 50)} is not offered.`);
}

const NOTIFY: Record<string, number> = { SUCCESS: 1, FAILURE: 2, DELAY: 4 };

function readRcptParameters(to: Address): { notify?: number; originalRecipient?: string } {
  const parameters = parametersOf(to, ['NOTIFY', 'ORCPT']);
  const notify = parameters.get('NOTIFY')?.toUpperCase();
  const original = parameters.get('ORCPT');
  const words = notify === 'NEVER' ? [8] : (notify?.split(',').map((word) => NOTIFY[word] ?? 0) ?? []);
  if (words.includes(0)) throw invalidProperties(['envelope'], 'NOTIFY is NEVER, or of SUCCESS, FAILURE and DELAY.');
  if (original !== undefined && !/^[\w-]+;.+$/.test(original)) {
    throw invalidProperties(['envelope'], 'ORCPT is a type, ";" and an address.');
  }
  return {
    ...(notify === undefined ? {} : { notify: words.reduce((bits, word) => bits | word, 0) }),
    ...(original === undefined ? {} : { originalRecipient: original }),
  };
}

/** What the session offers (FUTURERELEASE, DSN, SIZE), and what goes without saying (8BITMIME, SMTPUTF8). */
function readMailParameters(from: Address, now: Date): Pick<SubmissionEnvelope, 'ret' | 'envid' | 'sendAt'> {
  const parameters = parametersOf(from, ['HOLDFOR', 'HOLDUNTIL', 'RET', 'ENVID', 'BODY', 'SMTPUTF8', 'SIZE']);
  const [ret, envid] = [parameters.get('RET')?.toUpperCase(), parameters.get('ENVID')];
  const isBad =
    (ret !== undefined && ret !== 'FULL' && ret !== 'HDRS') ||
    (envid !== undefined && (envid === '' || envid.length > 100)) ||
    !/^(?:7BIT|8BITMIME)$/i.test(parameters.get('BODY') ?? '8BITMIME') ||
    (parameters.has('HOLDFOR') && parameters.has('HOLDUNTIL'));
  if (isBad) throw invalidProperties(['envelope'], 'RET, ENVID, BODY, HOLDFOR or HOLDUNTIL is not as it should be.');
  const seconds = parameters.get('HOLDFOR');
  if (seconds !== undefined && !/^\d{1,9}$/.test(seconds)) throw invalidProperties(['envelope'], 'HOLDFOR is seconds.');
  const until = parameters.get('HOLDUNTIL');
  const held = seconds === undefined ? until : new Date(now.getTime() + Number(seconds) * 1000).toISOString();
  return {
    ...(ret === undefined ? {} : { ret }),
    ...(envid === undefined ? {} : { envid }),
    ...(held === undefined ? {} : { sendAt: readSendAt(held, now, 'envelope') }),
  };
}

/** A date-time within what the session offers; one that is past is now. */
export function readSendAt(value: unknown, now: Date, property: string): Date {
  const date = readDate(value);
  if (!date) throw invalidProperties([property], 'That is no date and time.');
  if (date.getTime() > now.getTime() + LIMITS.maxDelayedSend * 1000) {
    throw invalidProperties([property], `Mail waits at most ${LIMITS.maxDelayedSend} seconds.`);
  }
  return date;
}
