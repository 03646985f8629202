// Mail from outside (RFC 5321) and LMTP (RFC 2033): for addresses of ours only, whoever sends.

import type { SMTPServerAddress } from 'smtp-server';
import { canonicalAddress } from '../mail/address.ts';
import { Refusal, Unavailable } from '../mail/errors.ts';
import { hasRoom, overQuota } from '../store/quota.ts';
import { isGoingRound } from '../mail/mime/trace.ts';
import type { AcceptInput } from '../delivery/accept.ts';
import { branchesOf } from './branches.ts';
import type { Face, FaceSession, SmtpDeps } from './faces.ts';
import { declaredSize, envelopeParameters, recipientOf, wireAddress } from './parameters.ts';
import { isPutOff, reply, toReply, type SmtpError } from './replies.ts';
import type { Incoming } from './stream.ts';
import { receivedField } from './trace.ts';

/** Recipients of one message. RFC 5321 §4.5.3.1.8: at least 100. */
const MAX_RECIPIENTS = 10_000;

/** Any sender, the null one too. */
export function checkOutsideSender(session: FaceSession, sender: SMTPServerAddress): void {
  sender.address = sender.address && wireAddress(sender.address, session.envelope);
}

export async function checkLocalRecipient(
  deps: SmtpDeps,
  face: Face,
  session: FaceSession,
  recipient: SMTPServerAddress,
): Promise<void> {
  const address = wireAddress(recipient.address, session.envelope);
  recipient.address = address;
  if (session.envelope.rcptTo.length >= MAX_RECIPIENTS)
    throw reply(452, '4.5.3', `At most ${MAX_RECIPIENTS} recipients at a time.`);
  const target = await deps.directory.resolve(address);
  if (target.kind === 'outside')
    throw reply(550, '5.7.1', `${address} is not of this server, and it relays for nobody.`);
  if (target.kind === 'unknown') throw reply(550, '5.1.1', `There is no ${address} here.`);
  // What comes in by LMTP has passed a server that its administrator trusts to say who may write to groups.
  if (target.kind === 'group' && face === 'smtp') throw reply(550, '5.7.1', `${address} takes mail from inside only.`);
  if (target.kind === 'account' && (await isFull(deps, session, target))) throw overQuota();
}

/** While the store is away nobody knows: then the message itself is put off. */
async function isFull(
  { directory, store }: SmtpDeps,
  { envelope: { mailFrom } }: FaceSession,
  at: { tenant: number; account: number },
): Promise<boolean> {
  try {
    const account = await directory.account(at.tenant, at.account);
    if (!account || account.quota === null) return false;
    return !(await hasRoom(store, at, mailFrom ? declaredSize(mailFrom.args) : 0));
  } catch (error) {
    if (error instanceof Unavailable) return false;
    throw error;
  }
}

type Answer = string | SmtpError;

/** Accepts once per tenant. SMTP: one reply for all. LMTP: one for each recipient, in order. */
export async function receiveLocal(
  deps: SmtpDeps,
  face: Face,
  session: FaceSession,
  message: Incoming,
): Promise<string | Answer[]> {
  const { bytes, rest } = message;
  const { mailFrom, rcptTo } = session.envelope;
  if (isGoingRound(bytes)) throw reply(554, '5.4.6', 'The message is going round in circles.');
  const from = mailFrom ? mailFrom.address : '';
  const input: Omit<AcceptInput, 'tenant' | 'recipients'> = {
    origin: { kind: 'outside' },
    mailFrom: from,
    bytes,
    received: `Return-Path: <${from}>\r\n${receivedField(session, deps.config.hostname, deps.clock(), false)}`,
    ...envelopeParameters(session.envelope),
  };
  const answers = new Map<SMTPServerAddress, Answer>();
  const byTenant = new Map<number, SMTPServerAddress[]>();
  for (const rcpt of rcptTo) {
    const target = await deps.directory.resolve(rcpt.address);
    if (target.kind === 'outside') answers.set(rcpt, reply(550, '5.1.1', `There is no ${rcpt.address} here.`)); // it went since RCPT
    else byTenant.set(target.tenant, [...(byTenant.get(target.tenant) ?? []), rcpt]);
  }
  const branches = rest ? branchesOf(rest, byTenant.size) : [];
  const received = [...byTenant].map(async ([tenant, list], i) => {
    const branch = branches[i];
    const of = { tenant, ...input, ...(branch ? { rest: branch.pieces } : {}) };
    try {
      for (const [rcpt, answer] of await receiveFor(deps, face, of, list)) answers.set(rcpt, answer);
    } finally {
      branch?.leave();
    }
  });
  await Promise.all(received);
  if (face === 'lmtp') return rcptTo.map((rcpt) => answers.get(rcpt) ?? reply(451, '4.3.0', 'Not delivered.'));
  // One reply for two tenants: a failure of either is told, and what the other has accepted stays accepted.
  for (const answer of answers.values()) if (typeof answer !== 'string') throw answer;
  return [...answers.values()].join(', ');
}

/** For recipients of one tenant. LMTP: one who is gone since RCPT does not stand in the others' way. */
async function receiveFor(
  deps: SmtpDeps,
  face: Face,
  input: Omit<AcceptInput, 'recipients'>,
  recipients: SMTPServerAddress[],
): Promise<Map<SMTPServerAddress, Answer>> {
  const answers = new Map<SMTPServerAddress, Answer>();
  for (;;) {
    const left = recipients.filter((rcpt) => !answers.has(rcpt));
    if (left.length === 0) return answers;
    let answer: Answer;
    try {
      answer = `2.0.0 Accepted as ${(await deps.accept({ ...input, recipients: left.map(recipientOf) })).messageId}`;
    } catch (error) {
      answer = toReply(error);
      const named =
        error instanceof Refusal && error.reason === 'unknownRecipient' ? error.detail['address'] : undefined;
      const gone = left.find((rcpt) => canonicalAddress(rcpt.address) === named);
      if (gone && face === 'lmtp') {
        answers.set(gone, answer);
        continue;
      }
      if (isPutOff(answer)) deps.log.warn({ err: error, tenant: input.tenant }, 'a message was put off');
    }
    for (const rcpt of left) answers.set(rcpt, answer);
  }
}
