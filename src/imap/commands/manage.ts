// CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 §6.3.4 to §6.3.8; RFC 6154 §3).

import { INBOX, MAX_MAILBOX_DEPTH, mailboxName, SYSTEM_MAILBOXES } from '../../mail/mailbox.ts';
import { isRecallBox, IT_STAYS, recallBoxes, YOUR_OWN } from '../../recall/mailbox.ts';
import { raiseAndTell } from '../../store/account-state.ts';
import { moveCopies, removeCopies } from '../../store/email-change.ts';
import { lockAccount } from '../../store/held-copies.ts';
import { dropSubscription, keepSubscription } from '../../store/lost-subscriptions.ts';
import {
  deleteMailbox,
  insertMailbox,
  mailboxesOf,
  nextMailboxId,
  updateMailbox,
  type MailboxRow,
} from '../../store/mailboxes.ts';
import type { Transaction } from '../../store/postgres.ts';
import type { Account } from '../../directory/directory.ts';
import { mailboxIdOf } from '../ids.ts';
import { findBox, OTHERS, placeOf, roleOfUse, rowAt, tellOldName, type Place } from '../mailboxes.ts';
import { no, ok } from '../replies.ts';
import { userOf, type Session } from '../session.ts';
import type { Verb } from '../verb.ts';

interface Managing {
  tx: Transaction;
  at: { tenant: number; account: number; now: Date };
  list: MailboxRow[];
}

/** Runs `work` under the account's lock, with its mailboxes as they are. */
async function managing<T>(session: Session, account: Account, work: (managing: Managing) => Promise<T>): Promise<T> {
  const at = { tenant: account.tenant, account: account.id, now: session.deps.clock() };
  return session.deps.store.inTurn(at, async (tx) => {
    await lockAccount(tx, at);
    const { list } = await mailboxesOf(tx, at, false);
    return work({ tx, at, list });
  });
}

/** Where something is to be made. A "/" at the end only says that there will be more below it (RFC 9051 §6.3.4). */
async function newPlace(session: Session, given: string): Promise<Place> {
  const place = await placeOf(session.deps, userOf(session), given.replace(/\/$/, ''));
  const isOthers = place?.account.id === userOf(session).id && place.path[0] === OTHERS;
  if (!place || isOthers) throw no('NOPERM', 'There is nothing to be made.');
  if (await isRecall(session, place)) {
    // Of another's: what is moved there would only lie there, and their own Recall be gone.
    if (place.account.id !== userOf(session).id) throw no('CANNOT', YOUR_OWN);
    throw no('ALREADYEXISTS', 'It is what takes messages back.');
  }
  const path = place.path.map((name) => mailboxName(name));
  const names = path.filter((name) => name !== null);
  if (names.length < path.length) throw no('CANNOT', 'That is no name for a mailbox.');
  if (names.length > MAX_MAILBOX_DEPTH) throw no('CANNOT', 'That is too deep.');
  return { account: place.account, path: names };
}

async function oldPlace(session: Session, name: string): Promise<Place> {
  const place = await placeOf(session.deps, userOf(session), name);
  if (!place) throw no('NONEXISTENT', 'There is no such mailbox.');
  if (place.account.id === userOf(session).id && (await isRecall(session, place))) throw no('CANNOT', IT_STAYS);
  return place;
}

/** Recall, or below it, however it is written: it is nobody's to change, and nobody makes one of their own by mistake. */
async function isRecall(session: Session, { account, path }: Place): Promise<boolean> {
  if (path[0]?.toLowerCase() !== 'recall') return false;
  const { list } = await mailboxesOf(session.deps.store, { tenant: account.tenant, account: account.id }, false);
  return (await recallBoxes(session.deps.directory, account, list)).length > 0;
}

function find(list: MailboxRow[], path: readonly string[]): MailboxRow {
  const row = rowAt(list, path);
  if (!row) throw no('NONEXISTENT', 'There is no such mailbox.');
  return row;
}

/** Makes what is missing of a path; answers the last. */
async function make(managing: Managing, path: readonly string[], role: string | null): Promise<MailboxRow> {
  const { tx, at, list } = managing;
  let parent: MailboxRow | null = null;
  for (const [i, name] of path.entries()) {
    const known = rowAt(list, path.slice(0, i + 1));
    if (known) {
      parent = known;
      continue;
    }
    const id = await nextMailboxId(tx, at);
    const last = i === path.length - 1;
    const subscribed = await dropSubscription(tx, at, path.slice(0, i + 1).join('/'));
    const box = { id, name, parent_id: parent?.id ?? null, role: last ? role : null, sort_order: 0, subscribed };
    await insertMailbox(tx, { ...at, modseq: await raiseAndTell(tx, at) }, box);
    const row: MailboxRow = { ...box, total: 0, unread: 0, total_threads: 0, unread_threads: 0 };
    list.push(row);
    parent = row;
  }
  if (!parent) throw no('CANNOT', 'That is no name for a mailbox.');
  return parent;
}

export const create: Verb<'CREATE'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { mailbox, use }) {
    const { account, path } = await newPlace(session, mailbox);
    const roles = use.map((one) => roleOfUse(one));
    if (roles.length > 1 || roles.includes(undefined))
      throw no('USEATTR', 'There is no such use, or not both at once.');
    const [role = null] = roles;
    const id = await managing(session, account, async (managing) => {
      if (rowAt(managing.list, path)) throw no('ALREADYEXISTS', 'There is a mailbox of that name.');
      if (role !== null && managing.list.some((row) => row.role === role))
        throw no('USEATTR', 'Another mailbox has this use.');
      return (await make(managing, path, role)).id;
    });
    tellOldName(session, mailbox.replace(/\/$/, ''));
    return ok('Made.', `MAILBOXID (${mailboxIdOf(userOf(session), account, id)})`);
  },
};

export const remove: Verb<'DELETE'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { mailbox }) {
    const { account, path } = await oldPlace(session, mailbox);
    await managing(session, account, async (managing) => {
      const { tx, at, list } = managing;
      const row = find(list, path);
      if (row.id <= SYSTEM_MAILBOXES) throw no('CANNOT', 'Every account keeps this mailbox.');
      if (list.some((one) => one.parent_id === row.id)) throw no('HASCHILDREN', 'There are mailboxes in it.');
      if (row.total > 0) {
        await removeCopies(tx, at, { mailbox: row.id, all: true });
        const { list: left } = await mailboxesOf(tx, at, false);
        // What a recall covers is not its owner's to remove: the mailbox has to stay until that is decided.
        if (left.some((one) => one.id === row.id && one.total > 0))
          throw no('INUSE', 'Something in it is just being recalled. Try again.');
      }
      // RFC 9051 §6.3.7: the name stays subscribed.
      if (row.subscribed) await keepSubscription(tx, at, path.join('/'));
      await deleteMailbox(tx, { ...at, modseq: await raiseAndTell(tx, at) }, row.id);
    });
    if (session.selected) session.selected.stale = true;
    tellOldName(session, mailbox, mailbox, '\\NonExistent');
    return ok('Deleted.');
  },
};

export const rename: Verb<'RENAME'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, command) {
    const from = await oldPlace(session, command.from);
    const to = await newPlace(session, command.to);
    if (from.account.id !== to.account.id) throw no('CANNOT', 'A mailbox stays in its account.');
    await managing(session, from.account, async (managing) => {
      const { tx, at, list } = managing;
      const row = find(list, from.path);
      if (rowAt(list, to.path)) throw no('ALREADYEXISTS', 'There is a mailbox of that name.');
      const above = to.path.slice(0, -1);
      const name = to.path.at(-1) ?? '';
      // RFC 9051 §6.3.6: the Inbox's messages go to the new mailbox, and it stays, empty.
      if (row.id === INBOX) {
        const target = await make(managing, to.path, null);
        await moveCopies(tx, at, { mailbox: INBOX, all: true }, () => target.id);
        return;
      }
      if (row.id <= SYSTEM_MAILBOXES) throw no('CANNOT', 'This mailbox keeps its name.');
      for (let i = 1; i <= above.length; i++)
        if (rowAt(list, above.slice(0, i))?.id === row.id) throw no('CANNOT', 'It would lie within itself.');
      const parent = above.length === 0 ? null : await make(managing, above, null);
      if (to.path.length + height(row.id, list) > MAX_MAILBOX_DEPTH) throw no('CANNOT', 'That is too deep.');
      const subscribed = (await dropSubscription(tx, at, to.path.join('/'))) || row.subscribed;
      await updateMailbox(
        tx,
        { ...at, modseq: await raiseAndTell(tx, at) },
        { ...row, name, parent_id: parent?.id ?? null, subscribed },
      );
    });
    tellOldName(session, command.from, command.to.replace(/\/$/, ''));
    return ok('Renamed.');
  },
};

/** Levels below a mailbox. */
function height(id: number, list: readonly MailboxRow[]): number {
  const children = list.filter((row) => row.parent_id === id);
  return children.reduce((most, child) => Math.max(most, 1 + height(child.id, list)), 0);
}

const subscription = (subscribed: boolean): Verb<'SUBSCRIBE' | 'UNSUBSCRIBE'> => ({
  state: 'authenticated',
  news: 'all',
  async run(session, { mailbox }) {
    if (subscribed && (mailbox === 'Recall' || mailbox === 'Recall/Replace')) {
      if (isRecallBox((await findBox(session, mailbox)).row)) return ok('It always is.');
    }
    const { account, path } = await oldPlace(session, mailbox);
    await managing(session, account, async (managing) => {
      const { tx, at, list } = managing;
      const row = rowAt(list, path);
      const lost = await dropSubscription(tx, at, path.join('/'));
      if (!row && !lost) throw no('NONEXISTENT', 'There is no such mailbox.');
      if (!row && subscribed) await keepSubscription(tx, at, path.join('/'));
      if (!row || row.subscribed === subscribed) return;
      await updateMailbox(tx, { ...at, modseq: await raiseAndTell(tx, at) }, { ...row, subscribed });
    });
    return ok('Done.');
  },
});

export const subscribe = subscription(true);
export const unsubscribe = subscription(false);
