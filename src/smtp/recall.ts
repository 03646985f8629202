// Recalling by mail (recall/by-mail.ts), and the sending of a draft that replaces what was taken back.

import type { SMTPServerAddress } from 'smtp-server';
import type { EmailAddress } from '../mail/message.ts';
import { NAMES_NONE, recallByMail } from '../recall/by-mail.ts';
import type { SmtpDeps, SmtpUser } from './faces.ts';
import { reply } from './replies.ts';
import type { Incoming } from './stream.ts';

/** Answers the reply to the final dot. Throws what requestRecall refuses. */
export async function takeBackByMail(deps: SmtpDeps, user: SmtpUser, message: Incoming): Promise<string> {
  const actor = await deps.directory.account(user.tenant, user.id);
  if (!actor) throw reply(530, '5.7.0', 'Sign in first.');
  const id = await recallByMail(deps.recalls, { actor, account: user.id }, message);
  if (id === null) throw reply(554, '5.6.0', NAMES_NONE);
  return `2.0.0 It is being taken back as r${id}; the report comes by mail`;
}

/** Sends the replacement of a recall, once. Throws what sendReplacement refuses. */
export async function replaceByMail(
  deps: SmtpDeps,
  user: SmtpUser,
  replaced: Incoming & { id: number; account: number },
  mail: { from: string; recipients: SMTPServerAddress[]; sender: EmailAddress | undefined },
): Promise<string> {
  const actor = await deps.directory.account(user.tenant, user.id);
  if (!actor) throw reply(530, '5.7.0', 'Sign in first.');
  const message = await deps.recalls.replace(actor, replaced.account, replaced.id, {
    mailFrom: mail.from,
    recipients: mail.recipients.map(({ address }) => address),
    bytes: replaced.bytes,
    ...(replaced.rest ? { rest: replaced.rest } : {}),
    emailId: null,
    source: 'smtp',
    ...(mail.sender ? { sender: mail.sender } : {}),
  });
  return `2.0.0 Accepted in the place of what was taken back by r${replaced.id}, as s${message}`;
}
