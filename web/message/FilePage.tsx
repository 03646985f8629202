// File → Info: where Outlook has *Resend or Recall*.

import { Button, makeStyles, Text, tokens } from '@fluentui/react-components';
import { ArrowUndoRegular, ChevronDownRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { ActionsMenu } from './CommandMenu.tsx';
import type { Command } from './commands.tsx';

const useStyles = makeStyles({
  page: {
    flex: 1,
    overflowY: 'auto',
    padding: '24px',
    display: 'flex',
    flexDirection: 'column',
    gap: '16px',
    backgroundColor: tokens.colorNeutralBackground1,
    [ON_PHONE]: { padding: '16px' },
  },
  open: { marginLeft: '4px' },
  row: { display: 'flex', gap: '16px', alignItems: 'center', flexWrap: 'wrap' },
  words: { flex: 1, minWidth: '200px', display: 'flex', flexDirection: 'column' },
  quiet: { color: tokens.colorNeutralForeground3 },
  heading: { margin: 0 },
});

export function FilePage({ commands }: { commands: readonly Command[] }): ReactNode {
  const styles = useStyles();
  return (
    <section className={styles.page} aria-label="Info">
      <Text as="h2" size={500} weight="semibold" className={styles.heading}>
        Info
      </Text>
      <div className={styles.row}>
        <ActionsMenu commands={commands}>
          <Button size="large" icon={<ArrowUndoRegular />} aria-label="Resend or Recall">
            Resend or Recall <ChevronDownRegular className={styles.open} aria-hidden />
          </Button>
        </ActionsMenu>
        <div className={styles.words}>
          <Text weight="semibold">Message Resend and Recall</Text>
          <Text size={200} className={styles.quiet}>
            Send this message again, or take back the copies that nobody has read.
          </Text>
        </div>
      </div>
    </section>
  );
}
