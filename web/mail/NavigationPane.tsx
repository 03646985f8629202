// Mailboxes of every account of the session: beside the page, as a narrow rail, or as a drawer over it.

import { Button, makeStyles, mergeClasses, OverlayDrawer, tokens, Tooltip } from '@fluentui/react-components';
import { ArrowUndoRegular, ComposeRegular, DismissRegular, ShieldRegular } from '@fluentui/react-icons';
import { memo, type ReactNode } from 'react';
import { setDrawer, useDrawer } from '../app/drawer.ts';
import { pathOf } from '../app/router.ts';
import { useAccountId, useJmap, useOwnAccountId } from '../app/session.tsx';
import { useSettings } from '../app/settings.ts';
import { ON_PHONE, PHONE, useMedia, WIDE, rows } from '../app/theme.ts';
import { openComposer } from '../compose/index.ts';
import { CAPABILITIES } from '../jmap/types.ts';
import { AccountMailboxes } from './AccountMailboxes.tsx';
import type { MailRoute } from './MailPage.tsx';
import { follow } from './MailboxRow.tsx';

const useStyles = makeStyles({
  pane: {
    width: '232px',
    flexShrink: 0,
    boxSizing: 'border-box',
    display: 'flex',
    flexDirection: 'column',
    overflowX: 'hidden',
    overflowY: 'auto',
    backgroundColor: tokens.colorNeutralBackground3,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    paddingBottom: '16px',
  },
  rail: { width: '48px', paddingTop: '8px', gap: '8px' },
  drawer: { width: '280px', maxWidth: '85vw', borderRight: 'none', flex: 1 },
  surface: { width: '280px', maxWidth: '85vw', backgroundColor: tokens.colorNeutralBackground3 },
  head: { display: 'flex', alignItems: 'center', gap: '8px', padding: '12px 16px 4px' },
  compose: { flex: 1, [ON_PHONE]: { minHeight: '44px' } },
  railCompose: { alignSelf: 'center', flexShrink: 0 },
  foot: { marginTop: '16px', padding: '0 8px', flexShrink: 0 },
  link: {
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    height: '32px',
    paddingLeft: '24px',
    color: tokens.colorNeutralForeground2,
    textDecoration: 'none',
    borderRadius: tokens.borderRadiusMedium,
    fontSize: tokens.fontSizeBase300,
    ':hover': { backgroundColor: rows.paneHover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
    [ON_PHONE]: { height: '44px' },
  },
  railLink: { padding: 0, width: '40px', height: '40px', margin: '0 auto', justifyContent: 'center' },
  icon: { display: 'flex', fontSize: '20px' },
});

/** How the pane stands at this width. */
export function useNavigationForm(): 'open' | 'rail' | 'drawer' {
  const wide = useMedia(WIDE);
  const phone = useMedia(PHONE);
  const { navigation } = useSettings();
  if (phone) return 'drawer';
  return wide && navigation === 'open' ? 'open' : 'rail';
}

export const NavigationPane = memo(function NavigationPane({ route }: { route: MailRoute }): ReactNode {
  const styles = useStyles();
  const form = useNavigationForm();
  const drawer = useDrawer();
  return (
    <>
      {form === 'open' && <Pane route={route} className={styles.pane} rail={false} />}
      {form === 'rail' && <Pane route={route} className={mergeClasses(styles.pane, styles.rail)} rail />}
      {form !== 'open' && (
        <OverlayDrawer
          className={styles.surface}
          open={drawer}
          onOpenChange={(_, { open }) => setDrawer(open)}
          aria-label="Mailboxes"
        >
          <Pane
            route={route}
            className={mergeClasses(styles.pane, styles.drawer)}
            rail={false}
            onClose={() => setDrawer(false)}
          />
        </OverlayDrawer>
      )}
    </>
  );
});

interface PaneProps {
  route: MailRoute;
  className: string;
  rail: boolean;
  onClose?: () => void;
}

function Pane({ route, className, rail, onClose }: PaneProps): ReactNode {
  const styles = useStyles();
  const { session } = useJmap();
  const isAdministrator = CAPABILITIES.admin in session.primaryAccounts;
  const own = useOwnAccountId();
  const inView = useAccountId();
  const recalls = pathOf({ name: 'recalls', session: route.session, accountId: null });
  const close = onClose ?? (() => undefined);
  const compose = (): void => {
    close();
    openComposer({ kind: 'new' });
  };
  const shown = Object.entries(session.accounts).filter(([id]) => !rail || id === inView);
  return (
    <nav className={className} aria-label="Mailboxes">
      {rail ? (
        <Tooltip content="New mail" relationship="label" positioning="after">
          <Button className={styles.railCompose} appearance="primary" icon={<ComposeRegular />} onClick={compose} />
        </Tooltip>
      ) : (
        <div className={styles.head}>
          <Button className={styles.compose} appearance="primary" icon={<ComposeRegular />} onClick={compose}>
            New mail
          </Button>
          {onClose && <Button appearance="subtle" icon={<DismissRegular />} aria-label="Close" onClick={onClose} />}
        </div>
      )}
      {shown.map(([id, account]) => (
        <AccountMailboxes
          key={id}
          accountId={id}
          title={account.name}
          own={id === own}
          route={route}
          inView={id === inView}
          rail={rail}
          onFollow={close}
        />
      ))}
      <div className={mergeClasses(!rail && styles.foot)}>
        <PageLink to={recalls} name="Recalls" icon={<ArrowUndoRegular aria-hidden />} rail={rail} onFollow={close} />
        {isAdministrator && (
          <PageLink
            to={pathOf({
              name: 'admin',
              session: route.session,
              accountId: null,
              page: null,
              id: null,
              parameters: new URLSearchParams(),
            })}
            name="Administration"
            icon={<ShieldRegular aria-hidden />}
            rail={rail}
            onFollow={close}
          />
        )}
      </div>
    </nav>
  );
}

interface PageLinkProps {
  to: string;
  name: string;
  icon: ReactNode;
  rail: boolean;
  onFollow(): void;
}

/** A page beside the mailboxes. */
function PageLink({ to, name, icon, rail, onFollow }: PageLinkProps): ReactNode {
  const styles = useStyles();
  return (
    <a
      href={to}
      className={mergeClasses(styles.link, rail && styles.railLink)}
      aria-label={name}
      title={rail ? name : undefined}
      onClick={(event) => follow(event, to, onFollow)}
    >
      <span className={styles.icon}>{icon}</span>
      {!rail && name}
    </a>
  );
}
