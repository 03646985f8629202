// The mail page: mailboxes, the messages of one, one message. Below 640 pixels one of them at a time.

import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import type { Route } from '../app/router.ts';
import { useAccountId } from '../app/session.tsx';
import { useSettings } from '../app/settings.ts';
import { findMailbox, useMailboxes } from '../jmap/cache.ts';
import { MessageList } from './MessageList.tsx';
import { NavigationPane } from './NavigationPane.tsx';
import { ReadingPane } from './ReadingPane.tsx';

export type MailRoute = Extract<Route, { name: 'mail' }>;

const useStyles = makeStyles({
  page: { flex: 1, minHeight: 0, display: 'flex' },
  list: {
    flexShrink: 0,
    minHeight: 0,
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground2,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  reading: {
    flex: 1,
    minWidth: 0,
    minHeight: 0,
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground1,
  },
});

export function MailPage({ route }: { route: MailRoute }): ReactNode {
  const styles = useStyles();
  const accountId = useAccountId();
  const mailboxes = useMailboxes(accountId);
  const mailbox = findMailbox(mailboxes, route.mailbox);
  const { listWidth } = useSettings();
  return (
    <div className={styles.page}>
      <NavigationPane route={route} />
      <section className={mergeClasses(styles.list)} style={{ width: listWidth }} aria-label="Messages">
        <MessageList accountId={accountId} mailbox={mailbox} route={route} />
      </section>
      <main className={styles.reading}>
        <ReadingPane accountId={accountId} mailbox={mailbox} route={route} />
      </main>
    </div>
  );
}
