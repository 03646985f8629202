// EmailSubmission/get, /changes, /query (RFC 8621 §7).

import { deliveryStatuses, groupStatuses, submissionModseq, submissionsAll, submissionsByIds, submissionsChanged, type SubmissionRow } from '../../store/submissions-read.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, changesArguments, firstChanges, getArguments, isObject, numberOf, onlyArguments, pageOf, pick, sortArguments } from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';

const PROPERTIES = ['id', 'identityId', 'emailId', 'threadId', 'envelope', 'sendAt', 'undoStatus', 'deliveryStatus', 'dsnBlobIds', 'mdnBlobIds'];

export const submissionGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const modseq = await submissionModseq(context.store, at);
  const numbers = ids?.map((id) => numberOf(id, 's') ?? 0);
  const rows = numbers ? await submissionsByIds(context.store, at, numbers) : await submissionsAll(context.store, at, LIMITS.maxObjectsInGet);
  const status = properties === null || properties.includes('deliveryStatus') ? await statusOf(context, at.tenant, rows) : new Map();
  const all = new Map(rows.map((row) => [`s${row.id}`, toSubmission(row, status.get(row.id) ?? null)]));
  const wanted = ids ?? [...all.keys()];
  return {
    accountId: args['accountId'],
    state: String(modseq),
    list: wanted.flatMap((id) => (all.has(id) ? [pick(all.get(id) ?? {}, properties)] : [])),
    notFound: wanted.filter((id) => !all.has(id)),
  };
};

type Status = Record<string, { smtpReply: string; delivered: string; displayed: string }>;

async function statusOf(context: MethodContext, tenant: number, rows: SubmissionRow[]): Promise<Map<number, Status>> {
  const ids = rows.map((row) => row.id);
  const status = new Map<number, Status>(ids.map((id) => [id, {}]));
  for (const row of await deliveryStatuses(context.store, tenant, ids)) {
    const of = status.get(row.message_id);
    // Displayed is never told: it would be a read receipt that nobody agreed to.
    if (of) of[row.via ?? row.recipient] = { smtpReply: replyOf(row.state, row.local, row.remote_reply), delivered: deliveredOf(row.state, row.local), displayed: 'unknown' };
  }
  for (const row of await groupStatuses(context.store, tenant, ids)) {
    const of = status.get(row.message_id);
    if (of) of[row.via] = { smtpReply: '250 2.0.0 Accepted', delivered: row.waiting ? 'queued' : 'yes', displayed: 'unknown' };
  }
  return status;
}

function replyOf(state: string, local: boolean, reply: string | null): string {
  if (state === 'delivered') return reply ?? '250 2.0.0 Delivered';
  if (state === 'failed') return reply ?? '550 5.0.0 Failed';
  if (state === 'stopped') return '250 2.0.0 Taken back before it left';
  return local ? '250 2.0.0 Accepted' : (reply ?? '250 2.0.0 Queued');
}

function deliveredOf(state: string, local: boolean): string {
  if (state === 'delivered') return local ? 'yes' : 'unknown'; // handed over: what became of it there is theirs to know
  return state === 'failed' || state === 'stopped' ? 'no' : 'queued';
}

function toSubmission(row: SubmissionRow, deliveryStatus: Status | null): Record<string, unknown> {
  return {
    id: `s${row.id}`,
    identityId: row.identity_id === null ? null : `i${row.identity_id}`,
    emailId: row.email_id === null ? null : `m${row.email_id}`,
    threadId: `t${row.thread_id}`,
    envelope: row.envelope,
    sendAt: row.send_at.toISOString().replace(/\.\d+Z$/, 'Z'),
    undoStatus: row.undo_status,
    deliveryStatus,
    dsnBlobIds: [],
    mdnBlobIds: [],
  };
}

export const submissionChanges: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const { since, max } = changesArguments(args);
  const modseq = await submissionModseq(context.store, at);
  if (since > modseq) throw new MethodError('cannotCalculateChanges');
  const changes = (await submissionsChanged(context.store, at, since)).filter((change) => change.modseq <= modseq);
  const { taken, newState, more } = firstChanges(changes, max);
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(newState ?? modseq),
    hasMoreChanges: more,
    created: taken.filter((change) => change.created).map((change) => `s${change.id}`),
    updated: taken.filter((change) => !change.created).map((change) => `s${change.id}`),
    destroyed: [],
  };
};

type Filter = (row: SubmissionRow) => boolean;

function readFilter(filter: unknown, depth = 0): Filter {
  if (filter === null || filter === undefined) return () => true;
  if (!isObject(filter) || depth > 20) throw invalidArguments('"filter" is a filter.');
  if ('operator' in filter) {
    if (!Array.isArray(filter['conditions'])) throw invalidArguments('A filter operator has conditions.');
    const parts = filter['conditions'].map((condition) => readFilter(condition, depth + 1));
    if (filter['operator'] === 'AND') return (row) => parts.every((part) => part(row));
    if (filter['operator'] === 'OR') return (row) => parts.some((part) => part(row));
    if (filter['operator'] === 'NOT') return (row) => !parts.some((part) => part(row));
    throw new MethodError('unsupportedFilter');
  }
  const tests = Object.entries(filter).map(([name, value]): Filter => {
    const among = (prefix: string, of: (row: SubmissionRow) => number | null): Filter => {
      if (!Array.isArray(value)) throw invalidArguments(`"${name}" is a list of ids.`);
      const numbers = value.map((id) => numberOf(id, prefix));
      return (row) => numbers.includes(of(row) ?? -1);
    };
    const date = (): number => {
      const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
      if (Number.isNaN(time)) throw invalidArguments(`"${name}" is a date.`);
      return time;
    };
    switch (name) {
      case 'identityIds':
        return among('i', (row) => row.identity_id);
      case 'emailIds':
        return among('m', (row) => row.email_id);
      case 'threadIds':
        return among('t', (row) => row.thread_id);
      case 'undoStatus':
        return (row) => row.undo_status === value;
      case 'before': {
        const time = date();
        return (row) => row.send_at.getTime() < time;
      }
      case 'after': {
        const time = date();
        return (row) => row.send_at.getTime() >= time;
      }
      default:
        throw new MethodError('unsupportedFilter', `"${name}" cannot be filtered by.`);
    }
  });
  return (row) => tests.every((test) => test(row));
}

export const submissionQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'sort', 'position', 'anchor', 'anchorOffset', 'limit', 'calculateTotal']);
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const filter = readFilter(args['filter']);
  const sorts = sortArguments(args, ['emailId', 'threadId', 'sentAt', 'sendAt']);
  const modseq = await submissionModseq(context.store, at);
  const rows = (await submissionsAll(context.store, at, LIMITS.maxQuery)).filter(filter);
  const value = (row: SubmissionRow, property: string): number =>
    property === 'emailId' ? (row.email_id ?? 0) : property === 'threadId' ? row.thread_id : row.send_at.getTime();
  rows.sort((a, b) => {
    for (const { property, ascending } of sorts) {
      const order = value(a, property) - value(b, property);
      if (order !== 0) return ascending ? order : -order;
    }
    return a.id - b.id;
  });
  return { accountId: args['accountId'], queryState: String(modseq), canCalculateChanges: false, ...pageOf(rows.map((row) => `s${row.id}`), args, LIMITS.maxQuery) };
};
