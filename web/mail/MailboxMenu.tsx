import { Menu, MenuDivider, MenuItem, MenuList, MenuPopover } from '@fluentui/react-components';
import {
  BroomRegular,
  DeleteRegular,
  FolderAddRegular,
  FolderArrowRightRegular,
  MailReadRegular,
  RenameRegular,
} from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import type { Mailbox } from '../jmap/types.ts';

/** Beside a button, or where the pointer was. */
export type MenuPlace = HTMLElement | { x: number; y: number };

export interface MailboxMenuProps {
  mailbox: Mailbox;
  at: MenuPlace;
  onClose(): void;
  onNewInside(): void;
  onRename(): void;
  onMove(): void;
  onRemove(): void;
  onEmpty(): void;
  onMarkAllRead(): void;
}

export function MailboxMenu({ mailbox, at, onClose, ...on }: MailboxMenuProps): ReactNode {
  const { myRights: may, role } = mailbox;
  const target = at instanceof HTMLElement ? at : { getBoundingClientRect: () => new DOMRect(at.x, at.y, 0, 0) };
  const empties = (role === 'trash' || role === 'junk') && may.mayRemoveItems;
  return (
    <Menu
      open
      positioning={{ target, position: 'below', align: 'start' }}
      onOpenChange={(_, { open }) => {
        if (!open) onClose();
      }}
    >
      <MenuPopover>
        <MenuList>
          <MenuItem icon={<FolderAddRegular />} disabled={!may.mayCreateChild} onClick={on.onNewInside}>
            New mailbox inside
          </MenuItem>
          <MenuItem icon={<RenameRegular />} disabled={!may.mayRename} onClick={on.onRename}>
            Rename
          </MenuItem>
          <MenuItem icon={<FolderArrowRightRegular />} disabled={!may.mayRename} onClick={on.onMove}>
            Move…
          </MenuItem>
          <MenuItem icon={<DeleteRegular />} disabled={!may.mayDelete} onClick={on.onRemove}>
            Delete
          </MenuItem>
          <MenuDivider />
          <MenuItem
            icon={<MailReadRegular />}
            disabled={!may.maySetSeen || mailbox.unreadEmails === 0}
            onClick={on.onMarkAllRead}
          >
            Mark all as read
          </MenuItem>
          {empties && (
            <MenuItem icon={<BroomRegular />} disabled={mailbox.totalEmails === 0} onClick={on.onEmpty}>
              Empty
            </MenuItem>
          )}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
