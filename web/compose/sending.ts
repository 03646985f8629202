// What Send does: a submission, or a recall with its replacement.

import { allSet, JmapError, type Jmap } from '../jmap/client.ts';
import type { Json } from '../jmap/types.ts';
import type { Opened } from './opening.ts';
import type { ComposeRequest } from './requests.ts';

type Sending = Pick<Opened, 'accountId' | 'drafts' | 'sent'>;

const toSent = ({ drafts, sent }: Sending): Json => ({
  [`mailboxIds/${drafts}`]: null,
  [`mailboxIds/${sent}`]: true,
  'keywords/$draft': null,
});

/** Throws JmapError; `unclear`: nobody knows whether it went. */
export async function submit(
  jmap: Jmap,
  of: Sending,
  what: { emailId: string; identityId: string; sendAt: Date | null },
): Promise<void> {
  const { emailId, identityId, sendAt } = what;
  const submission = { emailId, identityId, ...(sendAt ? { sendAt: utc(sendAt) } : {}) };
  try {
    const args = {
      accountId: of.accountId,
      create: { sent: submission },
      onSuccessUpdateEmail: { '#sent': toSent(of) },
    };
    allSet(await jmap.call('EmailSubmission/set', args));
  } catch (error) {
    if (!(error instanceof JmapError) || !['network', 'unavailable', 'serverUnavailable'].includes(error.type))
      throw error;
    throw new JmapError(
      'unclear',
      'The connection broke: it may have been sent, or not. Look in Sent Items before you send it again.',
    );
  }
}

const utc = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');

/** Answers the recall's id. */
export async function replace(
  jmap: Jmap,
  of: Sending,
  request: Extract<ComposeRequest, { kind: 'replacement' }>,
  emailId: string,
): Promise<string> {
  const { accountId } = of;
  let { recallId } = request;
  if (recallId !== null) {
    allSet(await jmap.call('Recall/set', { accountId, update: { [recallId]: { replacementEmailId: emailId } } }));
  } else {
    const create = {
      recall: { emailId: request.emailId, mode: 'replace', replacementEmailId: emailId, ...request.options },
    };
    const { created } = allSet(await jmap.call('Recall/set', { accountId, create }));
    recallId = (created as Record<string, Json>)['recall']?.['id'] as string;
  }
  await jmap.call('Email/set', { accountId, update: { [emailId]: toSent(of) } }).catch(() => undefined);
  return recallId;
}

/** While the recall is still under way it cannot be restored: asked again until it can. */
export async function restore(jmap: Jmap, accountId: string, recallId: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await jmap.call('Recall/restore', { accountId, recallId });
      return;
    } catch (error) {
      if (!(error instanceof JmapError) || error.type !== 'sweeping' || attempt >= 40) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
