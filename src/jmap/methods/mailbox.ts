// Mailbox/get, /changes, /query, /queryChanges (RFC 8621 §2).

import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, changesArguments, firstChanges, getArguments, isObject, numberOf, onlyArguments, optionalBoolean, pageOf, pick, sortArguments } from '../standard.ts';
import type { Method } from '../wire.ts';
import { mailboxChanges, mailboxesOf, type MailboxRow } from '../../store/mailboxes.ts';

const PROPERTIES = [
  'id',
  'name',
  'parentId',
  'role',
  'sortOrder',
  'totalEmails',
  'unreadEmails',
  'totalThreads',
  'unreadThreads',
  'myRights',
  'isSubscribed',
];

/** Mailboxes that every account has: they stay where they are. */
export const SYSTEM_MAILBOXES = 6;

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
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const threads = properties === null || properties.some((name) => name.endsWith('Threads'));
  const { modseq, list } = await mailboxesOf(context.store, { tenant: account.tenant, account: account.id }, threads);
  const byId = new Map(list.map((row) => [`f${row.id}`, row]));
  const wanted = ids ?? [...byId.keys()];
  return {
    accountId: args['accountId'],
    state: String(modseq),
    list: wanted.flatMap((id) => (byId.has(id) ? [pick(toMailbox(byId.get(id) as MailboxRow), properties)] : [])),
    notFound: wanted.filter((id) => !byId.has(id)),
  };
};

export const mailboxChangesMethod: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { since, max } = changesArguments(args);
  const { modseq, changes } = await mailboxChanges(context.store, { tenant: account.tenant, account: account.id }, since);
  if (since > modseq) throw new MethodError('cannotCalculateChanges');
  const { taken, newState, more } = firstChanges(changes, max);
  const updated = taken.filter((change) => !change.created && !change.destroyed);
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(newState ?? modseq),
    hasMoreChanges: more,
    created: taken.filter((change) => change.created).map((change) => `f${change.id}`),
    updated: updated.map((change) => `f${change.id}`),
    destroyed: taken.filter((change) => change.destroyed).map((change) => `f${change.id}`),
    updatedProperties:
      updated.length > 0 && updated.every((change) => change.countsOnly) ? ['totalEmails', 'unreadEmails', 'totalThreads', 'unreadThreads'] : null,
  };
};

type Filter = (row: MailboxRow) => boolean;

/** RFC 8621 §2.3. */
function readFilter(filter: unknown, depth = 0): Filter {
  if (filter === null || filter === undefined) return () => true;
  if (!isObject(filter) || depth > 20) throw invalidArguments('"filter" is a filter.');
  if ('operator' in filter) {
    const { operator, conditions } = filter;
    if (!Array.isArray(conditions)) throw invalidArguments('A filter operator has conditions.');
    const parts = conditions.map((condition) => readFilter(condition, depth + 1));
    if (operator === 'AND') return (row) => parts.every((part) => part(row));
    if (operator === 'OR') return (row) => parts.some((part) => part(row));
    if (operator === 'NOT') return (row) => !parts.some((part) => part(row));
    throw new MethodError('unsupportedFilter', 'An operator is AND, OR or NOT.');
  }
  const tests = Object.entries(filter).map(([name, value]): Filter => {
    switch (name) {
      case 'parentId':
        if (value !== null && typeof value !== 'string') throw invalidArguments('"parentId" is an id or null.');
        return (row) => (value === null ? row.parent_id === null : row.parent_id === numberOf(value, 'f'));
      case 'name':
        if (typeof value !== 'string') throw invalidArguments('"name" is a string.');
        return (row) => row.name.toLowerCase().includes(value.toLowerCase());
      case 'role':
        if (value !== null && typeof value !== 'string') throw invalidArguments('"role" is a string or null.');
        return (row) => row.role === value;
      case 'hasAnyRole':
        if (typeof value !== 'boolean') throw invalidArguments('"hasAnyRole" is true or false.');
        return (row) => (row.role !== null) === value;
      case 'isSubscribed':
        if (typeof value !== 'boolean') throw invalidArguments('"isSubscribed" is true or false.');
        return (row) => row.subscribed === value;
      default:
        throw new MethodError('unsupportedFilter', `"${name}" cannot be filtered by.`);
    }
  });
  return (row) => tests.every((test) => test(row));
}

export const mailboxQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'sort', 'position', 'anchor', 'anchorOffset', 'limit', 'calculateTotal', 'sortAsTree', 'filterAsTree']);
  const account = accountOf(args, context);
  const filter = readFilter(args['filter']);
  const sorts = sortArguments(args, ['sortOrder', 'name']);
  const { modseq, list } = await mailboxesOf(context.store, { tenant: account.tenant, account: account.id }, false);
  const compare = (a: MailboxRow, b: MailboxRow): number => {
    for (const { property, ascending } of sorts) {
      const order = property === 'name' ? compareText(a.name, b.name) : a.sort_order - b.sort_order;
      if (order !== 0) return ascending ? order : -order;
    }
    return a.id - b.id;
  };
  const sorted = list.toSorted(compare);
  const kept = sorted.filter(filter);
  const ordered = optionalBoolean(args, 'sortAsTree', false) ? asTree(sorted).filter((row) => kept.includes(row)) : kept;
  const found = optionalBoolean(args, 'filterAsTree', false) ? withParents(ordered) : ordered;
  return {
    accountId: args['accountId'],
    queryState: String(modseq),
    canCalculateChanges: false,
    ...pageOf(found.map((row) => `f${row.id}`), args, LIMITS.maxQuery),
  };
};

function compareText(a: string, b: string): number {
  const [x, y] = [a.toUpperCase(), b.toUpperCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Children right after their parent. */
function asTree(rows: MailboxRow[]): MailboxRow[] {
  const below = (parent: number | null): MailboxRow[] => rows.filter((row) => row.parent_id === parent).flatMap((row) => [row, ...below(row.id)]);
  return below(null);
}

/** Only those whose ancestors are all in. */
function withParents(rows: MailboxRow[]): MailboxRow[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const rooted = (row: MailboxRow): boolean => {
    if (row.parent_id === null) return true;
    const parent = byId.get(row.parent_id);
    return parent !== undefined && rooted(parent);
  };
  return rows.filter(rooted);
}

/** Honest: what a query answers is not remembered. */
export const cannotCalculate: Method = async (args, context) => {
  accountOf(args, context);
  if (typeof args['sinceQueryState'] !== 'string') throw invalidArguments('"sinceQueryState" is required.');
  throw new MethodError('cannotCalculateChanges');
};
