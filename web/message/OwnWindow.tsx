// A message in its own window: the page /u/N/message/…, or the same over the mail page.

import { makeStyles, tokens } from '@fluentui/react-components';
import { useMemo, useState, type ReactNode } from 'react';
import { useAccountId } from '../app/session.tsx';
import { useTitle } from '../app/title.ts';
import { useEmail } from '../jmap/cache.ts';
import { useMessageCommands } from './commands.tsx';
import { MessageView } from './MessageView.tsx';
import { Ribbon } from './Ribbon.tsx';
import { useShortcuts, type Shortcut } from './shortcuts.ts';
import { ToldBar } from './ToldBar.tsx';

const useStyles = makeStyles({
  window: { flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' },
  message: {
    flex: 1,
    minHeight: 0,
    overflowY: 'auto',
    backgroundColor: tokens.colorNeutralBackground1,
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
});

export interface OwnWindowProps {
  /** Null: the session's own account. */
  accountId: string | null;
  emailId: string;
  onClose(): void;
}

export function OwnWindow({ accountId: asked, emailId, onClose }: OwnWindowProps): ReactNode {
  const styles = useStyles();
  const inView = useAccountId();
  const accountId = asked ?? inView;
  const { data: row } = useEmail(accountId, emailId, 'list');
  // What is gone keeps its window, and the window its commands' places.
  const [last, setLast] = useState(row);
  if (row && row !== last) setLast(row);
  const data = row ?? (last?.id === emailId ? last : undefined);
  useTitle(data ? data.subject || '(no subject)' : null);
  const commands = useMessageCommands(accountId, data, onClose);
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      ...commands.flatMap(({ shortcut, label, run, disabledBecause }) =>
        shortcut !== undefined && disabledBecause === undefined ? [{ keys: shortcut, label, run }] : [],
      ),
      { keys: 'Escape', label: 'Close', run: onClose },
    ],
    [commands, onClose],
  );
  useShortcuts(shortcuts);
  return (
    <div className={styles.window}>
      <Ribbon commands={commands} onClose={onClose}>
        {/* The focus is there for keys that scroll. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div className={styles.message} role="region" aria-label="Text" tabIndex={0}>
          <MessageView accountId={accountId} emailId={emailId} />
        </div>
      </Ribbon>
      <ToldBar />
    </div>
  );
}
