import type { ReactNode } from 'react';
import { useAccountId } from '../app/session.tsx';
import { MessageView } from './MessageView.tsx';

export interface OwnWindowProps {
  /** Null: the session's own account. */
  accountId: string | null;
  emailId: string;
  onClose(): void;
}

/** The page /u/N/message/…: a message with its ribbon. */
export function OwnWindow({ accountId, emailId }: OwnWindowProps): ReactNode {
  const inView = useAccountId();
  return <MessageView accountId={accountId ?? inView} emailId={emailId} />;
}
