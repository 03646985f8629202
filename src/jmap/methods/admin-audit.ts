// AdminAudit/get, /query, /verify: the audit log as it is, and whether anybody has changed it.

import { auditByNumbers, auditFound, verifyAudit, type AuditRecord } from '../../store/audit.ts';
import { invalidArguments } from '../errors.ts';
import { getArguments, listed, numberOf, onlyArguments, optionalBoolean, optionalInteger } from '../standard.ts';
import type { Method } from '../wire.ts';
import { filterArgument, optionalDate, optionalText, pageArguments, queryResponse } from './admin.ts';

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
  const given = filterArgument(args, FILTERS);
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
    limit: pageArguments(args).limit,
  };
  const numbers = await auditFound(context.store, context.user.tenant, filter, page);
  return queryResponse(args, { ids: numbers.map((seq) => `u${seq}`), position: 0 });
};

/** Walks the whole chain. */
export const adminAuditVerify: Method = async (args, context) => {
  onlyArguments(args, ['accountId']);
  const verdict = await verifyAudit(context.store, context.user.tenant);
  return { accountId: args['accountId'], brokenAt: null, why: null, ...verdict };
};
