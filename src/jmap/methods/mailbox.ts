// Mailbox/get and /changes (RFC 8621 §2).

import { SYSTEM_MAILBOXES } from '../../mail/mailbox.ts';
import { isRecallBox } from '../../recall/mailbox.ts';
import { mailboxChanges, mailboxesOf, type MailboxRow } from '../../store/mailboxes.ts';
import { accountOf, changesArguments, checkState, firstChanges, getArguments, listed } from '../standard.ts';
import { mailboxState, readMailboxState, recallBeside, recallChanges, showsRecall } from '../recall-boxes.ts';
import type { Method } from '../wire.ts';

const COUNTED = ['unreadEmails', 'totalThreads', 'unreadThreads'];

export const MAILBOX_PROPERTIES = [
  'id',
  'name',
  'parentId',
  'role',
  'sortOrder',
  'totalEmails',
  ...COUNTED,
  'myRights',
  'isSubscribed',
];

export function toMailbox(row: MailboxRow): Record<string, unknown> {
  const own = row.id > SYSTEM_MAILBOXES;
  // Recall may be looked at, as in IMAP, and moved into.
  const holds = !isRecallBox(row);
  return {
    id: `f${row.id}`,
    name: row.name,
    parentId: row.parent_id === null ? null : `f${row.parent_id}`,
    role: row.role,
    sortOrder: row.sort_order,
    totalEmails: row.total,
    unreadEmails: row.unread,
    totalThreads: row.total_threads,
    unreadThreads: row.unread_threads,
    myRights: {
      mayReadItems: true,
      mayAddItems: true,
      mayRemoveItems: holds,
      maySetSeen: holds,
      maySetKeywords: holds,
      mayCreateChild: holds,
      mayRename: own,
      mayDelete: own,
      maySubmit: holds,
    },
    isSubscribed: row.subscribed,
  };
}

export const mailboxGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { ids, properties } = getArguments(args, (name) => MAILBOX_PROPERTIES.includes(name));
  const counted = properties === null || properties.some((name) => COUNTED.includes(name));
  const at = { tenant: account.tenant, account: account.id };
  const { modseq, list } = await (counted
    ? context.mailboxCounts.mailboxes(at)
    : mailboxesOf(context.store, at, false));
  const recall = recallBeside(await showsRecall(context, account), list);
  const all = new Map([...list, ...recall].map((row) => [`f${row.id}`, toMailbox(row)]));
  const state = mailboxState(modseq, recall.length);
  return { accountId: args['accountId'], state, ...listed(all, ids, properties) };
};

export const mailboxChangesMethod: Method = async (args, context) => {
  const account = accountOf(args, context);
  const [sinceState, known] = readMailboxState(args['sinceState']);
  const { since, max } = changesArguments({ ...args, sinceState });
  const at = { tenant: account.tenant, account: account.id };
  const { modseq, changes, named_recall: named } = await mailboxChanges(context.store, at, since);
  checkState(since, modseq);
  const shown = named ? [] : recallBeside(await showsRecall(context, account), []);
  const recall = recallChanges(known, shown, max ?? undefined);
  const left = max === null ? null : max - recall.created.length - recall.destroyed.length;
  const { taken, newState, more } =
    left === 0 ? { taken: [], newState: since, more: changes.length > 0 } : firstChanges(changes, left);
  const updated = taken.filter((change) => !change.created && !change.destroyed);
  const countsOnly = updated.length > 0 && updated.every((change) => change.countsOnly);
  return {
    accountId: args['accountId'],
    oldState: mailboxState(since, known),
    newState: mailboxState(newState ?? modseq, recall.known),
    hasMoreChanges: more || recall.known !== shown.length,
    created: [...taken.filter((change) => change.created).map((change) => `f${change.id}`), ...recall.created],
    updated: updated.map((change) => `f${change.id}`),
    destroyed: [...taken.filter((change) => change.destroyed).map((change) => `f${change.id}`), ...recall.destroyed],
    updatedProperties: countsOnly ? ['totalEmails', ...COUNTED] : null,
  };
};
