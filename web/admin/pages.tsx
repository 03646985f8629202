// Which administrators' pages there are, in their order, and whom the server would answer.

import {
  AlertUrgentRegular,
  ArrowUndoRegular,
  BoxRegular,
  GavelRegular,
  OptionsRegular,
  PeopleRegular,
  PersonRegular,
  HistoryRegular,
  MailClockRegular,
  SearchRegular,
  type FluentIcon,
} from '@fluentui/react-icons';
import type { ComponentType } from 'react';
import type { Duty } from './administrator.ts';
import type { AdminRoute } from './AdminPage.tsx';
import { AuditPage } from './audit/AuditPage.tsx';
import { GroupsPage } from './directory/GroupsPage.tsx';
import { HoldsPage } from './directory/HoldsPage.tsx';
import { PeoplePage } from './directory/PeoplePage.tsx';
import { PolicyPage } from './directory/PolicyPage.tsx';
import { QueuePage } from './queue/QueuePage.tsx';
import { VaultPage } from './queue/VaultPage.tsx';
import { AlertsPage } from './recall/AlertsPage.tsx';
import { MessagesPage } from './recall/MessagesPage.tsx';
import { RecallsPage } from './recall/RecallsPage.tsx';

export interface PageInfo {
  /** In the address. */
  id: string;
  name: string;
  icon: FluentIcon;
  duty: Duty;
  Page: ComponentType<{ route: AdminRoute }>;
}

export const PAGES: readonly PageInfo[] = [
  { id: 'messages', name: 'Recall a message', icon: SearchRegular, duty: 'recall', Page: MessagesPage },
  { id: 'recalls', name: 'Recalls', icon: ArrowUndoRegular, duty: 'see-recalls', Page: RecallsPage },
  { id: 'alerts', name: 'Alerts', icon: AlertUrgentRegular, duty: 'see-recalls', Page: AlertsPage },
  { id: 'vault', name: 'Vault', icon: BoxRegular, duty: 'see-recalls', Page: VaultPage },
  { id: 'holds', name: 'Holds', icon: GavelRegular, duty: 'hold', Page: HoldsPage },
  { id: 'queue', name: 'Queue', icon: MailClockRegular, duty: 'see-queue', Page: QueuePage },
  { id: 'people', name: 'People', icon: PersonRegular, duty: 'see-directory', Page: PeoplePage },
  { id: 'groups', name: 'Groups', icon: PeopleRegular, duty: 'see-directory', Page: GroupsPage },
  { id: 'policy', name: 'Policy', icon: OptionsRegular, duty: 'see-policy', Page: PolicyPage },
  { id: 'audit', name: 'Audit', icon: HistoryRegular, duty: 'see-audit', Page: AuditPage },
];
