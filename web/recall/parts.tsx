import type { ReactNode } from 'react';
import type { EmailRow } from '../jmap/types.ts';

export function openRecallDialog(_: { accountId: string; emailId: string }): void {
  // Its owner's.
}

export function RecallHost(): ReactNode {
  return null;
}

export function RecallMark(_: { email: EmailRow }): ReactNode {
  return null;
}

export function RecallNotice({ email }: { email: EmailRow }): ReactNode {
  return <p>{email.preview}</p>;
}

export function useRecallability(_accountId: string, _email: EmailRow): { label: string; disabledBecause?: string } {
  return { label: 'Recall This Message…' };
}
