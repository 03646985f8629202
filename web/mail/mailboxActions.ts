// What is done to mailboxes, and to messages that are dropped on them.

import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useJmap } from '../app/session.tsx';
import { refreshEmails, useEmails, useSetEmails } from '../jmap/cache.ts';
import { allSet, JmapError } from '../jmap/client.ts';
import type { Json, Mailbox } from '../jmap/types.ts';
import type { Dragged } from './drag.ts';
import { flatten, freeName, liesWithin, treeOf } from './mailboxTree.ts';

/** Each throws JmapError with a sentence for people. */
export interface MailboxActions {
  /** Answers its id. */
  create(name: string, parentId: string | null): Promise<string>;
  rename(mailbox: Mailbox, name: string): Promise<void>;
  /** `parentId` null: to the top. */
  move(id: string, parentId: string | null): Promise<void>;
  /** Into Trash; from there, for good. */
  remove(mailbox: Mailbox): Promise<void>;
  markAllRead(mailbox: Mailbox): Promise<void>;
  /** Destroys what is in it. */
  empty(mailbox: Mailbox): Promise<void>;
  /** From another account too. */
  receive(dragged: Dragged, into: Mailbox): Promise<void>;
}

export function isForGood(mailboxes: readonly Mailbox[], mailbox: Mailbox): boolean {
  const trash = mailboxes.find((one) => one.role === 'trash');
  return !trash || liesWithin(mailboxes, mailbox.id, trash.id);
}

export function useMailboxActions(accountId: string, mailboxes: readonly Mailbox[]): MailboxActions {
  const jmap = useJmap();
  const emails = useEmails();
  const client = useQueryClient();
  const setEmails = useSetEmails();
  return useMemo(() => {
    const set = async (args: Json): Promise<Json> => {
      const result = allSet(await jmap.call('Mailbox/set', { accountId, ...args }).catch(explain));
      await client.invalidateQueries({ queryKey: [accountId, 'Mailbox'] });
      return result;
    };
    const update = async (id: string, patch: Json): Promise<void> =>
      void (await set({ update: { [id]: patch } }).catch(explain));
    const idsIn = async (filter: Json, limit: number): Promise<string[]> =>
      (await jmap.call<{ ids: string[] }>('Email/query', { accountId, filter, limit })).ids;
    /** Some at a time until there are none: a mailbox may hold a hundred thousand. */
    const eachIn = async (filter: Json, patch: Json | null): Promise<void> => {
      for (let ids = await idsIn(filter, SOME); ids.length > 0; ids = await idsIn(filter, SOME)) {
        await setEmails(accountId, Object.fromEntries(ids.map((id) => [id, patch])));
      }
    };
    return {
      async create(name, parentId) {
        const result = await set({ create: { made: { name: name.trim(), parentId } } }).catch(explain);
        return (result['created'] as Record<string, { id: string }>)['made']?.id ?? '';
      },
      rename: (mailbox, name) => update(mailbox.id, { name: name.trim() }),
      move: (id, parentId) => update(id, { parentId }),
      async remove(mailbox) {
        const trash = mailboxes.find((one) => one.role === 'trash');
        if (!trash || isForGood(mailboxes, mailbox)) {
          const all = flatten(treeOf(mailboxes)).filter((one) => liesWithin(mailboxes, one.mailbox.id, mailbox.id));
          await set({ destroy: all.map((one) => one.mailbox.id), onDestroyRemoveEmails: true }).catch(explain);
          return;
        }
        const taken = mailboxes.filter((one) => one.parentId === trash.id).map((one) => one.name);
        await update(mailbox.id, { parentId: trash.id, name: freeName(mailbox.name, taken) });
      },
      markAllRead: (mailbox) => eachIn({ inMailbox: mailbox.id, notKeyword: '$seen' }, { 'keywords/$seen': true }),
      empty: (mailbox) => eachIn({ inMailbox: mailbox.id }, null),
      async receive(dragged, into) {
        if (dragged.accountId === accountId) {
          const patch = { mailboxIds: { [into.id]: true } };
          await setEmails(accountId, Object.fromEntries(dragged.ids.map((id) => [id, patch])));
          return;
        }
        allSet(
          await jmap.call('Email/copy', {
            fromAccountId: dragged.accountId,
            accountId,
            create: Object.fromEntries(dragged.ids.map((id) => [id, { id, mailboxIds: { [into.id]: true } }])),
            onSuccessDestroyOriginal: true,
          }),
        );
        await Promise.all([dragged.accountId, accountId].map((id) => refreshEmails({ jmap, emails, client }, id)));
      },
    };
  }, [accountId, mailboxes, jmap, emails, client, setEmails]);
}

const SOME = 500;

/** Puts a mailbox's error into words. */
function explain(error: unknown): never {
  if (!(error instanceof JmapError)) throw error;
  const sentence =
    error.type === 'invalidProperties' && error.properties?.includes('name')
      ? 'A name has at least one letter, and no slash.'
      : error.message;
  throw Object.assign(error, { message: sentence });
}
