// What an administrators' page is: its heading, its sections, what stands where there is nothing, how it waits.

import { makeStyles, mergeClasses, ProgressBar, Text, tokens } from '@fluentui/react-components';
import { useEffect, useState, type ReactNode } from 'react';
import { useTitle } from '../../app/title.ts';

const useStyles = makeStyles({
  head: { display: 'flex', flexWrap: 'wrap', gap: '8px 16px', alignItems: 'flex-start' },
  words: { flex: 1, minWidth: '240px', display: 'flex', flexDirection: 'column', gap: '4px' },
  title: {
    margin: 0,
    fontSize: tokens.fontSizeBase500,
    lineHeight: tokens.lineHeightBase500,
    fontWeight: 600,
    overflowWrap: 'anywhere',
    outline: 'none',
  },
  says: { color: tokens.colorNeutralForeground2, maxWidth: '720px' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
  heading: { margin: 0, fontSize: tokens.fontSizeBase400, lineHeight: tokens.lineHeightBase400, fontWeight: 600 },
  section: { display: 'flex', flexDirection: 'column', gap: '12px', minWidth: 0 },
  ruled: { paddingTop: '20px', borderTop: `1px solid ${tokens.colorNeutralStroke2}` },
  none: { color: tokens.colorNeutralForeground3 },
  waits: { height: '2px' },
});

export interface PageProps {
  title: string;
  /** What the page is for, in a sentence. */
  says?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, says, actions, children }: PageProps): ReactNode {
  const styles = useStyles();
  useTitle(title);
  return (
    <>
      <div className={styles.head}>
        <div className={styles.words}>
          <h1 className={styles.title} tabIndex={-1}>
            {title}
          </h1>
          {says !== undefined && <Text className={styles.says}>{says}</Text>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </>
  );
}

export interface SectionProps {
  heading: string;
  /** With a line above it: of a page with many. */
  ruled?: boolean;
  children: ReactNode;
}

export function Section({ heading, ruled = false, children }: SectionProps): ReactNode {
  const styles = useStyles();
  return (
    <section className={mergeClasses(styles.section, ruled && styles.ruled)} aria-label={heading}>
      <h2 className={styles.heading}>{heading}</h2>
      {children}
    </section>
  );
}

/** What stands where there is nothing: a sentence. */
export function Empty({ children }: { children: ReactNode }): ReactNode {
  return <Text className={useStyles().none}>{children}</Text>;
}

/** Milliseconds after which waiting is shown. */
const PATIENCE_MS = 400;

export function Waiting({ what }: { what: string }): ReactNode {
  const styles = useStyles();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return <div className={styles.waits}>{shown && <ProgressBar thickness="medium" aria-label={what} />}</div>;
}
