// Mailbox/query and /queryChanges (RFC 8621 §2.3, §2.4). An account has few mailboxes: they are sorted and sieved here.

import { isRecallBox } from '../../recall/mailbox.ts';
import { mailboxChanges, mailboxesOf, type MailboxRow } from '../../store/mailboxes.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  compareText,
  pageOf,
  queryChanges,
  queryChangesArguments,
  readFilter,
  sortArguments,
  type Sort,
} from '../query.ts';
import { accountOf, onlyArguments, optionalBoolean, type Args } from '../standard.ts';
import { mailboxState, readMailboxState, recallBeside, recallChanges, showsRecall } from '../recall-boxes.ts';
import type { Method } from '../wire.ts';

type Test = (row: MailboxRow) => boolean;

interface Query {
  test: Test;
  sorts: Sort[];
  sortAsTree: boolean;
  filterAsTree: boolean;
}

const BOTH = ['accountId', 'filter', 'sort', 'calculateTotal', 'sortAsTree', 'filterAsTree'];

function queryOf(args: Args): Query {
  const test = readFilter<Test>(args['filter'], {
    condition: readCondition,
    all: (of) => (row) => of.every((one) => one(row)),
    any: (of) => (row) => of.some((one) => one(row)),
    none: (of) => (row) => !of.some((one) => one(row)),
  });
  return {
    test,
    sorts: sortArguments(args, ['sortOrder', 'name']),
    sortAsTree: optionalBoolean(args, 'sortAsTree', false),
    filterAsTree: optionalBoolean(args, 'filterAsTree', false),
  };
}

function readCondition(condition: Args): Test {
  const tests = Object.entries(condition).map(([name, value]): Test => {
    const bad = invalidArguments(`"${name}" is not filtered by ${JSON.stringify(value)?.slice(0, 100)}.`);
    switch (name) {
      case 'parentId':
        if (value !== null && typeof value !== 'string') throw bad;
        return (row) => (row.parent_id === null ? null : `f${row.parent_id}`) === value;
      case 'name':
        if (typeof value !== 'string') throw bad;
        return (row) => row.name.toLowerCase().includes(value.normalize('NFC').toLowerCase());
      case 'role':
        if (value !== null && typeof value !== 'string') throw bad;
        return (row) => row.role === value;
      case 'hasAnyRole':
        if (typeof value !== 'boolean') throw bad;
        return (row) => (row.role !== null) === value;
      case 'isSubscribed':
        if (typeof value !== 'boolean') throw bad;
        return (row) => row.subscribed === value;
      default:
        throw new MethodError('unsupportedFilter', `"${name}" cannot be filtered by.`);
    }
  });
  return (row) => tests.every((test) => test(row));
}

function run({ test, sorts, sortAsTree, filterAsTree }: Query, list: MailboxRow[]): string[] {
  const sorted = list.toSorted((a, b) => {
    for (const { property, ascending, collation } of sorts) {
      const order = property === 'name' ? compareText(a.name, b.name, collation) : a.sort_order - b.sort_order;
      if (order !== 0) return ascending ? order : -order;
    }
    return placeOf(a) - placeOf(b);
  });
  const found = (sortAsTree ? asTree(sorted) : sorted).filter(test);
  return (filterAsTree ? withParents(found) : found).map((row) => `f${row.id}`);
}

/** Of those that nothing else tells apart: as they came into being, Recall after all. */
function placeOf(row: MailboxRow): number {
  return isRecallBox(row) ? 2 ** 31 - row.id : row.id;
}

/** Children right after their parent. */
function asTree(rows: MailboxRow[]): MailboxRow[] {
  const children = Map.groupBy(rows, (row) => row.parent_id);
  const below = (parent: number | null): MailboxRow[] =>
    (children.get(parent) ?? []).flatMap((row) => [row, ...below(row.id)]);
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

export const mailboxQuery: Method = async (args, context) => {
  onlyArguments(args, [...BOTH, 'position', 'anchor', 'anchorOffset', 'limit']);
  const account = accountOf(args, context);
  const query = queryOf(args);
  const { modseq, list } = await mailboxesOf(context.store, { tenant: account.tenant, account: account.id }, false);
  const recall = recallBeside(await showsRecall(context, account), list);
  return {
    accountId: args['accountId'],
    queryState: mailboxState(modseq, recall.length),
    canCalculateChanges: true,
    ...pageOf(run(query, [...list, ...recall]), args, LIMITS.maxQuery),
  };
};

export const mailboxQueryChanges: Method = async (args, context) => {
  onlyArguments(args, [...BOTH, 'sinceQueryState', 'maxChanges', 'upToId']);
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const query = queryOf(args);
  const { modseq, list: stored } = await mailboxesOf(context.store, at, false);
  const [sinceQueryState, known] = readMailboxState(args['sinceQueryState']);
  const { since, max } = queryChangesArguments({ ...args, sinceQueryState }, modseq);
  const recall = recallBeside(await showsRecall(context, account), stored);
  const list = [...stored, ...recall];
  const { changes } = await mailboxChanges(context.store, at, since);
  const changed = new Map(
    changes.filter((change) => !change.countsOnly).map((change) => [`f${change.id}`, change.created]),
  );
  const { created, destroyed } = recallChanges(known, recall);
  for (const id of created) changed.set(id, true);
  for (const id of destroyed) changed.set(id, false);
  if (query.sortAsTree || query.filterAsTree) addDescendants(changed, list);
  return queryChanges(args, { ids: run(query, list), state: mailboxState(modseq, recall.length) }, changed, max);
};

/** In a tree, what stands below something that moved moves with it. */
function addDescendants(changed: Map<string, boolean>, list: MailboxRow[]): void {
  const moved = new Set(changed.keys());
  for (const row of asTree(list)) {
    if (row.parent_id === null || !moved.has(`f${row.parent_id}`)) continue;
    moved.add(`f${row.id}`);
    if (!changed.has(`f${row.id}`)) changed.set(`f${row.id}`, false);
  }
}
