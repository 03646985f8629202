// EmailSubmission/query and /queryChanges (RFC 8621 §7.3, §7.4).

import { querySubmissions, type SubmissionFilter, type SubmissionSort } from '../../store/submission-query.ts';
import { submissionsChanged } from '../../store/submissions-read.ts';
import { readUtcDate } from '../dates.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { pageOf, queryChanges, queryChangesArguments, readFilter, sortArguments } from '../query.ts';
import { accountOf, numberOf, onlyArguments, type Args } from '../standard.ts';
import type { Method } from '../wire.ts';

const BOTH = ['accountId', 'filter', 'sort', 'calculateTotal'];

const IDS = {
  identityIds: { kind: 'identity', prefix: 'i' },
  emailIds: { kind: 'email', prefix: 'm' },
  threadIds: { kind: 'thread', prefix: 't' },
} as const;

/** "sentAt" is what RFC 8621 §7.3 calls it, "sendAt" what it is. */
const SORTS: Record<string, SubmissionSort['by']> = {
  emailId: 'email',
  threadId: 'thread',
  sentAt: 'sendAt',
  sendAt: 'sendAt',
};

function queryOf(args: Args): { filter: SubmissionFilter; sorts: SubmissionSort[] } {
  const filter = readFilter<SubmissionFilter>(args['filter'], {
    condition: (condition) => ({
      kind: 'and',
      of: Object.entries(condition).map(([name, value]) => readTest(name, value)),
    }),
    all: (of) => ({ kind: 'and', of }),
    any: (of) => ({ kind: 'or', of }),
    none: (of) => ({ kind: 'not', of }),
  });
  const sorts = sortArguments(args, Object.keys(SORTS)).map(({ property, ascending }) => ({
    by: SORTS[property] ?? 'sendAt',
    ascending,
  }));
  return { filter, sorts };
}

function readTest(name: string, value: unknown): SubmissionFilter {
  switch (name) {
    case 'identityIds':
    case 'emailIds':
    case 'threadIds': {
      if (!Array.isArray(value)) throw invalidArguments(`"${name}" is a list of ids.`);
      const { kind, prefix } = IDS[name];
      return { kind, ids: value.map((id) => numberOf(id, prefix)).filter((number) => number !== undefined) };
    }
    case 'undoStatus':
      if (typeof value !== 'string' || value.includes('\0')) throw invalidArguments('"undoStatus" is a string.');
      return { kind: 'undoStatus', value };
    case 'before':
    case 'after': {
      const date = readUtcDate(value);
      if (!date) throw invalidArguments(`"${name}" is a date.`);
      return { kind: name, date };
    }
    default:
      throw new MethodError('unsupportedFilter', `"${name}" cannot be filtered by.`);
  }
}

export const submissionQuery: Method = async (args, context) => {
  onlyArguments(args, [...BOTH, 'position', 'anchor', 'anchorOffset', 'limit']);
  const account = accountOf(args, context);
  const { filter, sorts } = queryOf(args);
  const at = { tenant: account.tenant, account: account.id };
  const { state, ids } = await querySubmissions(context.store, at, filter, sorts);
  return {
    accountId: args['accountId'],
    queryState: String(state),
    canCalculateChanges: true,
    ...pageOf(
      ids.map((id) => `s${id}`),
      args,
      LIMITS.maxQuery,
    ),
  };
};

export const submissionQueryChanges: Method = async (args, context) => {
  onlyArguments(args, [...BOTH, 'sinceQueryState', 'maxChanges', 'upToId']);
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const { filter, sorts } = queryOf(args);
  const { state, ids } = await querySubmissions(context.store, at, filter, sorts);
  const { since, max } = queryChangesArguments(args, state);
  const changes = await submissionsChanged(context.store, at, since);
  const changed = new Map(changes.map((change) => [`s${change.id}`, change.created]));
  return queryChanges(args, { ids: ids.map((id) => `s${id}`), state: String(state) }, changed, max);
};
