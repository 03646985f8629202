// One mailbox in the navigation pane. It is a link; messages and other mailboxes can be dropped on it.

import { Button, makeStyles, mergeClasses, tokens, Tooltip } from '@fluentui/react-components';
import { ChevronDownRegular, ChevronRightRegular, MoreHorizontalRegular } from '@fluentui/react-icons';
import type { MouseEvent, ReactNode } from 'react';
import { navigate } from '../app/router.ts';
import { ON_PHONE, FORCED, rows } from '../app/theme.ts';
import type { Mailbox } from '../jmap/types.ts';
import { dragMailbox, type Dragged } from './drag.ts';
import { MailboxIcon } from './mailboxIcon.tsx';
import { countOf } from './mailboxTree.ts';
import { useDrop } from './useDrop.ts';

const useStyles = makeStyles({
  row: {
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    height: '32px',
    margin: '0 8px',
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground2,
    // Names that a drag has picked out would be dragged in the next one, in place of the mailbox.
    userSelect: 'none',
    ':hover': { backgroundColor: rows.paneHover },
    '@media (hover: hover)': {
      ':hover [data-more], :has(:focus-visible) [data-more]': { opacity: 1 },
      ':hover [data-count], :has(:focus-visible) [data-count]': { visibility: 'hidden' },
    },
    [ON_PHONE]: { height: '44px' },
  },
  selected: {
    backgroundColor: rows.paneSelected,
    color: tokens.colorNeutralForeground1,
    fontWeight: tokens.fontWeightSemibold,
    [FORCED]: { outline: '2px solid Highlight', outlineOffset: '-2px' },
  },
  target: {
    outline: `2px solid ${tokens.colorBrandStroke1}`,
    outlineOffset: '-2px',
    [FORCED]: { outlineColor: 'Highlight' },
  },
  link: {
    flex: 1,
    minWidth: 0,
    height: '100%',
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    paddingRight: '8px',
    color: 'inherit',
    textDecoration: 'none',
    fontSize: tokens.fontSizeBase300,
    lineHeight: tokens.lineHeightBase300,
    borderRadius: tokens.borderRadiusMedium,
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  icon: { display: 'flex', fontSize: '20px' },
  iconSelected: { color: tokens.colorBrandForeground1 },
  name: { flex: 1, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  count: {
    color: tokens.colorBrandForeground1,
    fontWeight: tokens.fontWeightSemibold,
    '@media (hover: none)': { marginRight: '28px' },
    [ON_PHONE]: { marginRight: '44px' },
  },
  fold: { minWidth: '24px', width: '24px', padding: 0 },
  noFold: { width: '24px', flexShrink: 0 },
  more: {
    position: 'absolute',
    right: '4px',
    opacity: 0,
    minWidth: '28px',
    width: '28px',
    '@media (hover: none)': { opacity: 1 },
  },
  rail: { width: '40px', height: '40px', margin: '0 auto', justifyContent: 'center' },
  railLink: { justifyContent: 'center', paddingRight: 0 },
  dot: {
    position: 'absolute',
    top: '6px',
    right: '6px',
    width: '8px',
    height: '8px',
    borderRadius: tokens.borderRadiusCircular,
    backgroundColor: tokens.colorBrandBackground,
    [FORCED]: { backgroundColor: 'Highlight', forcedColorAdjust: 'none' },
  },
});

export interface MailboxRowProps {
  accountId: string;
  mailbox: Mailbox;
  /** Its address. */
  to: string;
  depth: number;
  selected: boolean;
  /** Null: it has nothing in it to show. */
  open: boolean | null;
  /** 48 pixels wide. */
  rail: boolean;
  onFold(): void;
  onFollow(): void;
  /** Null: there is nothing that can be done to it. */
  onMenu: ((at: HTMLElement | { x: number; y: number }) => void) | null;
  onDropEmails(dragged: Dragged): void;
  /** May this other mailbox of the account come into it? */
  takesMailbox(id: string): boolean;
  onDropMailbox(id: string): void;
}

export function MailboxRow(props: MailboxRowProps): ReactNode {
  const { mailbox, to, depth, selected, open, rail, onMenu } = props;
  const styles = useStyles();
  const drop = useDrop({
    accountId: props.accountId,
    takesEmails: mailbox.myRights.mayAddItems,
    takesMailbox: props.takesMailbox,
    onEmails: props.onDropEmails,
    onMailbox: props.onDropMailbox,
  });
  const count = countOf(mailbox);
  const said = `${count}${mailbox.role === 'drafts' ? '' : ' unread'}`;
  const link = (
    <a
      href={to}
      className={mergeClasses(styles.link, rail && styles.railLink)}
      aria-current={selected ? 'page' : undefined}
      aria-label={!rail ? undefined : count > 0 ? `${mailbox.name}, ${said}` : mailbox.name}
      draggable={mailbox.myRights.mayRename}
      onDragStart={(event) => dragMailbox(event.dataTransfer, props.accountId, mailbox.id)}
      onClick={(event) => follow(event, to, props.onFollow)}
    >
      <span className={mergeClasses(styles.icon, selected && styles.iconSelected)}>
        <MailboxIcon role={mailbox.role} selected={selected} />
      </span>
      {!rail && <span className={styles.name}>{mailbox.name}</span>}
      {!rail && count > 0 && (
        <span data-count className={styles.count}>
          {count.toLocaleString('en')}
          <span className="visually-hidden">{mailbox.role === 'drafts' ? '' : ' unread'}</span>
        </span>
      )}
      {rail && count > 0 && <span className={styles.dot} />}
    </a>
  );
  return (
    <div
      className={mergeClasses(styles.row, rail && styles.rail, selected && styles.selected, drop.over && styles.target)}
      style={rail ? undefined : { paddingLeft: depth * 12 }}
      onContextMenu={(event) => {
        if (!onMenu) return;
        event.preventDefault();
        onMenu({ x: event.clientX, y: event.clientY });
      }}
      {...drop.handlers}
    >
      {!rail && <Fold name={mailbox.name} open={open} onFold={props.onFold} />}
      {rail ? (
        <Tooltip
          content={count > 0 ? `${mailbox.name} (${count})` : mailbox.name}
          relationship="inaccessible"
          positioning="after"
        >
          {link}
        </Tooltip>
      ) : (
        link
      )}
      {!rail && onMenu && (
        <Button
          data-more
          className={styles.more}
          appearance="transparent"
          size="small"
          icon={<MoreHorizontalRegular />}
          aria-label={`More for ${mailbox.name}`}
          aria-haspopup="menu"
          onClick={(event) => onMenu(event.currentTarget)}
        />
      )}
    </div>
  );
}

function Fold({ name, open, onFold }: { name: string; open: boolean | null; onFold(): void }): ReactNode {
  const styles = useStyles();
  if (open === null) return <span className={styles.noFold} />;
  return (
    <Button
      className={styles.fold}
      appearance="transparent"
      size="small"
      icon={open ? <ChevronDownRegular /> : <ChevronRightRegular />}
      aria-label={`${open ? 'Close' : 'Open'} ${name}`}
      aria-expanded={open}
      onClick={onFold}
    />
  );
}

/** A click of the main button goes there in this window; any other is the browser's. */
export function follow(event: MouseEvent, to: string, then?: () => void): void {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(to);
  then?.();
}
