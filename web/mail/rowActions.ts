// What is done with a row of the list, by clicks, keys, drags and the buttons over it.

import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { navigate, openWindow, pathOf } from '../app/router.ts';
import { useJmap } from '../app/session.tsx';
import { openComposer } from '../compose/index.ts';
import { openUnread, useEmails, useSetEmails } from '../jmap/cache.ts';
import type { EmailRow, Mailbox } from '../jmap/types.ts';
import { tell } from '../message/tell.ts';
import type { MailRoute } from './MailPage.tsx';
import type { RowActions } from './MessageRow.tsx';
import type { useSelection } from './selection.ts';

interface ActionDeps {
  accountId: string;
  mailboxes: readonly Mailbox[];
  mailbox: Mailbox;
  route: MailRoute;
  selection: ReturnType<typeof useSelection>;
  idAt(index: number): string | undefined;
  setMenu(menu: { id: string; at: { x: number; y: number } }): void;
}

/** One object for all rows, the same as long as the list is: a row is drawn anew only when it is another. */
export function useRowActions(deps: ActionDeps): RowActions {
  const set = useSetEmails();
  const at = { jmap: useJmap(), emails: useEmails(), client: useQueryClient() };
  const latest = useRef({ ...deps, ...at });
  useEffect(() => {
    latest.current = { ...deps, ...at };
  });
  const change = useCallback(
    (email: EmailRow, patch: Record<string, unknown> | null) =>
      void set(latest.current.accountId, { [email.id]: patch }).catch(tell),
    [set],
  );
  return useMemo<RowActions>(() => {
    const moveTo = (email: EmailRow, role: string): void => {
      const box = latest.current.mailboxes.find((one) => one.role === role);
      if (box) change(email, { mailboxIds: { [box.id]: true } });
    };
    return {
      open(index, id, event) {
        const { selection, route, mailbox, accountId, idAt } = latest.current;
        if (event.shiftKey) return selection.extend(index, idAt);
        if (event.ctrlKey || event.metaKey) return selection.toggle(index, id);
        selection.setFocus(index);
        selection.clear();
        if (mailbox.role === 'drafts') return openComposer({ kind: 'draft', accountId, emailId: id });
        // Asked for before the page is drawn anew; the message's own view waits for the same answer.
        const row = latest.current.emails.row(accountId, id);
        if (row && !('$seen' in row.keywords)) openUnread(latest.current, accountId, id).catch(() => undefined);
        navigate(pathOf({ ...route, emailId: id }));
      },
      ownWindow(id) {
        const { route, mailbox } = latest.current;
        if (mailbox.role === 'drafts') return;
        openWindow(pathOf({ name: 'message', session: route.session, accountId: route.accountId, emailId: id }));
      },
      toggle: (index, id) => latest.current.selection.toggle(index, id),
      menu(index, id, at) {
        latest.current.selection.setFocus(index);
        latest.current.setMenu({ id, at });
      },
      archive: (email) => moveTo(email, 'archive'),
      remove(email) {
        if (latest.current.mailbox.role === 'trash') change(email, null);
        else moveTo(email, 'trash');
      },
      flag: (email) => change(email, { 'keywords/$flagged': '$flagged' in email.keywords ? null : true }),
      dragged(id) {
        const { ids } = latest.current.selection;
        return ids.has(id) ? [...ids] : [id];
      },
    };
  }, [change]);
}
