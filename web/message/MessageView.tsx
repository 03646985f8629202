// One message, open: its header, its files, its words. Or what stands in its place.

import { Link, makeStyles, MessageBar, MessageBarBody, ProgressBar, Text, tokens } from '@fluentui/react-components';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { useJmap } from '../app/session.tsx';
import { useEmail } from '../jmap/cache.ts';
import type { EmailFull } from '../jmap/types.ts';
import { RecallNotice } from '../recall/index.ts';
import { Attachments } from './Attachments.tsx';
import { HtmlBody } from './HtmlBody.tsx';
import { MessageHeader } from './MessageHeader.tsx';
import { useNoticeOf } from './noticeOf.ts';
import { useOpened } from './opened.ts';
import { TextBody } from './TextBody.tsx';

const useStyles = makeStyles({
  article: { display: 'flex', flexDirection: 'column', gap: '16px', maxWidth: '720px', padding: '16px' },
  gone: { padding: '16px', color: tokens.colorNeutralForeground3 },
  waiting: { height: '2px' },
});

export interface MessageViewProps {
  accountId: string;
  emailId: string;
}

export function MessageView({ accountId, emailId }: MessageViewProps): ReactNode {
  const styles = useStyles();
  const { row, email, missing, error } = useOpened(accountId, emailId);
  const notice = useNoticeOf(accountId, emailId, row, missing);
  if (missing) {
    if (notice !== undefined) return <Notice accountId={accountId} id={notice} />;
    return <Text className={styles.gone}>This message is not here any more.</Text>;
  }
  if (error) {
    return (
      <MessageBar intent="error">
        <MessageBarBody>{error.message}</MessageBarBody>
      </MessageBar>
    );
  }
  if (!email) return <Waiting />;
  if (email.recallNotice !== null) return <RecallNotice email={email} />;
  return (
    <article className={styles.article} aria-label={email.subject || '(no subject)'}>
      <MessageHeader accountId={accountId} email={email} />
      <Attachments accountId={accountId} parts={filesOf(email)} />
      <Body accountId={accountId} email={email} />
    </article>
  );
}

function Notice({ accountId, id }: { accountId: string; id: string }): ReactNode {
  const { data } = useEmail(accountId, id, 'full');
  return data ? <RecallNotice email={data} /> : null;
}

function Body({ accountId, email }: { accountId: string; email: EmailFull }): ReactNode {
  const parts = email.htmlBody.filter(({ type }) => /^text\//i.test(type));
  const inline = useMemo(() => [...email.htmlBody, ...email.attachments], [email]);
  const values = parts.map((part) => ({ type: part.type, value: email.bodyValues[part.partId ?? ''] }));
  return (
    <>
      {values.map(({ type, value }, i) =>
        !value ? null : /^text\/html$/i.test(type) ? (
          // eslint-disable-next-line react/no-array-index-key
          <HtmlBody key={i} accountId={accountId} html={value.value} inline={inline} />
        ) : (
          // eslint-disable-next-line react/no-array-index-key
          <TextBody key={i} text={value.value} />
        ),
      )}
      {values.some(({ value }) => value?.isTruncated) && <Whole accountId={accountId} email={email} />}
    </>
  );
}

function Whole({ accountId, email }: { accountId: string; email: EmailFull }): ReactNode {
  const jmap = useJmap();
  const url = jmap.downloadUrl(accountId, email.blobId, 'message.eml', 'message/rfc822');
  return (
    <MessageBar intent="warning">
      <MessageBarBody>
        This message is longer than what is shown here.{' '}
        <Link href={url} download="message.eml" inline>
          Download it
        </Link>{' '}
        to read all.
      </MessageBarBody>
    </MessageBar>
  );
}

/** Pictures that stand in the text are no files besides. */
function filesOf(email: EmailFull): EmailFull['attachments'] {
  const html = Object.values(email.bodyValues)
    .map(({ value }) => value)
    .join('\n');
  return email.attachments.filter(
    ({ cid, disposition }) => cid === null || disposition === 'attachment' || !html.includes(`cid:${cid}`),
  );
}

/** Nothing for 400 ms, then a line that moves: a message that is there at once does not flicker. */
function Waiting(): ReactNode {
  const styles = useStyles();
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), 400);
    return () => clearTimeout(timer);
  }, []);
  return <div className={styles.waiting}>{long && <ProgressBar thickness="medium" aria-label="Opening" />}</div>;
}
