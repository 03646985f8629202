// The frame of a signed-in page: the bar, the page, and what lies over it.

import { makeStyles, tokens } from '@fluentui/react-components';
import { lazy, Suspense, type ReactNode } from 'react';
import { ComposePage, ComposerHost, UndoBar } from '../compose/index.ts';
import { MailPage } from '../mail/MailPage.tsx';
import { RecallHost, RecallsPage, TrackingPage } from '../recall/index.ts';
import { ConnectionBar } from './ConnectionBar.tsx';
import { parseRoute, type Route } from './router.ts';
import { closeOverlay, useOverlay } from './overlay.ts';
import { TopBar } from './TopBar.tsx';

const OwnWindow = lazy(() => import('../message/OwnWindow.tsx').then(({ OwnWindow }) => ({ default: OwnWindow })));
const SettingsPage = lazy(() => import('../settings/index.ts').then(({ SettingsPage }) => ({ default: SettingsPage })));

export type SessionRoute = Extract<Route, { session: number }>;

const useStyles = makeStyles({
  shell: {
    height: '100dvh',
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground3,
    overflow: 'hidden',
  },
  page: { flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' },
  overlay: {
    position: 'fixed',
    inset: '16px',
    zIndex: 1000,
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusXLarge,
    boxShadow: tokens.shadow64,
    overflow: 'hidden',
  },
});

export function Shell({ route }: { route: SessionRoute }): ReactNode {
  const styles = useStyles();
  const isOwnWindow = route.name === 'message' || route.name === 'compose';
  return (
    <div className={styles.shell}>
      {!isOwnWindow && <TopBar route={route} />}
      <ConnectionBar />
      <div className={styles.page}>
        <Suspense>
          <Page route={route} />
        </Suspense>
      </div>
      <Overlay />
      <ComposerHost />
      <RecallHost />
      <UndoBar />
    </div>
  );
}

function Page({ route }: { route: SessionRoute }): ReactNode {
  switch (route.name) {
    case 'mail':
      return <MailPage route={route} />;
    case 'message':
      return <OwnWindow accountId={route.accountId} emailId={route.emailId} onClose={() => close()} />;
    case 'compose':
      return <ComposePage parameters={route.parameters} />;
    case 'recalls':
      return <RecallsPage />;
    case 'recall':
      return <TrackingPage recallId={route.recallId} />;
    case 'settings':
      return <SettingsPage />;
  }
}

/** What did not get a window of its own. */
function Overlay(): ReactNode {
  const styles = useStyles();
  const path = useOverlay();
  const route = path === null ? null : parseRoute(path);
  if (route?.name !== 'message') return null;
  return (
    <div className={styles.overlay} role="dialog" aria-modal="true" aria-label="Message">
      <Suspense>
        <OwnWindow accountId={route.accountId} emailId={route.emailId} onClose={closeOverlay} />
      </Suspense>
    </div>
  );
}
