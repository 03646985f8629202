// Ids of RFC 8474. A mailbox's and a thread's are JMAP's, but that those of another's mailboxes say whose they are: JMAP's are
// of one account. An EMAILID is of the content: COPY and MOVE keep it, to another's mailbox too (RFC 8474 §5.1), where JMAP's
// Email is one copy of it.

import type { Account } from '../directory/directory.ts';

export function mailboxIdOf(user: Account, account: Account, mailbox: number): string {
  return account.id === user.id ? `f${mailbox}` : `a${account.id}-f${mailbox}`;
}

/** Of a message, whose copies are many. */
export const emailIdOf = (message: number): string => `c${message}`;
export const threadIdOf = (id: number): string => `t${id}`;
