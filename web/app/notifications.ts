// The system's own notification of new mail, where somebody has asked for it. One whose message is gone (recalled, moved,
// destroyed) or read goes too: it must not be the last place in which a recalled subject can be read.

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useMailboxes } from '../jmap/cache.ts';
import { ROW_PROPERTIES } from '../jmap/emails.ts';
import type { EmailRow } from '../jmap/types.ts';
import { nameOf } from '../message/format.ts';
import { navigate, pathOf } from './router.ts';
import { useJmap, useOwnAccountId } from './session.tsx';
import { useSettings } from './settings.ts';

/** More at once are not told one by one. */
const MOST = 5;

export const canNotify = (): boolean => 'Notification' in globalThis;

/** Asks the browser, where it has not been asked. True: it may. */
export async function mayNotify(): Promise<boolean> {
  return canNotify() && (await Notification.requestPermission()) === 'granted';
}

/** Keeps what is shown by the system in step with the Inbox, while `session`'s pages are open. */
export function useNotifications(session: number): void {
  const { notify } = useSettings();
  const newest = useNewestUnread(notify && canNotify() && Notification.permission === 'granted');
  const since = useRef<string | null>(null);
  const shown = useRef(new Map<string, Notification>());

  useEffect(() => {
    const all = shown.current;
    if (!newest) return;
    since.current ??= newest[0]?.receivedAt ?? new Date(0).toISOString();
    const there = new Set(newest.map(({ id }) => id));
    for (const [id, notification] of all) {
      if (there.has(id)) continue;
      notification.close();
      all.delete(id);
    }
    for (const email of newest.filter(({ id, receivedAt }) => !all.has(id) && receivedAt > (since.current ?? ''))) {
      all.set(email.id, show(email, session));
    }
    since.current = newest[0] && newest[0].receivedAt > since.current ? newest[0].receivedAt : since.current;
  }, [newest, session]);

  useEffect(() => {
    const all = shown.current;
    return () => all.forEach((notification) => notification.close());
  }, []);
}

function show({ id, from, subject }: EmailRow, session: number): Notification {
  const who = nameOf(from?.[0]) || 'Somebody';
  // Several windows tell of the same message: the tag makes one of them.
  const notification = new Notification(who, {
    body: subject || '(no subject)',
    tag: `${session} ${id}`,
    silent: true,
  });
  notification.addEventListener('click', () => {
    focus();
    navigate(pathOf({ name: 'mail', session, accountId: null, mailbox: 'inbox', emailId: id, search: null }));
    notification.close();
  });
  return notification;
}

/** Unread mail of the Inbox, newest first; asked for anew whenever mail changes. Undefined: not asked for. */
function useNewestUnread(enabled: boolean): EmailRow[] | undefined {
  const jmap = useJmap();
  const accountId = useOwnAccountId();
  const inbox = useMailboxes(accountId).find(({ role }) => role === 'inbox')?.id;
  const { data } = useQuery({
    queryKey: [accountId, 'Email', 'unread', 'newest'],
    enabled: enabled && inbox !== undefined,
    queryFn: async () => {
      const answers = await jmap.request([
        [
          'Email/query',
          {
            accountId,
            filter: { inMailbox: inbox, notKeyword: '$seen' },
            sort: [{ property: 'receivedAt', isAscending: false }],
            limit: MOST,
          },
          'q',
        ],
        [
          'Email/get',
          {
            accountId,
            '#ids': { resultOf: 'q', name: 'Email/query', path: '/ids' },
            // What a row shows, and nothing that counts as more.
            properties: ROW_PROPERTIES,
          },
          'g',
        ],
      ]);
      const list = (answers.find(([, , id]) => id === 'g')?.[1]['list'] ?? []) as EmailRow[];
      return list.toSorted((a, b) => b.receivedAt.localeCompare(a.receivedAt));
    },
  });
  return enabled ? data : undefined;
}
