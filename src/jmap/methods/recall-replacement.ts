// What a recall puts in place of what it takes back.

import type { Account } from '../../directory/directory.ts';
import type { Replacement } from '../../recall/apply/replace.ts';
import { asGiven } from '../../store/large.ts';
import { readContent } from '../../store/exposure.ts';
import { emailToSubmit } from '../../store/submissions-read.ts';
import { invalidProperties, SetFault } from '../errors.ts';
import { numberOf, resolveId } from '../standard.ts';
import type { MethodContext } from '../wire.ts';

/** The draft as it is to be sent: to whom its fields say. */
export async function readReplacement(context: MethodContext, account: Account, given: string): Promise<Replacement> {
  const number = numberOf(resolveId(given, context), 'm');
  const email =
    number === undefined
      ? undefined
      : await emailToSubmit(context.store, { tenant: account.tenant, account: account.id }, number);
  if (!email || number === undefined) throw invalidProperties(['replacementEmailId']);
  const { from, to, cc, bcc } = email.envelope;
  const sender = from?.[0]?.email.toLowerCase() ?? '';
  const right = await context.directory.sendingRight(account.tenant, context.user.id, account.id, sender);
  if (right === null) throw new SetFault('forbiddenFrom', `You may not send as ${sender || 'nobody'}.`);
  const recipients = [
    ...new Set([...(to ?? []), ...(cc ?? []), ...(bcc ?? [])].map((one) => one.email).filter((one) => one !== '')),
  ];
  if (recipients.length === 0) throw new SetFault('noRecipients', 'The replacement names no recipient.');
  const at = { tenant: account.tenant, account: account.id, emailId: number };
  const content = await readContent(context.store, at, { program: context.program, now: context.clock() });
  if (!content) throw invalidProperties(['replacementEmailId']);
  const message = await asGiven({
    size: content.size,
    read: (range) => context.blobs.read(account.tenant, content.blob_id, range),
    stream: (range) => context.blobs.stream(account.tenant, content.blob_id, range),
  });
  const { name, address } = context.user;
  const onBehalf = right === 'send-on-behalf' ? { sender: { name: name || null, email: address } } : {};
  const mail = { mailFrom: sender, recipients, ...message, size: content.size, emailId: number, ...onBehalf };
  await context.recalls.checkReplacement(account.tenant, mail);
  return mail;
}
