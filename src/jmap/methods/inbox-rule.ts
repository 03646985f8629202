// InboxRule/get, /changes, /query, /set: the extension urn:x-homing:rules (docs/jmap-rules.md).

import { checkRule, dropRule, inOrder, keepRule, NEW_RULE } from '../../directory/rules.ts';
import type { Actions } from '../../mail/rules.ts';
import { raise } from '../../store/account-state.ts';
import { rulesOf, type RuleRow } from '../../store/rules.ts';
import { invalidArguments, invalidProperties, MethodError, SetFault } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { pageOf, readFilter, sortArguments } from '../query.ts';
import {
  accountOf,
  applyPatch,
  attempt,
  changesArguments,
  checkState,
  emptySetResult,
  firstChanges,
  getArguments,
  isObject,
  listed,
  numberOf,
  onlyArguments,
  resolveId,
  setArguments,
  setResponse,
  unlike,
  type Args,
} from '../standard.ts';
import type { Method } from '../wire.ts';

const PROPERTIES = ['id', ...Object.keys(NEW_RULE)];

const stateOf = (rows: RuleRow[]): number => rows.reduce((last, row) => Math.max(last, row.modseq), 0);

function toRule(row: RuleRow): Record<string, unknown> {
  const { moveTo, ...actions }: Actions = row.actions;
  return {
    id: `u${row.id}`,
    name: row.name,
    isEnabled: row.enabled,
    sortOrder: row.sort_order,
    conditions: row.conditions,
    exceptions: row.exceptions,
    actions: { ...(moveTo === undefined ? {} : { moveTo: `f${moveTo}` }), ...actions },
  };
}

/** With the mailbox by its number. */
function fromRule(rule: Record<string, unknown>, resolve: (id: string) => string): Record<string, unknown> {
  const { actions } = rule;
  if (!isObject(actions) || typeof actions['moveTo'] !== 'string') return rule;
  const moveTo = numberOf(resolve(actions['moveTo']), 'f');
  if (moveTo === undefined) throw invalidProperties(['actions/moveTo'], 'There is no such mailbox.');
  return { ...rule, actions: { ...actions, moveTo } };
}

export const ruleGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const rows = await rulesOf(context.store, { tenant: account.tenant, account: account.id });
  const all = new Map(inOrder(rows).map((row) => [`u${row.id}`, toRule(row)]));
  return { accountId: args['accountId'], state: String(stateOf(rows)), ...listed(all, ids, properties) };
};

export const ruleChanges: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { since, max } = changesArguments(args);
  const rows = await rulesOf(context.store, { tenant: account.tenant, account: account.id });
  const state = stateOf(rows);
  checkState(since, state);
  const isNew = (row: RuleRow): boolean => row.created_modseq > since;
  const changed = rows.filter((row) => row.modseq > since && !(isNew(row) && row.destroyed));
  const { taken, newState, more } = firstChanges(
    changed.map((row) => ({ row, modseq: isNew(row) ? row.created_modseq : row.modseq })),
    max,
  );
  const of = (kind: (row: RuleRow) => boolean): string[] =>
    taken.filter(({ row }) => kind(row)).map(({ row }) => `u${row.id}`);
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(newState ?? state),
    hasMoreChanges: more,
    created: of(isNew),
    updated: of((row) => !isNew(row) && !row.destroyed),
    destroyed: of((row) => row.destroyed),
  };
};

type Test = (row: RuleRow) => boolean;

function readCondition(condition: Args): Test {
  const tests = Object.entries(condition).map(([name, value]): Test => {
    if (name !== 'isEnabled') throw new MethodError('unsupportedFilter', `"${name}" cannot be filtered by.`);
    if (typeof value !== 'boolean') throw invalidArguments('"isEnabled" is true or false.');
    return (row) => row.enabled === value;
  });
  return (row) => tests.every((test) => test(row));
}

export const ruleQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'sort', 'position', 'anchor', 'anchorOffset', 'limit', 'calculateTotal']);
  const account = accountOf(args, context);
  const rows = await rulesOf(context.store, { tenant: account.tenant, account: account.id });
  const test = readFilter<Test>(args['filter'], {
    condition: readCondition,
    all: (of) => (row) => of.every((one) => one(row)),
    any: (of) => (row) => of.some((one) => one(row)),
    none: (of) => (row) => !of.some((one) => one(row)),
  });
  const [sort] = sortArguments(args, ['sortOrder']);
  const sorted = inOrder(rows).filter(test);
  const ids = (sort?.ascending === false ? sorted.toReversed() : sorted).map((row) => `u${row.id}`);
  return {
    accountId: args['accountId'],
    queryState: String(stateOf(rows)),
    canCalculateChanges: false,
    ...pageOf(ids, args, LIMITS.maxQuery),
  };
};

export const ruleSet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const { store, directory } = context;
  return store.transact(async (tx) => {
    await raise(tx, at.tenant, at.account, 0);
    const before = await rulesOf(tx, at);
    const oldState = stateOf(before);
    const { create, update, destroy } = setArguments(args, String(oldState));
    const result = emptySetResult();
    const made = new Map<string, string>();
    const resolve = (id: string): string => resolveId(id, context, made);
    const check = (given: Record<string, unknown>, old?: RuleRow) =>
      checkRule(
        { directory, reader: tx },
        account,
        fromRule(given, (id) => resolveId(id, context)),
        old,
      );
    for (const [key, object] of create) {
      await attempt(key, result.notCreated, async () => {
        const unknown = Object.keys(object).filter((name) => !Object.hasOwn(NEW_RULE, name));
        if (unknown.length > 0) throw invalidProperties(unknown);
        const rule = toRule(await keepRule(tx, at, await check({ ...NEW_RULE, ...object })));
        result.created[key] = unlike(object, rule);
        made.set(key, rule['id'] as string);
      });
    }
    for (const [given, patch] of update) {
      await attempt(given, result.notUpdated, async () => {
        const id = resolve(given);
        const row = inOrder(await rulesOf(tx, at)).find((one) => one.id === numberOf(id, 'u'));
        if (!row) throw new SetFault('notFound');
        const unknown = Object.keys(patch).filter((path) => !PROPERTIES.includes(path.split('/')[0] ?? ''));
        if (unknown.length > 0) throw invalidProperties(unknown);
        const wanted = applyPatch(toRule(row), patch, { ...NEW_RULE });
        if (wanted['id'] !== id) throw invalidProperties(['id'], 'Cannot be changed.');
        const { id: _id, ...form } = wanted;
        const more = unlike(wanted, toRule(await keepRule(tx, at, await check(form, row), row.id)));
        result.updated[id] = Object.keys(more).length === 0 ? null : more;
      });
    }
    for (const given of destroy) {
      await attempt(given, result.notDestroyed, async () => {
        const id = resolve(given);
        await dropRule(tx, at, numberOf(id, 'u') ?? 0);
        result.destroyed.push(id);
      });
    }
    tx.onCommit(() => made.forEach((id, key) => context.createdIds.set(key, id)));
    const newState = stateOf(await rulesOf(tx, at));
    return setResponse(args['accountId'], String(oldState), String(newState), result);
  });
};
