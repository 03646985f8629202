import type { ReactNode } from 'react';
import type { Mailbox } from '../jmap/types.ts';
import { MessageView } from '../message/MessageView.tsx';
import type { MailRoute } from './MailPage.tsx';

export interface ReadingPaneProps {
  accountId: string;
  mailbox: Mailbox | undefined;
  route: MailRoute;
}

export function ReadingPane({ accountId, route }: ReadingPaneProps): ReactNode {
  if (route.emailId === null) return null;
  return <MessageView accountId={accountId} emailId={route.emailId} />;
}
