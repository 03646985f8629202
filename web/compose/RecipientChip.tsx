// One recipient of a letter being written: who it is, whether they are outside, and what is wrong with the address.

import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Dismiss12Regular, ErrorCircle16Regular, Globe16Regular, People16Regular } from '@fluentui/react-icons';
import type { KeyboardEvent, ReactNode } from 'react';
import { useJmap } from '../app/session.tsx';
import { ON_PHONE } from '../app/theme.ts';
import { isAddress, isOutside, type Recipient } from './addresses.ts';
import { domainsOf, peopleIn, usePrincipal } from './directory.ts';

const useStyles = makeStyles({
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
    [ON_PHONE]: { height: '44px' },
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
});

interface RecipientChipProps {
  recipient: Recipient;
  onRemove(): void;
  onEdit(): void;
  /** To the chip before (-1) or after it (1). */
  onMove(by: number): void;
}

export function RecipientChip({ recipient, onRemove, onEdit, onMove }: RecipientChipProps): ReactNode {
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
    <People16Regular aria-hidden />
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
