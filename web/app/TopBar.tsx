// The bar above every page but own windows: name, search, settings, and whose session this is.

import {
  Avatar,
  Button,
  makeStyles,
  mergeClasses,
  Menu,
  MenuDivider,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Text,
  tokens,
} from '@fluentui/react-components';
import { ArrowLeftRegular, NavigationRegular, SettingsRegular } from '@fluentui/react-icons';
import { memo, type ReactNode } from 'react';
import { SearchBox } from '../mail/SearchBox.tsx';
import { useNavigationForm } from '../mail/NavigationPane.tsx';
import { setDrawer } from './drawer.ts';
import { navigate, pathOf } from './router.ts';
import { useAccountId, useJmap } from './session.tsx';
import { changeSettings, useSettings } from './settings.ts';
import { ON_PHONE, PHONE, WIDE, useMedia } from './theme.ts';
import { forgetSession, sessionsKnown } from './sessions.ts';
import type { SessionRoute } from './Shell.tsx';

const useStyles = makeStyles({
  bar: {
    height: '48px',
    flexShrink: 0,
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    padding: '0 16px 0 8px',
    backgroundColor: tokens.colorNeutralBackground3,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    boxSizing: 'border-box',
    [ON_PHONE]: { height: '52px', padding: '0 4px', gap: '4px' },
  },
  /** Where no button stands before the name. */
  bare: { paddingLeft: '16px', [ON_PHONE]: { paddingLeft: '4px' } },
  name: {
    width: '176px',
    color: tokens.colorBrandForeground1,
    textDecoration: 'none',
    '@media (max-width: 1099.98px)': { width: 'auto' },
    [ON_PHONE]: { display: 'none' },
  },
  /** As wide as with one: the search box stays where it is from page to page. */
  bareName: { '@media (min-width: 1100px)': { width: '208px' } },
  search: { flex: 1, minWidth: 0, display: 'flex', justifyContent: 'center' },
});

export const TopBar = memo(function TopBar({ route }: { route: SessionRoute }): ReactNode {
  const styles = useStyles();
  const { session } = useJmap();
  const accountId = useAccountId();
  const phone = useMedia(PHONE);
  const inMail = route.name === 'mail';
  const inbox = pathOf({
    name: 'mail',
    session: route.session,
    accountId: null,
    mailbox: 'inbox',
    emailId: null,
    search: null,
  });
  return (
    <header className={mergeClasses(styles.bar, !inMail && styles.bare)}>
      {inMail && <NavigationButton />}
      {!inMail && phone && (
        <Button
          appearance="subtle"
          icon={<ArrowLeftRegular />}
          aria-label="Back to mail"
          onClick={() => navigate(inbox)}
        />
      )}
      <a
        href={inbox}
        className={mergeClasses(styles.name, !inMail && styles.bareName)}
        onClick={(event) => {
          event.preventDefault();
          navigate(inbox);
        }}
      >
        <Text size={400} weight="semibold">
          Homing
        </Text>
      </a>
      <div className={styles.search}>
        <SearchBox accountId={accountId} route={route} />
      </div>
      <Button
        appearance="subtle"
        icon={<SettingsRegular />}
        aria-label="Settings"
        onClick={() => navigate(pathOf({ name: 'settings', session: route.session, accountId: null }))}
      />
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button
            appearance="subtle"
            shape="circular"
            aria-label={`Account of ${session.username}`}
            icon={<Avatar name={session.username} size={28} color="colorful" aria-hidden />}
          />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {Object.entries(sessionsKnown()).map(([number, address]) => (
              <MenuItem
                key={number}
                secondaryContent={Number(number) === route.session ? 'here' : ''}
                onClick={() => navigate(`/u/${number}/mail/inbox`)}
              >
                {address}
              </MenuItem>
            ))}
            <MenuItem onClick={() => navigate('/')}>Sign in as somebody else</MenuItem>
            <MenuDivider />
            <MenuItem onClick={() => void signOut(route.session)}>Sign out</MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
    </header>
  );
});

/** Where there is room, the pane becomes a rail and back; where there is none, it comes over the page. */
function NavigationButton(): ReactNode {
  const form = useNavigationForm();
  const wide = useMedia(WIDE);
  const { navigation } = useSettings();
  return (
    <Button
      appearance="subtle"
      icon={<NavigationRegular />}
      aria-label="Mailboxes"
      aria-expanded={form === 'open'}
      onClick={() => {
        if (wide) changeSettings({ navigation: navigation === 'open' ? 'collapsed' : 'open' });
        else setDrawer(true);
      }}
    />
  );
}

async function signOut(number: number): Promise<void> {
  await fetch(`/u/${number}/auth/sign-out`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-requested-with': 'Homing' },
    body: '{}',
  }).catch(() => undefined);
  forgetSession(number);
  navigate('/');
}
