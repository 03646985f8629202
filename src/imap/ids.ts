// Ids of RFC 8474, the same that JMAP has (RFC 8474 §3: they should be), but that those of another's mailboxes say whose
// they are: JMAP's are of one account.

import type { Account } from '../directory/directory.ts';

export function mailboxIdOf(user: Account, account: Account, mailbox: number): string {
  return account.id === user.id ? `f${mailbox}` : `a${account.id}-f${mailbox}`;
}

export const emailIdOf = (id: number): string => `m${id}`;
export const threadIdOf = (id: number): string => `t${id}`;
