import {
  ArchiveFilled,
  ArchiveRegular,
  DeleteFilled,
  DeleteRegular,
  DraftsFilled,
  DraftsRegular,
  FolderFilled,
  FolderRegular,
  MailInboxFilled,
  MailInboxRegular,
  MailProhibitedFilled,
  MailProhibitedRegular,
  SendFilled,
  SendRegular,
  type FluentIcon,
} from '@fluentui/react-icons';
import type { ReactNode } from 'react';

const ICONS: Record<string, readonly [FluentIcon, FluentIcon]> = {
  inbox: [MailInboxRegular, MailInboxFilled],
  drafts: [DraftsRegular, DraftsFilled],
  sent: [SendRegular, SendFilled],
  archive: [ArchiveRegular, ArchiveFilled],
  junk: [MailProhibitedRegular, MailProhibitedFilled],
  trash: [DeleteRegular, DeleteFilled],
};

export function MailboxIcon({ role, selected }: { role: string | null; selected: boolean }): ReactNode {
  const [Regular, Filled] = ICONS[role ?? ''] ?? [FolderRegular, FolderFilled];
  return selected ? <Filled aria-hidden /> : <Regular aria-hidden />;
}
