// The tracking page: what became of a recall, recipient by recipient, while it happens and after.

import {
  Button,
  Link,
  makeStyles,
  MessageBar,
  MessageBarBody,
  SearchBox,
  Skeleton,
  SkeletonItem,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useRef, useState, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { navigate } from '../app/router.ts';
import { useAccountId, useJmap } from '../app/session.tsx';
import { useTitle } from '../app/title.ts';
import { openComposer } from '../compose/index.ts';
import { useRecall, type RecallState } from './data.ts';
import { FamilyBar, FamilyChips, wallLabel } from './Families.tsx';
import { OutcomeTable } from './OutcomeTable.tsx';
import { recallsPath, sentPath } from './paths.ts';
import { useProgressStyles } from './progressStyles.ts';
import { RecallActions } from './RecallActions.tsx';
import { isWall } from './squares.ts';
import { useSquares } from './useOutcomes.ts';
import { Wall } from './Wall.tsx';
import { decidedOf, headlineOf, shortTime, type Family } from './words.ts';

const useStyles = makeStyles({
  page: { flex: 1, minHeight: 0, overflowY: 'auto', backgroundColor: tokens.colorNeutralBackground1 },
  middle: {
    maxWidth: '960px',
    margin: '0 auto',
    padding: '24px 16px',
    boxSizing: 'border-box',
    display: 'flex',
    flexDirection: 'column',
    gap: '16px',
  },
  back: {
    display: 'flex',
    gap: '8px',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    [ON_PHONE]: { alignItems: 'center', margin: '-12px 0', '& a': { padding: '14px 4px', margin: '0 -4px' } },
  },
  top: { display: 'flex', flexDirection: 'column', gap: '4px' },
  title: {
    margin: 0,
    fontSize: tokens.fontSizeBase400,
    lineHeight: tokens.lineHeightBase400,
    fontWeight: 600,
    overflowWrap: 'anywhere',
    outline: 'none',
  },
  faint: { color: tokens.colorNeutralForeground3, overflowWrap: 'anywhere' },
  wall: { minHeight: '8px' },
});

export function TrackingPage({ recallId }: { recallId: string }): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const accountId = useAccountId();
  const { data: recall, error } = useRecall(accountId, recallId);
  useTitle(recall ? `Recall of "${(recall.subject ?? '').trim() || '(no subject)'}"` : null);
  const scroller = useRef<HTMLDivElement>(null);
  return (
    <main ref={scroller} className={styles.page}>
      <div className={styles.middle}>
        <nav className={styles.back} aria-label="Where this is">
          <GoTo path={sentPath(jmap, accountId, null)}>Sent Items</GoTo>
          <span aria-hidden>/</span>
          <GoTo path={recallsPath(jmap, accountId)}>Recalls</GoTo>
        </nav>
        {recall && <Tracked key={recall.id} accountId={accountId} recall={recall} scroller={scroller} />}
        {recall === null && (
          <>
            <h1 className={styles.title}>There is no such recall here.</h1>
            <Text>
              It may be somebody else&apos;s.{' '}
              <GoTo inline path={recallsPath(jmap, accountId)}>
                Your own recalls
              </GoTo>
            </Text>
          </>
        )}
        {recall === undefined && !error && <Waiting />}
        {recall === undefined && error && <Text role="alert">The server does not answer.</Text>}
      </div>
    </main>
  );
}

interface TrackedProps {
  accountId: string;
  recall: RecallState;
  scroller: { current: HTMLDivElement | null };
}

function Tracked({ accountId, recall, scroller }: TrackedProps): ReactNode {
  const progress = useProgressStyles();
  const [family, setFamily] = useState<Family | null>(null);
  const [typed, setTyped] = useState('');
  const text = useDeferredValue(typed.trim());
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <>
      <Headline accountId={accountId} recall={recall} />
      <Picture accountId={accountId} recall={recall} family={family} onFamily={setFamily} />
      <FamilyChips counts={recall.counts} family={family} onFamily={setFamily} />
      <div className={progress.tools}>
        <SearchBox
          className={progress.search}
          placeholder="Search recipients"
          aria-label="Search recipients"
          value={typed}
          onChange={(_, { value }) => setTyped(value)}
        />
        <RecallActions accountId={accountId} recall={recall} onProblem={setProblem} />
      </div>
      {problem !== null && (
        <MessageBar intent="error" layout="multiline">
          <MessageBarBody>{problem}</MessageBarBody>
        </MessageBar>
      )}
      <Unreplaced accountId={accountId} recall={recall} />
      <OutcomeTable
        key={`${family} ${text}`}
        accountId={accountId}
        recall={recall}
        shown={{ family, text }}
        scroller={scroller}
      />
    </>
  );
}

function Headline({ accountId, recall }: { accountId: string; recall: RecallState }): ReactNode {
  const styles = useStyles();
  const progress = useProgressStyles();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Whoever comes from the dialog is told where they are, if nothing else has the focus.
    if (document.activeElement === document.body) title.current?.focus({ preventScroll: true });
  }, []);
  const { headline, beside } = headlineOf(recall);
  const subject = (recall.subject ?? '').trim() || '(no subject)';
  return (
    <div className={styles.top}>
      <h1 ref={title} tabIndex={-1} className={styles.title}>{`Recall of "${subject}"`}</h1>
      <Text size={200} className={styles.faint}>
        Asked for at {shortTime(recall.createdAt)}
        {recall.includeRead ? ' · with copies that were read' : ''}
        {recall.reason ? ` · Reason: ${recall.reason}` : ''}
        <ReplacedBy accountId={accountId} submissionId={recall.replacementSubmissionId} />
      </Text>
      <div role="status" aria-live="polite">
        <p className={progress.headline}>{headline}</p>
        <Text className={progress.beside}>{beside}</Text>
      </div>
    </div>
  );
}

interface PictureProps {
  accountId: string;
  recall: RecallState;
  family: Family | null;
  onFamily(family: Family | null): void;
}

/** The wall, or the bar where they are too many for one. */
function Picture({ accountId, recall, family, onFamily }: PictureProps): ReactNode {
  const styles = useStyles();
  const { counts, total } = recall;
  const squares = useSquares(accountId, { emailId: recall.emailId, total, recallId: recall.id });
  const isCounted = decidedOf(counts) > 0 || recall.status === 'sweeping';
  if (total === 0 || !isCounted) return null;
  if (!isWall(total)) return <FamilyBar counts={counts} total={total} family={family} onFamily={onFamily} />;
  return (
    <div className={styles.wall}>
      {squares && (
        <Wall
          squares={squares}
          label={wallLabel(counts, total)}
          family={family}
          onFamily={(one) => onFamily(one === family ? null : one)}
        />
      )}
    </div>
  );
}

function ReplacedBy({ accountId, submissionId }: { accountId: string; submissionId: string | null }): ReactNode {
  const jmap = useJmap();
  const { data: emailId } = useQuery({
    queryKey: [accountId, 'EmailSubmission', submissionId, 'emailId'],
    queryFn: async () => {
      const { list } = await jmap.call<{ list: { emailId: string | null }[] }>('EmailSubmission/get', {
        accountId,
        ids: [submissionId],
        properties: ['emailId'],
      });
      return list[0]?.emailId ?? null;
    },
    enabled: submissionId !== null,
    retry: false,
  });
  if (submissionId === null) return null;
  return emailId ? (
    <>
      {' · '}
      <GoTo inline path={sentPath(jmap, accountId, emailId)}>
        Replaced by a new message
      </GoTo>
    </>
  ) : (
    ' · Replaced by a new message'
  );
}

/** Taken back to be replaced, and not replaced yet. */
function Unreplaced({ accountId, recall }: { accountId: string; recall: RecallState }): ReactNode {
  const { emailId } = recall;
  const waits =
    recall.mode === 'replace' && recall.replacementSubmissionId === null && recall.restoreRequestedAt === null;
  if (!waits || emailId === null) return null;
  const options = { notifyMe: true, includeRead: recall.includeRead, reason: recall.reason, recipients: null };
  const write = (): void => openComposer({ kind: 'replacement', accountId, emailId, recallId: recall.id, options });
  return (
    <MessageBar intent="info" layout="multiline">
      <MessageBarBody>
        Notices stand where the copies stood: the new message has not been sent.{' '}
        <Button size="small" appearance="transparent" onClick={write}>
          Write it
        </Button>
      </MessageBarBody>
    </MessageBar>
  );
}

export function GoTo({
  path,
  inline = false,
  children,
}: {
  path: string;
  inline?: boolean;
  children: ReactNode;
}): ReactNode {
  return (
    <Link
      inline={inline}
      href={path}
      onClick={(event) => {
        event.preventDefault();
        navigate(path);
      }}
    >
      {children}
    </Link>
  );
}

function Waiting(): ReactNode {
  return (
    <Skeleton aria-label="Recall">
      <SkeletonItem size={16} style={{ width: '240px' }} />
      <SkeletonItem size={36} style={{ width: '380px', marginTop: '12px' }} />
      <SkeletonItem size={48} style={{ marginTop: '24px' }} />
    </Skeleton>
  );
}
