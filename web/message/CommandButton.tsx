// A command as a button, wherever there is a row of them: ribbon, toolbar, bulk bar.

import {
  Button,
  makeStyles,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Tooltip,
} from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import type { Command } from './commands.tsx';

const useStyles = makeStyles({
  button: {
    minWidth: 'auto',
    flexShrink: 0,
    whiteSpace: 'nowrap',
    [ON_PHONE]: { minHeight: '44px', minWidth: '44px' },
  },
  choices: { maxHeight: '60vh', overflowY: 'auto' },
});

/** `words`: with its label beside the icon. */
export function CommandButton({ command, words = false }: { command: Command; words?: boolean }): ReactNode {
  const styles = useStyles();
  const { label, icon, shortcut, disabledBecause, choices } = command;
  const button = (
    <Button
      className={styles.button}
      appearance="subtle"
      icon={icon}
      aria-label={label}
      disabledFocusable={disabledBecause !== undefined}
      {...(choices ? {} : { onClick: () => command.run() })}
    >
      {words ? label : undefined}
    </Button>
  );
  if (choices) {
    return (
      <Menu>
        <MenuTrigger disableButtonEnhancement>{button}</MenuTrigger>
        <MenuPopover>
          <MenuList className={styles.choices}>
            {choices.map((choice) => (
              <MenuItem key={choice.id} onClick={choice.run}>
                {choice.label}
              </MenuItem>
            ))}
          </MenuList>
        </MenuPopover>
      </Menu>
    );
  }
  const hint = disabledBecause ?? (shortcut === undefined ? label : `${label} (${shortcut})`);
  return (
    <Tooltip content={hint} relationship={disabledBecause === undefined ? 'inaccessible' : 'description'}>
      {button}
    </Tooltip>
  );
}
