// The ribbon of a message's own window: tabs, and one line of commands in groups.

import { Button, makeStyles, mergeClasses, Tab, TabList, Text, tokens } from '@fluentui/react-components';
import { ChevronDownRegular, DismissRegular, MoreHorizontalRegular } from '@fluentui/react-icons';
import { use, useState, type ReactNode } from 'react';
import { InOverlay } from '../app/overlay.ts';
import { ON_PHONE, PHONE, useMedia } from '../app/theme.ts';
import { CommandButton } from './CommandButton.tsx';
import { ActionsMenu } from './CommandMenu.tsx';
import type { Command, Group } from './commands.tsx';
import { FilePage } from './FilePage.tsx';
import { ShortcutTable } from './ShortcutTable.tsx';

const useStyles = makeStyles({
  tabs: {
    display: 'flex',
    alignItems: 'center',
    height: '36px',
    flexShrink: 0,
    padding: '0 8px',
    backgroundColor: tokens.colorNeutralBackground3,
    [ON_PHONE]: { height: '44px', padding: '0 0 0 4px' },
  },
  list: { flex: 1 },
  tab: { padding: '8px 12px' },
  line: {
    height: '44px',
    flexShrink: 0,
    display: 'flex',
    alignItems: 'center',
    gap: '4px',
    padding: '0 8px',
    overflowX: 'auto',
    overflowY: 'hidden',
    backgroundColor: tokens.colorNeutralBackground3,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    [ON_PHONE]: { height: '52px' },
  },
  group: {
    display: 'flex',
    alignItems: 'center',
    flexShrink: 0,
    paddingRight: '4px',
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    ':nth-last-child(-n + 2)': { borderRight: 'none' },
  },
  // Always in view, however narrow the line: it is what people come for.
  actions: {
    position: 'sticky',
    right: '-8px',
    marginRight: '-8px',
    paddingRight: '8px',
    boxShadow: `-1px 0 ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  open: { marginLeft: '4px' },
  main: { flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' },
  help: { padding: '16px', overflowY: 'auto', flex: 1, backgroundColor: tokens.colorNeutralBackground1 },
});

type TabName = 'file' | 'message' | 'help';

const GROUPS: readonly Group[] = ['Delete', 'Respond', 'Move', 'Tags'];

export interface RibbonProps {
  commands: readonly Command[];
  onClose(): void;
  children: ReactNode;
}

/** `children`: the message, shown under the Message tab. */
export function Ribbon({ commands, onClose, children }: RibbonProps): ReactNode {
  const styles = useStyles();
  const [tab, setTab] = useState<TabName>('message');
  const phone = useMedia(PHONE);
  // Over a page, that page has the landmarks.
  const [Top, Main] = use(InOverlay) ? (['div', 'div'] as const) : (['header', 'main'] as const);
  return (
    <>
      <Top>
        <div className={styles.tabs}>
          <TabList
            className={styles.list}
            size="small"
            selectedValue={tab}
            onTabSelect={(_, { value }) => setTab(value as TabName)}
          >
            <Tab value="file" className={styles.tab}>
              File
            </Tab>
            <Tab value="message" className={styles.tab}>
              Message
            </Tab>
            <Tab value="help" className={styles.tab}>
              Help
            </Tab>
          </TabList>
          <Button appearance="subtle" size="small" icon={<DismissRegular />} aria-label="Close" onClick={onClose} />
        </div>
        {tab === 'message' && (
          <div className={styles.line} role="toolbar" aria-label="Message">
            {GROUPS.map((group) => (
              <div key={group} className={styles.group} role="group" aria-label={group}>
                {commands
                  .filter((command) => command.group === group)
                  .map((command) => (
                    <CommandButton key={command.id} command={command} words={!phone && WORDS.has(command.id)} />
                  ))}
              </div>
            ))}
            <div className={mergeClasses(styles.group, styles.actions)} role="group" aria-label="Actions">
              <ActionsMenu commands={commands}>
                <Button appearance="subtle" icon={<MoreHorizontalRegular />} aria-label="Actions">
                  Actions <ChevronDownRegular className={styles.open} aria-hidden />
                </Button>
              </ActionsMenu>
            </div>
          </div>
        )}
      </Top>
      <Main className={styles.main}>
        <h1 className="visually-hidden">Message</h1>
        {tab === 'file' && <FilePage commands={commands} />}
        {tab === 'help' && (
          <div className={styles.help}>
            <Text as="h2" size={400} weight="semibold">
              Keys
            </Text>
            <ShortcutTable />
          </div>
        )}
        {tab === 'message' && children}
      </Main>
    </>
  );
}

/** Those that have their words beside them; the line has room for few. */
const WORDS = new Set(['delete', 'archive', 'reply', 'replyAll', 'forward', 'move']);
