// Above the list: what it is of, what is shown of it and in which order; or what is done with the rows that are selected.

import {
  Button,
  Checkbox,
  makeStyles,
  mergeClasses,
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
import {
  ArrowSortRegular,
  ComposeRegular,
  DismissRegular,
  FilterRegular,
  MoreHorizontalRegular,
  SelectAllOnRegular,
} from '@fluentui/react-icons';
import { memo, type ReactNode } from 'react';
import { ON_PHONE, PHONE, useMedia } from '../app/theme.ts';
import { openComposer } from '../compose/index.ts';
import { useEmails } from '../jmap/cache.ts';
import type { EmailRow } from '../jmap/types.ts';
import { CommandButton } from '../message/CommandButton.tsx';
import { CommandItems } from '../message/CommandMenu.tsx';
import { useBulkCommands, useMessageCommands } from '../message/commands.tsx';
import { useShortcuts } from '../message/shortcuts.ts';
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
  // Six commands and the count, in the list's usual width.
  selected: { gap: 0, padding: '0 8px' },
  narrow: { padding: '0 8px 0 4px' },
  title: { flex: 1, minWidth: 0, margin: 0 },
  count: { color: tokens.colorNeutralForeground3, marginLeft: '8px', fontWeight: tokens.fontWeightRegular },
  button: { minWidth: 'auto', [ON_PHONE]: { minHeight: '44px', minWidth: '44px' } },
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

export const ListToolbar = memo(function ListToolbar(props: ListToolbarProps): ReactNode {
  const { title, total, form, onForm, onClearSearch } = props;
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
});

export interface BulkBarProps {
  accountId: string;
  /** At least one. */
  ids: readonly string[];
  onAll(): void;
  /** A command has taken these away. */
  onGone(ids: readonly string[]): void;
  onClear(): void;
}

/** As many as fit beside *More actions* on a phone. */
const PHONE_COMMANDS = new Set(['delete', 'archive', 'read']);

export function BulkBar({ accountId, ids, onAll, onGone, onClear }: BulkBarProps): ReactNode {
  const styles = useStyles();
  const phone = useMedia(PHONE);
  const store = useEmails();
  const emails = ids.flatMap((id) => store.row(accountId, id) ?? []);
  const commands = useBulkCommands({ accountId, ids, emails, onGone });
  // Keys are for what is selected, whatever is open beside it.
  useShortcuts(
    [
      ...commands.flatMap(({ shortcut, label, run, disabledBecause }) =>
        shortcut === undefined || disabledBecause !== undefined ? [] : [{ keys: shortcut, label, run }],
      ),
      { keys: 'Escape', label: 'Select none', run: onClear },
    ],
    true,
  );
  const [only] = emails;
  const none = (
    <Button
      className={styles.button}
      appearance="subtle"
      icon={<DismissRegular />}
      aria-label="Select none"
      onClick={onClear}
    />
  );
  return (
    <div
      className={mergeClasses(styles.bar, styles.selected, phone && styles.narrow)}
      role="toolbar"
      aria-label="Selected messages"
    >
      {phone ? none : <Checkbox checked="mixed" aria-label="Select all" onChange={onAll} />}
      <Text as="h1" weight="semibold" wrap={false} className={styles.title} aria-live="polite">
        {ids.length.toLocaleString('en')} selected
      </Text>
      {commands
        .filter(({ id }) => !phone || PHONE_COMMANDS.has(id))
        .map((command) => (
          <CommandButton key={command.id} command={command} />
        ))}
      {phone ? (
        <Menu>
          <MenuTrigger disableButtonEnhancement>
            <Button
              className={styles.button}
              appearance="subtle"
              icon={<MoreHorizontalRegular />}
              aria-label="More actions"
            />
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              <MenuItem icon={<SelectAllOnRegular />} onClick={onAll}>
                Select all
              </MenuItem>
              <MenuDivider />
              {only && ids.length === 1 ? (
                <OneEmailsItems accountId={accountId} email={only} onGone={() => onGone([only.id])} />
              ) : (
                <CommandItems commands={commands.filter(({ id }) => !PHONE_COMMANDS.has(id))} />
              )}
            </MenuList>
          </MenuPopover>
        </Menu>
      ) : (
        none
      )}
    </div>
  );
}

/** What a row's menu has, for whoever has no button for that: the recall too. */
function OneEmailsItems({
  accountId,
  email,
  onGone,
}: {
  accountId: string;
  email: EmailRow;
  onGone(): void;
}): ReactNode {
  const commands = useMessageCommands(accountId, email, onGone);
  return <CommandItems commands={commands.filter(({ id }) => !PHONE_COMMANDS.has(id))} />;
}
