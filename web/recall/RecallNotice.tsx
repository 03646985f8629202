// What stands where a recalled copy stood.

import { makeStyles, Text, tokens } from '@fluentui/react-components';
import { MailOffRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import type { EmailFull, EmailRow } from '../jmap/types.ts';
import { shortTime } from './words.ts';

const useStyles = makeStyles({
  notice: {
    display: 'flex',
    gap: '12px',
    alignItems: 'flex-start',
    padding: '16px',
    color: tokens.colorNeutralForeground3,
    animationName: { from: { opacity: 0 }, to: { opacity: 1 } },
    animationDuration: tokens.durationFaster,
    animationTimingFunction: tokens.curveEasyEase,
    '@media (prefers-reduced-motion: reduce)': { animationDuration: '1ms' },
  },
  icon: { fontSize: '24px', flexShrink: 0 },
  words: { display: 'flex', flexDirection: 'column', gap: '4px', minWidth: 0, overflowWrap: 'anywhere' },
});

export function RecallNotice({ email }: { email: EmailRow | EmailFull }): ReactNode {
  const styles = useStyles();
  const [from] = email.from ?? [];
  const text = textOf(email);
  // An administrator's comes from no person: its text says who.
  const who = /^(.+?) took this message back/.exec(text)?.[1] ?? (from ? from.name || from.email : 'Its sender');
  // The notice's own date is the recall's; where it stands is the original's.
  const when = 'sentAt' in email && email.sentAt !== null ? ` at ${shortTime(email.sentAt)}` : '';
  // Where policy lets a notice quote it.
  const reason = /^Reason: (.+)$/m.exec(text)?.[1]?.trim() ?? '';
  return (
    <div className={styles.notice} role="note">
      <MailOffRegular className={styles.icon} />
      <div className={styles.words}>
        <Text>
          {who} took this message back{when}. You need do nothing.
        </Text>
        {reason !== '' && <Text>Reason: {reason}</Text>}
      </div>
    </div>
  );
}

function textOf(email: EmailRow | EmailFull): string {
  if (!('bodyValues' in email)) return '';
  return Object.values(email.bodyValues ?? {})
    .map(({ value }) => value)
    .join('\n');
}
