// Submission (RFC 6409): somebody signed in sends a message.

import { asAddresses, headerFields } from '../mail/mime/headers.ts';
import { headerEnd } from '../mail/mime/structure.ts';
import type { FaceSession, SmtpDeps } from './faces.ts';
import { mailParameters, recipientOf } from './parameters.ts';
import { reply } from './replies.ts';
import { receivedField } from './trace.ts';

/** Anyone outside; inside only those who exist. The limit is told at the recipient that is one too many. */
export async function checkSubmissionRecipient(deps: SmtpDeps, session: FaceSession, address: string): Promise<void> {
  const { user } = session;
  if (!user) throw reply(530, '5.7.0', 'Sign in first.');
  const policy = await deps.directory.policy(user.tenant);
  if (session.envelope.rcptTo.length >= policy.maxRecipients) {
    throw reply(452, '4.5.3', `A message may name ${policy.maxRecipients} recipients; use a group for more.`);
  }
  const target = await deps.directory.resolve(address);
  if (target.kind === 'unknown' && target.tenant === user.tenant) throw reply(550, '5.1.1', `There is no ${address} here.`);
}

/** Answers the reply to the final dot. */
export async function submit(deps: SmtpDeps, session: FaceSession, bytes: Buffer): Promise<string> {
  const { user } = session;
  if (!user) throw reply(530, '5.7.0', 'Sign in first.');
  const { mailFrom, rcptTo } = session.envelope;
  await checkFrom(deps, user, bytes);
  const { ret, envid } = (mailFrom && 'dsn' in session.envelope ? (session.envelope as { dsn?: { ret?: string; envid?: string } }).dsn : undefined) ?? {};
  const accepted = await deps.accept({
    tenant: user.tenant,
    origin: { kind: 'submission', account: await accountOf(deps, user, mailFrom ? mailFrom.address : ''), submittedBy: user.id, source: 'smtp' },
    mailFrom: mailFrom ? mailFrom.address : '',
    recipients: rcptTo.map(recipientOf),
    bytes,
    received: receivedField(session, deps.config.hostname, deps.clock(), true),
    ...mailParameters(mailFrom ? mailFrom.args : undefined, { ret: ret ?? null, envid: envid ?? null }),
  });
  return `Accepted for ${accepted.total} ${accepted.total === 1 ? 'recipient' : 'recipients'} as s${accepted.messageId}`;
}

/** Sent as a shared mailbox, a message is that mailbox's, and its copy is there too. */
async function accountOf(deps: SmtpDeps, user: { tenant: number; id: number }, mailFrom: string): Promise<number> {
  const target = await deps.directory.resolve(mailFrom);
  return target.kind === 'account' && target.tenant === user.tenant ? target.account : user.id;
}

/** The From field too holds only addresses of the sender's; a message without one is let through as it is. */
async function checkFrom(deps: SmtpDeps, user: { tenant: number; id: number }, bytes: Buffer): Promise<void> {
  const own = await deps.directory.addressesOf(user.tenant, user.id);
  for (const field of headerFields(bytes.subarray(0, headerEnd(bytes, [0, bytes.length])))) {
    if (field.name.toLowerCase() !== 'from') continue;
    for (const { email } of asAddresses(field.value)) {
      if (!own.includes(email.toLowerCase())) throw reply(550, '5.7.1', `You may not send as ${email}.`);
    }
  }
}
