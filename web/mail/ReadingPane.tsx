// The reading pane: what can be done with the message that is open, the message, and the rest of its conversation.

import {
  Button,
  Dialog,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  Menu,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Text,
  tokens,
} from '@fluentui/react-components';
import { MoreHorizontalRegular, WindowNewRegular } from '@fluentui/react-icons';
import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { currentRoute, navigate, openWindow, pathOf } from '../app/router.ts';
import { useSettings } from '../app/settings.ts';
import { ON_PHONE, PHONE, useMedia } from '../app/theme.ts';
import { useEmail } from '../jmap/cache.ts';
import type { EmailRow, Mailbox } from '../jmap/types.ts';
import { CommandButton } from '../message/CommandButton.tsx';
import { CommandItems } from '../message/CommandMenu.tsx';
import { useMessageCommands } from '../message/commands.tsx';
import { MessageView } from '../message/MessageView.tsx';
import { ShortcutTable } from '../message/ShortcutTable.tsx';
import { useShortcuts, type Shortcut } from '../message/shortcuts.ts';
import { ToldBar } from '../message/ToldBar.tsx';
import { Conversation } from './Conversation.tsx';
import type { MailRoute } from './MailPage.tsx';

export interface ReadingPaneProps {
  accountId: string;
  mailbox: Mailbox | undefined;
  route: MailRoute;
}

const useStyles = makeStyles({
  toolbar: {
    height: '48px',
    flexShrink: 0,
    display: 'flex',
    alignItems: 'center',
    gap: '4px',
    padding: '0 8px',
    boxSizing: 'border-box',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    overflowX: 'auto',
    overflowY: 'hidden',
    containerType: 'inline-size',
  },
  // In a narrow pane these are in the menu alone: the recall must be in view.
  roomy: { display: 'contents', '@container (max-width: 440px)': { display: 'none' } },
  plain: { display: 'contents' },
  grow: { flex: 1 },
  // Never scrolled away, however narrow the pane.
  end: {
    position: 'sticky',
    right: '-8px',
    marginRight: '-8px',
    display: 'flex',
    flexShrink: 0,
    gap: '4px',
    paddingRight: '8px',
    backgroundColor: tokens.colorNeutralBackground1,
    '& button': { [ON_PHONE]: { minWidth: '44px', minHeight: '44px' } },
  },
  scroll: {
    flex: 1,
    minHeight: 0,
    overflowY: 'auto',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  empty: {
    flex: 1,
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    color: tokens.colorNeutralForeground3,
  },
});

export function ReadingPane({ accountId, mailbox, route }: ReadingPaneProps): ReactNode {
  const styles = useStyles();
  const { conversations } = useSettings();
  const { data: row } = useEmail(accountId, route.emailId, 'list');
  const [last, setLast] = useState(row);
  if (row && row !== last) setLast(row);
  const [help, setHelp] = useState(false);
  const helpKeys = useMemo(() => [{ keys: '?', label: 'These keys', run: () => setHelp(true) }], []);
  useShortcuts(helpKeys);
  const { emailId } = route;
  const shown = row ?? (last?.id === emailId ? last : undefined);
  const grouped = conversations && route.search === null && mailbox?.role !== 'sent';
  return (
    <>
      {emailId === null ? (
        <div className={styles.empty}>
          <Text>Choose a message to read it.</Text>
        </div>
      ) : (
        <>
          {shown && <Toolbar accountId={accountId} email={shown} route={route} />}
          {/* The focus is there for keys that scroll. */}
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <div className={styles.scroll} role="region" aria-label="Text" tabIndex={0}>
            {grouped && shown ? (
              <Conversation key={shown.threadId} accountId={accountId} threadId={shown.threadId} emailId={emailId} />
            ) : (
              <MessageView key={emailId} accountId={accountId} emailId={emailId} />
            )}
          </div>
        </>
      )}
      <ToldBar />
      <Dialog open={help} onOpenChange={(_, { open }) => setHelp(open)}>
        <DialogSurface>
          <DialogBody>
            <DialogTitle>Keys</DialogTitle>
            <DialogContent>
              <ShortcutTable />
            </DialogContent>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </>
  );
}

const SHOWN = ['delete', 'archive', 'reply', 'replyAll', 'forward', 'flag', 'recall'];
const IN_MENU_TOO = new Set(['archive', 'flag']);
/** As many as fit beside *More actions*. */
const PHONE_COMMANDS = new Set(['delete', 'reply', 'replyAll', 'forward', 'recall']);

function Toolbar({ accountId, email, route }: { accountId: string; email: EmailRow; route: MailRoute }): ReactNode {
  const styles = useStyles();
  const phone = useMedia(PHONE);
  const close = useCallback(() => {
    // What has gone may be told of when the next message is open already.
    const now = currentRoute();
    if (now.name === 'mail' && now.emailId === route.emailId) navigate(pathOf({ ...route, emailId: null }));
  }, [route]);
  const commands = useMessageCommands(accountId, email, close);
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      ...commands.flatMap(({ shortcut, label, run, disabledBecause }) =>
        shortcut !== undefined && disabledBecause === undefined ? [{ keys: shortcut, label, run }] : [],
      ),
      { keys: 'Escape', label: 'Close', run: close },
    ],
    [commands, close],
  );
  useShortcuts(shortcuts);
  return (
    <div className={styles.toolbar} role="toolbar" aria-label="Message">
      {SHOWN.filter((id) => !phone || PHONE_COMMANDS.has(id))
        .map((id) => commands.find((command) => command.id === id))
        .map(
          (command) =>
            command && (
              <span key={command.id} className={IN_MENU_TOO.has(command.id) ? styles.roomy : styles.plain}>
                <CommandButton command={command} words={!phone && command.id === 'reply'} />
              </span>
            ),
        )}
      <span className={styles.grow} />
      <div className={styles.end}>
        <Menu>
          <MenuTrigger disableButtonEnhancement>
            <Button appearance="subtle" icon={<MoreHorizontalRegular />} aria-label="More actions" />
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              <CommandItems commands={commands} />
            </MenuList>
          </MenuPopover>
        </Menu>
        {!phone && (
          <Button
            appearance="subtle"
            icon={<WindowNewRegular />}
            aria-label="Open in its own window"
            onClick={() =>
              openWindow(
                pathOf({ name: 'message', session: route.session, accountId: route.accountId, emailId: email.id }),
              )
            }
          />
        )}
      </div>
    </div>
  );
}
