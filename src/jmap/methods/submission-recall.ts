// What is submitted and is no mail (docs/recall.md, recallMailbox): a message to recall@ takes another back, and a draft that
// was made to replace one does.

import { isRecallAddress, NAMES_NONE, NOT_ALONE, recallByMail } from '../../recall/by-mail.ts';
import type { Account } from '../../directory/directory.ts';
import { utcDate } from '../dates.ts';
import { invalidProperties, SetFault } from '../errors.ts';
import type { MethodContext } from '../wire.ts';
import type { SubmissionEnvelope } from './submission-envelope.ts';

export interface Submitted {
  message: { bytes: Buffer; rest?: AsyncIterable<Buffer> };
  envelope: SubmissionEnvelope;
  sendAt: Date | undefined;
  /** The draft's number; its object's own properties as it was given, and its thread. */
  email: number;
  given: { identityId: unknown; emailId: unknown; threadId: string };
  sender?: { name: string | null; email: string };
}

/**
 * The EmailSubmission of a request by mail: there is none afterwards (RFC 8621 §7.5: a server may destroy them at any time).
 * Null: it is mail. Throws SetFault `forbiddenToSend`, `invalidEmail`, and what requestRecall refuses.
 */
export async function recalledByMail(
  context: MethodContext,
  account: Account,
  { message, envelope, given }: Submitted,
): Promise<Record<string, unknown> | null> {
  const { directory, recalls, user, ids, clock } = context;
  const addresses = envelope.recipients.map(({ address }) => address);
  const asked = await Promise.all(addresses.map((address) => isRecallAddress(directory, account.tenant, address)));
  if (!asked.includes(true)) return null;
  if (asked.includes(false)) throw new SetFault('forbiddenToSend', NOT_ALONE);
  const recall = await recallByMail(recalls, { actor: user, account: account.id }, message);
  if (recall === null) throw new SetFault('invalidEmail', NAMES_NONE, { properties: ['subject'] });
  const smtpReply = `250 2.0.0 It is being taken back as r${recall}; the report comes by mail`;
  const [number = 0] = await ids.take('message_id', 1);
  return {
    id: `s${number}`,
    ...given,
    envelope: envelope.shown,
    sendAt: utcDate(clock()),
    undoStatus: 'final',
    deliveryStatus: Object.fromEntries(
      addresses.map((address) => [address, { smtpReply, delivered: 'yes', displayed: 'unknown' }]),
    ),
    dsnBlobIds: [],
    mdnBlobIds: [],
  };
}

/** The replacement's number as a submission; null: it replaces nothing. Throws SetFault `invalidProperties`, and what sendReplacement refuses. */
export async function replacedByMail(
  { recalls, user }: MethodContext,
  account: Account,
  { message, envelope, sendAt, email, sender }: Submitted,
): Promise<number | null> {
  const replaced = await recalls.completedBy(account.tenant, message.bytes);
  if (!replaced) return null;
  if (sendAt) throw invalidProperties(['sendAt'], 'What replaces a message is sent at once.');
  return recalls.replace(user, replaced.account, replaced.id, {
    mailFrom: envelope.mailFrom,
    recipients: envelope.recipients.map(({ address }) => address),
    bytes: replaced.bytes,
    ...(message.rest ? { rest: message.rest } : {}),
    emailId: email,
    ...(sender ? { sender } : {}),
  });
}
