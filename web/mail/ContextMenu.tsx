import { Menu, MenuList, MenuPopover } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useEmail } from '../jmap/cache.ts';
import type { EmailRow } from '../jmap/types.ts';
import { CommandItems } from '../message/CommandMenu.tsx';
import { useMessageCommands } from '../message/commands.tsx';

export interface ContextMenuProps {
  accountId: string;
  emailId: string;
  at: { x: number; y: number };
  onClose(): void;
}

/** A row's menu, where the pointer was. */
export function ContextMenu({ accountId, emailId, at, onClose }: ContextMenuProps): ReactNode {
  const { data } = useEmail(accountId, emailId, 'list');
  if (!data) return null;
  const target = { getBoundingClientRect: () => new DOMRect(at.x, at.y, 0, 0) };
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
          <Items accountId={accountId} email={data} />
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function Items({ accountId, email }: { accountId: string; email: EmailRow }): ReactNode {
  return <CommandItems commands={useMessageCommands(accountId, email)} />;
}
