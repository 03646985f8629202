// Thread/get and /changes (RFC 8621 §3).

import { allThreads, emailsOfThreads, threadChanges } from '../../store/threads.ts';
import { MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, changesArguments, checkState, firstChanges, getArguments, listed, numberOf } from '../standard.ts';
import type { Method } from '../wire.ts';

export const threadGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const { ids, properties } = getArguments(args, (name) => name === 'id' || name === 'emailIds');
  const wanted = ids
    ? ids.map((id) => numberOf(id, 't')).filter((number) => number !== undefined)
    : await allThreads(context.store, at, LIMITS.maxObjectsInGet + 1);
  if (wanted.length > LIMITS.maxObjectsInGet) {
    throw new MethodError('requestTooLarge', `There are more than ${LIMITS.maxObjectsInGet} Threads.`);
  }
  const { modseq, emails } = await emailsOfThreads(context.store, at, wanted);
  const threads = [...emails].map(([thread, list]): [string, Record<string, unknown>] => {
    const id = `t${thread}`;
    return [id, { id, emailIds: list.map((email) => `m${email}`) }];
  });
  return { accountId: args['accountId'], state: String(modseq), ...listed(new Map(threads), ids, properties) };
};

export const threadChangesMethod: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { since, max } = changesArguments(args);
  const at = { tenant: account.tenant, account: account.id };
  const { modseq, changes } = await threadChanges(context.store, at, since);
  checkState(since, modseq);
  const known = changes.filter((change) => change.exists || change.existed);
  const { taken, newState, more } = firstChanges(known, max);
  const of = (exists: boolean, existed: boolean): string[] =>
    taken
      .filter((change) => change.exists === exists && change.existed === existed)
      .map((change) => `t${change.thread_id}`);
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(newState ?? modseq),
    hasMoreChanges: more,
    created: of(true, false),
    updated: of(true, true),
    destroyed: of(false, true),
  };
};
