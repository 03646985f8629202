// Send, and Send later.

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Tooltip,
} from '@fluentui/react-components';
import { useState, type ReactElement, type ReactNode } from 'react';

interface SendButtonProps {
  disabled: boolean;
  /** May it wait? */
  later: boolean;
  menuIcon: ReactElement;
  onSend(at: Date | null): void;
}

const WHEN = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** Eight in the morning, `days` from now. */
function morning(now: Date, days: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 8);
}

/** Tomorrow morning, and Monday's where that is another. */
function presets(now: Date): Date[] {
  const monday = (8 - now.getDay()) % 7 || 7;
  return [morning(now, 1), ...(monday > 1 ? [morning(now, monday)] : [])];
}

export function SendButton({ disabled, later, menuIcon, onSend }: SendButtonProps): ReactNode {
  const [asking, setAsking] = useState(false);
  const [choices, setChoices] = useState<Date[]>([]);
  const [given, setGiven] = useState('');
  const [wrong, setWrong] = useState(false);
  const chosen = (): void => {
    const at = new Date(given);
    if (Number.isNaN(at.getTime()) || at.getTime() <= Date.now()) return setWrong(true);
    setAsking(false);
    onSend(at);
  };
  return (
    <>
      <Tooltip content="Send (Ctrl+Enter)" relationship="description">
        <Button appearance="primary" disabled={disabled} onClick={() => onSend(null)}>
          Send
        </Button>
      </Tooltip>
      {later && (
        <Menu onOpenChange={(_, { open }) => open && setChoices(presets(new Date()))}>
          <MenuTrigger disableButtonEnhancement>
            <Button appearance="subtle" icon={menuIcon} disabled={disabled} aria-label="More ways to send" />
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              {choices.map((at) => (
                <MenuItem key={at.getTime()} onClick={() => onSend(at)}>{`Send ${WHEN.format(at)}`}</MenuItem>
              ))}
              <MenuItem onClick={() => setAsking(true)}>Send later…</MenuItem>
            </MenuList>
          </MenuPopover>
        </Menu>
      )}
      <Dialog open={asking} onOpenChange={(_, { open }) => setAsking(open)}>
        <DialogSurface>
          <DialogBody>
            <DialogTitle>Send later</DialogTitle>
            <DialogContent>
              <Field label="When" {...(wrong ? { validationMessage: 'That is no time to come.' } : {})}>
                <Input type="datetime-local" value={given} onChange={(_, { value }) => setGiven(value)} />
              </Field>
            </DialogContent>
            <DialogActions>
              <Button onClick={() => setAsking(false)}>Cancel</Button>
              <Button appearance="primary" onClick={chosen}>
                Send later
              </Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </>
  );
}
