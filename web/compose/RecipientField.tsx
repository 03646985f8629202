// To, Cc or Bcc: chips, and a field that suggests.

import { makeStyles, tokens } from '@fluentui/react-components';
import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { formatAddress, isAddress, keyOf, parseAddressList, uniqueRecipients, type Recipient } from './addresses.ts';
import { useSuggestions, type Principal } from './directory.ts';
import { RecipientChip } from './RecipientChip.tsx';
import { Suggestions } from './Suggestions.tsx';

const useStyles = makeStyles({
  row: {
    display: 'flex',
    alignItems: 'flex-start',
    gap: '8px',
    padding: '4px 16px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    position: 'relative',
  },
  label: {
    width: '48px',
    flexShrink: 0,
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase300,
    // As high as a line of chips.
    lineHeight: '28px',
    [ON_PHONE]: { lineHeight: '44px' },
  },
  chips: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '4px',
    flex: 1,
    minWidth: 0,
    maxHeight: '116px',
    overflowY: 'auto',
    // Whole lines of chips.
    [ON_PHONE]: { maxHeight: '140px' },
  },
  input: {
    flex: 1,
    minWidth: '64px',
    height: '28px',
    border: 'none',
    outlineStyle: 'none',
    backgroundColor: 'transparent',
    color: tokens.colorNeutralForeground1,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
    [ON_PHONE]: { height: '44px' },
  },
});

interface FieldProps {
  label: 'To' | 'Cc' | 'Bcc';
  value: Recipient[];
  /** Of the other fields: nobody is suggested twice. */
  others: readonly Recipient[];
  autoFocus?: boolean;
  onChange(value: Recipient[]): void;
  children?: ReactNode;
}

export function RecipientField({ label, value, others, autoFocus, onChange, children }: FieldProps): ReactNode {
  const styles = useStyles();
  const id = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [closed, setClosed] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const chips = useRef<HTMLDivElement>(null);
  const found = useSuggestions(text).filter(
    ({ email }) => ![...value, ...others].some((one) => keyOf(one.email) === keyOf(email)),
  );
  const isOpen = found.length > 0 && !closed && text.trim() !== '';
  const active = Math.min(at, found.length - 1);

  const change = (next: string): void => {
    setText(next);
    setAt(0);
    setClosed(false);
  };
  const add = (list: Recipient[]): void => {
    onChange([...value, ...uniqueRecipients(list, value)]);
    change('');
  };
  const take = ({ name, email }: Principal): void => {
    add([{ name, email }]);
    input.current?.focus();
  };
  const remove = (index: number): void => {
    onChange(value.filter((_, i) => i !== index));
    input.current?.focus();
  };
  const edit = (index: number): void => {
    const one = value[index];
    if (!one) return;
    remove(index);
    change(formatAddress(one));
  };
  const focusChip = (index: number): void => {
    const all = chips.current?.querySelectorAll<HTMLElement>('[data-chip]');
    if (index < 0) return;
    if (!all || index >= all.length) input.current?.focus();
    else all[index]?.focus();
  };

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    const atStart = input.current?.selectionStart === 0 && input.current.selectionEnd === 0;
    if (isOpen && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      setAt((active + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % found.length);
    } else if (isOpen && event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      setClosed(true);
    } else if (
      (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) ||
      (event.key === 'Tab' && text.trim() !== '')
    ) {
      if (text.trim() === '') return;
      event.preventDefault();
      const one = found[active];
      // Whoever typed a whole address means that one.
      if (isOpen && one && !isAddress(text.trim())) take(one);
      else add(parseAddressList(text));
    } else if ((event.key === ',' || event.key === ';') && isAddress(text.trim())) {
      event.preventDefault();
      add(parseAddressList(text));
    } else if ((event.key === 'Backspace' || event.key === 'ArrowLeft') && atStart && value.length > 0) {
      event.preventDefault();
      focusChip(value.length - 1);
    }
  };

  const onPaste = (event: ClipboardEvent<HTMLInputElement>): void => {
    const pasted = parseAddressList(event.clipboardData.getData('text/plain'));
    if (pasted.length < 2 && !pasted.some(({ email }) => isAddress(email))) return;
    event.preventDefault();
    add(pasted);
  };

  return (
    <div className={styles.row}>
      <label className={styles.label} htmlFor={`${id}-input`}>
        {label}
      </label>
      <div className={styles.chips} ref={chips}>
        {value.map((one, i) => (
          <RecipientChip
            key={`${one.email} ${i}`}
            recipient={one}
            onRemove={() => remove(i)}
            onEdit={() => edit(i)}
            onMove={(by) => focusChip(i + by)}
          />
        ))}
        <input
          ref={input}
          id={`${id}-input`}
          className={styles.input}
          role="combobox"
          aria-expanded={isOpen}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={isOpen ? `${id}-${active}` : undefined}
          autoComplete="off"
          autoFocus={autoFocus}
          spellCheck={false}
          value={text}
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onBlur={() => text.trim() !== '' && add(parseAddressList(text))}
        />
      </div>
      {children}
      {isOpen && <Suggestions id={id} found={found} active={active} onTake={take} />}
    </div>
  );
}
