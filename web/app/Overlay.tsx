// A message's own window where the browser did not open one: over the page, which meanwhile is out of reach of keys,
// pointer and screen reader. Dialogs and letters that are opened from it lie over it.

import { makeStyles, tokens } from '@fluentui/react-components';
import { lazy, Suspense, useEffect, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { ON_PHONE } from './theme.ts';
import { tabbablesIn } from './focus.ts';
import { closeOverlay, InOverlay, overlayOpener, useOverlay } from './overlay.ts';
import { parseRoute, type Route } from './router.ts';

const OwnWindow = lazy(() => import('../message/OwnWindow.tsx').then(({ OwnWindow }) => ({ default: OwnWindow })));

type MessageRoute = Extract<Route, { name: 'message' }>;

/** The component library's keys look for the next stop in here only: it does not know what is inert. */
const OWN_ROOT = JSON.stringify({ root: {} });

const useStyles = makeStyles({
  ground: { position: 'fixed', inset: 0, zIndex: 999, backgroundColor: tokens.colorBackgroundOverlay },
  // As large as the window would have been.
  overlay: {
    position: 'fixed',
    inset: '16px',
    maxWidth: '960px',
    maxHeight: '720px',
    margin: 'auto',
    zIndex: 1000,
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorTransparentStroke}`,
    borderRadius: tokens.borderRadiusXLarge,
    boxShadow: tokens.shadow64,
    overflow: 'hidden',
    [ON_PHONE]: { inset: 0, borderRadius: 0, border: 'none' },
  },
});

export function Overlay(): ReactNode {
  const path = useOverlay();
  const route = path === null ? null : parseRoute(path);
  return route?.name === 'message' ? <Surface key={path} route={route} /> : null;
}

function Surface({ route }: { route: MessageRoute }): ReactNode {
  const styles = useStyles();
  const surface = useRef<HTMLDivElement>(null);
  useEffect(
    () => () => {
      const opener = overlayOpener();
      // Once the page is within reach again. Whatever has taken the focus meanwhile keeps it.
      requestAnimationFrame(() => {
        const { activeElement } = document;
        if (activeElement !== null && activeElement !== document.body) return;
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    },
    [],
  );
  return (
    <InOverlay value>
      <div className={styles.ground} />
      {/* Keys: Tab goes round within it. Those of the message are its window's own. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={surface}
        className={styles.overlay}
        role="dialog"
        aria-modal="true"
        aria-label="Message"
        data-shortcuts
        data-tabster={OWN_ROOT}
        onKeyDown={goRound}
      >
        <Suspense>
          <OwnWindow accountId={route.accountId} emailId={route.emailId} onClose={closeOverlay} />
          <Begin surface={surface} />
        </Suspense>
      </div>
    </InOverlay>
  );
}

/** Once the window is there, the focus is in it: on its tab. */
function Begin({ surface }: { surface: { current: HTMLDivElement | null } }): ReactNode {
  useLayoutEffect(() => {
    surface.current?.querySelector<HTMLElement>('[role=tab][aria-selected=true]')?.focus();
  }, [surface]);
  return null;
}

function goRound(event: KeyboardEvent<HTMLElement>): void {
  // Of a menu, which stands elsewhere in the document.
  if (event.key !== 'Tab' || !event.currentTarget.contains(event.target as Node)) return;
  const all = tabbablesIn(event.currentTarget);
  const [first, last] = [all[0], all.at(-1)];
  // Where the key was pressed: by now the component library may have moved the focus already.
  const at = event.target as Element;
  const isAtEnd = event.shiftKey ? isSameStop(at, first) : at === last;
  if (!isAtEnd) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}

/** Tabs are one stop together. */
function isSameStop(one: Element, other: Element | undefined): boolean {
  const tabs = one.closest('[role=tablist]');
  return one === other || (tabs !== null && tabs === other?.closest('[role=tablist]'));
}
