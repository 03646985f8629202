// What can be done from the tracking page: write to those it did not reach, export, cancel, restore.

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
  useRestoreFocusTarget,
} from '@fluentui/react-components';
import { ArrowResetRegular, DismissRegular, MailRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { useJmap } from '../app/session.tsx';
import { openComposer } from '../compose/index.ts';
import { sentenceOfError } from '../parts/sentence.ts';
import { cancelRecall, everyOutcome, restoreRecall, type RecallState } from './data.ts';
import { ExportMenu } from './ExportMenu.tsx';
import { clockTime, decidedOf, figure, unreachedOutcomes } from './words.ts';

const useStyles = makeStyles({
  actions: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '8px',
    [ON_PHONE]: { '& button': { minHeight: '44px' } },
  },
  surface: { maxWidth: '420px', borderRadius: tokens.borderRadiusXLarge, boxShadow: tokens.shadow64 },
});

/** More cannot be written to one by one in a composer. */
const MOST_WRITTEN_TO = 500;

export interface RecallActionsProps {
  accountId: string;
  recall: RecallState;
  /** What went wrong, in a sentence; null: nothing. */
  onProblem(sentence: string | null): void;
}

export function RecallActions({ accountId, recall, onProblem }: RecallActionsProps): ReactNode {
  const styles = useStyles();
  const act = async (work: () => Promise<void>): Promise<void> => {
    onProblem(null);
    try {
      await work();
    } catch (error) {
      onProblem(sentenceOfError(error));
    }
  };
  const props = { accountId, recall, act };
  return (
    <div className={styles.actions}>
      <Write {...props} />
      <ExportMenu accountId={accountId} recall={recall} act={act} />
      <Cancel {...props} />
      <Restore {...props} />
    </div>
  );
}

interface ActionProps extends Omit<RecallActionsProps, 'onProblem'> {
  act(work: () => Promise<void>): Promise<void>;
}

/** A composer addressed to exactly those whom the recall did not reach. */
function Write({ accountId, recall, act }: ActionProps): ReactNode {
  const jmap = useJmap();
  const outcomes = unreachedOutcomes(recall.mode);
  const count = outcomes.reduce((sum, outcome) => sum + (recall.counts[outcome] ?? 0), 0);
  if (count === 0) return null;
  const areOutside = count === (recall.counts.outside ?? 0);
  const write = async (): Promise<void> => {
    const to: string[] = [];
    for await (const rows of everyOutcome(jmap, accountId, { recallId: recall.id, outcome: outcomes })) {
      to.push(...rows.map((row) => row.recipient).filter((address) => address.includes('@')));
      if (to.length > MOST_WRITTEN_TO) break;
    }
    if (to.length > MOST_WRITTEN_TO) {
      throw new Error(`A message can be addressed to ${MOST_WRITTEN_TO} from here; export the others.`);
    }
    openComposer({ kind: 'new', to, subject: recall.subject ?? '' });
  };
  return (
    <Button icon={<MailRegular />} onClick={() => void act(write)}>
      {`Write to the ${figure(count)} ${areOutside ? 'outside' : 'not reached'}`}
    </Button>
  );
}

function Cancel({ accountId, recall, act }: ActionProps): ReactNode {
  const jmap = useJmap();
  if (recall.status !== 'sweeping' || decidedOf(recall.counts) >= recall.total) return null;
  return (
    <Button
      icon={<DismissRegular />}
      disabledFocusable={recall.cancelRequested}
      onClick={() => void act(async () => cancelRecall(jmap, accountId, recall.id))}
    >
      {recall.cancelRequested ? 'Cancelling…' : 'Cancel recall'}
    </Button>
  );
}

function Restore({ accountId, recall, act }: ActionProps): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const client = useQueryClient();
  const focusTarget = useRestoreFocusTarget();
  const [asking, setAsking] = useState(false);
  // Rendered from the first time on: a dialog must close before it goes.
  const [asked, setAsked] = useState(false);
  const inTime = useBefore(recall.restorableUntil);
  const count = recall.counts.recalled ?? 0;
  const isPossible = recall.status !== 'sweeping' && recall.restoreRequestedAt === null && count > 0 && inTime;
  if (!isPossible && !asked) return null;
  const restore = async (): Promise<void> => {
    setAsking(false);
    await restoreRecall(jmap, accountId, recall.id);
    await client.invalidateQueries({ queryKey: [accountId, 'Recall'] });
  };
  return (
    <>
      {isPossible && (
        <Button
          {...focusTarget}
          icon={<ArrowResetRegular />}
          onClick={() => {
            setAsked(true);
            setAsking(true);
          }}
        >
          {`Restore until ${clockTime(recall.restorableUntil)}`}
        </Button>
      )}
      {asked && (
        <Dialog open={asking} onOpenChange={(_, { open }) => setAsking(open)} modalType="alert">
          <DialogSurface className={styles.surface}>
            <DialogBody>
              <DialogTitle action={null}>Put it back?</DialogTitle>
              <DialogContent>
                {count === 1
                  ? 'The copy that was taken back returns to its mailbox, with its date and unread state. '
                  : `The ${figure(count)} copies that were taken back return to their mailboxes, with their date and unread state. `}
                This can be done once.
              </DialogContent>
              <DialogActions>
                <Button onClick={() => setAsking(false)}>Cancel</Button>
                <Button appearance="primary" onClick={() => void act(restore)}>
                  Restore
                </Button>
              </DialogActions>
            </DialogBody>
          </DialogSurface>
        </Dialog>
      )}
    </>
  );
}

/** Is it earlier than that? Turns false by itself. */
function useBefore(until: string): boolean {
  const [left, setLeft] = useState(() => Date.parse(until) - Date.now());
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setLeft(Date.parse(until) - Date.now()), Math.min(left + 50, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }, [left, until]);
  return left > 0;
}
