import { makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';

const useStyles = makeStyles({
  table: { borderCollapse: 'collapse', marginTop: '8px' },
  keys: {
    fontFamily: tokens.fontFamilyMonospace,
    fontWeight: tokens.fontWeightRegular,
    textAlign: 'left',
    paddingRight: '24px',
    lineHeight: '28px',
  },
});

const KEYS: readonly [keys: string, does: string][] = [
  ['N', 'New message'],
  ['R', 'Reply'],
  ['Shift+R', 'Reply all'],
  ['Shift+F', 'Forward'],
  ['Ctrl+Shift+Z', 'Recall This Message'],
  ['Delete', 'Delete'],
  ['E', 'Archive'],
  ['J', 'Junk'],
  ['Q', 'Mark as read'],
  ['U', 'Mark as unread'],
  ['Insert', 'Flag'],
  ['↑ ↓', 'The message before, the next'],
  ['Enter', 'Open'],
  ['Shift+Enter', 'Open in its own window'],
  ['Space', 'Select'],
  ['Ctrl+A', 'Select all'],
  ['/', 'Search'],
  ['?', 'These keys'],
  ['Escape', 'Close'],
];

export function ShortcutTable(): ReactNode {
  const styles = useStyles();
  return (
    <table className={styles.table}>
      <tbody>
        {KEYS.map(([keys, does]) => (
          <tr key={keys}>
            <th scope="row" className={styles.keys}>
              {keys}
            </th>
            <td>{does}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
