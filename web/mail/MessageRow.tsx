// A message in the list: who, what, its first words, when. The pointer over it, the time gives way to what is done most.

import { Avatar, Button, Checkbox, makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components';
import {
  ArchiveRegular,
  ArrowReply16Regular,
  Attach16Regular,
  DeleteRegular,
  Flag16Filled,
  FlagOffRegular,
  FlagRegular,
  MailOffRegular,
} from '@fluentui/react-icons';
import { memo, type MouseEvent, type ReactNode } from 'react';
import { FORCED, rows } from '../app/theme.ts';
import type { EmailRow } from '../jmap/types.ts';
import { nameOf, namesOf, rowTime } from '../message/format.ts';
import { useRecallOf } from '../recall/data.ts';
import { RecallMark } from '../recall/index.ts';
import { dragEmails } from './drag.ts';

const useStyles = makeStyles({
  row: {
    position: 'relative',
    boxSizing: 'border-box',
    width: '100%',
    height: '100%',
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    padding: '0 12px 0 8px',
    cursor: 'default',
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    ':hover': { backgroundColor: rows.hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
    '& .homing-actions': { display: 'none' },
    '& .homing-box': { display: 'none' },
    '@media (hover: hover)': {
      ':hover .homing-actions, :focus-within .homing-actions': { display: 'flex' },
      ':hover .homing-time': { display: 'none' },
      ':hover .homing-box, :focus-within .homing-box': { display: 'inline-flex' },
      ':hover .homing-avatar, :focus-within .homing-avatar': { display: 'none' },
    },
  },
  selected: {
    backgroundColor: rows.selected,
    ':hover': { backgroundColor: rows.selected },
    [FORCED]: { outline: '2px solid Highlight', outlineOffset: '-2px' },
  },
  checked: { '& .homing-box': { display: 'inline-flex' }, '& .homing-avatar': { display: 'none' } },
  // A long press is the page's own: no system's menu, no words picked out.
  byTouch: { userSelect: 'none', WebkitTouchCallout: 'none' },
  unread: {
    '::before': {
      content: '""',
      position: 'absolute',
      left: 0,
      top: 0,
      bottom: 0,
      width: '3px',
      backgroundColor: tokens.colorBrandStroke1,
      [FORCED]: { backgroundColor: 'Highlight', forcedColorAdjust: 'none' },
    },
  },
  face: { width: '32px', flexShrink: 0, display: 'flex', justifyContent: 'center' },
  words: { flex: 1, minWidth: 0, display: 'flex', flexDirection: 'column' },
  line: { display: 'flex', alignItems: 'center', gap: '4px', minWidth: 0, minHeight: '20px' },
  grow: { flex: 1, minWidth: 0 },
  unreadSubject: { color: tokens.colorBrandForeground1, fontWeight: tokens.fontWeightSemibold },
  count: {
    flexShrink: 0,
    color: tokens.colorBrandForeground1,
    fontWeight: tokens.fontWeightSemibold,
    fontVariantNumeric: 'tabular-nums',
  },
  quiet: { color: tokens.colorNeutralForeground3 },
  time: { color: tokens.colorNeutralForeground3, flexShrink: 0, fontVariantNumeric: 'tabular-nums' },
  flag: { color: tokens.colorStatusDangerForeground1, flexShrink: 0 },
  icon: { flexShrink: 0, color: tokens.colorNeutralForeground3 },
  actions: {
    position: 'absolute',
    right: '8px',
    top: '4px',
    backgroundColor: 'inherit',
    borderRadius: tokens.borderRadiusMedium,
  },
  apart: { marginLeft: '8px' },
  compactSender: { width: '140px', flexShrink: 0 },
});

export interface RowActions {
  open(index: number, id: string, event: MouseEvent): void;
  ownWindow(id: string): void;
  toggle(index: number, id: string): void;
  menu(index: number, id: string, at: { x: number; y: number }): void;
  archive(email: EmailRow): void;
  remove(email: EmailRow): void;
  flag(email: EmailRow): void;
  /** What a drag that begins at this row takes along. */
  dragged(id: string): string[];
}

export interface MessageRowProps {
  accountId: string;
  email: EmailRow;
  /** Of its conversation, where the list shows one; 1 or 0 where it stands for itself. */
  unread: number;
  index: number;
  /** Sent Items and drafts name whom it goes to. */
  outgoing: boolean;
  isSent: boolean;
  compact: boolean;
  open: boolean;
  checked: boolean;
  /** Fingers: a long press selects, and drags nothing. */
  byTouch: boolean;
  /** Boxes stand in place of faces: rows are being selected. */
  boxes: boolean;
  focused: boolean;
  actions: RowActions;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps): ReactNode {
  const {
    accountId,
    email,
    unread,
    index,
    outgoing,
    isSent,
    compact,
    open,
    checked,
    byTouch,
    boxes,
    focused,
    actions,
  } = props;
  const styles = useStyles();
  const seen = unread === 0;
  // One that is unread itself needs no figure.
  const isCounted = unread > ('$seen' in email.keywords ? 0 : 1);
  const flagged = '$flagged' in email.keywords;
  const isNotice = email.recallNotice !== null;
  const who = outgoing ? namesOf(email.to) || '(nobody yet)' : nameOf(email.from?.[0]) || '(nobody)';
  // Of many recipients, the first has a face.
  const face = outgoing ? nameOf(email.to?.[0]) : who;
  const subject = email.subject || '(no subject)';
  const time = rowTime(email.receivedAt);
  const sender = (
    <Text
      truncate
      wrap={false}
      weight={seen ? 'regular' : 'semibold'}
      className={compact ? styles.compactSender : styles.grow}
    >
      {who}
    </Text>
  );
  const about = (
    <>
      {isNotice && <MailOffRegular className={styles.icon} />}
      <Text
        truncate
        wrap={false}
        className={mergeClasses(styles.grow, seen ? undefined : styles.unreadSubject, isNotice && styles.quiet)}
      >
        {subject}
      </Text>
      {isCounted && (
        <Text size={200} className={styles.count} aria-hidden>
          {unread}
        </Text>
      )}
      {'$answered' in email.keywords && <ArrowReply16Regular className={styles.icon} aria-label="Answered" />}
      {email.hasAttachment && <Attach16Regular className={styles.icon} aria-label="With files" />}
      {flagged && <Flag16Filled className={styles.flag} aria-label="Flagged" />}
    </>
  );
  const when = (
    <Text size={200} className={mergeClasses('homing-time', styles.time)}>
      {time}
    </Text>
  );
  return (
    // Keys are the list's: it knows where the rows before and after are.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      role="row"
      aria-rowindex={index + 1}
      aria-selected={checked || open}
      aria-label={[seen ? '' : isCounted ? `${unread} unread` : 'Unread', flagged ? 'Flagged' : '', who, subject, time]
        .filter(Boolean)
        .join(', ')}
      tabIndex={focused ? 0 : -1}
      data-index={index}
      draggable={!byTouch}
      className={mergeClasses(
        styles.row,
        !seen && styles.unread,
        (open || checked) && styles.selected,
        (checked || boxes) && styles.checked,
        byTouch && styles.byTouch,
      )}
      onClick={(event) => actions.open(index, email.id, event)}
      onDoubleClick={() => actions.ownWindow(email.id)}
      onContextMenu={(event) => {
        event.preventDefault();
        actions.menu(index, email.id, { x: event.clientX, y: event.clientY });
      }}
      onDragStart={(event) => dragEmails(event.dataTransfer, accountId, actions.dragged(email.id))}
    >
      <span role="gridcell" className={styles.face}>
        <Avatar className="homing-avatar" name={face} size={compact ? 24 : 32} color="colorful" aria-hidden />
        <Checkbox
          className="homing-box"
          aria-label={`Select ${subject}`}
          tabIndex={-1}
          checked={checked}
          onClick={(event) => event.stopPropagation()}
          onChange={() => actions.toggle(index, email.id)}
        />
      </span>
      {compact ? (
        <span role="gridcell" className={mergeClasses(styles.line, styles.grow)}>
          {sender}
          {about}
          {isSent && <RecallMark email={email} accountId={accountId} />}
          <span className={styles.apart}>{when}</span>
        </span>
      ) : (
        <span role="gridcell" className={styles.words}>
          <span className={styles.line}>
            {sender}
            {when}
          </span>
          <span className={styles.line}>{about}</span>
          <span className={styles.line}>
            <FirstWords accountId={accountId} email={email} isSent={isSent} />
          </span>
        </span>
      )}
      <span role="gridcell" className={mergeClasses('homing-actions', styles.actions)}>
        <Action label="Archive" icon={<ArchiveRegular />} onClick={() => actions.archive(email)} />
        <Action label="Delete" icon={<DeleteRegular />} onClick={() => actions.remove(email)} />
        <Action
          label={flagged ? 'Clear flag' : 'Flag'}
          icon={flagged ? <FlagOffRegular /> : <FlagRegular />}
          onClick={() => actions.flag(email)}
        />
      </span>
    </div>
  );
});

/** The row says who; all of it is to be read where it is cut. */
const NOTICE = 'Taken back. You need do nothing.';

/** A message that was recalled says what became of that in place of its first words. */
function FirstWords({ accountId, email, isSent }: { accountId: string; email: EmailRow; isSent: boolean }): ReactNode {
  const styles = useStyles();
  const recall = useRecallOf(accountId, email);
  if (isSent && recall) return <RecallMark email={email} accountId={accountId} />;
  return (
    <Text size={200} truncate wrap={false} className={mergeClasses(styles.grow, styles.quiet)}>
      {email.recallNotice === null ? email.preview : NOTICE}
    </Text>
  );
}

function Action({ label, icon, onClick }: { label: string; icon: React.ReactElement; onClick(): void }): ReactNode {
  return (
    <Button
      appearance="subtle"
      size="small"
      icon={icon}
      aria-label={label}
      title={label}
      tabIndex={-1}
      onClick={(event) => {
        event.stopPropagation();
        onClick();
      }}
      onDoubleClick={(event) => event.stopPropagation()}
    />
  );
}
