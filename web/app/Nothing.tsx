import { Button, makeStyles, Text, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';

const useStyles = makeStyles({
  page: {
    minHeight: '100dvh',
    boxSizing: 'border-box',
    padding: '16px',
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    justifyContent: 'center',
    gap: '16px',
    textAlign: 'center',
    backgroundColor: tokens.colorNeutralBackground3,
  },
  says: { margin: 0 },
});

export interface NothingProps {
  says: string;
  /** What can be done; none where it mends itself. */
  action?: { label: string; onClick(): void };
}

/** In place of a page that is not there: one line, one action. */
export function Nothing({ says, action }: NothingProps): ReactNode {
  const styles = useStyles();
  return (
    <main className={styles.page}>
      <div role="alert">
        <Text as="h1" size={400} weight="semibold" className={styles.says}>
          {says}
        </Text>
      </div>
      {action && <Button onClick={action.onClick}>{action.label}</Button>}
    </main>
  );
}
