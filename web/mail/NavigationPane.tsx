import { makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { navigate, pathOf } from '../app/router.ts';
import { useAccountId } from '../app/session.tsx';
import { useMailboxes } from '../jmap/cache.ts';
import type { MailRoute } from './MailPage.tsx';

const useStyles = makeStyles({
  pane: {
    width: '232px',
    flexShrink: 0,
    overflowY: 'auto',
    backgroundColor: tokens.colorNeutralBackground3,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
  },
});

export function NavigationPane({ route }: { route: MailRoute }): ReactNode {
  const styles = useStyles();
  const mailboxes = useMailboxes(useAccountId());
  return (
    <nav className={styles.pane} aria-label="Mailboxes">
      {mailboxes.map((mailbox) => {
        const to = pathOf({ ...route, mailbox: mailbox.role ?? mailbox.id, emailId: null, search: null });
        return (
          <a
            key={mailbox.id}
            href={to}
            onClick={(event) => {
              event.preventDefault();
              navigate(to);
            }}
          >
            {mailbox.name} {mailbox.unreadEmails || ''}
          </a>
        );
      })}
    </nav>
  );
}
