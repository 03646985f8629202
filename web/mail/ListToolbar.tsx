// Above the list: what it is of, what is shown of it and in which order; or what is done with the rows that are selected.

import {
  Button,
  Checkbox,
  makeStyles,
  Menu,
  MenuDivider,
  MenuItem,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Text,
  tokens,
} from '@fluentui/react-components';
import { ArrowSortRegular, ComposeRegular, DismissRegular, FilterRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { PHONE, useMedia } from '../app/theme.ts';
import { openComposer } from '../compose/index.ts';
import type { EmailRow } from '../jmap/types.ts';
import { CommandButton } from '../message/CommandButton.tsx';
import { useBulkCommands } from '../message/commands.tsx';
import type { ListForm, Only, SortBy } from './listQuery.ts';

const useStyles = makeStyles({
  bar: {
    height: '48px',
    flexShrink: 0,
    display: 'flex',
    alignItems: 'center',
    gap: '4px',
    padding: '0 8px 0 16px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    boxSizing: 'border-box',
  },
  title: { flex: 1, minWidth: 0, margin: 0 },
  count: { color: tokens.colorNeutralForeground3, marginLeft: '8px', fontWeight: tokens.fontWeightRegular },
  button: { minWidth: 'auto', '@media (max-width: 639.98px)': { minHeight: '44px', minWidth: '44px' } },
});

export interface ListToolbarProps {
  title: string;
  total: number | undefined;
  form: ListForm;
  onForm(form: ListForm): void;
  onClearSearch: (() => void) | null;
}

const SORTS: [SortBy, string][] = [
  ['receivedAt', 'Date'],
  ['from', 'From'],
  ['subject', 'Subject'],
  ['size', 'Size'],
];
const FILTERS: [Only, string][] = [
  ['all', 'All'],
  ['unread', 'Unread'],
  ['flagged', 'Flagged'],
  ['files', 'With files'],
];

export function ListToolbar({ title, total, form, onForm, onClearSearch }: ListToolbarProps): ReactNode {
  const styles = useStyles();
  // Elsewhere the navigation pane has it.
  const phone = useMedia(PHONE);
  return (
    <div className={styles.bar}>
      <Text as="h1" size={400} weight="semibold" truncate wrap={false} className={styles.title}>
        {title}
        {onClearSearch && total !== undefined && (
          <Text size={200} className={styles.count}>
            {total.toLocaleString('en')} found
          </Text>
        )}
      </Text>
      {onClearSearch && (
        <Button
          className={styles.button}
          appearance="subtle"
          icon={<DismissRegular />}
          aria-label="Close search"
          onClick={onClearSearch}
        />
      )}
      <Menu
        checkedValues={{ only: [form.only] }}
        onCheckedValueChange={(_, { checkedItems }) => onForm({ ...form, only: (checkedItems[0] ?? 'all') as Only })}
      >
        <MenuTrigger disableButtonEnhancement>
          <Button
            className={styles.button}
            appearance={form.only === 'all' ? 'subtle' : 'primary'}
            icon={<FilterRegular />}
            aria-label="Filter"
          />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {FILTERS.map(([value, label]) => (
              <MenuItemRadio key={value} name="only" value={value}>
                {label}
              </MenuItemRadio>
            ))}
          </MenuList>
        </MenuPopover>
      </Menu>
      <Menu
        checkedValues={{ by: [form.by] }}
        onCheckedValueChange={(_, { checkedItems }) =>
          onForm({ ...form, by: (checkedItems[0] ?? 'receivedAt') as SortBy })
        }
      >
        <MenuTrigger disableButtonEnhancement>
          <Button className={styles.button} appearance="subtle" icon={<ArrowSortRegular />} aria-label="Sort" />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {SORTS.map(([value, label]) => (
              <MenuItemRadio key={value} name="by" value={value}>
                {label}
              </MenuItemRadio>
            ))}
            <MenuDivider />
            <MenuItem onClick={() => onForm({ ...form, ascending: !form.ascending })}>
              {form.ascending ? 'Turn round: last first' : 'Turn round: first first'}
            </MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
      {phone && (
        <Button
          className={styles.button}
          appearance="primary"
          icon={<ComposeRegular />}
          aria-label="New message"
          onClick={() => openComposer({ kind: 'new' })}
        />
      )}
    </div>
  );
}

export interface BulkBarProps {
  accountId: string;
  emails: EmailRow[];
  count: number;
  onAll(): void;
  onClear(): void;
}

export function BulkBar({ accountId, emails, count, onAll, onClear }: BulkBarProps): ReactNode {
  const styles = useStyles();
  const commands = useBulkCommands({ accountId, emails, onGone: onClear });
  return (
    <div className={styles.bar} role="toolbar" aria-label="Selected messages">
      <Checkbox checked="mixed" aria-label="Select all" onChange={onAll} />
      <Text as="h1" weight="semibold" wrap={false} className={styles.title} aria-live="polite">
        {count.toLocaleString('en')} selected
      </Text>
      {commands.map((command) => (
        <CommandButton key={command.id} command={command} />
      ))}
      <Button
        className={styles.button}
        appearance="subtle"
        icon={<DismissRegular />}
        aria-label="Select none"
        onClick={onClear}
      />
    </div>
  );
}
