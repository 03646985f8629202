// AdminAudit/get, /query, /verify: the audit log as it is, and whether anybody has changed it.

import { auditByNumbers, auditFound, verifyAudit, type AuditRecord } from '../../store/audit.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  getArguments,
  isObject,
  listed,
  numberOf,
  onlyArguments,
  optionalBoolean,
  optionalInteger,
} from '../standard.ts';
import type { Method } from '../wire.ts';
import { optionalDate, optionalText } from './admin.ts';

const PROPERTIES = ['id', 'seq', 'at', 'actor', 'action', 'subject', 'detail', 'hash'];

function toEntry({ seq, at, actor, action, subject, detail, hash }: AuditRecord): Record<string, unknown> {
  return { id: `u${seq}`, seq, at: at.toISOString(), actor, action, subject, detail, hash: hash.toString('hex') };
}

export const adminAuditGet: Method = async (args, context) => {
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  if (ids === null) throw invalidArguments('"ids" is required: the whole log is too long.');
  const numbers = ids.map((id) => numberOf(id, 'u')).filter((id) => id !== undefined);
  const rows = await auditByNumbers(context.store, context.user.tenant, numbers);
  const all = new Map(rows.map((row) => [`u${row.seq}`, toEntry(row)]));
  return { accountId: args['accountId'], state: '0', ...listed(all, ids, properties) };
};

const FILTERS = ['actor', 'action', 'subject', 'after', 'before', 'minSeq', 'maxSeq'];

/** Newest first, or `ascending`. The log grows while it is read: a page begins at a number, not at a position. */
export const adminAuditQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'ascending', 'limit']);
  const given = args['filter'] ?? {};
  if (!isObject(given)) throw invalidArguments('"filter" is a filter.');
  const unknown = Object.keys(given).find((name) => !FILTERS.includes(name));
  if (unknown !== undefined) throw new MethodError('unsupportedFilter', `"${unknown}" cannot be filtered by.`);
  const filter = {
    actor: optionalText(given, 'actor') ?? null,
    action: optionalText(given, 'action') ?? null,
    subject: optionalText(given, 'subject') ?? null,
    after: optionalDate(given, 'after') ?? null,
    before: optionalDate(given, 'before') ?? null,
    minSeq: optionalInteger(given, 'minSeq', 0),
    maxSeq: optionalInteger(given, 'maxSeq', 0),
  };
  const page = {
    ascending: optionalBoolean(args, 'ascending', false),
    limit: Math.min(optionalInteger(args, 'limit', 0) ?? 100, LIMITS.maxObjectsInGet),
  };
  const numbers = await auditFound(context.store, context.user.tenant, filter, page);
  return {
    accountId: args['accountId'],
    queryState: '0',
    canCalculateChanges: false,
    position: 0,
    ids: numbers.map((seq) => `u${seq}`),
  };
};

/** Walks the whole chain. */
export const adminAuditVerify: Method = async (args, context) => {
  onlyArguments(args, ['accountId']);
  const verdict = await verifyAudit(context.store, context.user.tenant);
  return { accountId: args['accountId'], brokenAt: null, why: null, ...verdict };
};
