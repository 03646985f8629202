// One recall as an administrator sees it: its request, what became of it recipient by recipient, what can be done.

import { Button, makeStyles, SearchBox, Text } from '@fluentui/react-components';
import { ArrowResetRegular, DismissRegular, DocumentRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useRef, useState, type ReactNode } from 'react';
import { saveFile } from '../../app/file.ts';
import { useJmap } from '../../app/session.tsx';
import { ExportMenu } from '../../recall/ExportMenu.tsx';
import { FamilyBar, FamilyChips, wallLabel } from '../../recall/Families.tsx';
import { OutcomeTable } from '../../recall/OutcomeTable.tsx';
import { useProgressStyles } from '../../recall/progressStyles.ts';
import { isWall } from '../../recall/squares.ts';
import { OutcomesOf, useSquares, type TrackedRecall } from '../../recall/useOutcomes.ts';
import { Wall } from '../../recall/Wall.tsx';
import { figure, headlineOf, shortTime, type Family, type Progress } from '../../recall/words.ts';
import { useAdministrator, useAdminPath, type AdminPath } from '../administrator.ts';
import { Facts } from '../parts/Facts.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Empty, Page, Section, Waiting } from '../parts/Page.tsx';
import { Confirm } from '../../parts/Confirm.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { restoreRecall, setRecall, useAdminRecall, type AdminRecall } from './data.ts';
import { Unusual } from './Alert.tsx';
import { Request } from './Request.tsx';
import { forwardsWords, isDecided, isRecall, subjectOf } from './words.ts';

const useStyles = makeStyles({
  actions: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
});

export function Tracking({ recallId }: { recallId: string }): ReactNode {
  const pathTo = useAdminPath();
  const { data: recall, error } = useAdminRecall(recallId);
  if (recall) {
    return (
      <OutcomesOf value="AdminRecallOutcome">
        <One recall={recall} />
      </OutcomesOf>
    );
  }
  if (recall === null) {
    return (
      <Page title="There is no such recall here.">
        <Empty>
          Recalls are on record for as long as policy says.{' '}
          <GoTo inline to={pathTo('recalls')}>
            All recalls
          </GoTo>
        </Empty>
      </Page>
    );
  }
  return error ? <Page title="Recall">{<Problem>{sentenceOfError(error)}</Problem>}</Page> : <Waiting what="Recall" />;
}

function One({ recall }: { recall: AdminRecall }): ReactNode {
  const pathTo = useAdminPath();
  const { may } = useAdministrator();
  const [problem, setProblem] = useState<string | null>(null);
  const subject = subjectOf(recall);
  const act = async (work: () => Promise<void>): Promise<void> => {
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setProblem(sentenceOfError(error));
    }
  };
  return (
    <Page title={`Recall of "${subject}"`} says={<GoTo to={pathTo('recalls')}>All recalls</GoTo>}>
      {isRecall(recall) && <Unusual recall={recall} />}
      {isRecall(recall) ? (
        <Outcomes recall={recall} act={act} problem={problem} />
      ) : (
        <Request recall={recall} act={act} problem={problem} />
      )}
      <Section heading="What was asked for">
        <Facts
          facts={[
            [
              'Asked for by',
              `${recall.requestedBy ?? 'an account that is gone'}${recall.byAdministrator ? ', as an administrator' : ''}`,
            ],
            ['When', shortTime(recall.createdAt)],
            [
              'Approved by',
              isRecall(recall) && recall.decidedBy !== null
                ? `${recall.decidedBy}, ${shortTime(recall.decidedAt ?? recall.createdAt)}`
                : null,
            ],
            ['Reason', recall.reason],
            ['Copies', recall.includeRead ? 'Read and unread' : 'Unread only'],
            ['Forwards', forwardsOf(recall, pathTo)],
            ['Recipients', recall.recipients === null ? figure(recall.total) : recall.recipients.join(', ')],
            ['Message of', recall.sender ?? 'Somebody outside'],
            ['Message-ID', recall.messageId],
            [
              'Forward of',
              recall.forwardOf === null ? null : (
                <GoTo key="of" to={pathTo('recalls', recall.forwardOf)}>
                  The recall that took it along
                </GoTo>
              ),
            ],
            [
              'Message',
              may('recall') ? (
                <GoTo key="message" to={pathTo('messages', recall.message)}>
                  Recall it again
                </GoTo>
              ) : null,
            ],
          ]}
        />
      </Section>
    </Page>
  );
}

/** Those that went along have pages of their own. */
function forwardsOf(recall: AdminRecall, pathTo: AdminPath): ReactNode {
  if (!recall.byAdministrator || recall.forwardOf !== null) return null;
  if (recall.forwards.length === 0) return forwardsWords(recall);
  return (
    <span key="forwards">
      {`${forwardsWords(recall)} `}
      {recall.forwards.map((id, i) => (
        <GoTo key={id} inline to={pathTo('recalls', id)}>
          {`Forward ${i + 1} `}
        </GoTo>
      ))}
    </span>
  );
}

interface PartProps {
  recall: AdminRecall;
  problem: string | null;
  act(work: () => Promise<void>): Promise<void>;
}

function Outcomes({ recall, problem, act }: PartProps): ReactNode {
  const styles = useStyles();
  const progress = useProgressStyles();
  const { accountId, may } = useAdministrator();
  const [family, setFamily] = useState<Family | null>(null);
  const [typed, setTyped] = useState('');
  const text = useDeferredValue(typed.trim());
  const { headline, beside } = headlineOf({ ...(recall as AdminRecall & Progress), byOther: true });
  const tracked = recall as TrackedRecall;
  return (
    <>
      <div role="status" aria-live="polite">
        <p className={progress.headline}>{headline}</p>
        <Text className={progress.beside}>{beside}</Text>
      </div>
      <Picture recall={recall} family={family} onFamily={setFamily} />
      <FamilyChips counts={recall.counts} family={family} onFamily={setFamily} />
      <div className={progress.tools}>
        <SearchBox
          className={progress.search}
          placeholder="Search recipients"
          aria-label="Search recipients"
          value={typed}
          onChange={(_, { value }) => setTyped(value)}
        />
        <div className={styles.actions}>
          <ExportMenu accountId={accountId} recall={recall} act={act} />
          <Pack recall={recall} act={act} />
          {may('recall') && <Stop recall={recall} act={act} />}
          {may('recall') && <Restore recall={recall} />}
        </div>
      </div>
      {problem !== null && <Problem>{problem}</Problem>}
      <Table key={`${family} ${text}`} recall={tracked} family={family} text={text} />
    </>
  );
}

function Table({ recall, family, text }: { recall: TrackedRecall; family: Family | null; text: string }): ReactNode {
  const { accountId } = useAdministrator();
  const place = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLElement>(null);
  useEffect(() => {
    scroller.current = place.current?.closest('main') ?? null;
  }, []);
  return (
    <div ref={place}>
      <OutcomeTable accountId={accountId} recall={recall} shown={{ family, text }} scroller={scroller} />
    </div>
  );
}

function Picture({
  recall,
  family,
  onFamily,
}: {
  recall: AdminRecall;
  family: Family | null;
  onFamily(family: Family | null): void;
}): ReactNode {
  const { accountId } = useAdministrator();
  const { counts, total } = recall;
  const squares = useSquares(accountId, { emailId: null, total, recallId: recall.id });
  if (total === 0) return null;
  if (!isWall(total)) return <FamilyBar counts={counts} total={total} family={family} onFamily={onFamily} />;
  return (
    squares && (
      <Wall
        squares={squares}
        label={wallLabel(counts, total)}
        family={family}
        onFamily={(one) => onFamily(one === family ? null : one)}
      />
    )
  );
}

/** What, who, counts and timeline in one signed file, for a privacy officer. */
function Pack({ recall, act }: Omit<PartProps, 'problem'>): ReactNode {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  const save = async (): Promise<void> => {
    const { name, html } = await jmap.call<{ name: string; html: string }>('AdminRecall/pack', {
      accountId,
      recallId: recall.id,
    });
    saveFile(new Blob([html], { type: 'text/html' }), name);
  };
  return (
    <Button icon={<DocumentRegular />} onClick={() => void act(save)}>
      Incident pack
    </Button>
  );
}

function Stop({ recall, act }: Omit<PartProps, 'problem'>): ReactNode {
  const jmap = useJmap();
  const client = useQueryClient();
  const { accountId } = useAdministrator();
  if (recall.status !== 'sweeping' || isDecided(recall)) return null;
  const stop = async (): Promise<void> => {
    await setRecall(jmap, accountId, recall.id, 'cancelled');
    await client.invalidateQueries({ queryKey: [accountId, 'AdminRecall'] });
  };
  return (
    <Button icon={<DismissRegular />} disabledFocusable={recall.cancelRequested} onClick={() => void act(stop)}>
      {recall.cancelRequested ? 'Stopping…' : 'Stop recall'}
    </Button>
  );
}

function Restore({ recall }: { recall: AdminRecall }): ReactNode {
  const jmap = useJmap();
  const client = useQueryClient();
  const { accountId } = useAdministrator();
  const [asking, setAsking] = useState(false);
  const count = recall.counts.recalled ?? 0;
  if (recall.status === 'sweeping' || recall.restoreRequestedAt !== null || count === 0) return null;
  const restore = async (): Promise<void> => {
    await restoreRecall(jmap, accountId, recall.id);
    await client.invalidateQueries({ queryKey: [accountId, 'AdminRecall'] });
  };
  return (
    <>
      <Button icon={<ArrowResetRegular />} onClick={() => setAsking(true)}>
        Restore
      </Button>
      {asking && (
        <Confirm title="Put it back?" action="Restore" onConfirm={restore} onClose={() => setAsking(false)}>
          {count === 1
            ? 'The copy that was taken back returns to its mailbox, with its date and unread state. '
            : `The ${figure(count)} copies that were taken back return to their mailboxes, with their date and unread state. `}
          This can be done once.
        </Confirm>
      )}
    </>
  );
}
