// SearchSnippet/get (RFC 8621 §5.1). A piece of a body is content: whoever gets one has downloaded it.

import { parsePieces } from '../../mail/mime/parse.ts';
import { readEmails, type EnvelopeRow } from '../../store/emails.ts';
import { recordGiven } from '../../store/exposure.ts';
import { emailIdOf, parseEmailId } from '../email/ids.ts';
import { parseFilter } from '../email/query-arguments.ts';
import { markedPreview, markedSubject, snippetTerms } from '../email/snippet.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { accountOf, onlyArguments } from '../standard.ts';
import type { Method } from '../wire.ts';
import { asMethodError } from './email-query.ts';

/** Each has its message read and its text looked through. */
const MAX_EMAILS = 100;

interface Snippet {
  row: EnvelopeRow;
  subject: string | null;
  preview: string | null;
}

export const searchSnippetGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  onlyArguments(args, ['accountId', 'filter', 'emailIds']);
  const { emailIds } = args;
  if (!Array.isArray(emailIds) || !emailIds.every((id): id is string => typeof id === 'string'))
    throw invalidArguments('"emailIds" is a list of ids.');
  if (emailIds.length > MAX_EMAILS) throw new MethodError('requestTooLarge', `At most ${MAX_EMAILS} Emails.`);
  const filter = parseFilter(args['filter']);
  if ('error' in filter) throw asMethodError(filter);
  const terms = snippetTerms(filter);
  const at = { tenant: account.tenant, account: account.id };
  const ids = emailIds.map(parseEmailId).filter((id) => id !== null);
  const { rows } = await readEmails(context.store, at, ids, 'envelope', null, context.pause);
  const snippets: Snippet[] = [];
  for (const row of rows) {
    const text =
      terms.body.length === 0 ? '' : (await parsePieces(context.blobs.stream(account.tenant, row.blob_id))).searchText;
    snippets.push({
      row,
      subject: markedSubject(row.envelope.subject, terms.subject),
      preview: markedPreview(text, terms.body),
    });
  }
  const given = { program: context.program, now: context.clock() };
  const allowed = new Set<number>();
  const hand = async (what: 'listed' | 'downloaded', some: Snippet[]): Promise<void> => {
    const recorded = await recordGiven(
      context.store,
      at,
      some.map(({ row }) => row),
      what,
      given,
    );
    for (const row of recorded) allowed.add(row.email_id);
  };
  await hand(
    'downloaded',
    snippets.filter(({ preview }) => preview !== null),
  );
  await hand(
    'listed',
    snippets.filter(({ preview, subject }) => preview === null && subject !== null),
  );
  for (const { row, preview, subject } of snippets) if (preview === null && subject === null) allowed.add(row.email_id);
  await context.pause?.('recorded');
  const shown = snippets.filter(({ row }) => allowed.has(row.email_id));
  const found = new Set(shown.map(({ row }) => emailIdOf(row.email_id)));
  const notFound = [...new Set(emailIds)].filter((id) => !found.has(id));
  return {
    accountId: args['accountId'],
    list: shown.map(({ row, subject, preview }) => ({ emailId: emailIdOf(row.email_id), subject, preview })),
    notFound: notFound.length === 0 ? null : notFound,
  };
};
