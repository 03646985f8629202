// What can be done with a message: one list, which ribbon, toolbar, context menu and keyboard all take their commands from.

import {
  ArchiveRegular,
  ArrowForwardRegular,
  ArrowReplyAllRegular,
  ArrowReplyRegular,
  ArrowUndoRegular,
  DeleteRegular,
  FlagOffRegular,
  FlagRegular,
  FolderArrowRightRegular,
  MailInboxRegular,
  MailProhibitedRegular,
  MailReadRegular,
  MailUnreadRegular,
  SendRegular,
} from '@fluentui/react-icons';
import { useCallback, type ReactElement } from 'react';
import { openComposer } from '../compose/index.ts';
import { useMailboxes, useSetEmails } from '../jmap/cache.ts';
import type { EmailRow, Json, Mailbox, Role } from '../jmap/types.ts';
import { openRecallDialog, useRecallability } from '../recall/index.ts';
import { tell } from './tell.ts';

export type Group = 'Delete' | 'Respond' | 'Move' | 'Tags' | 'Actions';

export interface Command {
  id: string;
  label: string;
  group: Group;
  icon: ReactElement;
  /** As a person reads it: "Ctrl+R". See shortcuts.ts. */
  shortcut?: string;
  run(): void;
  /** The command is there, and says why it cannot be had. */
  disabledBecause?: string;
  /** Where it can go to: then `run` is of one of these. */
  choices?: { id: string; label: string; run(): void }[];
}

export interface Selection {
  accountId: string;
  /** At least one. */
  ids: readonly string[];
  /** What is known of them: it decides on words and states. */
  emails: readonly EmailRow[];
  /** Called once something has taken them from where they are. */
  onGone?: (ids: readonly string[]) => void;
}

/** Moves and marks that are for one message or many. */
export function useBulkCommands({ accountId, ids, emails, onGone }: Selection): Command[] {
  const mailboxes = useMailboxes(accountId);
  const set = useSetEmails();
  const byRole = (role: Role): Mailbox | undefined => mailboxes.find((one) => one.role === role);
  const areIn = (role: Role): boolean => {
    const box = byRole(role);
    return box !== undefined && emails.every(({ mailboxIds }) => box.id in mailboxIds);
  };
  const change = useCallback(
    async (patch: Json | null, goes: boolean) => {
      try {
        await set(accountId, Object.fromEntries(ids.map((id) => [id, patch])));
        if (goes) onGone?.(ids);
      } catch (error) {
        tell(error);
      }
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [set, accountId, ids.join(' '), onGone],
  );
  const move = (to: Mailbox | undefined): void => {
    if (to) void change({ mailboxIds: { [to.id]: true } }, true);
  };
  const keyword = (name: string, value: true | null): void => void change({ [`keywords/${name}`]: value }, false);
  const has = (name: string): boolean => emails.every(({ keywords }) => name in keywords);
  const inTrash = areIn('trash');
  const seen = has('$seen');
  const flagged = has('$flagged');
  const junk = areIn('junk');
  return [
    {
      id: 'delete',
      label: inTrash ? 'Delete for good' : 'Delete',
      group: 'Delete',
      icon: <DeleteRegular />,
      shortcut: 'Delete',
      run: () => (inTrash ? void change(null, true) : move(byRole('trash'))),
    },
    {
      id: 'archive',
      label: 'Archive',
      group: 'Delete',
      icon: <ArchiveRegular />,
      shortcut: 'E',
      run: () => move(byRole('archive')),
      ...(areIn('archive') ? { disabledBecause: 'This is in the archive.' } : {}),
    },
    {
      id: 'junk',
      label: junk ? 'Not junk' : 'Junk',
      group: 'Delete',
      icon: junk ? <MailInboxRegular /> : <MailProhibitedRegular />,
      shortcut: 'J',
      run: () => move(byRole(junk ? 'inbox' : 'junk')),
    },
    {
      id: 'move',
      label: 'Move to',
      group: 'Move',
      icon: <FolderArrowRightRegular />,
      run: () => undefined,
      choices: mailboxes
        .filter(({ myRights, id }) => myRights.mayAddItems && !emails.every(({ mailboxIds }) => id in mailboxIds))
        .toSorted((a, b) => a.sortOrder - b.sortOrder || a.name.localeCompare(b.name))
        .map((box) => ({ id: box.id, label: box.name, run: () => move(box) })),
    },
    {
      id: 'read',
      label: seen ? 'Mark as unread' : 'Mark as read',
      group: 'Tags',
      icon: seen ? <MailUnreadRegular /> : <MailReadRegular />,
      shortcut: seen ? 'U' : 'Q',
      run: () => keyword('$seen', seen ? null : true),
    },
    {
      id: 'flag',
      label: flagged ? 'Clear flag' : 'Flag',
      group: 'Tags',
      icon: flagged ? <FlagOffRegular /> : <FlagRegular />,
      shortcut: 'Insert',
      run: () => keyword('$flagged', flagged ? null : true),
    },
  ];
}

/** All of one message's, in the order of the ribbon; none until it is there. */
export function useMessageCommands(accountId: string, email: EmailRow | undefined, onGone?: () => void): Command[] {
  const emails = email ? [email] : [];
  const bulk = useBulkCommands({ accountId, ids: emails.map(({ id }) => id), emails, ...(onGone ? { onGone } : {}) });
  const { label, disabledBecause } = useRecallability(accountId, email);
  if (!email) return [];
  const respond = (kind: 'reply' | 'replyAll' | 'forward' | 'resend') => (): void =>
    openComposer({ kind, accountId, emailId: email.id });
  const notSent = email.keywords['$draft'] ? { disabledBecause: 'This has not been sent.' } : {};
  return [
    ...bulk.filter(({ group }) => group === 'Delete'),
    {
      id: 'reply',
      label: 'Reply',
      group: 'Respond',
      icon: <ArrowReplyRegular />,
      shortcut: 'R',
      run: respond('reply'),
    },
    {
      id: 'replyAll',
      label: 'Reply all',
      group: 'Respond',
      icon: <ArrowReplyAllRegular />,
      shortcut: 'Shift+R',
      run: respond('replyAll'),
    },
    {
      id: 'forward',
      label: 'Forward',
      group: 'Respond',
      icon: <ArrowForwardRegular />,
      shortcut: 'Shift+F',
      run: respond('forward'),
    },
    ...bulk.filter(({ group }) => group === 'Move' || group === 'Tags'),
    {
      id: 'recall',
      label,
      group: 'Actions',
      icon: <ArrowUndoRegular />,
      shortcut: 'Ctrl+Shift+Z',
      run: () => openRecallDialog({ accountId, emailId: email.id }),
      ...(disabledBecause === undefined ? {} : { disabledBecause }),
    },
    {
      id: 'resend',
      label: 'Resend This Message…',
      group: 'Actions',
      icon: <SendRegular />,
      run: respond('resend'),
      ...notSent,
    },
  ];
}
