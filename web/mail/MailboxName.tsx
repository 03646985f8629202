// The field in which a mailbox gets its name, in its place in the pane.

import { Field, Input, makeStyles } from '@fluentui/react-components';
import { useRef, useState, type ReactNode } from 'react';
import { sentenceOfError } from '../parts/sentence.ts';

const useStyles = makeStyles({
  place: { margin: '2px 8px' },
});

export interface MailboxNameProps {
  label: string;
  name: string;
  depth: number;
  /** Throws an error with a sentence; the field stays then. */
  onName(name: string): Promise<void>;
  onClose(): void;
}

export function MailboxName({ label, name: before, depth, onName, onClose }: MailboxNameProps): ReactNode {
  const styles = useStyles();
  const [name, setName] = useState(before);
  const [refused, setRefused] = useState<string>();
  const committing = useRef(false);
  const commit = async (): Promise<void> => {
    if (committing.current) return;
    if (name.trim() === '' || name.trim() === before) return onClose();
    committing.current = true;
    try {
      await onName(name.trim());
      onClose();
    } catch (error) {
      setRefused(sentenceOfError(error));
    } finally {
      committing.current = false;
    }
  };
  return (
    <Field
      className={styles.place}
      style={{ paddingLeft: depth * 12 + 24 }}
      {...(refused === undefined ? {} : { validationMessage: refused, validationState: 'error' as const })}
    >
      <Input
        size="small"
        aria-label={label}
        value={name}
        onChange={(_, { value }) => {
          setName(value);
          setRefused(undefined);
        }}
        ref={(input) => {
          if (input && document.activeElement !== input && refused === undefined) input.focus();
        }}
        onFocus={(event) => event.currentTarget.select()}
        onBlur={() => void commit()}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Enter') void commit();
          if (event.key === 'Escape') onClose();
        }}
      />
    </Field>
  );
}
