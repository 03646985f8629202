// A form: saved as a whole, shown as the server has it, and what it refuses in a sentence.

import { Button, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useState, type FormEvent, type ReactNode } from 'react';
import { Problem } from './Problem.tsx';
import { sentenceOfError } from './sentence.ts';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: '16px', maxWidth: '560px', alignItems: 'stretch' },
  end: { display: 'flex', flexWrap: 'wrap', gap: '12px', alignItems: 'center' },
  said: { color: tokens.colorNeutralForeground3 },
});

export interface FormProps {
  label: string;
  /** Throws what the server refuses. */
  onSave(): Promise<void>;
  action?: string;
  /** Nothing has changed, or it may not. */
  disabled?: boolean;
  primary?: boolean;
  /** Beside the button. */
  more?: ReactNode;
  children: ReactNode;
}

export function Form({
  label,
  onSave,
  action = 'Save',
  disabled = false,
  primary = false,
  more,
  children,
}: FormProps): ReactNode {
  const styles = useStyles();
  const [state, setState] = useState<'idle' | 'saving' | 'saved' | { problem: string }>('idle');
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (state === 'saving' || disabled) return;
    setState('saving');
    try {
      await onSave();
      setState('saved');
    } catch (error) {
      setState({ problem: sentenceOfError(error) });
    }
  };
  return (
    <form
      className={styles.form}
      aria-label={label}
      noValidate
      onSubmit={(event) => void save(event)}
      onChange={() => setState((before) => (before === 'saving' ? before : 'idle'))}
    >
      {children}
      {typeof state === 'object' && <Problem>{state.problem}</Problem>}
      <div className={styles.end}>
        <Button
          type="submit"
          appearance={primary ? 'primary' : 'secondary'}
          // Saved by a key, it keeps the focus.
          disabledFocusable={disabled || state === 'saving'}
        >
          {action}
        </Button>
        {more}
        <Text role="status" className={styles.said}>
          {state === 'saved' && 'Saved.'}
        </Text>
      </div>
    </form>
  );
}
