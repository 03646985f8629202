// Whom a field of recipients suggests: the list below it, which the field's keys go through.

import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Mail16Regular, People16Regular, Person16Regular } from '@fluentui/react-icons';
import type { ReactElement, ReactNode } from 'react';
import { ON_PHONE, rows } from '../app/theme.ts';
import { peopleIn, type Principal } from './directory.ts';

const useStyles = makeStyles({
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
    [ON_PHONE]: { height: '44px' },
  },
  chosen: { backgroundColor: rows.selected },
  words: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  beside: {
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    marginLeft: 'auto',
    whiteSpace: 'nowrap',
  },
});

const ICONS: Record<Principal['type'], ReactElement> = {
  individual: <Person16Regular aria-hidden />,
  group: <People16Regular aria-hidden />,
  other: <Mail16Regular aria-hidden />,
};

interface SuggestionsProps {
  /** The field's: it names the list and its options by it. */
  id: string;
  found: readonly Principal[];
  /** The option that Enter takes. */
  active: number;
  onTake(one: Principal): void;
}

export function Suggestions({ id, found, active, onTake }: SuggestionsProps): ReactNode {
  const styles = useStyles();
  return (
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
          onClick={() => onTake(one)}
        >
          {ICONS[one.type]}
          <span className={styles.words}>{one.name}</span>
          <span className={styles.beside}>{one.type === 'group' ? peopleIn(one) : one.email}</span>
        </div>
      ))}
    </div>
  );
}
