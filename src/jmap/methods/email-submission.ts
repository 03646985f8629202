// EmailSubmission/get and /changes (RFC 8621 §7).

import { utcDate } from '../dates.ts';
import type { AccountKey } from '../../store/exposure.ts';
import {
  addressees,
  newestSubmissions,
  submissionsByIds,
  submissionsChanged,
  submissionState,
  type AddresseeRow,
  type SubmissionRow,
} from '../../store/submissions-read.ts';
import { MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, changesArguments, checkState, firstChanges, getArguments, listed, numberOf } from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';

const PROPERTIES = [
  'id',
  'identityId',
  'emailId',
  'threadId',
  'envelope',
  'sendAt',
  'undoStatus',
  'deliveryStatus',
  'dsnBlobIds',
  'mdnBlobIds',
];

export const submissionGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  // Read before the rows: what changes in between is told again, rather than never.
  const state = await submissionState(context.store, at);
  const numbers = ids?.map((id) => numberOf(id, 's')).filter((number) => number !== undefined);
  const rows = numbers
    ? await submissionsByIds(context.store, at, numbers)
    : await newestSubmissions(context.store, at, LIMITS.maxObjectsInGet + 1);
  if (rows.length > LIMITS.maxObjectsInGet) {
    throw new MethodError('requestTooLarge', `There are more than ${LIMITS.maxObjectsInGet} EmailSubmissions.`);
  }
  const all = await showSubmissions(context, at, rows, properties === null || properties.includes('deliveryStatus'));
  return { accountId: args['accountId'], state: String(state), ...listed(all, ids, properties) };
};

/** By JMAP id. */
export async function showSubmissions(
  context: Pick<MethodContext, 'store'>,
  at: AccountKey,
  rows: SubmissionRow[],
  withStatus: boolean,
): Promise<Map<string, Record<string, unknown>>> {
  const found = withStatus
    ? await addressees(
        context.store,
        at.tenant,
        rows.map((row) => row.id),
      )
    : [];
  const statuses = Map.groupBy(found, (row) => row.message_id);
  return new Map(
    rows.map((row) => [
      `s${row.id}`,
      {
        id: `s${row.id}`,
        identityId: row.identity_id === null ? null : `i${row.identity_id}`,
        emailId: row.email_id === null ? null : `m${row.email_id}`,
        threadId: `t${row.thread_id}`,
        envelope: row.envelope,
        sendAt: utcDate(row.send_at),
        undoStatus: row.undo_status,
        deliveryStatus: Object.fromEntries((statuses.get(row.id) ?? []).map((one) => [one.address, statusOf(one)])),
        dsnBlobIds: [],
        mdnBlobIds: [],
      },
    ]),
  );
}

/** Displayed is never told: it would be a read receipt that nobody agreed to. */
function statusOf(row: AddresseeRow): { smtpReply: string; delivered: string; displayed: string } {
  return { smtpReply: replyOf(row), delivered: deliveredOf(row), displayed: 'unknown' };
}

function deliveredOf({ waiting, outside, failed, stopped, delivered }: AddresseeRow): string {
  if (waiting) return 'queued';
  // What becomes of it at another server is theirs to know; so is, of several, which of them failed.
  if (delivered) return outside || failed || stopped ? 'unknown' : 'yes';
  return 'no';
}

/** "250 2.1.5 text" (RFC 8621 §7): the other server's own word where it has that form. */
function replyOf({ waiting, delivered, stopped, many, reply }: AddresseeRow): string {
  const own = reply === null ? '' : oneLine(reply);
  if (/^[245]\d\d \d\.\d{1,3}\.\d{1,3}\b/.test(own)) return own;
  if (/^[245]\d\d /.test(own)) return `${own.slice(0, 3)} ${own[0]}.0.0 ${own.slice(4)}`;
  if (waiting) return '250 2.0.0 Accepted for delivery';
  if (delivered) return many ? '250 2.1.5 Delivered' : '250 2.0.0 Delivered';
  return stopped ? '550 5.7.0 Taken back before it was delivered' : '550 5.0.0 Could not be delivered';
}

/** RFC 8621 §7 smtpReply: what the lines of a reply begin with in common is said once. */
function oneLine(reply: string): string {
  const lines = reply.split(/\r?\n/).map((line) => line.trim().replace(/^(\d{3})-/, '$1 '));
  const [first = ''] = lines;
  const [prefix = ''] = /^\d{3} (?:\d\.\d{1,3}\.\d{1,3} )?/.exec(first) ?? [];
  return lines.map((line, i) => (i > 0 && line.startsWith(prefix) ? line.slice(prefix.length) : line)).join(' ');
}

export const submissionChanges: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const { since, max } = changesArguments(args);
  const state = await submissionState(context.store, at);
  checkState(since, state);
  const changes = (await submissionsChanged(context.store, at, since)).filter((change) => change.modseq <= state);
  const { taken, newState, more } = firstChanges(changes, max);
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(newState ?? state),
    hasMoreChanges: more,
    created: taken.filter((change) => change.created).map((change) => `s${change.id}`),
    updated: taken.filter((change) => !change.created).map((change) => `s${change.id}`),
    destroyed: [],
  };
};
