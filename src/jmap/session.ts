// The session object (RFC 8620 §2).

import { createHash } from 'node:crypto';
import type { Account, Directory } from '../directory/directory.ts';
import { COLLATIONS } from '../store/email-query.ts';
import { LIMITS } from './limits.ts';
import { CAPABILITY } from './wire.ts';

/** Accounts that a person may use, by JMAP id; their own first. */
export async function accountsOf(directory: Directory, user: Account): Promise<Map<string, Account>> {
  const all = [user, ...(await directory.accessible(user.tenant, user.id))];
  return new Map(all.map((account) => [`a${account.id}`, account]));
}

const EMAIL_SORTS = ['receivedAt', 'sentAt', 'size', 'from', 'to', 'subject', 'hasKeyword', 'allInThreadHaveKeyword', 'someInThreadHaveKeyword'];

/** Changes when anything of the session does: accounts or their names. */
export function sessionState(accounts: ReadonlyMap<string, Account>): string {
  const named = [...accounts].map(([id, account]) => [id, account.name, account.address]);
  return createHash('sha256').update(JSON.stringify(named)).digest('hex').slice(0, 16);
}

export async function sessionObject(directory: Directory, user: Account, base: string): Promise<Record<string, unknown>> {
  const accounts = await accountsOf(directory, user);
  const own = `a${user.id}`;
  const mail = {
    maxMailboxesPerEmail: 1,
    maxMailboxDepth: LIMITS.maxMailboxDepth,
    maxSizeMailboxName: LIMITS.maxMailboxName,
    maxSizeAttachmentsPerEmail: LIMITS.maxSizeUpload,
    emailQuerySortOptions: EMAIL_SORTS,
    mayCreateTopLevelMailbox: true,
  };
  const submission = { maxDelayedSend: LIMITS.maxDelayedSend, submissionExtensions: { FUTURERELEASE: [String(LIMITS.maxDelayedSend)] } };
  return {
    capabilities: {
      [CAPABILITY.core]: {
        maxSizeUpload: LIMITS.maxSizeUpload,
        maxConcurrentUpload: LIMITS.maxConcurrentUpload,
        maxSizeRequest: LIMITS.maxSizeRequest,
        maxConcurrentRequests: LIMITS.maxConcurrentRequests,
        maxCallsInRequest: LIMITS.maxCallsInRequest,
        maxObjectsInGet: LIMITS.maxObjectsInGet,
        maxObjectsInSet: LIMITS.maxObjectsInSet,
        collationAlgorithms: COLLATIONS,
      },
      [CAPABILITY.mail]: {},
      [CAPABILITY.submission]: {},
      [CAPABILITY.recall]: {},
    },
    accounts: Object.fromEntries(
      [...accounts].map(([id, account]) => [
        id,
        {
          name: account.address,
          isPersonal: id === own,
          isReadOnly: false,
          accountCapabilities: { [CAPABILITY.core]: {}, [CAPABILITY.mail]: mail, [CAPABILITY.submission]: submission, [CAPABILITY.recall]: {} },
        },
      ]),
    ),
    primaryAccounts: { [CAPABILITY.core]: own, [CAPABILITY.mail]: own, [CAPABILITY.submission]: own, [CAPABILITY.recall]: own },
    username: user.address,
    apiUrl: `${base}/jmap/`,
    downloadUrl: `${base}/jmap/download/{accountId}/{blobId}/{name}?type={type}`,
    uploadUrl: `${base}/jmap/upload/{accountId}/`,
    eventSourceUrl: `${base}/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}`,
    state: sessionState(accounts),
  };
}
