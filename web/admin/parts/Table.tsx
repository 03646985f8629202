// Tables that are cards on a phone.

import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components';
import type { Key, ReactNode } from 'react';
import { ON_PHONE, rows as grounds } from '../../app/theme.ts';

const useStyles = makeStyles({
  none: { color: tokens.colorNeutralForeground3 },
  lines: { display: 'flex', flexDirection: 'column', gap: '2px', minWidth: 0 },
  table: {
    width: '100%',
    borderCollapse: 'collapse',
    fontVariantNumeric: 'tabular-nums',
    [ON_PHONE]: { display: 'block', '& tbody': { display: 'block' } },
  },
  th: {
    padding: '0 8px 8px',
    textAlign: 'left',
    whiteSpace: 'nowrap',
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    fontWeight: 400,
    color: tokens.colorNeutralForeground3,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  thead: {
    [ON_PHONE]: {
      position: 'absolute',
      width: '1px',
      height: '1px',
      overflow: 'hidden',
      clipPath: 'inset(50%)',
    },
  },
  row: {
    '@media (min-width: 640px)': { ':hover': { backgroundColor: grounds.hover } },
    [ON_PHONE]: {
      display: 'block',
      padding: '8px 12px',
      marginBottom: '8px',
      border: `1px solid ${tokens.colorNeutralStroke2}`,
      borderRadius: tokens.borderRadiusMedium,
    },
  },
  cell: {
    padding: '10px 8px',
    verticalAlign: 'top',
    overflowWrap: 'break-word',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    [ON_PHONE]: { display: 'flex', gap: '12px', padding: '4px 0', border: 'none', width: 'auto !important' },
  },
  lead: { overflowWrap: 'anywhere', [ON_PHONE]: { display: 'block' } },
  end: { textAlign: 'right', [ON_PHONE]: { textAlign: 'left' } },
  nowrap: { whiteSpace: 'nowrap', overflowWrap: 'normal' },
  blank: { [ON_PHONE]: { display: 'none' } },
  label: {
    display: 'none',
    [ON_PHONE]: { display: 'block', flex: '0 0 96px', color: tokens.colorNeutralForeground3 },
  },
  value: { minWidth: 0, [ON_PHONE]: { overflowWrap: 'anywhere' } },
});

/** Something with a fainter line below it; null: without. */
export function Lines({ below, children }: { below: ReactNode; children: ReactNode }): ReactNode {
  const styles = useStyles();
  return (
    <span className={styles.lines}>
      {children}
      {below !== null && below !== '' && (
        <Text size={200} className={styles.none}>
          {below}
        </Text>
      )}
    </span>
  );
}

export interface Column<T> {
  /** '': of buttons, say. */
  header: string;
  cell(row: T): ReactNode;
  /** What a card on a phone begins with. */
  lead?: boolean;
  /** Figures stand at the end of their column. */
  end?: boolean;
  /** Times and figures stay on their line. */
  nowrap?: boolean;
  width?: string;
}

export interface TableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf(row: T): Key;
}

/** Written out: a table that is laid out as cards is none to some browsers. */
const ROLE = {
  table: { role: 'table' },
  rowgroup: { role: 'rowgroup' },
  row: { role: 'row' },
  columnheader: { role: 'columnheader' },
  cell: { role: 'cell' },
} as const;

export function Table<T>({ label, columns, rows, keyOf }: TableProps<T>): ReactNode {
  const styles = useStyles();
  return (
    <table className={styles.table} {...ROLE.table} aria-label={label}>
      <thead className={styles.thead} {...ROLE.rowgroup}>
        <tr {...ROLE.row}>
          {columns.map(({ header, end, width }, i) => (
            <th
              key={header === '' ? i : header}
              {...ROLE.columnheader}
              scope="col"
              className={mergeClasses(styles.th, end === true && styles.end)}
              style={{ width }}
            >
              {header === '' ? <span className="visually-hidden">Actions</span> : header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody {...ROLE.rowgroup}>
        {rows.map((row) => (
          <tr key={keyOf(row)} {...ROLE.row} className={styles.row}>
            {columns.map(({ header, cell, lead, end, nowrap }, i) => {
              const content = cell(row);
              const isBlank = content === '' || content === null;
              return (
                <td
                  key={header === '' ? i : header}
                  {...ROLE.cell}
                  className={mergeClasses(
                    styles.cell,
                    lead === true && styles.lead,
                    end === true && styles.end,
                    nowrap === true && styles.nowrap,
                    isBlank && styles.blank,
                  )}
                >
                  {lead !== true && header !== '' && (
                    <span className={styles.label} aria-hidden>
                      {header}
                    </span>
                  )}
                  <span className={styles.value}>{content}</span>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
