// Something in the navigation pane onto which messages and mailboxes can be dropped.

import { useState, type DragEvent } from 'react';
import { dropped, EMAILS_TYPE, mailboxOver, type Dragged } from './drag.ts';

export interface Target {
  accountId: string;
  takesEmails: boolean;
  /** May this mailbox of the account come here? */
  takesMailbox(id: string): boolean;
  onEmails(dragged: Dragged): void;
  onMailbox(id: string): void;
}

export interface Drop {
  /** What hangs over it can be let go here. */
  over: boolean;
  handlers: Record<'onDragEnter' | 'onDragOver' | 'onDragLeave' | 'onDrop', (event: DragEvent) => void> & {
    'data-drop-target'?: true;
  };
}

export function useDrop({ accountId, takesEmails, takesMailbox, onEmails, onMailbox }: Target): Drop {
  const [over, setOver] = useState(false);
  const mailboxIn = (transfer: DataTransfer): string | undefined => {
    const id = mailboxOver(transfer, accountId);
    return id !== undefined && takesMailbox(id) ? id : undefined;
  };
  const accepts = (transfer: DataTransfer): boolean =>
    (takesEmails && transfer.types.includes(EMAILS_TYPE)) || mailboxIn(transfer) !== undefined;
  const hang = (event: DragEvent): void => {
    if (!accepts(event.dataTransfer)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'move';
    setOver(true);
  };
  return {
    over,
    handlers: {
      ...(over ? { 'data-drop-target': true } : {}),
      onDragEnter: hang,
      onDragOver: hang,
      onDragLeave: (event) => {
        // From one part of it to another is not away from it.
        const { currentTarget, relatedTarget } = event;
        if (!(relatedTarget instanceof Node) || !currentTarget.contains(relatedTarget)) setOver(false);
      },
      onDrop: (event) => {
        setOver(false);
        if (!accepts(event.dataTransfer)) return;
        event.preventDefault();
        const emails = dropped(event.dataTransfer, EMAILS_TYPE);
        const mailbox = mailboxIn(event.dataTransfer);
        if (emails) onEmails(emails);
        else if (mailbox !== undefined) onMailbox(mailbox);
      },
    },
  };
}
