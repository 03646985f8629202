// Who else is in the conversations that a list shows, and whether that is read: nothing more is asked of them, so that asking
// counts as no exposure (docs/recall.md).

import { resultOf, type Answer, type Call } from './client.ts';
import type { EmailRow, Thread } from './types.ts';

type Member = Pick<EmailRow, 'id' | 'threadId' | 'mailboxIds' | 'keywords'>;

export interface Members {
  /** Calls that go on from the Email/get of that call id. */
  calls(accountId: string, of: string): Call[];
  /** Keeps what those calls answered. A conversation too long for one request is left as its rows have it. */
  take(answers: readonly Answer[]): void;
  /** A row that is known anew. */
  know(row: Member): void;
  forget(ids: readonly string[]): void;
  clear(): void;
  /** How many of a conversation are unread, but for those that lie in these mailboxes. */
  unread(threadId: string, without: ReadonlySet<string>): number;
}

export function createMembers(): Members {
  const all = new Map<string, Member>();
  const threads = new Map<string, readonly string[]>();
  return {
    calls: (accountId, of) => [
      ['Thread/get', { accountId, '#ids': { resultOf: of, name: 'Email/get', path: '/list/*/threadId' } }, 'threads'],
      [
        'Email/get',
        {
          accountId,
          '#ids': { resultOf: 'threads', name: 'Thread/get', path: '/list/*/emailIds' },
          properties: ['id', 'threadId', 'mailboxIds', 'keywords'],
        },
        'members',
      ],
    ],
    take(answers) {
      const named = (id: string): Answer | undefined => answers.find((answer) => answer[2] === id);
      const [gotThreads, gotMembers] = [named('threads'), named('members')];
      if (gotThreads?.[0] !== 'Thread/get' || gotMembers?.[0] !== 'Email/get') return;
      for (const { id, emailIds } of resultOf(gotThreads)['list'] as Thread[]) threads.set(id, emailIds);
      for (const member of resultOf(gotMembers)['list'] as Member[]) all.set(member.id, member);
    },
    know: ({ id, threadId, mailboxIds, keywords }) => void all.set(id, { id, threadId, mailboxIds, keywords }),
    forget(ids) {
      for (const id of ids) all.delete(id);
    },
    clear() {
      all.clear();
      threads.clear();
    },
    unread(threadId, without) {
      const isUnread = (id: string): boolean => {
        const member = all.get(id);
        return (
          member !== undefined &&
          !('$seen' in member.keywords) &&
          !Object.keys(member.mailboxIds).some((mailbox) => without.has(mailbox))
        );
      };
      return (threads.get(threadId) ?? []).filter(isUnread).length;
    },
  };
}
