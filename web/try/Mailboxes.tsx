// The wall of mailboxes: a square each, plain until Ana recalls, and then what becomes of it. Never who has read.

import { Link, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useEffect, useState, type ReactNode } from 'react';
import { useOwnAccountId } from '../app/session.tsx';
import { useRecallOf, usePreview, type RecallState } from '../recall/data.ts';
import { FamilyBar, FamilyChips, wallLabel } from '../recall/Families.tsx';
import { useTrackingPath } from '../recall/paths.ts';
import { isWall } from '../recall/squares.ts';
import { useSquares } from '../recall/useOutcomes.ts';
import { Wall } from '../recall/Wall.tsx';
import { expectation, headlineOf, several, type Counts, type Family } from '../recall/words.ts';

const useStyles = makeStyles({
  strip: {
    flexShrink: 0,
    display: 'flex',
    flexDirection: 'column',
    gap: '8px',
    padding: '12px 16px 16px',
    fontVariantNumeric: 'tabular-nums',
  },
  head: { display: 'flex', flexWrap: 'wrap', gap: '4px 16px', alignItems: 'baseline', minHeight: '28px' },
  said: { display: 'flex', flexWrap: 'wrap', gap: '4px 16px', alignItems: 'baseline' },
  faint: { color: tokens.colorNeutralForeground2 },
  // There from the beginning, so that nothing above it moves.
  chips: { minHeight: '24px' },
  wall: { maxHeight: '22dvh', overflowY: 'auto', padding: '2px 0' },
});

const NOTHING: Counts = {};

/** Until it is recalled, mail leaves by itself: what is said of it is looked up again this often. */
const LOOK_AGAIN_MS = 1000;

export interface MailboxesProps {
  emailId: string;
  messageId: string;
  total: number;
}

export function Mailboxes({ emailId, messageId, total }: MailboxesProps): ReactNode {
  const styles = useStyles();
  const accountId = useOwnAccountId();
  const recall = useRecallOf(accountId, { id: emailId, messageId: [messageId] });
  const [family, setFamily] = useState<Family | null>(null);
  const squares = useSquares(accountId, { emailId, total, recallId: recall?.id ?? null });
  const counts = recall?.counts ?? NOTHING;
  return (
    <section className={styles.strip} aria-label="Mailboxes">
      <div className={styles.head}>
        {recall ? <After accountId={accountId} recall={recall} /> : <Before {...{ accountId, emailId, total }} />}
      </div>
      {isWall(total) ? (
        <div className={styles.wall}>
          {squares && (
            <Wall
              squares={squares}
              label={wallLabel(counts, total)}
              family={family}
              onFamily={(one) => setFamily(one === family ? null : one)}
            />
          )}
        </div>
      ) : (
        <FamilyBar counts={counts} total={total} family={family} onFamily={setFamily} />
      )}
      <div className={styles.chips}>
        {recall && <FamilyChips counts={counts} family={family} onFamily={setFamily} />}
      </div>
    </section>
  );
}

function Before({ accountId, emailId, total }: { accountId: string; emailId: string; total: number }): ReactNode {
  const styles = useStyles();
  const { data: preview, dataUpdatedAt, refetch } = usePreview(accountId, emailId, null);
  useEffect(() => {
    const timer = setInterval(() => void refetch(), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [refetch]);
  return (
    <>
      <div className={styles.said} role="status">
        <Text size={400} weight="semibold">
          It went to {several(total, 'person', 'people')}
        </Text>
        <Text className={styles.faint}>{preview ? expectation(preview) : ''}</Text>
      </div>
      {preview && preview.heldForMs !== null && preview.heldOutside > 0 && (
        <Countdown count={preview.heldOutside} until={dataUpdatedAt + preview.heldForMs} />
      )}
    </>
  );
}

/** Beside what is said aloud, not in it: nobody wants to hear every second. */
function Countdown({ count, until }: { count: number; until: number }): ReactNode {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(tick);
  }, []);
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  return <Text weight="semibold">{`${several(count, 'outside leaves', 'outside leave')} in ${seconds} s.`}</Text>;
}

function After({ accountId, recall }: { accountId: string; recall: RecallState }): ReactNode {
  const styles = useStyles();
  const path = useTrackingPath(accountId, recall.id);
  const { headline, beside } = headlineOf(recall);
  return (
    <>
      <div className={styles.said} role="status">
        <Text size={400} weight="semibold">
          {headline}
        </Text>
        <Text className={styles.faint}>{beside}</Text>
      </div>
      <Link href={path} target="_blank" rel="noreferrer">
        Open tracking
      </Link>
    </>
  );
}
