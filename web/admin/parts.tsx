// What the administrators' pages are made of: a page with its heading, tables that are cards on a phone, what is said
// where there is nothing, what went wrong.

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Link,
  makeStyles,
  mergeClasses,
  MessageBar,
  MessageBarBody,
  ProgressBar,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useEffect, useState, type Key, type ReactNode } from 'react';
import { navigate } from '../app/router.ts';
import { rows as grounds } from '../app/theme.ts';
import { useTitle } from '../app/title.ts';

const PHONE = '@media (max-width: 639.98px)';

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
  lines: { display: 'flex', flexDirection: 'column', gap: '2px', minWidth: 0 },
  waits: { height: '2px' },
  goTo: {
    textAlign: 'left',
    [PHONE]: { display: 'inline-block', padding: '12px 0', margin: '-12px 0', minWidth: '44px' },
  },
  surface: { maxWidth: '460px', borderRadius: tokens.borderRadiusXLarge, boxShadow: tokens.shadow64 },
  table: {
    width: '100%',
    borderCollapse: 'collapse',
    fontVariantNumeric: 'tabular-nums',
    [PHONE]: { display: 'block', '& tbody': { display: 'block' } },
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
    [PHONE]: {
      position: 'absolute',
      width: '1px',
      height: '1px',
      overflow: 'hidden',
      clipPath: 'inset(50%)',
    },
  },
  row: {
    '@media (min-width: 640px)': { ':hover': { backgroundColor: grounds.hover } },
    [PHONE]: {
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
    [PHONE]: { display: 'flex', gap: '12px', padding: '4px 0', border: 'none', width: 'auto !important' },
  },
  lead: { overflowWrap: 'anywhere', [PHONE]: { display: 'block' } },
  end: { textAlign: 'right', [PHONE]: { textAlign: 'left' } },
  nowrap: { whiteSpace: 'nowrap', overflowWrap: 'normal' },
  blank: { [PHONE]: { display: 'none' } },
  label: {
    display: 'none',
    [PHONE]: { display: 'block', flex: '0 0 96px', color: tokens.colorNeutralForeground3 },
  },
  value: { minWidth: 0, [PHONE]: { overflowWrap: 'anywhere' } },
  facts: {
    margin: 0,
    display: 'grid',
    gridTemplateColumns: 'minmax(112px, max-content) minmax(0, 1fr)',
    gap: '6px 16px',
    fontVariantNumeric: 'tabular-nums',
    overflowWrap: 'anywhere',
    '& dt': { color: tokens.colorNeutralForeground3 },
    '& dd': { margin: 0 },
    [PHONE]: { gridTemplateColumns: '96px minmax(0, 1fr)', columnGap: '12px' },
  },
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

export function Problem({ children }: { children: ReactNode }): ReactNode {
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>{children}</MessageBarBody>
    </MessageBar>
  );
}

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

/** What somebody is told of an error. */
export function sentenceOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function GoTo({
  to,
  inline = false,
  children,
}: {
  to: string;
  inline?: boolean;
  children: ReactNode;
}): ReactNode {
  const styles = useStyles();
  return (
    <Link
      className={inline ? undefined : styles.goTo}
      inline={inline}
      href={to}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </Link>
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

/** Names and values; what is null is left out. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }): ReactNode {
  const styles = useStyles();
  return (
    <dl className={styles.facts}>
      {facts
        .filter(([, value]) => value !== null && value !== '')
        .map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} is`}>{value}</dd>])}
    </dl>
  );
}

export interface ConfirmProps {
  title: string;
  children: ReactNode;
  /** What the button says. */
  action: string;
  /** Closes when it is done; what it throws is shown. */
  onConfirm(): Promise<void>;
  onClose(): void;
}

export function Confirm({ title, children, action, onConfirm, onClose }: ConfirmProps): ReactNode {
  const styles = useStyles();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(sentenceOfError(error));
      setBusy(false);
    }
  };
  return (
    <Dialog open modalType="alert" onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle action={null}>{title}</DialogTitle>
          <DialogContent>
            {children}
            {problem !== null && <Problem>{problem}</Problem>}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={busy} onClick={() => void confirm()}>
              {action}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
