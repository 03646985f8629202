import { makeStyles, Switch, Text } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { Problem } from '../../../parts/Problem.tsx';
import { sentenceOfError } from '../../../parts/sentence.ts';
import { useAdministrator } from '../../administrator.ts';
import { useChange, type PartProps } from './change.ts';

const useStyles = makeStyles({ toggle: { marginLeft: '-8px', alignSelf: 'flex-start' } });

export function Hold({ account }: PartProps): ReactNode {
  const styles = useStyles();
  const { may } = useAdministrator();
  const change = useChange(account);
  const [problem, setProblem] = useState<string | null>(null);
  const hold = async (legalHold: boolean): Promise<void> => {
    setProblem(null);
    await change({ legalHold }).catch((error: unknown) => setProblem(sentenceOfError(error)));
  };
  return (
    <>
      <Text>
        What recalls took from this account, or for it, is kept for as long as the hold stands, and the account cannot
        be removed. Recalls go on.
      </Text>
      {may('hold') ? (
        <Switch
          className={styles.toggle}
          label="Under legal hold"
          checked={account.legalHold}
          onChange={(_, { checked }) => void hold(checked)}
        />
      ) : (
        <Text weight="semibold">{account.legalHold ? 'Under legal hold.' : 'Not under legal hold.'}</Text>
      )}
      {problem !== null && <Problem>{problem}</Problem>}
    </>
  );
}
