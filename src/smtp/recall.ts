// Recalling by mail (docs/recall.md, recallMailbox): a message to recall@ one's own domain, from somebody signed in, with the
// original attached or its Message-ID in the subject; and the sending of a draft that replaces what was taken back.

import type { SMTPServerAddress } from 'smtp-server';
import { canonicalAddress, domainOf } from '../mail/address.ts';
import type { EmailAddress, ParsedMessage, Part } from '../mail/message.ts';
import { asMessageIds } from '../mail/mime/headers.ts';
import { parsePieces } from '../mail/mime/parse.ts';
import type { SmtpDeps, SmtpUser } from './faces.ts';
import { reply } from './replies.ts';
import type { Incoming } from './stream.ts';

/** recall@ a domain of theirs, where policy has it and nobody has that address. */
export async function isRecallAddress({ directory }: SmtpDeps, user: SmtpUser, given: string): Promise<boolean> {
  const address = canonicalAddress(given);
  if (address === null || address !== `recall@${domainOf(address)}`) return false;
  const { enabled, recallMailbox } = await directory.policy(user.tenant);
  if (!enabled || !recallMailbox) return false;
  const target = await directory.resolve(address);
  return target.kind === 'unknown' && target.tenant === user.tenant;
}

/** Answers the reply to the final dot. Throws what requestRecall refuses. */
export async function recallByMail(deps: SmtpDeps, user: SmtpUser, message: Incoming): Promise<string> {
  const actor = await deps.directory.account(user.tenant, user.id);
  if (!actor) throw reply(530, '5.7.0', 'Sign in first.');
  const { envelope, root } = await parseIncoming(message);
  const messageId = attachedId(root) ?? subjectId(envelope.subject);
  if (messageId === null)
    throw reply(554, '5.6.0', 'Attach the message that is to be taken back, or put its Message-ID into the subject.');
  const { id } = await deps.recalls.request({
    actor,
    account: user.id,
    message: { messageId },
    mode: 'delete',
    recipients: null,
    includeRead: false,
    notifyMe: true,
    reason: null,
  });
  return `2.0.0 It is being taken back as r${id}; the report comes by mail`;
}

function parseIncoming({ bytes, rest }: Incoming): Promise<ParsedMessage> {
  return parsePieces(
    (async function* pieces() {
      yield bytes;
      if (rest) yield* rest;
    })(),
  );
}

/** The first message that is attached. */
function attachedId(part: Part): string | null {
  if (part.message) return part.message.envelope.messageId?.[0] ?? null;
  for (const child of part.parts ?? []) {
    const found = attachedId(child);
    if (found !== null) return found;
  }
  return null;
}

/** RFC 5322 §3.6.4, with or without its brackets. */
function subjectId(subject: string | null): string | null {
  return asMessageIds((subject ?? '').replace(/^\s*(?:recall|message-id)\s*:\s*/i, ''))?.[0] ?? null;
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
