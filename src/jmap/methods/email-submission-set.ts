// EmailSubmission/set (RFC 8621 §7.5): sending, and unsending what is still held.

import { canonicalAddress } from '../../mail/address.ts';
import type { EmailAddress, Envelope } from '../../mail/message.ts';
import { raise } from '../../store/account-state.ts';
import { accountChanged } from '../../store/notify.ts';
import { cancelHeld } from '../../store/outgoing.ts';
import { emailToSubmit, markCanceled, submissionModseq, submissionsByIds } from '../../store/submissions-read.ts';
import { invalidArguments, invalidProperties, SetFault } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, attempt, emptySetResult, isObject, numberOf, resolveId, setArguments, setResponse } from '../standard.ts';
import type { Method, MethodContext, Reply } from '../wire.ts';
import type { Account } from '../../directory/directory.ts';
import { emailSet } from './email-set.ts';
import { identitiesOfAccount } from './identity.ts';

const CREATABLE = ['identityId', 'emailId', 'envelope', 'sendAt'];

export const submissionSet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const before = String(await submissionModseq(context.store, at));
  const { create, update, destroy } = setArguments(args, before, ['onSuccessUpdateEmail', 'onSuccessDestroyEmail']);
  const onUpdate = args['onSuccessUpdateEmail'] ?? {};
  const onDestroy = args['onSuccessDestroyEmail'] ?? [];
  if (!isObject(onUpdate) || !Array.isArray(onDestroy)) throw invalidArguments('"onSuccessUpdateEmail" is a map, "onSuccessDestroyEmail" a list.');
  const result = emptySetResult();
  /** Emails of the submissions that succeeded, by "#key" or id. */
  const emails = new Map<string, string>();
  for (const [key, object] of create) {
    await attempt(key, result.notCreated, async () => {
      const made = await send(context, account, object);
      result.created[key] = made.created;
      context.createdIds.set(key, made.created['id'] as string);
      emails.set(`#${key}`, made.emailId);
    });
  }
  for (const [id, patch] of update) {
    await attempt(id, result.notUpdated, async () => {
      emails.set(id, await unsend(context, account, id, patch));
      result.updated[id] = null;
    });
  }
  for (const id of destroy) {
    // What was sent stays on record: a recall may ask for it.
    result.notDestroyed[id] = { type: (await submissionsByIds(context.store, at, [numberOf(id, 's') ?? 0])).length > 0 ? 'forbidden' : 'notFound' };
  }
  const after = String(await submissionModseq(context.store, at));
  const responses: Reply[] = [['EmailSubmission/set', setResponse(args['accountId'], before, after, result)]];
  responses.push(...(await onSuccess(context, args['accountId'], emails, onUpdate, onDestroy as unknown[])));
  return responses;
};

/** RFC 8621 §7.5: an implicit Email/set after those that succeeded. */
async function onSuccess(context: MethodContext, accountId: unknown, emails: Map<string, string>, onUpdate: Record<string, unknown>, onDestroy: unknown[]): Promise<Reply[]> {
  const update = Object.fromEntries(Object.entries(onUpdate).flatMap(([key, patch]) => (emails.has(key) ? [[emails.get(key), patch]] : [])));
  const destroy = onDestroy.flatMap((key) => (typeof key === 'string' && emails.has(key) ? [emails.get(key)] : []));
  if (Object.keys(update).length + destroy.length === 0) return [];
  const answer = await emailSet({ accountId, ...(Object.keys(update).length > 0 ? { update } : {}), ...(destroy.length > 0 ? { destroy } : {}) }, context);
  return Array.isArray(answer) ? answer : [['Email/set', answer]];
}

async function send(context: MethodContext, account: Account, object: Record<string, unknown>): Promise<{ created: Record<string, unknown>; emailId: string }> {
  const unknown = Object.keys(object).filter((name) => !CREATABLE.includes(name));
  if (unknown.length > 0) throw invalidProperties(unknown);
  const { identityId, emailId: given } = object;
  const { list } = await identitiesOfAccount(context, account);
  const identity = list.find((row) => row.id === numberOf(typeof identityId === 'string' ? resolveId(identityId, context) : identityId, 'i'));
  const emailId = typeof given === 'string' ? resolveId(given, context) : '';
  const at = { tenant: account.tenant, account: account.id };
  const email = await emailToSubmit(context.store, at, numberOf(emailId, 'm') ?? 0);
  const missing = [...(identity ? [] : ['identityId']), ...(email ? [] : ['emailId'])];
  if (!identity || !email) throw invalidProperties(missing);

  await checkFrom(context, account, email.envelope);
  const envelope = readEnvelope(object['envelope'] ?? null, email.envelope, identity.address);
  const own = await context.directory.addressesOf(account.tenant, account.id);
  if (!own.includes(envelope.mailFrom.toLowerCase())) throw new SetFault('forbiddenMailFrom', `You may not send as ${envelope.mailFrom}.`);
  const sendAt = readSendAt(object['sendAt'], envelope.parameters, context.clock());
  const bytes = await context.blobs.read(account.tenant, email.blob_id);
  const accepted = await acceptOr(context, {
    tenant: account.tenant,
    origin: { kind: 'submission', account: account.id, submittedBy: context.user.id, source: 'jmap', identityId: identity.id },
    mailFrom: envelope.mailFrom,
    recipients: envelope.recipients.map((address) => ({ address })),
    bytes,
    sentCopy: { emailId: numberOf(emailId, 'm') ?? 0 },
    envelope: envelope.shown,
    ...(sendAt ? { sendAt } : {}),
  });
  const [row] = await submissionsByIds(context.store, at, [accepted.messageId]);
  return {
    emailId,
    created: {
      id: `s${accepted.messageId}`,
      threadId: `t${email.thread_id}`,
      sendAt: (row?.send_at ?? context.clock()).toISOString().replace(/\.\d+Z$/, 'Z'),
      undoStatus: row?.undo_status ?? 'final',
      ...(object['envelope'] ? {} : { envelope: envelope.shown }),
      deliveryStatus: null,
      dsnBlobIds: [],
      mdnBlobIds: [],
    },
  };
}

/** accept's refusals under RFC 8621's names. */
async function acceptOr(context: MethodContext, input: Parameters<MethodContext['accept']>[0]): ReturnType<MethodContext['accept']> {
  try {
    return await context.accept(input);
  } catch (error) {
    const { reason, detail, message } = error as { reason?: string; detail?: Record<string, unknown>; message: string };
    if (reason === 'noRecipients') throw new SetFault('noRecipients', message);
    if (reason === 'tooManyRecipients') throw new SetFault('tooManyRecipients', message, { maxRecipients: detail?.['limit'] });
    if (reason === 'tooLarge') throw new SetFault('tooLarge', message, { maxSize: detail?.['limit'] });
    if (reason === 'unknownRecipient' || reason === 'badAddress') throw new SetFault('invalidRecipients', message, { invalidRecipients: [detail?.['address']] });
    throw error;
  }
}

async function checkFrom(context: MethodContext, account: Account, headers: Envelope): Promise<void> {
  const own = await context.directory.addressesOf(account.tenant, account.id);
  const wrong = [...(headers.from ?? []), ...(headers.sender ?? [])].find(({ email }) => !own.includes(email.toLowerCase()));
  if (wrong) throw new SetFault('forbiddenFrom', `You may not send as ${wrong.email}.`);
  if (!headers.from?.length) throw new SetFault('invalidEmail', 'The message has no From.', { properties: ['from'] });
}

interface ReadEnvelope {
  mailFrom: string;
  parameters: Record<string, string | null>;
  recipients: string[];
  shown: object;
}

/** Null: from the message's own fields, each address once (RFC 8621 §7). */
function readEnvelope(given: unknown, headers: Envelope, identity: string): ReadEnvelope {
  if (given === null) {
    const addresses = [...(headers.to ?? []), ...(headers.cc ?? []), ...(headers.bcc ?? [])].map(({ email }: EmailAddress) => email).filter((email) => email !== '');
    const recipients = [...new Map(addresses.map((email) => [canonicalAddress(email) ?? email, email])).values()];
    if (recipients.length === 0) throw new SetFault('noRecipients', 'The message names no recipient.');
    const shown = { mailFrom: { email: identity, parameters: null }, rcptTo: recipients.map((email) => ({ email, parameters: null })) };
    return { mailFrom: identity, parameters: {}, recipients, shown };
  }
  const isAddress = (value: unknown): value is { email: string; parameters?: Record<string, string | null> | null } =>
    isObject(value) && typeof value['email'] === 'string' && (value['parameters'] == null || isObject(value['parameters']));
  if (!isObject(given) || !isAddress(given['mailFrom']) || !Array.isArray(given['rcptTo']) || !given['rcptTo'].every(isAddress)) throw invalidProperties(['envelope']);
  const recipients = (given['rcptTo'] as { email: string }[]).map(({ email }) => email);
  if (recipients.length === 0) throw new SetFault('noRecipients', 'The envelope names no recipient.');
  const invalid = recipients.filter((email) => canonicalAddress(email) === null);
  if (invalid.length > 0) throw new SetFault('invalidRecipients', undefined, { invalidRecipients: invalid });
  return { mailFrom: given['mailFrom'].email, parameters: given['mailFrom'].parameters ?? {}, recipients, shown: given };
}

/** `sendAt`, or HOLDUNTIL / HOLDFOR of MAIL FROM (RFC 4865). */
function readSendAt(given: unknown, parameters: Record<string, string | null>, now: Date): Date | undefined {
  const upper = new Map(Object.entries(parameters).map(([name, value]) => [name.toUpperCase(), value]));
  const holdFor = upper.get('HOLDFOR');
  const text = given ?? upper.get('HOLDUNTIL') ?? null;
  if (text === null && holdFor == null) return undefined;
  const time = text === null ? now.getTime() + Number(holdFor) * 1000 : Date.parse(String(text));
  if (Number.isNaN(time) || time > now.getTime() + LIMITS.maxDelayedSend * 1000) throw invalidProperties([given === undefined ? 'envelope' : 'sendAt']);
  return new Date(time);
}

/** { undoStatus: "canceled" } while everything is held; else `cannotUnsend`. Answers the Email's id. */
async function unsend(context: MethodContext, account: Account, id: string, patch: Record<string, unknown>): Promise<string> {
  const at = { tenant: account.tenant, account: account.id };
  const number = numberOf(id, 's') ?? 0;
  const [row] = await submissionsByIds(context.store, at, [number]);
  if (!row) throw new SetFault('notFound');
  const others = Object.keys(patch).filter((name) => name !== 'undoStatus');
  if (others.length > 0 || patch['undoStatus'] !== 'canceled') throw invalidProperties(others.length > 0 ? others : ['undoStatus']);
  await context.store.transact(async (tx) => {
    const modseq = await raise(tx, at.tenant, at.account);
    if (row.undo_status === 'final' || (row.undo_status === 'pending' && !(await cancelHeld(tx, at.tenant, number, context.clock())))) {
      throw new SetFault('cannotUnsend', 'It has left; what is unread can be recalled.');
    }
    await markCanceled(tx, at, number, modseq ?? 0);
    accountChanged(tx.changes, at.tenant, at.account);
  });
  return row.email_id === null ? '' : `m${row.email_id}`;
}

