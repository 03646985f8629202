// The dialog's two choices, in Outlook's words.

import { Checkbox, makeStyles, Radio, RadioGroup, Text, tokens } from '@fluentui/react-components';
import { useId, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import type { Wishes } from './asking.ts';

const useStyles = makeStyles({
  group: { display: 'flex', flexDirection: 'column', gap: '8px', marginLeft: '-8px' },
  choice: { display: 'flex', flexDirection: 'column' },
  hint: {
    paddingLeft: '36px',
    marginTop: '-4px',
    color: tokens.colorNeutralForeground3,
    [ON_PHONE]: { marginTop: '-8px' },
  },
  now: { marginLeft: '28px' },
  warning: { paddingLeft: '64px', marginTop: '-4px', color: tokens.colorStatusWarningForeground3 },
});

export interface ModesProps extends Pick<Wishes, 'mode' | 'now'> {
  onChange(change: Partial<Wishes>): void;
}

export function Modes({ mode, now, onChange }: ModesProps): ReactNode {
  const styles = useStyles();
  const id = useId();
  return (
    <RadioGroup
      className={styles.group}
      aria-label="What to do"
      value={mode}
      onChange={(_, data) => onChange({ mode: data.value === 'replace' ? 'replace' : 'delete' })}
    >
      <div className={styles.choice}>
        <Radio value="delete" label="Delete unread copies of this message" aria-describedby={`${id}delete`} autoFocus />
        <Text id={`${id}delete`} size={200} className={styles.hint}>
          Unread copies disappear now; a short notice stands in their place.
        </Text>
      </div>
      <div className={styles.choice}>
        <Radio
          value="replace"
          label="Delete unread copies and replace with a new message"
          aria-describedby={`${id}replace`}
        />
        <Text id={`${id}replace`} size={200} className={styles.hint}>
          Your new message stands in their place.
        </Text>
        {mode === 'replace' && (
          <>
            <Checkbox
              className={styles.now}
              label="Take the copies back now, while I write"
              aria-describedby={now ? undefined : `${id}later`}
              checked={now}
              onChange={(_, { checked }) => onChange({ now: checked === true })}
            />
            {!now && (
              <Text id={`${id}later`} size={200} className={styles.warning} role="status">
                Everyone can still read it until you send.
              </Text>
            )}
          </>
        )}
      </div>
    </RadioGroup>
  );
}
