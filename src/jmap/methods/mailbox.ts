// Mailbox/get and /changes (RFC 8621 §2).

import { SYSTEM_MAILBOXES } from '../../mail/mailbox.ts';
import { mailboxChanges, mailboxesOf, type MailboxRow } from '../../store/mailboxes.ts';
import { accountOf, changesArguments, checkState, firstChanges, getArguments, listed } from '../standard.ts';
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
      mayRemoveItems: true,
      maySetSeen: true,
      maySetKeywords: true,
      mayCreateChild: true,
      mayRename: own,
      mayDelete: own,
      maySubmit: true,
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
  const all = new Map(list.map((row) => [`f${row.id}`, toMailbox(row)]));
  return { accountId: args['accountId'], state: String(modseq), ...listed(all, ids, properties) };
};

export const mailboxChangesMethod: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { since, max } = changesArguments(args);
  const at = { tenant: account.tenant, account: account.id };
  const { modseq, changes } = await mailboxChanges(context.store, at, since);
  checkState(since, modseq);
  const { taken, newState, more } = firstChanges(changes, max);
  const updated = taken.filter((change) => !change.created && !change.destroyed);
  const countsOnly = updated.length > 0 && updated.every((change) => change.countsOnly);
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(newState ?? modseq),
    hasMoreChanges: more,
    created: taken.filter((change) => change.created).map((change) => `f${change.id}`),
    updated: updated.map((change) => `f${change.id}`),
    destroyed: taken.filter((change) => change.destroyed).map((change) => `f${change.id}`),
    updatedProperties: countsOnly ? ['totalEmails', ...COUNTED] : null,
  };
};
