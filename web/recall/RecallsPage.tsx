// All recalls of an account, newest first.

import { Link, makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { ON_PHONE, rows } from '../app/theme.ts';
import { navigate } from '../app/router.ts';
import { useAccountId, useJmap } from '../app/session.tsx';
import { useTitle } from '../app/title.ts';
import { useRecalls, type RecallState } from './data.ts';
import { ThinFamilyBar } from './Families.tsx';
import { trackingPath } from './paths.ts';
import { headlineOf, shortTime } from './words.ts';

const useStyles = makeStyles({
  page: { flex: 1, minHeight: 0, overflowY: 'auto', backgroundColor: tokens.colorNeutralBackground1 },
  middle: { maxWidth: '960px', margin: '0 auto', padding: '24px 16px', boxSizing: 'border-box' },
  title: {
    margin: '0 0 16px',
    fontSize: tokens.fontSizeBase500,
    lineHeight: tokens.lineHeightBase500,
    fontWeight: 600,
  },
  list: { listStyle: 'none', margin: 0, padding: 0, borderTop: `1px solid ${tokens.colorNeutralStroke2}` },
  row: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) 200px 96px',
    columnGap: '16px',
    alignItems: 'center',
    minHeight: '56px',
    padding: '8px',
    boxSizing: 'border-box',
    color: tokens.colorNeutralForeground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    ':hover': { backgroundColor: rows.hover, textDecoration: 'none' },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
    [ON_PHONE]: { gridTemplateColumns: 'minmax(0, 1fr) 72px', rowGap: '8px' },
  },
  lines: { display: 'flex', flexDirection: 'column', minWidth: 0, textAlign: 'left' },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  wraps: { [ON_PHONE]: { whiteSpace: 'normal' } },
  faint: { color: tokens.colorNeutralForeground3, fontVariantNumeric: 'tabular-nums' },
  time: { textAlign: 'right' },
  bar: { [ON_PHONE]: { gridRowStart: 2, gridColumnEnd: 'span 2' } },
});

export function RecallsPage(): ReactNode {
  const styles = useStyles();
  const accountId = useAccountId();
  const recalls = useRecalls(accountId);
  useTitle('Recalls');
  return (
    <main className={styles.page}>
      <div className={styles.middle}>
        <h1 className={styles.title}>Recalls</h1>
        {recalls?.length === 0 && <Text>None yet.</Text>}
        {recalls && recalls.length > 0 && (
          <ul className={styles.list}>
            {recalls.map((recall) => (
              <li key={recall.id}>
                <Row accountId={accountId} recall={recall} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </main>
  );
}

function Row({ accountId, recall }: { accountId: string; recall: RecallState }): ReactNode {
  const styles = useStyles();
  const path = trackingPath(useJmap(), accountId, recall.id);
  const { headline, beside } = headlineOf(recall);
  return (
    <Link
      className={styles.row}
      appearance="subtle"
      href={path}
      onClick={(event) => {
        event.preventDefault();
        navigate(path);
      }}
    >
      <span className={styles.lines}>
        <Text weight="semibold" className={styles.cut}>
          {(recall.subject ?? '').trim() || '(no subject)'}
        </Text>
        <Text size={200} className={mergeClasses(styles.cut, styles.faint, styles.wraps)}>
          {headline}
          {beside === '' ? '' : ` · ${beside}`}
        </Text>
      </span>
      <span className={styles.bar}>
        <ThinFamilyBar counts={recall.counts} total={recall.total} />
      </span>
      <Text size={200} className={mergeClasses(styles.time, styles.faint)}>
        {shortTime(recall.createdAt)}
      </Text>
    </Link>
  );
}
