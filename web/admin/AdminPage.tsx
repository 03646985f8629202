// The administrators' pages: which there are for whoever reads, and the one that an address shows.

import {
  CounterBadge,
  makeStyles,
  mergeClasses,
  Menu,
  MenuButton,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  tokens,
} from '@fluentui/react-components';
import { ArrowLeftRegular } from '@fluentui/react-icons';
import { useEffect, useRef, type MouseEvent, type ReactNode } from 'react';
import { navigate, pathOf, type Route } from '../app/router.ts';
import { ON_PHONE, PHONE, rows, useMedia, WIDE } from '../app/theme.ts';
import { useAdministrator, useAdminPath } from './administrator.ts';
import { PAGES, type PageInfo } from './pages.tsx';
import { Empty, Page } from './parts/Page.tsx';
import { useWaiting } from './waiting.ts';

export type AdminRoute = Extract<Route, { name: 'admin' }>;

const useStyles = makeStyles({
  page: { flex: 1, minHeight: 0, minWidth: 0, display: 'flex' },
  stacked: { flexDirection: 'column' },
  pane: {
    width: '232px',
    flexShrink: 0,
    boxSizing: 'border-box',
    padding: '12px 8px 16px',
    overflowY: 'auto',
    display: 'flex',
    flexDirection: 'column',
    gap: '2px',
    backgroundColor: tokens.colorNeutralBackground3,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  rail: { width: '48px', padding: '8px 4px', gap: '4px' },
  name: {
    padding: '4px 12px 8px',
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    color: tokens.colorNeutralForeground3,
  },
  link: {
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    height: '36px',
    flexShrink: 0,
    padding: '0 12px',
    color: tokens.colorNeutralForeground2,
    textDecoration: 'none',
    borderRadius: tokens.borderRadiusMedium,
    fontSize: tokens.fontSizeBase300,
    ':hover': { backgroundColor: rows.paneHover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  railLink: { width: '40px', height: '40px', padding: 0, justifyContent: 'center', position: 'relative' },
  railCount: { position: 'absolute', top: '2px', right: '2px' },
  words: { flex: 1 },
  here: {
    backgroundColor: rows.paneSelected,
    color: tokens.colorNeutralForeground1,
    fontWeight: 600,
  },
  icon: { display: 'flex', fontSize: '20px' },
  back: { marginBottom: '8px' },
  top: {
    flexShrink: 0,
    padding: '4px 8px',
    backgroundColor: tokens.colorNeutralBackground3,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  main: { flex: 1, minWidth: 0, minHeight: 0, overflowY: 'auto', backgroundColor: tokens.colorNeutralBackground1 },
  middle: {
    maxWidth: '1040px',
    padding: '24px 32px 48px',
    boxSizing: 'border-box',
    display: 'flex',
    flexDirection: 'column',
    gap: '20px',
    '@media (max-width: 1099.98px)': { padding: '24px 16px 48px' },
    [ON_PHONE]: { padding: '16px 16px 48px' },
  },
});

export function AdminPage({ route }: { route: AdminRoute }): ReactNode {
  const styles = useStyles();
  const { may } = useAdministrator();
  const phone = useMedia(PHONE);
  const pages = PAGES.filter(({ duty }) => may(duty));
  const [first] = pages;
  const page = pages.find(({ id }) => id === (route.page ?? first?.id));
  const main = useRef<HTMLElement>(null);
  const place = `${page?.id} ${route.id}`;
  useEffect(() => {
    main.current?.scrollTo(0, 0);
    // Whoever comes by the navigation is told where they are.
    if (document.activeElement === document.body) main.current?.querySelector<HTMLElement>('h1')?.focus();
  }, [place]);
  const props = { session: route.session, pages, page };
  return (
    <div className={mergeClasses(styles.page, phone && styles.stacked)}>
      {phone ? <PageMenu {...props} /> : <PagePane {...props} />}
      <main ref={main} className={styles.main}>
        <div className={styles.middle}>
          {page ? (
            <page.Page key={place} route={route} />
          ) : (
            <Page title="Administration">
              <Empty>
                {pages.length === 0
                  ? 'These pages are for administrators. Your account has no role; an owner gives them.'
                  : 'There is no such page, or your role does not include it.'}
              </Empty>
            </Page>
          )}
        </div>
      </main>
    </div>
  );
}

interface PagesProps {
  session: number;
  pages: readonly PageInfo[];
  page: PageInfo | undefined;
}

const mailPath = (session: number): string =>
  pathOf({ name: 'mail', session, accountId: null, mailbox: 'inbox', emailId: null, search: null });

function PagePane({ session, pages, page }: PagesProps): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const rail = !useMedia(WIDE);
  const waiting = useWaiting();
  const link = (to: string, name: string, icon: ReactNode, here: boolean, more?: string, count = 0): ReactNode => (
    <a
      key={to}
      href={to}
      aria-label={rail ? `${name}${count > 0 ? ` ${count} waiting` : ''}` : undefined}
      title={rail ? name : undefined}
      aria-current={here ? 'page' : undefined}
      className={mergeClasses(styles.link, rail && styles.railLink, here && styles.here, more)}
      onClick={(event) => follow(event, to)}
    >
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      {!rail && <span className={styles.words}>{`${name} `}</span>}
      {count > 0 && (
        <>
          <CounterBadge
            className={mergeClasses(rail && styles.railCount)}
            count={count}
            size={rail ? 'small' : 'medium'}
            color="brand"
          />
          <span className="visually-hidden"> waiting</span>
        </>
      )}
    </a>
  );
  return (
    <nav className={mergeClasses(styles.pane, rail && styles.rail)} aria-label="Administration">
      {link(mailPath(session), 'Mail', <ArrowLeftRegular />, false, styles.back)}
      {!rail && <div className={styles.name}>Administration</div>}
      {pages.map(({ id, name, icon: Icon }) =>
        link(pathTo(id), name, <Icon />, id === page?.id, undefined, waiting[id]),
      )}
    </nav>
  );
}

/** On a phone. */
function PageMenu({ session, pages, page }: PagesProps): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const waiting = useWaiting();
  return (
    <nav className={styles.top} aria-label="Administration">
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <MenuButton appearance="subtle" aria-label={`Administration: ${page?.name ?? 'pages'}`}>
            {page?.name ?? 'Administration'}
          </MenuButton>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {pages.map(({ id, name, icon: Icon }) => (
              <MenuItem
                key={id}
                icon={<Icon />}
                secondaryContent={(waiting[id] ?? 0) > 0 ? `${waiting[id]} waiting` : undefined}
                onClick={() => navigate(pathTo(id))}
              >
                {name}
              </MenuItem>
            ))}
            <MenuItem icon={<ArrowLeftRegular />} onClick={() => navigate(mailPath(session))}>
              Mail
            </MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
    </nav>
  );
}

function follow(event: MouseEvent, to: string): void {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(to);
}
