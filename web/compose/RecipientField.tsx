// To, Cc or Bcc: chips, and a field that suggests.

import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import {
  Dismiss12Regular,
  ErrorCircle16Regular,
  Globe16Regular,
  Mail16Regular,
  People16Regular,
  Person16Regular,
} from '@fluentui/react-icons';
import {
  useId,
  useRef,
  useState,
  type ClipboardEvent,
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
} from 'react';
import { rows } from '../app/theme.ts';
import { useJmap } from '../app/session.tsx';
import {
  formatAddress,
  isAddress,
  isOutside,
  keyOf,
  parseAddressList,
  uniqueRecipients,
  type Recipient,
} from './addresses.ts';
import { domainsOf, peopleIn, usePrincipal, useSuggestions, type Principal } from './directory.ts';

const PHONE = '@media (max-width: 639.98px)';

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
    [PHONE]: { lineHeight: '44px' },
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
    [PHONE]: { height: '44px' },
  },
  chip: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: '4px',
    height: '26px',
    maxWidth: '100%',
    boxSizing: 'border-box',
    padding: '0 4px 0 8px',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
    color: tokens.colorNeutralForeground1,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
    cursor: 'default',
    [PHONE]: { height: '44px' },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  outside: {
    border: `1px solid ${tokens.colorPalettePurpleBorderActive}`,
    '& > svg': { color: tokens.colorPalettePurpleBorderActive },
  },
  wrong: { border: `1px solid ${tokens.colorStatusDangerBorderActive}`, color: tokens.colorStatusDangerForeground1 },
  words: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  remove: {
    display: 'inline-flex',
    padding: '4px',
    border: 'none',
    backgroundColor: 'transparent',
    color: 'inherit',
    cursor: 'pointer',
  },
  list: {
    position: 'absolute',
    zIndex: 10,
    top: '100%',
    left: '64px',
    right: '16px',
    maxWidth: '420px',
    margin: 0,
    padding: '4px',
    listStyleType: 'none',
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusMedium,
    boxShadow: tokens.shadow16,
  },
  option: {
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    height: '36px',
    padding: '0 8px',
    borderRadius: tokens.borderRadiusMedium,
    cursor: 'pointer',
    '@media (max-width: 639.98px)': { height: '44px' },
  },
  chosen: { backgroundColor: rows.selected },
  beside: {
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    marginLeft: 'auto',
    whiteSpace: 'nowrap',
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
          <Chip
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
      {isOpen && (
        <div className={styles.list} id={`${id}-list`} role="listbox" aria-label="Suggestions">
          {found.map((one, i) => (
            // The field keeps the focus, and the keys.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={one.id}
              id={`${id}-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === active}
              className={mergeClasses(styles.option, i === active && styles.chosen)}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(one)}
            >
              {ICONS[one.type]}
              <span className={styles.words}>{one.name}</span>
              <span className={styles.beside}>{one.type === 'group' ? peopleIn(one) : one.email}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

const ICONS: Record<Principal['type'], ReactElement> = {
  individual: <Person16Regular aria-hidden />,
  group: <People16Regular aria-hidden />,
  other: <Mail16Regular aria-hidden />,
};

interface ChipProps {
  recipient: Recipient;
  onRemove(): void;
  onEdit(): void;
  onMove(by: number): void;
}

function Chip({ recipient, onRemove, onEdit, onMove }: ChipProps): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const principal = usePrincipal(recipient.email);
  const { email } = recipient;
  const name = recipient.name ?? principal?.name ?? email;
  const outside = isOutside(email, domainsOf(jmap));
  const wrong = !isAddress(email) ? 'is not an address' : principal === null ? 'nobody has this address' : null;
  const size = principal?.type === 'group' ? peopleIn(principal) : null;
  const said = wrong ?? (outside ? 'outside your organisation' : size);
  const icon = wrong ? (
    <ErrorCircle16Regular aria-hidden />
  ) : outside ? (
    <Globe16Regular aria-hidden />
  ) : size ? (
    ICONS.group
  ) : null;

  const onKeyDown = (event: KeyboardEvent): void => {
    const keys: Record<string, () => void> = {
      Backspace: onRemove,
      Delete: onRemove,
      F2: onEdit,
      Enter: onEdit,
      ArrowLeft: () => onMove(-1),
      ArrowRight: () => onMove(1),
    };
    const action = keys[event.key];
    if (!action || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    action();
  };

  return (
    <span
      className={mergeClasses(styles.chip, outside && styles.outside, wrong !== null && styles.wrong)}
      title={`${email}${said ? ` · ${said}` : ''}`}
      data-chip
      role="button"
      tabIndex={-1}
      aria-label={`${name === email ? email : `${name}, ${email}`}${said ? `, ${said}` : ''}. Enter changes it, Delete removes it.`}
      onKeyDown={onKeyDown}
      onDoubleClick={onEdit}
    >
      {icon}
      <span className={styles.words}>{size ? `${name} · ${size}` : name}</span>
      <span className={styles.remove} onClick={onRemove} aria-hidden>
        <Dismiss12Regular />
      </span>
    </span>
  );
}
