// A conversation: the message that was chosen, open; the others as one line each, until somebody opens one.

import { Avatar, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { rows } from '../app/theme.ts';
import { useEmail, useThread } from '../jmap/cache.ts';
import { nameOf, rowTime } from '../message/format.ts';
import { MessageView } from '../message/MessageView.tsx';
import { useNoticeOf } from '../message/noticeOf.ts';

const useStyles = makeStyles({
  list: { display: 'flex', flexDirection: 'column', listStyleType: 'none', margin: 0, padding: 0 },
  item: { borderBottom: `1px solid ${tokens.colorNeutralStroke2}`, ':last-child': { borderBottom: 'none' } },
  line: {
    width: '100%',
    minHeight: '44px',
    display: 'flex',
    alignItems: 'center',
    gap: '12px',
    padding: '4px 16px',
    border: 'none',
    background: 'none',
    color: 'inherit',
    textAlign: 'left',
    cursor: 'pointer',
    fontFamily: 'inherit',
    ':hover': { backgroundColor: rows.hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  preview: { flex: 1, minWidth: 0, color: tokens.colorNeutralForeground3 },
  time: { color: tokens.colorNeutralForeground3, fontVariantNumeric: 'tabular-nums' },
  unread: { color: tokens.colorBrandForeground1 },
});

export interface ConversationProps {
  accountId: string;
  threadId: string;
  /** The one that was chosen. */
  emailId: string;
}

export function Conversation({ accountId, threadId, emailId }: ConversationProps): ReactNode {
  const styles = useStyles();
  const ids = useThread(accountId, threadId) ?? [emailId];
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const { data: row, missing } = useEmail(accountId, emailId, 'list');
  const notice = useNoticeOf(accountId, emailId, row, missing);
  // One that is gone stays in its place until its notice, which is another message, stands there.
  const isHere = ids.includes(emailId) || (notice !== undefined && ids.includes(notice));
  const all = isHere ? ids : [...ids, emailId];
  return (
    <ul className={styles.list} aria-label="Conversation">
      {all.map((id) => (
        <li key={id} className={styles.item}>
          {id === emailId || id === notice || opened.has(id) ? (
            <MessageView accountId={accountId} emailId={id} />
          ) : (
            <Line accountId={accountId} id={id} onOpen={() => setOpened((before) => new Set([...before, id]))} />
          )}
        </li>
      ))}
    </ul>
  );
}

function Line({ accountId, id, onOpen }: { accountId: string; id: string; onOpen(): void }): ReactNode {
  const styles = useStyles();
  const { data } = useEmail(accountId, id, 'list');
  if (!data) return null;
  const who = nameOf(data.from?.[0]);
  const unread = !('$seen' in data.keywords);
  return (
    <button type="button" className={styles.line} aria-expanded={false} onClick={onOpen}>
      <Avatar name={who} size={28} color="colorful" aria-hidden />
      <Text weight={unread ? 'semibold' : 'regular'} className={unread ? styles.unread : undefined} wrap={false}>
        {who}
      </Text>
      <Text size={200} truncate wrap={false} className={styles.preview}>
        {data.preview}
      </Text>
      <Text size={200} className={styles.time}>
        {rowTime(data.receivedAt)}
      </Text>
    </button>
  );
}
