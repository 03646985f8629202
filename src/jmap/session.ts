// The session object (RFC 8620 §2).

import { createHash } from 'node:crypto';
import type { Account, Directory } from '../directory/directory.ts';
import { dutiesOf, hasDuty } from '../mail/roles.ts';
import { COLLATIONS } from '../store/email-query.ts';
import { BLOB_CAPABILITY, LIMITS } from './limits.ts';
import { CAPABILITY } from './wire.ts';

/** Accounts that a person may use, by JMAP id; their own first. */
export async function accountsOf(directory: Directory, user: Account): Promise<Map<string, Account>> {
  const all = [user, ...(await directory.accessible(user.tenant, user.id))];
  return new Map(all.map((account) => [`a${account.id}`, account]));
}

/** What a listener is told of: other once somebody may use other accounts, or has another role. */
export function listensTo(user: Account, accounts: ReadonlyMap<string, Account>): string {
  return [...accounts.keys(), ...user.roles].join();
}

/** The account in which a person is told of the organisation's recalls; undefined: they are not. */
export const administratorOf = (user: Account): number | undefined =>
  hasDuty(user.roles, 'see-recalls') ? user.id : undefined;

/** May they send as this account? Reading somebody's mail does not mean that. */
export async function maySubmit(directory: Directory, user: Account, account: Account): Promise<boolean> {
  const may = (right: 'send-as' | 'send-on-behalf'): Promise<boolean> =>
    directory.may(account.tenant, user.id, account.id, right);
  return user.id === account.id || (await may('send-as')) || (await may('send-on-behalf'));
}

const EMAIL_SORTS = [
  'receivedAt',
  'sentAt',
  'size',
  'from',
  'to',
  'subject',
  'hasKeyword',
  'allInThreadHaveKeyword',
  'someInThreadHaveKeyword',
];

const CORE = {
  maxSizeUpload: LIMITS.maxSizeUpload,
  maxConcurrentUpload: LIMITS.maxConcurrentUpload,
  maxSizeRequest: LIMITS.maxSizeRequest,
  maxConcurrentRequests: LIMITS.maxConcurrentRequests,
  maxCallsInRequest: LIMITS.maxCallsInRequest,
  maxObjectsInGet: LIMITS.maxObjectsInGet,
  maxObjectsInSet: LIMITS.maxObjectsInSet,
  collationAlgorithms: COLLATIONS,
};

/** RFC 8621 §1.3.1. */
const MAIL = {
  maxMailboxesPerEmail: 1,
  maxMailboxDepth: LIMITS.maxMailboxDepth,
  maxSizeMailboxName: LIMITS.maxMailboxName,
  emailQuerySortOptions: EMAIL_SORTS,
  mayCreateTopLevelMailbox: true,
};

/** Octets that fit into a message in base64, with its line ends. */
function attachmentsIn(maxMessageSize: number): number {
  return Math.floor(maxMessageSize / 78) * 57;
}

/** RFC 8621 §1.3.2; RFC 4865 §4 (seconds), RFC 3461. */
const SUBMISSION = {
  maxDelayedSend: LIMITS.maxDelayedSend,
  submissionExtensions: { FUTURERELEASE: [String(LIMITS.maxDelayedSend)], DSN: [] },
};

/** RFC 9670 §1.5.1; and which domains are the organisation's own: mail to any other leaves it. */
async function directoryOf(directory: Directory, user: Account): Promise<Record<string, object>> {
  return {
    [CAPABILITY.principals]: { currentUserPrincipalId: `p${user.id}` },
    [CAPABILITY.directory]: { domains: await directory.domains(user.tenant) },
  };
}

/** Of whoever has a role: nobody else is told that there is such a thing. */
function administrationOf({ roles }: Account): Record<string, object> {
  return roles.length === 0 ? {} : { [CAPABILITY.admin]: { roles, duties: dutiesOf(roles) } };
}

interface AccountObject {
  name: string;
  isPersonal: boolean;
  isReadOnly: boolean;
  accountCapabilities: Record<string, object>;
}

export async function accountObjects(
  directory: Directory,
  user: Account,
  accounts: ReadonlyMap<string, Account>,
): Promise<Record<string, AccountObject>> {
  const objects = await Promise.all(
    [...accounts].map(async ([id, account]): Promise<[string, AccountObject]> => {
      const { maxMessageSize } = await directory.policy(account.tenant, account.id);
      const object = {
        name: account.address,
        isPersonal: account.id === user.id,
        isReadOnly: false,
        accountCapabilities: {
          [CAPABILITY.core]: {},
          [CAPABILITY.mail]: { ...MAIL, maxSizeAttachmentsPerEmail: attachmentsIn(maxMessageSize) },
          ...((await maySubmit(directory, user, account)) ? { [CAPABILITY.submission]: SUBMISSION } : {}),
          [CAPABILITY.vacation]: {},
          [CAPABILITY.blob]: BLOB_CAPABILITY,
          [CAPABILITY.quota]: {},
          ...(account.id === user.id ? await directoryOf(directory, user) : {}),
          [CAPABILITY.recall]: {},
          [CAPABILITY.rules]: {},
          ...(account.id === user.id ? { [CAPABILITY.appPasswords]: {}, ...administrationOf(user) } : {}),
        },
      };
      return [id, object];
    }),
  );
  return Object.fromEntries(objects);
}

/** Changes when anything of the session does. */
export async function sessionState(
  directory: Directory,
  user: Account,
  accounts: ReadonlyMap<string, Account>,
): Promise<string> {
  return digest(user, await accountObjects(directory, user, accounts));
}

function digest(user: Account, accounts: Record<string, AccountObject>): string {
  const all = JSON.stringify([CORE, user.address, accounts]);
  return createHash('sha256').update(all).digest('base64url').slice(0, 16);
}

/** `base`: the server's own URL, as the client came to it, without a slash at its end. */
export async function sessionObject(
  directory: Directory,
  user: Account,
  base: string,
): Promise<Record<string, unknown>> {
  const accounts = await accountObjects(directory, user, await accountsOf(directory, user));
  const own = `a${user.id}`;
  const isAdministrator = user.roles.length > 0;
  return {
    capabilities: {
      [CAPABILITY.core]: CORE,
      [CAPABILITY.mail]: {},
      [CAPABILITY.submission]: {},
      [CAPABILITY.vacation]: {},
      [CAPABILITY.blob]: {},
      [CAPABILITY.quota]: {},
      // RFC 8887 §3.
      [CAPABILITY.webSocket]: { url: `${base.replace(/^http/, 'ws')}/jmap/ws/`, supportsPush: true },
      [CAPABILITY.principals]: {},
      [CAPABILITY.directory]: {},
      [CAPABILITY.recall]: {},
      [CAPABILITY.appPasswords]: {},
      [CAPABILITY.rules]: {},
      ...(isAdministrator ? { [CAPABILITY.admin]: {} } : {}),
    },
    accounts,
    primaryAccounts: {
      [CAPABILITY.mail]: own,
      [CAPABILITY.submission]: own,
      [CAPABILITY.vacation]: own,
      [CAPABILITY.blob]: own,
      [CAPABILITY.quota]: own,
      [CAPABILITY.principals]: own,
      [CAPABILITY.directory]: own,
      [CAPABILITY.recall]: own,
      [CAPABILITY.appPasswords]: own,
      [CAPABILITY.rules]: own,
      ...(isAdministrator ? { [CAPABILITY.admin]: own } : {}),
    },
    username: user.address,
    apiUrl: `${base}/jmap/`,
    downloadUrl: `${base}/jmap/download/{accountId}/{blobId}/{name}?type={type}`,
    uploadUrl: `${base}/jmap/upload/{accountId}/`,
    eventSourceUrl: `${base}/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}`,
    state: digest(user, accounts),
  };
}
