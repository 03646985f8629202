// AdminAlert/get, /changes, /query, /set: recalls that were unusual, and which administrator has seen that.

import { addressesById } from '../../store/directory-accounts.ts';
import { alertsFound, alertsOf, alertsSince, alertState, type AlertRow } from '../../store/recall-alerts.ts';
import { invalidArguments, invalidProperties, SetFault } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  attempt,
  changesArguments,
  checkState,
  emptySetResult,
  firstChanges,
  getArguments,
  listed,
  numberOf,
  onlyArguments,
  resolveId,
  setArguments,
  setResponse,
  refuseEach,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import { booleanOrNull, filterArgument, pageArguments, queryResponse } from './admin.ts';

const PROPERTIES = ['id', 'recall', 'causes', 'createdAt', 'acknowledged', 'acknowledgedBy', 'acknowledgedAt'];

/** A recall has one at most. */
const idOf = (recall: number): string => `al${recall}`;

const stateOf = async ({ store, user }: MethodContext): Promise<number> => alertState(store, user.tenant);

function toAlert(row: AlertRow, addresses: ReadonlyMap<number, string>): Record<string, unknown> {
  return {
    id: idOf(row.recall),
    recall: `r${row.recall}`,
    causes: row.causes,
    createdAt: row.created_at.toISOString(),
    acknowledged: row.acknowledged_at !== null,
    acknowledgedBy: addresses.get(row.acknowledged_by ?? 0) ?? null,
    acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
  };
}

async function shown({ store, user }: MethodContext, recalls: number[]): Promise<Map<string, Record<string, unknown>>> {
  const rows = await alertsOf(store, user.tenant, recalls);
  const by = rows.map((row) => row.acknowledged_by).filter((id) => id !== null);
  const addresses = await addressesById(store, user.tenant, by);
  return new Map(rows.map((row) => [idOf(row.recall), toAlert(row, addresses)]));
}

export const adminAlertGet: Method = async (args, context) => {
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  if (ids === null) throw invalidArguments('"ids" is required: all alerts are too many.');
  const state = String(await stateOf(context));
  const recalls = ids.map((id) => numberOf(id, 'al')).filter((id) => id !== undefined);
  return { accountId: args['accountId'], state, ...listed(await shown(context, recalls), ids, properties) };
};

export const adminAlertChanges: Method = async (args, context) => {
  const { since, max } = changesArguments(args);
  const { store, user } = context;
  const state = await stateOf(context);
  checkState(since, state);
  const rows = await alertsSince(store, user.tenant, since);
  const { taken, newState, more } = firstChanges(
    rows.map((row) => ({ row, modseq: row.modseq })),
    max,
  );
  const of = (isNew: boolean): string[] =>
    taken.filter(({ row }) => row.created_modseq > since === isNew).map(({ row }) => idOf(row.recall));
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(newState ?? Math.max(state, ...rows.map((row) => row.modseq))),
    hasMoreChanges: more,
    created: of(true),
    updated: of(false),
    destroyed: [],
  };
};

/** Newest first. Filter: acknowledged. */
export const adminAlertQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'position', 'limit', 'calculateTotal']);
  const acknowledged = booleanOrNull(filterArgument(args, ['acknowledged']), 'acknowledged');
  const page = pageArguments(args, LIMITS.maxQuery);
  const state = String(await stateOf(context));
  const { store, user } = context;
  const { recalls, total } = await alertsFound(store, user.tenant, { acknowledged }, page);
  return queryResponse(args, { ids: recalls.map(idOf), position: page.position, state, total });
};

/** Update: `{ acknowledged: true }`. Where somebody was a moment quicker, it says who. */
export const adminAlertSet: Method = async (args, context) => {
  const before = String(await stateOf(context));
  const { create, update, destroy } = setArguments(args, before);
  const result = emptySetResult();
  const byItself = { type: 'forbidden', description: 'Alerts come by themselves, and stay on record.' };
  refuseEach(result, create.keys(), destroy, byItself);
  for (const [given, patch] of update) {
    const id = resolveId(given, context);
    await attempt(given, result.notUpdated, async () => {
      const recall = numberOf(id, 'al');
      if (recall === undefined) throw new SetFault('notFound');
      const wrong = Object.keys(patch).filter((name) => name !== 'acknowledged' || patch[name] !== true);
      if (wrong.length > 0) throw invalidProperties(wrong, 'Only "acknowledged" can be set, and only to true.');
      await context.recalls.administrators.acknowledge(context.user, recall);
      const { acknowledgedBy, acknowledgedAt } = (await shown(context, [recall])).get(idOf(recall)) ?? {};
      result.updated[id] = { acknowledgedBy, acknowledgedAt };
    });
  }
  return setResponse(args['accountId'], before, String(await stateOf(context)), result);
};
