// The table *Recipients*: a row a recipient, as many as there are. Rows are drawn where they are in view.

import { Avatar, makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components';
import { useEffect, useRef, useState, type ReactNode, type RefObject } from 'react';
import { ON_PHONE, PHONE, useMedia, rows as grounds } from '../app/theme.ts';
import type { RecallOutcome } from './data.ts';
import { FamilyIcon } from './FamilyIcon.tsx';
import { placeRows } from './rows.ts';
import { useOutcomeRows, useOutcomeTotal, type Shown, type TrackedRecall } from './useOutcomes.ts';
import { downloadOf, FAMILY_OF, labelOf, sentenceOf, shortTime } from './words.ts';

const ROW = 44;
const PHONE_ROW = 84;
const useStyles = makeStyles({
  table: { position: 'relative' },
  rows: { position: 'relative' },
  line: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 5fr) minmax(0, 6fr) 96px',
    columnGap: '16px',
    alignItems: 'center',
    padding: '0 8px',
    boxSizing: 'border-box',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    [ON_PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)', alignContent: 'center', rowGap: '2px', padding: 0 },
  },
  top: {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
    [ON_PHONE]: { display: 'none' },
  },
  head: { height: '32px', color: tokens.colorNeutralForeground3 },
  row: {
    position: 'absolute',
    left: 0,
    right: 0,
    ':hover': { backgroundColor: grounds.hover },
  },
  who: { display: 'flex', alignItems: 'center', gap: '12px', minWidth: 0 },
  lines: { display: 'flex', flexDirection: 'column', minWidth: 0 },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  /** On a phone a sentence has two lines: it is what one came to read. */
  says: {
    [ON_PHONE]: {
      display: '-webkit-box',
      WebkitBoxOrient: 'vertical',
      WebkitLineClamp: 2,
      whiteSpace: 'normal',
      fontSize: tokens.fontSizeBase200,
      lineHeight: tokens.lineHeightBase200,
    },
  },
  label: { fontWeight: 600 },
  faint: { color: tokens.colorNeutralForeground3 },
  what: {
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    minWidth: 0,
    [ON_PHONE]: { paddingLeft: '6px', gap: '18px' },
  },
  time: { textAlign: 'right', color: tokens.colorNeutralForeground3, fontVariantNumeric: 'tabular-nums' },
  notOnPhone: { [ON_PHONE]: { display: 'none' } },
  waiting: {
    height: '12px',
    width: '40%',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  none: { padding: '24px 8px', color: tokens.colorNeutralForeground3 },
});

export interface OutcomeTableProps {
  accountId: string;
  recall: TrackedRecall;
  shown: Shown;
  /** What scrolls: the page, with the table in it. */
  scroller: RefObject<HTMLElement | null>;
}

export function OutcomeTable({ accountId, recall, shown, scroller }: OutcomeTableProps): ReactNode {
  const styles = useStyles();
  const row = useMedia(PHONE) ? PHONE_ROW : ROW;
  const rows = useRef<HTMLDivElement>(null);
  const { scrolled, view } = useScrolled(scroller, rows);
  const total = useOutcomeTotal(accountId, recall, shown);
  const placed = placeRows({ total: total ?? 0, row, scrolled, view });
  const at = useOutcomeRows(accountId, recall, shown, placed);
  return (
    <div className={styles.table}>
      <div role="table" aria-label="Recipients" aria-rowcount={(total ?? 0) + 1}>
        <div role="rowgroup" className={styles.top}>
          <div role="row" aria-rowindex={1} className={mergeClasses(styles.line, styles.head)}>
            <Text role="columnheader" size={200}>
              Recipient
            </Text>
            <Text role="columnheader" size={200}>
              Outcome
            </Text>
            <Text role="columnheader" size={200} className={styles.time}>
              Time
            </Text>
          </div>
        </div>
        <div ref={rows} role="rowgroup" className={styles.rows} style={{ height: placed.height }}>
          {Array.from({ length: placed.to - placed.from }, (_, i) => (
            <div
              key={placed.from + i}
              role="row"
              aria-rowindex={placed.from + i + 2}
              className={mergeClasses(styles.line, styles.row)}
              style={{ top: placed.top + i * row, height: row }}
            >
              <Cells row={at(placed.from + i)} />
            </div>
          ))}
        </div>
      </div>
      {total === 0 && <Text className={styles.none}>{emptyBecause(recall, shown)}</Text>}
    </div>
  );
}

function Cells({ row }: { row: RecallOutcome | undefined }): ReactNode {
  const styles = useStyles();
  if (!row) {
    return (
      <div role="cell" aria-colspan={3} aria-busy>
        <div className={styles.waiting} />
      </div>
    );
  }
  const name = row.name ?? row.recipient;
  const below = [row.name === null ? '' : row.recipient, row.via ? `through ${row.via}` : '']
    .filter(Boolean)
    .join(' · ');
  const more = moreOf(row);
  return (
    <>
      <div role="cell" className={styles.who}>
        <Avatar name={name} size={28} color="colorful" idForColor={row.recipient} aria-hidden />
        <div className={styles.lines}>
          <Text className={styles.cut} title={name}>
            {name}
          </Text>
          {below !== '' && (
            <Text size={200} className={mergeClasses(styles.cut, styles.faint)} title={below}>
              {below}
            </Text>
          )}
        </div>
      </div>
      <div role="cell" className={styles.what}>
        {row.outcome !== null && <FamilyIcon family={FAMILY_OF[row.outcome]} />}
        <div className={styles.lines}>
          <Says row={row} />
          {more !== '' && (
            <Text size={200} className={mergeClasses(styles.cut, styles.faint, styles.notOnPhone)} title={more}>
              {more}
            </Text>
          )}
        </div>
      </div>
      <Text role="cell" size={200} className={mergeClasses(styles.time, styles.notOnPhone)}>
        {row.decidedAt === null ? '' : shortTime(row.decidedAt)}
      </Text>
    </>
  );
}

function Says({ row }: { row: RecallOutcome }): ReactNode {
  const styles = useStyles();
  if (row.outcome === null) {
    return (
      <Text className={mergeClasses(styles.cut, styles.says)} title={row.reason}>
        {row.reason}
      </Text>
    );
  }
  const sentence = sentenceOf({ ...row, outcome: row.outcome });
  const label = labelOf(row.outcome);
  return (
    <Text className={mergeClasses(styles.cut, styles.says)} title={`${label}: ${sentence}`}>
      <strong className={styles.label}>{label}</strong>
      {sentence === '' ? '' : `: ${sentence}`}
    </Text>
  );
}

/** That it is back; which program had it, and when that was told; what the other server said. */
function moreOf(row: RecallOutcome): string {
  if (row.restoredAt !== null) return `Restored at ${shortTime(row.restoredAt)}`;
  if (row.downloadedBy !== null) return downloadOf({ ...row, downloadedBy: row.downloadedBy });
  return row.remote?.reply ?? '';
}

function emptyBecause(recall: TrackedRecall, { family, text }: Shown): string {
  if (text !== '') return 'Nobody found.';
  if (recall.status === 'sweeping') return 'Nothing is decided yet.';
  return family === null ? 'Your organisation shows counts, and no names.' : 'Nobody here.';
}

/** How far a page is scrolled, as seen from an element in it. */
function useScrolled(
  scroller: RefObject<HTMLElement | null>,
  inner: RefObject<HTMLElement | null>,
): { scrolled: number; view: number } {
  const [place, setPlace] = useState({ scrolled: 0, view: 800 });
  useEffect(() => {
    const outer = scroller.current;
    if (!outer) return;
    const look = (): void => {
      const box = outer.getBoundingClientRect();
      const top = inner.current?.getBoundingClientRect().top ?? box.top;
      setPlace((before) => {
        const now = { scrolled: Math.round(box.top - top), view: Math.round(box.height) };
        return now.scrolled === before.scrolled && now.view === before.view ? before : now;
      });
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(outer);
    for (const child of outer.children) observer.observe(child);
    outer.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      outer.removeEventListener('scroll', look);
    };
  }, [scroller, inner]);
  return place;
}
