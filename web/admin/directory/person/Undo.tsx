// All recalls of an account that somebody else has used are taken back themselves.

import { Button, Field, Input, makeStyles, Text } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { useJmap } from '../../../app/session.tsx';
import { Confirm } from '../../../parts/Confirm.tsx';
import { Problem } from '../../../parts/Problem.tsx';
import { sentenceOfError } from '../../../parts/sentence.ts';
import { several, shortTime } from '../../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../../administrator.ts';
import { GoTo } from '../../parts/GoTo.tsx';
import { Empty } from '../../parts/Page.tsx';
import { subjectOf } from '../../recall/words.ts';
import type { PartProps } from './change.ts';

const useStyles = makeStyles({
  undo: { display: 'flex', flexDirection: 'column', gap: '12px', maxWidth: '560px', alignItems: 'flex-start' },
  list: { margin: 0, paddingLeft: '20px' },
});

interface Undone {
  recalls: { id: string; subject: string | null; createdAt: string; underWay: boolean }[];
  requests: string[];
}

export function Undo({ account }: PartProps): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const pathTo = useAdminPath();
  const { accountId } = useAdministrator();
  const [since, setSince] = useState('');
  const [found, setFound] = useState<Undone | null>(null);
  const [done, setDone] = useState(false);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const undo = (dryRun: boolean): Promise<Undone> =>
    jmap.call('AdminRecall/undo', {
      accountId,
      account: account.address,
      since: new Date(since).toISOString(),
      dryRun,
    });
  const look = async (): Promise<void> => {
    setProblem(null);
    setDone(false);
    try {
      setFound(await undo(true));
    } catch (error) {
      setProblem(sentenceOfError(error));
    }
  };
  const count = (found?.recalls.length ?? 0) + (found?.requests.length ?? 0);
  return (
    <div className={styles.undo}>
      <Text>
        All that it recalled since then is stopped and brought back, and what it asked other administrators for is
        denied.
      </Text>
      <Field label="Since">
        <Input
          type="datetime-local"
          value={since}
          onChange={(_, { value }) => {
            setSince(value);
            setFound(null);
          }}
        />
      </Field>
      <Button disabled={since === ''} onClick={() => void look()}>
        Look what there is
      </Button>
      {problem !== null && <Problem>{problem}</Problem>}
      <div role="status">
        {found && count === 0 && <Empty>Nothing to undo.</Empty>}
        {found && count > 0 && (
          <>
            <Text>
              {done
                ? 'Stopped and being brought back:'
                : `${several(found.recalls.length, 'recall', 'recalls')}, ${several(found.requests.length, 'request', 'requests')}:`}
            </Text>
            <ul className={styles.list}>
              {found.recalls.map((one) => (
                <li key={one.id}>
                  <Text>
                    <GoTo inline to={pathTo('recalls', one.id)}>
                      {subjectOf(one)}
                    </GoTo>
                    {`, ${shortTime(one.createdAt)}`}
                  </Text>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      {found && count > 0 && !done && (
        <Button appearance="primary" onClick={() => setAsking(true)}>
          {`Undo ${several(count, 'of them', 'of them')}`}
        </Button>
      )}
      {asking && (
        <Confirm
          title="Undo them?"
          action="Undo"
          onConfirm={async () => {
            setFound(await undo(false));
            setDone(true);
          }}
          onClose={() => setAsking(false)}
        >
          What these recalls took returns to its mailboxes. Change the password of {account.address} first, so that no
          more come.
        </Confirm>
      )}
    </div>
  );
}
