// Above the list, while mail is answered by itself: that nobody forgets it. As Outlook has it.

import { Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody, tokens } from '@fluentui/react-components';
import { useEffect, useReducer, type ReactNode } from 'react';
import { useSetVacation, useVacation } from '../jmap/useVacation.ts';
import { isReplying, turnsIn } from '../jmap/vacation.ts';
import { tell } from '../message/tell.ts';

const useStyles = makeStyles({
  bar: { flexShrink: 0, border: 'none', borderBottom: `1px solid ${tokens.colorNeutralStroke2}` },
});

/** The longest that a browser's timer waits without a fault. */
const MOST_MS = 86_400_000;

export function AutomaticRepliesBar({ accountId }: { accountId: string }): ReactNode {
  const styles = useStyles();
  const vacation = useVacation(accountId);
  const set = useSetVacation(accountId);
  const [turn, look] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const ms = vacation && turnsIn(vacation, new Date());
    if (ms === undefined || ms === null) return;
    const timer = setTimeout(look, Math.min(ms, MOST_MS));
    return () => clearTimeout(timer);
  }, [vacation, turn]);
  if (!vacation || !isReplying(vacation, new Date())) return null;
  return (
    <MessageBar className={styles.bar} intent="info" layout="singleline" shape="square" role="status">
      <MessageBarBody>Automatic replies are on.</MessageBarBody>
      <MessageBarActions>
        <Button size="small" onClick={() => void set({ isEnabled: false }).catch(tell)}>
          Turn off
        </Button>
      </MessageBarActions>
    </MessageBar>
  );
}
