// Trying now what waits for its time.

import { Button, makeStyles, Text } from '@fluentui/react-components';
import { ArrowClockwiseRegular } from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useJmap } from '../../app/session.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { several } from '../../recall/words.ts';
import { useAdministrator } from '../administrator.ts';

const useStyles = makeStyles({
  buttons: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
});

interface RetryProps {
  /** Null: everything. */
  message: string | null;
  /** Deliveries that wait for their time: what is held waits for its sender. */
  queued: number;
  /** Further buttons. */
  children?: ReactNode;
}

export function Retry({ message, queued, children }: RetryProps): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const client = useQueryClient();
  const { accountId } = useAdministrator();
  const [said, setSaid] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const retry = async (): Promise<void> => {
    setProblem(null);
    try {
      const { due } = await jmap.call<{ due: number }>('AdminQueue/retry', { accountId, message });
      setSaid(due === 0 ? 'All of it is due already.' : `${several(due, 'delivery is', 'deliveries are')} due now.`);
    } catch (error) {
      setProblem(sentenceOfError(error));
    }
    await client.invalidateQueries({ queryKey: [accountId, 'AdminQueue'] });
  };
  return (
    <>
      <div className={styles.buttons}>
        {queued > 0 && (
          <Button icon={<ArrowClockwiseRegular />} onClick={() => void retry()}>
            {message === null ? 'Try all now' : 'Try now'}
          </Button>
        )}
        {children}
        <Text role="status" style={{ alignSelf: 'center' }}>
          {said}
        </Text>
      </div>
      {problem !== null && <Problem>{problem}</Problem>}
    </>
  );
}
