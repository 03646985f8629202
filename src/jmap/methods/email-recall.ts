// What Email/set moves into Recall (recall/mailbox.ts): taken back once the rest of the call is done, as the gate is a
// transaction of its own.

import type { Account } from '../../directory/directory.ts';
import { ONE_AT_A_TIME, recallMoved } from '../../recall/mailbox.ts';
import { setKeywords, type KeywordChange } from '../../store/email-change.ts';
import { emailIdOf, mailboxIdOf } from '../email/ids.ts';
import { errorReply, SetFault, toSetError, type SetError } from '../errors.ts';
import type { SetResult } from '../standard.ts';
import type { MethodContext } from '../wire.ts';

/** An Email that is to be moved there, and what else its patch asks for. */
export interface MovedIntoRecall {
  /** Its id as it was given. */
  given: string;
  emailId: number;
  box: number;
  keywords: KeywordChange | null;
}

/**
 * Takes it back. `updated` has where it is now, which is not where it was put (RFC 8620 §5.3). One message a request: of
 * several none is taken back, as they are a selection that slipped.
 */
export async function recallMovedIn(
  context: MethodContext,
  account: Account,
  moved: readonly MovedIntoRecall[],
  result: SetResult,
): Promise<void> {
  for (const one of moved) {
    try {
      if (moved.length > 1 || context.tookBack) throw new SetFault('forbidden', ONE_AT_A_TIME);
      const mailbox = await takeBack(context, account, one);
      context.tookBack = true;
      result.updated[emailIdOf(one.emailId)] = { mailboxIds: { [mailboxIdOf(mailbox)]: true } };
    } catch (error) {
      // The rest of the call is done: whoever is told of an error alone does not know that.
      result.notUpdated[one.given] = toSetError(error) ?? (errorReply('Email/set', error, context)[1] as SetError);
    }
  }
}

async function takeBack(
  context: MethodContext,
  { tenant, id: account }: Account,
  { emailId, box, keywords }: MovedIntoRecall,
): Promise<number> {
  const mailbox = await recallMoved(context, {
    actor: context.user,
    account,
    emailId,
    box: { id: box },
    also: async (tx) => {
      const at = { tenant, account, now: context.clock() };
      if (keywords) await setKeywords(tx, at, { emailIds: [emailId] }, () => keywords);
    },
  });
  if (mailbox === null) throw new SetFault('notFound');
  return mailbox;
}
