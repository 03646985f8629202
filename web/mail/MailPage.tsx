// The mail page: mailboxes, the messages of one, one message. On a phone, or where the reading pane is off, the last two
// take turns.

import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { ArrowLeftRegular } from '@fluentui/react-icons';
import { useEffect, type ReactNode } from 'react';
import { navigate, pathOf, useAround, type Route } from '../app/router.ts';
import { useAccountId } from '../app/session.tsx';
import { changeSettings, useSettings } from '../app/settings.ts';
import { Splitter } from '../app/Splitter.tsx';
import { ON_PHONE, PHONE, useMedia } from '../app/theme.ts';
import { useTitle } from '../app/title.ts';
import { findMailbox, useMailboxesQuery } from '../jmap/cache.ts';
import { AutomaticRepliesBar } from './AutomaticRepliesBar.tsx';
import { MessageList } from './MessageList.tsx';
import { NavigationPane } from './NavigationPane.tsx';
import { ReadingPane } from './ReadingPane.tsx';

export type MailRoute = Extract<Route, { name: 'mail' }>;

const LIST = { min: 300, max: 560 };
const LIST_ABOVE = { min: 160, max: 720 };

const useStyles = makeStyles({
  page: { flex: 1, minHeight: 0, minWidth: 0, display: 'flex' },
  panes: { flex: 1, minHeight: 0, minWidth: 0, display: 'flex' },
  above: { flexDirection: 'column' },
  list: {
    flexShrink: 0,
    minHeight: 0,
    minWidth: 0,
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground2,
  },
  beside: { maxWidth: '45%' },
  over: { maxHeight: '60%' },
  alone: { flex: 1 },
  // The line between the panes belongs to what is read.
  main: { flex: 1, minWidth: 0, minHeight: 0, display: 'flex' },
  reading: {
    flex: 1,
    minWidth: 0,
    minHeight: 0,
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground1,
  },
  back: {
    flexShrink: 0,
    padding: '4px 8px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  backButton: { [ON_PHONE]: { minHeight: '44px' } },
});

export function MailPage({ route }: { route: MailRoute }): ReactNode {
  const styles = useStyles();
  const around = useAround(route);
  const accountId = useAccountId();
  const { data: mailboxes } = useMailboxesQuery(accountId);
  const mailbox = findMailbox(mailboxes ?? [], route.mailbox);
  const { listWidth, listHeight, readingPane } = useSettings();
  const phone = useMedia(PHONE);
  const alone = phone || readingPane === 'off';
  const above = readingPane === 'bottom' && !alone;

  // A mailbox that is gone, or a link to one of somebody else's: the Inbox is always there.
  const lost = mailboxes !== undefined && mailbox === undefined;
  useEffect(() => {
    if (lost) navigate(pathOf({ ...route, mailbox: 'inbox', emailId: null }), { replace: true });
  }, [lost, route]);

  const unread = mailbox && mailbox.unreadEmails > 0 ? ` (${mailbox.unreadEmails.toLocaleString('en')})` : '';
  useTitle(mailbox ? `${mailbox.name}${unread}` : null);

  const list = (
    <>
      <AutomaticRepliesBar accountId={accountId} />
      <MessageList accountId={accountId} mailbox={mailbox} route={route} />
    </>
  );
  const reading = <ReadingPane accountId={accountId} mailbox={mailbox} route={route} />;
  if (alone) {
    return (
      <div className={styles.page}>
        <NavigationPane route={around} />
        {/* It stays where it was scrolled to while a message is read. */}
        <section
          className={mergeClasses(styles.list, styles.alone)}
          role={route.emailId === null ? 'main' : undefined}
          aria-label="Messages"
          style={{ display: route.emailId === null ? 'flex' : 'none' }}
        >
          {list}
        </section>
        {route.emailId !== null && (
          <main className={styles.reading}>
            <h1 className="visually-hidden">{mailbox?.name ?? 'Messages'}</h1>
            <div className={styles.back}>
              <Button
                data-home
                className={styles.backButton}
                appearance="subtle"
                icon={<ArrowLeftRegular />}
                onClick={() => navigate(pathOf({ ...route, emailId: null }))}
              >
                {mailbox?.name ?? 'Back'}
              </Button>
            </div>
            {reading}
          </main>
        )}
      </div>
    );
  }
  return (
    <div className={styles.page}>
      <NavigationPane route={around} />
      <div className={mergeClasses(styles.panes, above && styles.above)}>
        <section
          className={mergeClasses(styles.list, above ? styles.over : styles.beside)}
          style={above ? { height: listHeight } : { width: listWidth }}
          aria-label="Messages"
        >
          {list}
        </section>
        <main className={mergeClasses(styles.main, above && styles.above)}>
          {above ? (
            <Splitter
              label="Height of the list"
              orientation="horizontal"
              value={listHeight}
              {...LIST_ABOVE}
              onChange={(value) => changeSettings({ listHeight: value })}
            />
          ) : (
            <Splitter
              label="Width of the list"
              orientation="vertical"
              value={listWidth}
              {...LIST}
              onChange={(value) => changeSettings({ listWidth: value })}
            />
          )}
          <div className={styles.reading}>{reading}</div>
        </main>
      </div>
    </div>
  );
}
