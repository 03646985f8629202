// \Recent (RFC 3501 §2.3.2): messages that no session was told of before this one. How far that has come is one number
// for each mailbox, kept here beside the sessions and written to the store behind them, many mailboxes at once: news for
// ten thousand sessions that wait costs no commit for each.

import type { Logger } from '../mail/log.ts';
import type { MailboxKey } from '../store/mailbox-view.ts';
import type { Store } from '../store/postgres.ts';
import { setFirstRecent, type ToldOf } from '../store/recent.ts';
import type { Selected, Session } from './session.ts';
import { has, union } from './wire/sequence-set.ts';

export interface Recents {
  /** The first UID of the mailbox that is recent; `stored`: as the store had it. */
  first(at: MailboxKey, stored: number): number;
  /** Messages with UIDs below `next` are somebody's by now. */
  claim(at: MailboxKey, next: number): void;
  /** Once everything is written. */
  close(): Promise<void>;
}

/** Mailboxes remembered; one that is forgotten is as the store has it. */
const REMEMBERED = 10_000;

/** Mailboxes written together. */
const AT_ONCE = 500;

export function createRecents({ store, log }: { store: Store; log: Logger }): Recents {
  /** The one claimed last comes last. */
  const claimed = new Map<string, ToldOf>();
  const unwritten = new Map<string, ToldOf>();
  let writing: Promise<void> | null = null;

  const write = async (): Promise<void> => {
    const tenants = Map.groupBy([...unwritten.values()].slice(0, AT_ONCE), ({ tenant }) => tenant);
    for (const [tenant, list] of tenants) {
      await store.transact((tx) => setFirstRecent(tx, tenant, list));
      for (const told of list) if (unwritten.get(keyOf(told)) === told) unwritten.delete(keyOf(told));
    }
  };
  const writeAll = async (): Promise<void> => {
    try {
      while (unwritten.size > 0) await write();
    } catch (error) {
      // Where it stays unknown whether somebody was told, a message is recent.
      log.warn({ err: error }, 'what is recent no more was not recorded');
    } finally {
      writing = null;
    }
  };

  return {
    first: (at, stored) => Math.max(stored, claimed.get(keyOf(at))?.next ?? 0),
    claim(at, next) {
      const key = keyOf(at);
      const told = { ...at, next };
      claimed.delete(key);
      claimed.set(key, told);
      for (const oldest of claimed.keys()) {
        if (claimed.size <= REMEMBERED) break;
        claimed.delete(oldest);
      }
      unwritten.set(key, told);
      writing ??= writeAll();
    },
    close: async () => void (await writing),
  };
}

const keyOf = ({ tenant, account, mailbox }: MailboxKey): string => `${tenant} ${account} ${mailbox}`;

/**
 * What this session is told of now, of UIDs below `next`: what is recent of it is so here, and nowhere after. Not in
 * IMAP4rev2, which has no \Recent (RFC 9051 appendix E); one that only reads leaves it to the next.
 */
export function takeRecent({ deps, enabled }: Session, selected: Selected, stored: number, next: number): void {
  if (enabled.has('IMAP4REV2')) return;
  const first = deps.recents.first(selected.at, stored);
  if (first >= next) return;
  selected.recent = union(selected.recent, [[first, next - 1]]);
  if (!selected.readOnly) deps.recents.claim(selected.at, next);
}

export function isRecent({ recent }: Selected, uid: number): boolean {
  return recent.length > 0 && has(recent, uid);
}

/** RFC 3501 §7.3.2: with the number of messages. */
export function tellRecent({ out, enabled }: Session, { view, recent }: Selected): void {
  if (!enabled.has('IMAP4REV2')) out.line(`* ${view.ofUids(recent).length} RECENT`);
}
