// What is asked before a mailbox is moved, deleted or emptied.

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Select,
} from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import type { Mailbox } from '../jmap/types.ts';
import { isForGood, type MailboxActions } from './mailboxActions.ts';
import { flatten, liesWithin, mayMoveTo, treeOf } from './mailboxTree.ts';

export interface MailboxQuestion {
  kind: 'move' | 'remove' | 'empty';
  mailbox: Mailbox;
}

export interface MailboxDialogProps {
  question: MailboxQuestion;
  mailboxes: readonly Mailbox[];
  actions: MailboxActions;
  onClose(): void;
  /** The work that was agreed to. */
  onDone(work: Promise<unknown>): void;
}

/** The value of "at the top". */
const TOP = '';

export function MailboxDialog({ question, mailboxes, actions, onClose, onDone }: MailboxDialogProps): ReactNode {
  const { kind, mailbox } = question;
  const places = placesFor(mailboxes, mailbox);
  const [place, setPlace] = useState(places[0]?.id ?? TOP);
  const forGood = isForGood(mailboxes, mailbox);
  const words = {
    move: { title: `Move "${mailbox.name}"`, yes: 'Move' },
    remove: { title: `Delete "${mailbox.name}"`, yes: forGood ? 'Delete for good' : 'Delete' },
    empty: { title: `Empty "${mailbox.name}"`, yes: 'Delete for good' },
  }[kind];
  const work = (): Promise<unknown> => {
    if (kind === 'move') return actions.move(mailbox.id, place === TOP ? null : place);
    return kind === 'remove' ? actions.remove(mailbox) : actions.empty(mailbox);
  };
  return (
    <Dialog
      open
      onOpenChange={(_, { open }) => {
        if (!open) onClose();
      }}
    >
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onDone(work());
            onClose();
          }}
        >
          <DialogBody>
            <DialogTitle>{words.title}</DialogTitle>
            <DialogContent>
              {kind === 'move' ? (
                <Field label="Into">
                  <Select value={place} onChange={(_, { value }) => setPlace(value)}>
                    {places.map(({ id, label }) => (
                      <option key={id} value={id}>
                        {label}
                      </option>
                    ))}
                  </Select>
                </Field>
              ) : (
                sentence(question, mailboxes, forGood)
              )}
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>Cancel</Button>
              <Button type="submit" appearance="primary" disabled={kind === 'move' && places.length === 0}>
                {words.yes}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}

function placesFor(mailboxes: readonly Mailbox[], mailbox: Mailbox): { id: string; label: string }[] {
  const inside = flatten(treeOf(mailboxes))
    .filter((one) => mayMoveTo(mailboxes, mailbox, one.mailbox.id))
    .map((one) => ({ id: one.mailbox.id, label: '\u2003'.repeat(one.depth) + one.mailbox.name }));
  return mayMoveTo(mailboxes, mailbox, null) ? [{ id: TOP, label: 'The top' }, ...inside] : inside;
}

function sentence({ kind, mailbox }: MailboxQuestion, mailboxes: readonly Mailbox[], forGood: boolean): string {
  const within = mailboxes.filter((one) => liesWithin(mailboxes, one.id, mailbox.id));
  const counted = kind === 'empty' ? [mailbox] : within;
  const messages = counted.reduce((sum, one) => sum + one.totalEmails, 0);
  const what = messages === 1 ? '1 message' : `${messages.toLocaleString('en')} messages`;
  if (kind === 'empty') return `${what} will be gone for good.`;
  const others = within.length - 1;
  const more = others === 0 ? '' : `, ${others === 1 ? '1 mailbox' : `${others} mailboxes`} in it`;
  return forGood
    ? `The mailbox${more} and ${what} will be gone for good.`
    : `The mailbox${more} and ${what} go to Trash.`;
}
