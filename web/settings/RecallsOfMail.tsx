// "Recalls of mail to me": there only where the organisation leaves it to the recipient.

import { makeStyles, MessageBar, MessageBarBody, Switch, Text, tokens } from '@fluentui/react-components';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useJmap, useOwnAccountId } from '../app/session.tsx';
import { allSet } from '../jmap/client.ts';
import { sentenceOfError } from '../parts/sentence.ts';

const useStyles = makeStyles({
  toggle: { marginLeft: '-8px' },
  choice: { display: 'flex', flexDirection: 'column', gap: '4px' },
  hint: { color: tokens.colorNeutralForeground3 },
});

interface Preference {
  acceptsRecalls: boolean;
  mayChange: boolean;
}

export interface RecallsOfMailProps {
  /** What it stands in, where there is anything to choose. */
  section(children: ReactNode): ReactNode;
}

export function RecallsOfMail({ section }: RecallsOfMailProps): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const client = useQueryClient();
  const accountId = useOwnAccountId();
  const queryKey = [accountId, 'RecallPreference', 'singleton'];
  const { data } = useQuery({
    queryKey,
    queryFn: async () =>
      (await jmap.call<{ list: Preference[] }>('RecallPreference/get', { accountId })).list[0] ?? null,
  });
  const [problem, setProblem] = useState<string | null>(null);
  if (!data?.mayChange) return null;

  /** Shown as the server has it, and not before. */
  const change = async (acceptsRecalls: boolean): Promise<void> => {
    setProblem(null);
    try {
      allSet(await jmap.call('RecallPreference/set', { accountId, update: { singleton: { acceptsRecalls } } }));
    } catch (error) {
      setProblem(sentenceOfError(error));
    }
    await client.invalidateQueries({ queryKey });
  };
  return section(
    <div className={styles.choice}>
      <Switch
        className={styles.toggle}
        label="Senders here may take back what I have not opened"
        checked={data.acceptsRecalls}
        onChange={(_, { checked }) => void change(checked)}
      />
      <Text size={200} className={styles.hint}>
        Off, a message stays with you, and its sender is told that you do not allow recalls. An administrator may take
        it back all the same.
      </Text>
      {problem !== null && (
        <MessageBar intent="error">
          <MessageBarBody>{problem}</MessageBarBody>
        </MessageBar>
      )}
    </div>,
  );
}
