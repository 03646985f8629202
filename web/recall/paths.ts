// Addresses of recalls' pages.

import { pathOf } from '../app/router.ts';
import { ownAccountId, useJmap } from '../app/session.tsx';
import type { Jmap } from '../jmap/client.ts';

export const sessionOf = ({ base }: Pick<Jmap, 'base'>): number => Number(base.replace('/u/', ''));

/** "/u/0/recall/r7", with the account where it is not one's own. */
export function trackingPath(jmap: Jmap, accountId: string, recallId: string): string {
  return pathOf({ name: 'recall', session: sessionOf(jmap), accountId: shownAccount(jmap, accountId), recallId });
}

export function sentPath(jmap: Jmap, accountId: string, emailId: string | null): string {
  const at = { session: sessionOf(jmap), accountId: shownAccount(jmap, accountId) };
  return pathOf({ name: 'mail', ...at, mailbox: 'sent', emailId, search: null });
}

export function recallsPath(jmap: Jmap, accountId: string): string {
  return pathOf({ name: 'recalls', session: sessionOf(jmap), accountId: shownAccount(jmap, accountId) });
}

const shownAccount = (jmap: Jmap, accountId: string): string | null =>
  accountId === ownAccountId(jmap) ? null : accountId;

export function useTrackingPath(accountId: string, recallId: string): string {
  return trackingPath(useJmap(), accountId, recallId);
}
