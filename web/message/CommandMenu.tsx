import {
  makeStyles,
  Menu,
  MenuDivider,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Text,
  tokens,
  type MenuItemProps,
} from '@fluentui/react-components';
import { Fragment, useState, type ReactElement, type ReactNode } from 'react';
import type { Command } from './commands.tsx';

const useStyles = makeStyles({
  item: { maxWidth: '320px' },
  // Beside the name, and no part of it.
  keys: { '::after': { content: 'attr(data-keys)' } },
  // What cannot be had is grey; why it cannot is there to be read.
  why: { display: 'block', color: tokens.colorNeutralForeground3, whiteSpace: 'normal' },
  choices: { maxHeight: '60vh', overflowY: 'auto' },
});

export interface ActionsMenuProps {
  commands: readonly Command[];
  /** What opens it. */
  children: ReactElement;
}

/** Those of the group Actions. Asked for before the message is there, it opens when that has come. */
export function ActionsMenu({ commands, children }: ActionsMenuProps): ReactNode {
  const [isAsked, setAsked] = useState(false);
  const actions = commands.filter(({ group }) => group === 'Actions');
  return (
    <Menu open={isAsked && actions.length > 0} onOpenChange={(_, { open }) => setAsked(open)}>
      <MenuTrigger disableButtonEnhancement>{children}</MenuTrigger>
      <MenuPopover>
        <MenuList>
          <CommandItems commands={actions} />
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

/** Commands as the items of a menu, a line between their groups; one that cannot be had says why. */
export function CommandItems({ commands }: { commands: readonly Command[] }): ReactNode {
  const styles = useStyles();
  return commands.map((command, i) => {
    const before = commands[i - 1];
    return (
      <Fragment key={command.id}>
        {before && before.group !== command.group && <MenuDivider />}
        {command.choices ? (
          <Menu>
            <MenuTrigger disableButtonEnhancement>
              <MenuItem icon={command.icon}>{command.label}</MenuItem>
            </MenuTrigger>
            <MenuPopover>
              <MenuList className={styles.choices}>
                {command.choices.map((choice) => (
                  <MenuItem key={choice.id} onClick={choice.run}>
                    {choice.label}
                  </MenuItem>
                ))}
              </MenuList>
            </MenuPopover>
          </Menu>
        ) : (
          <MenuItem
            className={styles.item}
            icon={command.icon}
            {...(command.disabledBecause === undefined ? keysOf(command, styles.keys) : { disabled: true })}
            onClick={command.run}
          >
            {command.label}
            {command.disabledBecause !== undefined && (
              <Text size={200} className={styles.why}>
                {command.disabledBecause}
              </Text>
            )}
          </MenuItem>
        )}
      </Fragment>
    );
  });
}

/** The name alone is the item's name: its keys are said apart. */
function keysOf({ label, shortcut }: Command, className: string): Partial<MenuItemProps> {
  if (shortcut === undefined) return {};
  return {
    'aria-label': label,
    'aria-keyshortcuts': shortcut.replace('Ctrl', 'Control'),
    secondaryContent: <span className={className} data-keys={shortcut} />,
  };
}
