// EmailSubmission/set (RFC 8621 §7.5): sending, and unsending what is still held.

import { canonicalAddress } from '../../mail/address.ts';
import { Unavailable } from '../../mail/errors.ts';
import type { EmailAddress, Envelope } from '../../mail/message.ts';
import type { Account } from '../../directory/directory.ts';
import { raise } from '../../store/account-state.ts';
import { accountChanged } from '../../store/notify.ts';
import { cancelHeld } from '../../store/outgoing.ts';
import {
  emailToSubmit,
  markCanceled,
  submissionsByIds,
  submissionState,
  undoStatus,
} from '../../store/submissions-read.ts';
import { openBlob } from '../blob.ts';
import { asGiven } from '../../store/large.ts';
import { emailBlobId } from '../email/ids.ts';
import { errorReply, invalidArguments, invalidProperties, SetFault } from '../errors.ts';
import {
  accountOf,
  applyPatch,
  attempt,
  emptySetResult,
  isObject,
  numberOf,
  resolveId,
  setArguments,
  setResponse,
  unlike,
} from '../standard.ts';
import type { Method, MethodContext, Reply } from '../wire.ts';
import { emailSet } from './email-set.ts';
import { showSubmissions } from './email-submission.ts';
import { identitiesOfAccount } from './identity.ts';
import { recalledByMail, replacedByMail } from './submission-recall.ts';
import { readEnvelope, readSendAt, type SubmissionEnvelope } from './submission-envelope.ts';

const CREATABLE = ['identityId', 'emailId', 'envelope', 'sendAt'];

export const submissionSet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const before = String(await submissionState(context.store, at));
  const { create, update, destroy } = setArguments(args, before, ['onSuccessUpdateEmail', 'onSuccessDestroyEmail']);
  const after = readOnSuccess(args);
  const result = emptySetResult();
  /** Emails of what succeeded, by "#key" and by id. */
  const emails = new Map<string, string>();
  for (const [key, object] of create) {
    await attemptAlone(key, result.notCreated, async () => {
      const made = await send(context, account, object);
      result.created[key] = unlike(object, made.submission);
      context.createdIds.set(key, made.submission['id'] as string);
      emails.set(`#${key}`, made.emailId);
    });
  }
  for (const [given, patch] of update) {
    await attemptAlone(given, result.notUpdated, async () => {
      const id = resolveId(given, context);
      const emailId = await unsend(context, account, id, patch);
      if (emailId !== null) emails.set(given, emailId).set(id, emailId);
      result.updated[id] = null;
    });
  }
  for (const id of destroy) {
    const [row] = await submissionsByIds(context.store, at, [numberOf(resolveId(id, context), 's') ?? 0]);
    const why = 'What was sent stays on record: it may be recalled.';
    result.notDestroyed[id] = row ? { type: 'forbidden', description: why } : { type: 'notFound' };
  }
  const state = String(await submissionState(context.store, at));
  const answer: Reply = ['EmailSubmission/set', setResponse(args['accountId'], before, state, result)];
  return [answer, ...(await onSuccess(context, args['accountId'], emails, after))];
};

interface OnSuccess {
  update: Record<string, Record<string, unknown>>;
  destroy: string[];
}

function readOnSuccess(args: Record<string, unknown>): OnSuccess {
  const update = args['onSuccessUpdateEmail'] ?? {};
  const destroy = args['onSuccessDestroyEmail'] ?? [];
  if (!isObject(update) || !Object.values(update).every(isObject)) {
    throw invalidArguments('"onSuccessUpdateEmail" is a map of patches or null.');
  }
  if (!Array.isArray(destroy) || !destroy.every((id) => typeof id === 'string')) {
    throw invalidArguments('"onSuccessDestroyEmail" is a list of ids or null.');
  }
  return { update: update as OnSuccess['update'], destroy };
}

/** RFC 8621 §7.5: one implicit Email/set for those that succeeded. What was sent is sent, whatever becomes of this. */
async function onSuccess(
  context: MethodContext,
  accountId: unknown,
  emails: Map<string, string>,
  { update, destroy }: OnSuccess,
): Promise<Reply[]> {
  const patches = Object.entries(update).filter(([key]) => emails.has(key));
  const gone = destroy.filter((key) => emails.has(key)).map((key) => emails.get(key));
  if (patches.length + gone.length === 0) return [];
  const args = {
    accountId,
    ...(patches.length > 0
      ? { update: Object.fromEntries(patches.map(([key, patch]) => [emails.get(key), patch])) }
      : {}),
    ...(gone.length > 0 ? { destroy: gone } : {}),
  };
  try {
    const answer = await emailSet(args, context);
    return Array.isArray(answer) ? answer : [['Email/set', answer]];
  } catch (error) {
    return [errorReply('Email/set', error, context)];
  }
}

/** Each is committed by itself, so one that fails for a fault of ours must not hide that others were sent. */
async function attemptAlone(...[id, refused, change]: Parameters<typeof attempt>): Promise<void> {
  try {
    await attempt(id, refused, change);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    refused[id] = {
      type: 'serverUnavailable',
      description: 'It may have been sent, or not: look before you try again.',
    };
  }
}

async function send(
  context: MethodContext,
  account: Account,
  object: Record<string, unknown>,
): Promise<{ submission: Record<string, unknown>; emailId: string }> {
  const unknown = Object.keys(object).filter((name) => !CREATABLE.includes(name));
  if (unknown.length > 0) throw invalidProperties(unknown);
  const at = { tenant: account.tenant, account: account.id };
  const idOf = (value: unknown, prefix: string): number =>
    (typeof value === 'string' ? numberOf(resolveId(value, context), prefix) : undefined) ?? 0;
  const { list } = await identitiesOfAccount(context, account);
  const identity = list.find((row) => row.id === idOf(object['identityId'], 'i'));
  const emailId = idOf(object['emailId'], 'm');
  const email = await emailToSubmit(context.store, at, emailId);
  if (!identity || !email)
    throw invalidProperties([...(identity ? [] : ['identityId']), ...(email ? [] : ['emailId'])]);

  const now = context.clock();
  const own = await context.directory.addressesOf(account.tenant, account.id);
  checkFields(email.envelope, own);
  const sender = await senderOf(context, account, email.envelope);
  const envelope = readEnvelope(object['envelope'], email.envelope, identity.address, now);
  if (!own.includes(canonicalAddress(envelope.mailFrom) ?? '')) {
    throw new SetFault('forbiddenMailFrom', `You may not send as ${envelope.mailFrom || 'nobody'}.`);
  }
  const sendAt = (object['sendAt'] ?? null) === null ? envelope.sendAt : readSendAt(object['sendAt'], now, 'sendAt');
  // A copy that somebody sent to oneself is content like any other: reading it counts, and a gate may cover it by now.
  const user = { tenant: account.tenant, account: account.id, actor: context.user.id, program: context.program };
  const blob = await openBlob(context, user, emailBlobId(emailId));
  if (!blob) throw invalidProperties(['emailId']);
  const message = await asGiven(blob);
  const { identityId } = object;
  const submitted = {
    message,
    envelope,
    sendAt,
    email: emailId,
    given: { identityId, emailId: `m${emailId}`, threadId: `t${email.thread_id}` },
    ...(sender ? { sender } : {}),
  };
  const recalled = await recalledByMail(context, account, submitted);
  if (recalled) return { submission: recalled, emailId: `m${emailId}` };
  const replacement = await replacedByMail(context, account, submitted);
  if (replacement !== null) return made(replacement);
  const accepted = await acceptOr(context, account.tenant, envelope, {
    tenant: account.tenant,
    origin: {
      kind: 'submission',
      account: account.id,
      submittedBy: context.user.id,
      source: 'jmap',
      identityId: identity.id,
    },
    mailFrom: envelope.mailFrom,
    recipients: envelope.recipients,
    ...message,
    sentCopy: { emailId },
    envelope: envelope.shown,
    ...(sender ? { sender } : {}),
    ...(sendAt ? { sendAt } : {}),
    ...(envelope.ret ? { ret: envelope.ret } : {}),
    ...(envelope.envid ? { envid: envelope.envid } : {}),
  });
  return made(accepted.messageId);

  async function made(number: number): Promise<{ submission: Record<string, unknown>; emailId: string }> {
    const rows = await submissionsByIds(context.store, at, [number]);
    const shown = await showSubmissions(context, at, rows, true);
    return { submission: shown.get(`s${number}`) ?? { id: `s${number}` }, emailId: `m${emailId}` };
  }
}

/** RFC 8621 §7: one From, or several and one Sender; all of them theirs. */
function checkFields({ from, sender }: Envelope, own: string[]): void {
  const froms = from ?? [];
  if (froms.length === 0 || (sender?.length ?? 0) > 1 || (froms.length > 1 && !sender?.length)) {
    const why = froms.length === 0 ? 'The message has no From.' : 'The message has several senders.';
    throw new SetFault('invalidEmail', why, { properties: [froms.length === 0 || !sender ? 'from' : 'sender'] });
  }
  const wrong = [...froms, ...(sender ?? [])].find(({ email }) => !own.includes(canonicalAddress(email) ?? ''));
  if (wrong) throw new SetFault('forbiddenFrom', `You may not send as ${wrong.email || 'nobody'}.`);
}

/** Whom the Sender field has to name: somebody who may send only on behalf of whom the message is from. */
async function senderOf(
  { directory, user }: MethodContext,
  account: Account,
  { from }: Envelope,
): Promise<EmailAddress | undefined> {
  const rights = await Promise.all(
    (from ?? []).map(({ email }) => directory.sendingRight(account.tenant, user.id, account.id, email)),
  );
  const forbidden = from?.[rights.indexOf(null)];
  if (forbidden) throw new SetFault('forbiddenFrom', `You may not send as ${forbidden.email}.`);
  return rights.includes('send-on-behalf') ? { name: user.name || null, email: user.address } : undefined;
}

/** accept's refusals under RFC 8621's names. */
async function acceptOr(
  context: MethodContext,
  tenant: number,
  envelope: SubmissionEnvelope,
  input: Parameters<MethodContext['accept']>[0],
): ReturnType<MethodContext['accept']> {
  try {
    return await context.accept(input);
  } catch (error) {
    const { reason, detail, message } = error as { reason?: string; detail?: Record<string, unknown>; message: string };
    if (reason === 'tooManyRecipients') throw new SetFault(reason, message, { maxRecipients: detail?.['limit'] });
    if (reason === 'tooLarge') throw new SetFault(reason, message, { maxSize: detail?.['limit'] });
    if (reason === 'unknownRecipient' || reason === 'badAddress') {
      const invalid = await unknownAmong(context, tenant, envelope);
      throw new SetFault('invalidRecipients', message, {
        invalidRecipients: invalid.length > 0 ? invalid : [detail?.['address']],
      });
    }
    throw error;
  }
}

/** All of them, not the first that was stumbled over. */
async function unknownAmong(
  context: MethodContext,
  tenant: number,
  { recipients }: SubmissionEnvelope,
): Promise<string[]> {
  const targets = await Promise.all(recipients.map(({ address }) => context.directory.resolve(address)));
  const isUnknown = (i: number): boolean => {
    const target = targets[i];
    return target?.kind === 'unknown' && target.tenant === tenant;
  };
  return recipients.map(({ address }) => address).filter((_, i) => isUnknown(i));
}

/** { undoStatus: "canceled" } while everything is held; else `cannotUnsend`. Answers the Email's id. */
async function unsend(
  context: MethodContext,
  account: Account,
  id: string,
  patch: Record<string, unknown>,
): Promise<string | null> {
  const at = { tenant: account.tenant, account: account.id };
  const number = numberOf(id, 's') ?? 0;
  const rows = await submissionsByIds(context.store, at, [number]);
  const current = (await showSubmissions(context, at, rows, true)).get(id);
  if (!current) throw new SetFault('notFound');
  const changed = unlike(current, applyPatch(current, patch));
  const fixed = Object.keys(changed).filter((name) => name !== 'undoStatus');
  if (fixed.length > 0) throw invalidProperties(fixed, 'Cannot be changed.');
  const wanted = changed['undoStatus'];
  if (wanted !== undefined && wanted !== 'canceled') throw invalidProperties(['undoStatus']);
  if (wanted !== undefined) {
    await context.store.inTurn(at, async (tx) => {
      const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
      const now = await undoStatus(tx, at, number);
      if (now === 'canceled') return;
      if (now !== 'pending' || !(await cancelHeld(tx, at.tenant, number, context.clock()))) {
        throw new SetFault('cannotUnsend', 'It has left. What is unread can be recalled.');
      }
      await markCanceled(tx, at, number, modseq);
      accountChanged(tx.changes, at.tenant, at.account);
    });
  }
  return current['emailId'] as string | null;
}
