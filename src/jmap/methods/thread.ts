// Thread/get and /changes (RFC 8621 §3).

import { emailsOfThreads, threadChanges } from '../../store/threads.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { accountOf, changesArguments, firstChanges, getArguments, numberOf, pick } from '../standard.ts';
import type { Method } from '../wire.ts';

export const threadGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { ids, properties } = getArguments(args, (name) => ['id', 'emailIds'].includes(name));
  if (ids === null) throw invalidArguments('"ids" is required: all threads are too many.');
  const numbers = new Map(ids.map((id) => [id, numberOf(id, 't')]));
  const known = [...numbers.values()].filter((number) => number !== undefined);
  const { modseq, emails } = await emailsOfThreads(context.store, { tenant: account.tenant, account: account.id }, known);
  const emailsOf = (id: string): number[] | undefined => emails.get(numbers.get(id) ?? 0);
  return {
    accountId: args['accountId'],
    state: String(modseq),
    list: ids.flatMap((id) => {
      const list = emailsOf(id);
      return list ? [pick({ id, emailIds: list.map((email) => `m${email}`) }, properties)] : [];
    }),
    notFound: ids.filter((id) => !emailsOf(id)),
  };
};

export const threadChangesMethod: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { since, max } = changesArguments(args);
  const { modseq, changes } = await threadChanges(context.store, { tenant: account.tenant, account: account.id }, since);
  if (since > modseq) throw new MethodError('cannotCalculateChanges');
  const { taken, newState, more } = firstChanges(
    changes.filter((change) => change.exists || change.existed),
    max,
  );
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(newState ?? modseq),
    hasMoreChanges: more,
    created: taken.filter((change) => change.exists && !change.existed).map((change) => `t${change.thread_id}`),
    updated: taken.filter((change) => change.exists && change.existed).map((change) => `t${change.thread_id}`),
    destroyed: taken.filter((change) => !change.exists).map((change) => `t${change.thread_id}`),
  };
};
