// Email/get (RFC 8621 §4.2).

import { allEmailIds, readEmails, type CopyRow, type EnvelopeRow, type StructureRow } from '../../store/emails.ts';
import { storedBytes } from '../email/bytes.ts';
import { emailBlobId, emailIdOf, parseEmailId } from '../email/ids.ts';
import { DEFAULT_PROPERTIES, emailObject, parseWanted, type MessageFacts, type Wanted } from '../email/object.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, getArguments, optionalBoolean, optionalInteger, type Args } from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';

const BODY_ARGUMENTS = [
  'bodyProperties',
  'fetchTextBodyValues',
  'fetchHTMLBodyValues',
  'fetchAllBodyValues',
  'maxBodyValueBytes',
];

/** Bodies read at a time. */
const AT_ONCE = 8;

export const emailGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { ids, properties } = getArguments(args, () => true, BODY_ARGUMENTS);
  const wanted = wantedOf(args, properties ?? DEFAULT_PROPERTIES);
  const at = { tenant: account.tenant, account: account.id };
  const asked = ids?.map(parseEmailId) ?? (await allEmailIds(context.store, at, LIMITS.maxObjectsInGet + 1));
  if (asked.length > LIMITS.maxObjectsInGet)
    throw new MethodError('requestTooLarge', `There are more than ${LIMITS.maxObjectsInGet} Emails.`);
  const numbers = asked.filter((id) => id !== null);
  const { state, rows } = await readWanted(context, at, numbers, wanted);
  const objects = new Map(await showAll(context, account.tenant, rows, wanted));
  return {
    accountId: args['accountId'],
    state: String(state),
    list: numbers.map((id) => objects.get(id)).filter((object) => object !== undefined),
    notFound: ids?.filter((id) => !objects.has(parseEmailId(id) ?? 0)) ?? [],
  };
};

/** The body arguments that Email/get and Email/parse share. Throws `invalidArguments`. */
export function wantedOf(args: Args, properties: string[]): Wanted {
  const bodyProperties = args['bodyProperties'] ?? null;
  if (
    bodyProperties !== null &&
    !(Array.isArray(bodyProperties) && bodyProperties.every((one): one is string => typeof one === 'string'))
  ) {
    throw invalidArguments('"bodyProperties" is a list of names.');
  }
  const wanted = parseWanted(
    {
      properties,
      bodyProperties,
      fetchTextBodyValues: optionalBoolean(args, 'fetchTextBodyValues', false),
      fetchHTMLBodyValues: optionalBoolean(args, 'fetchHTMLBodyValues', false),
      fetchAllBodyValues: optionalBoolean(args, 'fetchAllBodyValues', false),
      maxBodyValueBytes: optionalInteger(args, 'maxBodyValueBytes', 0),
    },
    properties,
  );
  if (typeof wanted === 'string') throw invalidArguments(wanted);
  return wanted;
}

export { BODY_ARGUMENTS };

type Row = CopyRow & Partial<EnvelopeRow> & Partial<StructureRow>;

/** Copies with what the properties need, what is given away by them recorded. */
export async function readWanted(
  context: MethodContext,
  at: { tenant: number; account: number },
  ids: number[],
  wanted: Wanted,
): Promise<{ state: number; rows: Row[] }> {
  const give = wanted.exposure && { what: wanted.exposure, program: context.program, now: context.clock() };
  return readEmails(context.store, at, ids, wanted.depth, give, context.pause);
}

/** By email_id. The message is immutable: from here on nothing looks at the copy again. */
export async function showAll(
  context: MethodContext,
  tenant: number,
  rows: Row[],
  wanted: Wanted,
): Promise<[number, Record<string, unknown>][]> {
  const shown: [number, Record<string, unknown>][] = [];
  for (let i = 0; i < rows.length; i += AT_ONCE) {
    const some = rows.slice(i, i + AT_ONCE);
    const objects = await Promise.all(some.map((row) => emailObject(wanted, factsOf(context, tenant, row))));
    some.forEach((row, j) => shown.push([row.email_id, { id: emailIdOf(row.email_id), ...objects[j] }]));
  }
  return shown;
}

function factsOf({ blobs }: MethodContext, tenant: number, row: Row): MessageFacts {
  return {
    blobId: emailBlobId(row.email_id),
    size: row.size,
    own: row,
    ...(row.envelope
      ? { envelope: row.envelope, has_attachment: row.has_attachment ?? false, preview: row.preview ?? '' }
      : {}),
    ...(row.structure ? { structure: row.structure } : {}),
    bytes: storedBytes(blobs, { tenant, blobId: row.blob_id ?? 0, size: row.size }),
  };
}
