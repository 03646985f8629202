// Names of mailboxes (RFC 9051 §5.1) and what they stand for: a person's own by their paths, those of accounts that they
// may use under "Other Users".

import type { Account } from '../directory/directory.ts';
import { INBOX } from '../mail/mailbox.ts';
import { recallBoxes } from '../recall/mailbox.ts';
import { lostSubscriptions } from '../store/lost-subscriptions.ts';
import { mailboxesOf, type MailboxRow } from '../store/mailboxes.ts';
import { no } from './replies.ts';
import { userOf, type ImapDeps, type Session } from './session.ts';
import { mailbox } from './wire/response.ts';

export const OTHERS = 'Other Users';

/** A name: a mailbox, a place that only holds others, or one that is subscribed to and nothing else. */
export interface Box {
  /** Path, as a client names it. */
  name: string;
  account: Account | null;
  /** Null: it cannot be selected. */
  row: MailboxRow | null;
  subscribed: boolean;
  /** There is nothing of that name any more (RFC 9051 §6.3.9.8, example 2). */
  lost: boolean;
}

/** What a name may be, before there is such a mailbox. */
export interface Place {
  account: Account;
  /** Below the account's own root; the Inbox is "INBOX". */
  path: string[];
}

type Deps = Pick<ImapDeps, 'store' | 'directory'>;

/** Every name there is for this person, and those that are subscribed to. */
export async function allBoxes(deps: Deps, user: Account): Promise<Box[]> {
  const boxes = await boxesOf(deps, user, '', (list) => recallBoxes(deps.directory, user, list));
  const others = await deps.directory.accessible(user.tenant, user.id);
  if (others.length === 0) return boxes;
  const place = { row: null, subscribed: false, lost: false };
  if (!boxes.some(({ name }) => name === OTHERS)) boxes.push({ name: OTHERS, account: null, ...place });
  for (const account of others) {
    const root = `${OTHERS}/${account.address}`;
    boxes.push({ name: root, account, ...place }, ...(await boxesOf(deps, account, `${root}/`, async () => [])));
  }
  return boxes;
}

async function boxesOf(
  { store }: Deps,
  account: Account,
  prefix: string,
  more: (list: MailboxRow[]) => Promise<readonly MailboxRow[]>,
): Promise<Box[]> {
  const at = { tenant: account.tenant, account: account.id };
  const [{ list }, kept] = await Promise.all([mailboxesOf(store, at, false), lostSubscriptions(store, at)]);
  const lost = new Set(kept);
  const named = pathsOf([...list, ...(await more(list))]);
  const boxes: Box[] = named.map(([path, row]) => {
    // One that JMAP has made since is what the name stands for.
    const subscribed = lost.delete(path) || row.subscribed;
    return { name: prefix + path, account, row, subscribed, lost: false };
  });
  for (const path of lost) boxes.push({ name: prefix + path, account, row: null, subscribed: true, lost: true });
  return boxes;
}

/** Paths of an account's mailboxes. */
export function pathsOf(list: MailboxRow[]): [path: string, row: MailboxRow][] {
  const byId = new Map(list.map((row) => [row.id, row]));
  const paths = new Map<number, string>();
  const pathOf = (row: MailboxRow): string => {
    const known = paths.get(row.id);
    if (known !== undefined) return known;
    const parent = row.parent_id === null ? undefined : byId.get(row.parent_id);
    const own = row.id === INBOX ? 'INBOX' : row.name;
    const path = parent ? `${pathOf(parent)}/${own}` : own;
    paths.set(row.id, path);
    return path;
  };
  return list.map((row) => [pathOf(row), row]);
}

/**
 * RFC 9051 §5.1, §6.3.9.7: names are in NFC, and one that came otherwise stands for the same. `as`: what it has become now.
 * Told to who has enabled IMAP4rev2 only, as others do not know it.
 */
export function tellOldName(
  session: Pick<Session, 'enabled' | 'out'>,
  given: string,
  as = given,
  attributes = '',
): void {
  if (!session.enabled.has('IMAP4REV2') || (isNormal(given) && isNormal(as))) return;
  const now = mailbox(as.normalize('NFC'), true);
  session.out.line(`* LIST (${attributes}) "/" ${now} ("OLDNAME" (${mailbox(given, true)}))`);
}

const isNormal = (name: string): boolean => name.normalize('NFC') === name;

/** Whose account a name is in, and where. Undefined: no account that this person may use. */
export async function placeOf(deps: Deps, user: Account, name: string): Promise<Place | undefined> {
  const path = name.normalize('NFC').split('/');
  const own = { account: user, path: inboxFirst(path) };
  if (path[0] !== OTHERS) return own;
  const others = await deps.directory.accessible(user.tenant, user.id);
  const account = others.find((other) => other.address === path[1]?.toLowerCase());
  if (!account) return own; // of that name, which JMAP makes
  return path.length > 2 ? { account, path: inboxFirst(path.slice(2)) } : undefined;
}

/** RFC 9051 §5.1: "INBOX" in any case; below it too. */
function inboxFirst([first = '', ...rest]: string[]): string[] {
  return [first.toLowerCase() === 'inbox' ? 'INBOX' : first, ...rest];
}

/** A mailbox that can be selected. Throws NONEXISTENT, or `code`. */
export async function findBox(
  session: Pick<Session, 'user' | 'deps'>,
  name: string,
  code = 'NONEXISTENT',
): Promise<Pick<Box, 'name'> & { account: Account; row: MailboxRow }> {
  const place = await placeOf(session.deps, userOf(session), name);
  if (place) {
    const { account, path } = place;
    const { list } = await mailboxesOf(session.deps.store, { tenant: account.tenant, account: account.id }, false);
    const row = rowAt(list, path) ?? (await recallRow(session, account, list, path));
    if (row) return { name, account, row };
  }
  throw no(code, 'There is no such mailbox.');
}

async function recallRow(
  session: Pick<Session, 'user' | 'deps'>,
  account: Account,
  list: MailboxRow[],
  path: readonly string[],
): Promise<MailboxRow | undefined> {
  if (account.id !== userOf(session).id) return undefined;
  return rowAt(await recallBoxes(session.deps.directory, account, list), path);
}

export function rowAt<R extends Pick<MailboxRow, 'id' | 'parent_id' | 'name'>>(
  list: readonly R[],
  path: readonly string[],
): R | undefined {
  let parent: R | undefined;
  for (const [i, name] of path.entries()) {
    const found: R | undefined = list.find(
      (row) =>
        row.parent_id === (parent?.id ?? null) &&
        (i === 0 && name === 'INBOX' ? row.id === INBOX : row.name === name && row.id !== INBOX),
    );
    if (!found) return undefined;
    parent = found;
  }
  return parent;
}

/** RFC 6154, RFC 8457: of a JMAP role. */
const USES: Readonly<Record<string, string>> = {
  all: '\\All',
  archive: '\\Archive',
  drafts: '\\Drafts',
  flagged: '\\Flagged',
  important: '\\Important',
  junk: '\\Junk',
  sent: '\\Sent',
  trash: '\\Trash',
};

export function specialUseOf(row: MailboxRow | null): string | undefined {
  return row?.role === null || row?.role === undefined ? undefined : USES[row.role];
}

/** "\sent" → sent. */
export function roleOfUse(use: string): string | undefined {
  return Object.keys(USES).find((role) => USES[role]?.toLowerCase() === use);
}
