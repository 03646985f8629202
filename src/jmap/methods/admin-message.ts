// AdminMessage/query and /get: any message of the organisation that went to somebody, found by what can be said of it. Of
// its content it shows the subject and the names of files, to whoever may recall it.

import { messagesFound, findMessages, type FoundMessage, type MessageFilter } from '../../store/messages-found.ts';
import { invalidArguments } from '../errors.ts';
import { getArguments, listed, numberOf, onlyArguments, type Args } from '../standard.ts';
import type { Method } from '../wire.ts';
import { auditLook, filterArgument, optionalDate, optionalText, pageArguments, queryResponse } from './admin.ts';

const PROPERTIES = [
  'id',
  'messageId',
  'subject',
  'from',
  'sender',
  'acceptedAt',
  'size',
  'attachmentNames',
  'recipientCount',
];

const FILTERS = ['messageId', 'from', 'subject', 'after', 'before', 'attachmentName', 'attachmentSha256'];

function readFilter(args: Args): MessageFilter {
  const given = filterArgument(args, FILTERS);
  const text = (name: string): string | undefined => optionalText(given, name);
  const sha256 = text('attachmentSha256')?.toLowerCase();
  if (sha256 !== undefined && !/^[\da-f]{64}$/.test(sha256))
    throw invalidArguments('"attachmentSha256" is 64 hexadecimal digits.');
  const all = {
    messageId: text('messageId')
      ?.trim()
      .replace(/^<(.*)>$/s, '$1'),
    from: text('from'),
    subject: text('subject'),
    after: optionalDate(given, 'after'),
    before: optionalDate(given, 'before'),
    attachmentName: text('attachmentName'),
    attachmentSha256: sha256,
  };
  const filter = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as MessageFilter;
  if (Object.keys(filter).length === 0) throw invalidArguments('"filter" says what to look for.');
  return filter;
}

/** Newest first. Every search is in the audit log. */
export const adminMessageQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'position', 'limit']);
  const filter = readFilter(args);
  const page = pageArguments(args);
  const { tenant } = context.user;
  await auditLook(context, 'messages.searched', filter.messageId ?? filter.attachmentSha256 ?? '', {
    filter,
    position: page.position,
  });
  const ids = await findMessages(context.store, tenant, filter, page);
  return queryResponse(args, { ids: ids.map((id) => `mg${id}`), position: page.position });
};

function toMessage(row: FoundMessage): Record<string, unknown> {
  return {
    id: `mg${row.id}`,
    messageId: row.message_id_header,
    subject: row.subject,
    from: row.from,
    sender: row.sender,
    acceptedAt: row.accepted_at.toISOString(),
    size: row.size,
    attachmentNames: row.files,
    recipientCount: row.deliveries,
  };
}

export const adminMessageGet: Method = async (args, context) => {
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  if (ids === null) throw invalidArguments('"ids" is required: all messages are too many.');
  const numbers = ids.map((id) => numberOf(id, 'mg')).filter((id) => id !== undefined);
  const rows = await messagesFound(context.store, context.user.tenant, numbers);
  await auditLook(context, 'messages.looked-at', '', { ids: ids.slice(0, 100), count: ids.length });
  const all = new Map(rows.map((row) => [`mg${row.id}`, toMessage(row)]));
  return { accountId: args['accountId'], state: '0', ...listed(all, ids, properties) };
};
