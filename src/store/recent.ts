// How far IMAP sessions have been told of the messages of a mailbox: what \Recent is made from (RFC 3501 §2.3.2).

import { lockAccounts } from './account-state.ts';
import type { MailboxKey } from './mailbox-view.ts';
import type { Transaction } from './postgres.ts';

/** Messages with UIDs below `next` have been told of. */
export interface ToldOf extends MailboxKey {
  next: number;
}

/** Of mailboxes of one tenant, each once; none goes back. */
export async function setFirstRecent(tx: Transaction, tenant: number, list: readonly ToldOf[]): Promise<void> {
  // As everybody locks them: accounts before mailboxes.
  await lockAccounts(
    tx,
    tenant,
    list.map(({ account }) => account),
  );
  await tx.run(
    `UPDATE mailbox m SET first_recent = x.next FROM unnest($2::int[], $3::int[], $4::bigint[]) AS x (account_id, id, next)
     WHERE m.tenant_id = $1 AND m.account_id = x.account_id AND m.id = x.id AND m.first_recent < x.next`,
    [tenant, list.map(({ account }) => account), list.map(({ mailbox }) => mailbox), list.map(({ next }) => next)],
  );
}
