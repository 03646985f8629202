// Submission (RFC 6409): somebody signed in sends a message.

import type { SMTPServerAddress } from 'smtp-server';
import { canonicalAddress } from '../mail/address.ts';
import type { EmailAddress } from '../mail/message.ts';
import { asAddresses, headerFields } from '../mail/mime/headers.ts';
import { headerEnd } from '../mail/mime/structure.ts';
import { countHeader, isGoingRound } from '../mail/mime/trace.ts';
import { isRecallAddress, NOT_ALONE } from '../recall/by-mail.ts';
import type { FaceSession, SmtpDeps, SmtpUser } from './faces.ts';
import { declaredSize, envelopeParameters, recipientOf, wireAddress } from './parameters.ts';
import { replaceByMail, takeBackByMail } from './recall.ts';
import { reply } from './replies.ts';
import type { Incoming } from './stream.ts';
import { receivedField } from './trace.ts';

function signedIn({ user }: FaceSession): NonNullable<FaceSession['user']> {
  if (!user) throw reply(530, '5.7.0', 'Sign in first.');
  return user;
}

/** A sender uses only addresses that are theirs, and learns at once of a size that is too large for them. */
export async function checkSender(deps: SmtpDeps, session: FaceSession, sender: SMTPServerAddress): Promise<void> {
  const user = signedIn(session);
  // What they signed in with may have been changed or taken away since.
  if (!(await deps.directory.holds(user.signedIn))) throw reply(530, '5.7.0', 'Sign in again.');
  sender.address = sender.address && wireAddress(sender.address, session.envelope);
  // What nobody is to answer to, a receipt say, has no return path (RFC 8098 §2.1).
  if (sender.address !== '' && !(await isOwn(deps, user, sender.address)))
    throw reply(550, '5.7.1', `You may not send as ${sender.address}.`);
  const { maxMessageSize } = await deps.directory.policy(user.tenant, user.id);
  if (declaredSize(sender.args) > maxMessageSize)
    throw reply(552, '5.3.4', `A message may have ${maxMessageSize} octets.`);
}

async function isOwn({ directory }: SmtpDeps, user: SmtpUser, address: string): Promise<boolean> {
  const canonical = canonicalAddress(address);
  return canonical !== null && (await directory.addressesOf(user.tenant, user.id)).includes(canonical);
}

/** Anyone outside; inside only those who exist. The limit is told at the recipient that is one too many. */
export async function checkSubmissionRecipient(
  deps: SmtpDeps,
  session: FaceSession,
  recipient: SMTPServerAddress,
): Promise<void> {
  const user = signedIn(session);
  recipient.address = wireAddress(recipient.address, session.envelope);
  const policy = await deps.directory.policy(user.tenant, user.id);
  if (session.envelope.rcptTo.length >= policy.maxRecipients) {
    throw reply(452, '4.5.3', `A message may name ${policy.maxRecipients} recipients; use a group for more.`);
  }
  if (await isRecallAddress(deps.directory, user.tenant, recipient.address)) return;
  const target = await deps.directory.resolve(recipient.address);
  if (target.kind === 'unknown' && target.tenant === user.tenant)
    throw reply(550, '5.1.1', `There is no ${recipient.address} here.`);
}

/** Answers the reply to the final dot: the message is durable. */
export async function submit(deps: SmtpDeps, session: FaceSession, message: Incoming): Promise<string> {
  const { bytes } = message;
  const user = signedIn(session);
  const { mailFrom, rcptTo } = session.envelope;
  const from = mailFrom ? mailFrom.address : '';
  const sender = await checkFields(deps, user, bytes);
  if (from === '' && countHeader(bytes, 'from') === 0)
    throw reply(550, '5.7.1', 'What has no return path has to say in From whom it is from.');
  if (isGoingRound(bytes)) throw reply(554, '5.4.6', 'The message is going round in circles.');
  const asked = await Promise.all(rcptTo.map((rcpt) => isRecallAddress(deps.directory, user.tenant, rcpt.address)));
  if (asked.includes(true)) {
    if (asked.includes(false)) throw reply(554, '5.5.0', NOT_ALONE);
    return takeBackByMail(deps, user, message);
  }
  const replaced = await deps.recalls.completedBy(user.tenant, bytes);
  if (replaced) return replaceByMail(deps, user, { ...message, ...replaced }, { from, recipients: rcptTo, sender });
  const accepted = await deps.accept({
    tenant: user.tenant,
    origin: { kind: 'submission', account: await accountOf(deps, user, from), submittedBy: user.id, source: 'smtp' },
    mailFrom: from,
    recipients: rcptTo.map(recipientOf),
    ...message,
    ...(sender ? { sender } : {}),
    received: receivedField(session, deps.config.hostname, deps.clock(), true),
    ...envelopeParameters(session.envelope),
  });
  return `2.0.0 Accepted for ${accepted.total} ${accepted.total === 1 ? 'recipient' : 'recipients'} as s${accepted.messageId}`;
}

/** Sent as a shared mailbox, a message is that mailbox's, and its copy is there too. */
async function accountOf(deps: SmtpDeps, user: SmtpUser, mailFrom: string): Promise<number> {
  const target = await deps.directory.resolve(mailFrom);
  return target.kind === 'account' && target.tenant === user.tenant ? target.account : user.id;
}

/**
 * The From and Sender fields too hold only addresses of the sender's; a message without From is let through as it is. One
 * that lies beyond what is read of a header is refused: a program that reads further would show it. Answers whom Sender
 * has to name: somebody who may send only on behalf of whom the message is from.
 */
async function checkFields(deps: SmtpDeps, user: SmtpUser, bytes: Buffer): Promise<EmailAddress | undefined> {
  const { directory } = deps;
  const read = { from: 0, sender: 0 };
  let onBehalf = false;
  for (const field of headerFields(bytes.subarray(0, headerEnd(bytes, [0, bytes.length])))) {
    const name = field.name.toLowerCase();
    if (name !== 'from' && name !== 'sender') continue;
    read[name]++;
    for (const { email } of asAddresses(field.value)) {
      const right = await directory.sendingRight(user.tenant, user.id, user.id, email);
      if (right === null) throw reply(550, '5.7.1', `You may not send as ${email}.`);
      if (name === 'from' && right === 'send-on-behalf') onBehalf = true;
    }
  }
  for (const name of ['from', 'sender'] as const)
    if (countHeader(bytes, name) > read[name])
      throw reply(550, '5.6.0', 'The header is too long for its From and Sender to be read.');
  if (!onBehalf) return undefined;
  const account = await directory.account(user.tenant, user.id);
  return account && { name: account.name || null, email: account.address };
}
