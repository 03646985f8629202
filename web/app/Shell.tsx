// The frame of a signed-in page: the bar, the page, and what lies over it.

import { makeStyles, tokens } from '@fluentui/react-components';
import { lazy, Suspense, type ReactNode } from 'react';
import { ComposePage, ComposerHost, UndoBar } from '../compose/index.ts';
import { MailPage } from '../mail/MailPage.tsx';
import { RecallHost, RecallsPage, TrackingPage } from '../recall/index.ts';
import { ConnectionBar } from './ConnectionBar.tsx';
import { useNotifications } from './notifications.ts';
import { Overlay } from './Overlay.tsx';
import { useOverlay } from './overlay.ts';
import { useAround, type Route } from './router.ts';
import { TopBar } from './TopBar.tsx';

const OwnWindow = lazy(() => import('../message/OwnWindow.tsx').then(({ OwnWindow }) => ({ default: OwnWindow })));
const SettingsPage = lazy(() => import('../settings/index.ts').then(({ SettingsPage }) => ({ default: SettingsPage })));
const AdminPage = lazy(() => import('../admin/index.ts').then(({ AdminPage }) => ({ default: AdminPage })));

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
});

export function Shell({ route }: { route: SessionRoute }): ReactNode {
  const styles = useStyles();
  const isOwnWindow = route.name === 'message' || route.name === 'compose';
  useNotifications(route.session);
  const around = useAround(route);
  const isCovered = useOverlay() !== null;
  return (
    <div className={styles.shell}>
      <div className={styles.page} inert={isCovered}>
        {!isOwnWindow && <TopBar route={around} />}
        <ConnectionBar />
        <div className={styles.page}>
          <Suspense>
            <Page route={route} />
          </Suspense>
        </div>
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
    case 'admin':
      return <AdminPage route={route} />;
  }
}
