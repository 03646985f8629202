// A program that sends by SMTP stores its own copy in Sent: it takes the place of the one that acceptance made there, so
// that there are never two.

import { removeCopies } from './email-change.ts';
import type { AccountKey } from './exposure.ts';
import { lockAccount } from './held-copies.ts';
import type { Transaction } from './postgres.ts';
import { automaticSentCopy } from './submissions.ts';

/**
 * To be called in the transaction that put `emailId` into the mailbox. Answers the Email that had to go; undefined: this
 * is no message that the account submitted, or its copy is not there any more.
 */
export async function supersedeSentCopy(
  tx: Transaction,
  at: AccountKey & { mailbox: number },
  stored: { messageIdHeader: string; emailId: number },
): Promise<number | undefined> {
  const modseq = await lockAccount(tx, at);
  const automatic = await automaticSentCopy(tx, { ...at, messageIdHeader: stored.messageIdHeader });
  if (automatic === undefined) return undefined;
  await removeCopies(tx, at, { emailIds: [automatic] });
  await tx.run(
    `UPDATE submission SET email_id = $4, modseq = $5 WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`,
    [at.tenant, at.account, automatic, stored.emailId, modseq + 1],
  );
  return automatic;
}
