// An alert: why a recall is unusual, and who has seen that.

import { Badge, Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useJmap } from '../../app/session.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { shortTime } from '../../recall/words.ts';
import { useAdministrator } from '../administrator.ts';
import { acknowledge, useAlertOf, type AdminAlert, type AdminRecall } from './data.ts';
import { CAUSE } from './words.ts';

const useStyles = makeStyles({
  badges: { display: 'flex', flexWrap: 'wrap', gap: '4px' },
  bar: { maxWidth: '720px' },
});

export function Causes({ causes }: Pick<AdminAlert, 'causes'>): ReactNode {
  const styles = useStyles();
  return (
    <span className={styles.badges}>
      {causes.map((cause) => (
        <Badge key={cause} appearance="tint" color="warning" title={CAUSE[cause][1]}>
          {CAUSE[cause][0]}
        </Badge>
      ))}
    </span>
  );
}

/** "eli@pigeon.test, 14:02" */
export const seenBy = ({ acknowledgedBy, acknowledgedAt, createdAt }: AdminAlert): string =>
  `${acknowledgedBy ?? 'An administrator who is gone'}, ${shortTime(acknowledgedAt ?? createdAt)}`;

/** Throws JmapError. */
export function useAcknowledge(): (alert: AdminAlert) => Promise<void> {
  const jmap = useJmap();
  const client = useQueryClient();
  const { accountId } = useAdministrator();
  return async ({ id }) => {
    try {
      await acknowledge(jmap, accountId, id);
    } finally {
      await client.invalidateQueries({ queryKey: [accountId, 'AdminAlert'] });
    }
  };
}

/** On a recall's own page; nothing where it is as others are. */
export function Unusual({ recall }: { recall: AdminRecall }): ReactNode {
  const styles = useStyles();
  const { may } = useAdministrator();
  const see = useAcknowledge();
  const { data: alert } = useAlertOf(recall.id);
  const [problem, setProblem] = useState<string | null>(null);
  if (!alert) return null;
  const press = (): void => {
    setProblem(null);
    see(alert).catch((error: unknown) => setProblem(sentenceOfError(error)));
  };
  return (
    <>
      <MessageBar intent={alert.acknowledged ? 'info' : 'warning'} className={styles.bar}>
        <MessageBarBody>
          {alert.causes.map((cause) => CAUSE[cause][1]).join(' ')}
          {alert.acknowledged && ` Acknowledged by ${seenBy(alert)}.`}
        </MessageBarBody>
        {!alert.acknowledged && may('recall') && (
          <MessageBarActions>
            <Button size="small" onClick={press}>
              Acknowledge
            </Button>
          </MessageBarActions>
        )}
      </MessageBar>
      {problem !== null && <Problem>{problem}</Problem>}
    </>
  );
}
