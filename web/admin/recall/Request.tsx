// A request that has not become a recall: another administrator decides, and sees first what it would take.

import { Button, makeStyles, MessageBar, MessageBarBody, tokens } from '@fluentui/react-components';
import { CheckmarkRegular, DismissRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useJmap } from '../../app/session.tsx';
import { Confirm } from '../../parts/Confirm.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { useAdministrator } from '../administrator.ts';
import { Facts } from '../parts/Facts.tsx';
import { Section } from '../parts/Page.tsx';
import { setRecall, useDryRun, type AdminRecall } from './data.ts';
import { DryRunView } from './MessagePage.tsx';
import { forwardsWords, recipientsWords, requestSentence } from './words.ts';

const useStyles = makeStyles({
  narrow: { maxWidth: '720px' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
  asked: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

export interface RequestProps {
  recall: AdminRecall;
  problem: string | null;
  act(work: () => Promise<void>): Promise<void>;
}

type Decision = 'approved' | 'denied' | 'withdrawn';

export function Request({ recall, problem, act }: RequestProps): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const client = useQueryClient();
  const { accountId, address, may } = useAdministrator();
  const [approving, setApproving] = useState(false);
  const isOwn = recall.requestedBy === address;
  const isWaiting = recall.status === 'waiting';
  const decide = async (status: Decision): Promise<void> => {
    try {
      await setRecall(jmap, accountId, recall.id, status);
    } finally {
      await client.invalidateQueries({ queryKey: [accountId, 'AdminRecall'] });
    }
  };
  return (
    <>
      <MessageBar intent={isWaiting ? 'warning' : 'info'} layout="multiline" className={styles.narrow}>
        <MessageBarBody>{requestSentence(recall)}</MessageBarBody>
      </MessageBar>
      {isWaiting && may('recall') && (
        <>
          <div className={styles.narrow}>
            <Section heading="Dry run">
              <WouldMeet recall={recall} />
            </Section>
          </div>
          {problem !== null && <Problem>{problem}</Problem>}
          <div className={styles.actions}>
            {isOwn ? (
              <Button icon={<DismissRegular />} onClick={() => void act(() => decide('withdrawn'))}>
                Withdraw
              </Button>
            ) : (
              <>
                <Button appearance="primary" icon={<CheckmarkRegular />} onClick={() => setApproving(true)}>
                  Approve…
                </Button>
                <Button icon={<DismissRegular />} onClick={() => void act(() => decide('denied'))}>
                  Deny
                </Button>
              </>
            )}
          </div>
          {approving && (
            <Confirm
              title="Approve and take back?"
              action="Take back"
              onConfirm={() => decide('approved')}
              onClose={() => setApproving(false)}
            >
              <Asked recall={recall} />
            </Confirm>
          )}
        </>
      )}
    </>
  );
}

function WouldMeet({ recall }: { recall: AdminRecall }): ReactNode {
  const { message, recipients, includeForwards, includeRead } = recall;
  const run = useDryRun({ message, recipients, forwards: includeForwards });
  return <DryRunView run={run.data} error={run.error} includeRead={includeRead} />;
}

/** All that the second of two puts a name to. */
function Asked({ recall }: { recall: AdminRecall }): ReactNode {
  const styles = useStyles();
  return (
    <div className={styles.asked}>
      <Facts
        facts={[
          ['Asked for by', recall.requestedBy ?? 'An account that is gone'],
          ['Reason', recall.reason],
          ['Recipients', recipientsWords(recall)],
          ['Copies', recall.includeRead ? 'Read and unread' : 'Unread only'],
          ['Forwards', forwardsWords(recall)],
        ]}
      />
      <span>It happens at once, and your name stands beside theirs in the audit log.</span>
    </div>
  );
}
