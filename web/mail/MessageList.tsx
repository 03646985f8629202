// A first form of the list: what the mailbox holds, newest first.

import type { ReactNode } from 'react';
import { navigate, openWindow, pathOf } from '../app/router.ts';
import { useEmailQuery } from '../jmap/cache.ts';
import type { Mailbox } from '../jmap/types.ts';
import { RecallMark } from '../recall/index.ts';
import type { MailRoute } from './MailPage.tsx';

export interface MessageListProps {
  accountId: string;
  /** Undefined while the mailboxes are not there yet, or where there is no such mailbox. */
  mailbox: Mailbox | undefined;
  route: MailRoute;
}

export function MessageList({ accountId, mailbox, route }: MessageListProps): ReactNode {
  const { ids, row } = useEmailQuery(
    accountId,
    mailbox ? { filter: { inMailbox: mailbox.id }, sort: [{ property: 'receivedAt', isAscending: false }] } : null,
  );
  return (
    <ul>
      {ids.slice(0, 50).map((id, i) => {
        const email = row(i);
        if (!email) return null;
        return (
          <li key={id}>
            <button
              type="button"
              onClick={() => navigate(pathOf({ ...route, emailId: email.id }))}
              onDoubleClick={() =>
                openWindow(
                  pathOf({ name: 'message', session: route.session, accountId: route.accountId, emailId: email.id }),
                )
              }
            >
              {email.from?.[0]?.name ?? email.from?.[0]?.email}: {email.subject}
            </button>
            {mailbox?.role === 'sent' && <RecallMark email={email} />}
          </li>
        );
      })}
    </ul>
  );
}
