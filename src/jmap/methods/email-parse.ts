// Email/parse (RFC 8621 §4.9).

import { headerFields } from '../../mail/mime/headers.ts';
import { parseMessage, parsePieces } from '../../mail/mime/parse.ts';
import { IN_MEMORY } from '../../store/spool.ts';
import { openBlob } from '../blob.ts';
import { heldBytes, piecewise } from '../email/bytes.ts';
import { emailObject, PARSE_PROPERTIES } from '../email/object.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, onlyArguments, resolveId } from '../standard.ts';
import type { Method } from '../wire.ts';
import { BODY_ARGUMENTS, wantedOf } from './email-get.ts';

export const emailParse: Method = async (args, context) => {
  const account = accountOf(args, context);
  onlyArguments(args, ['accountId', 'blobIds', 'properties', ...BODY_ARGUMENTS]);
  const { blobIds, properties = null } = args;
  if (!Array.isArray(blobIds) || !blobIds.every((id): id is string => typeof id === 'string'))
    throw invalidArguments('"blobIds" is a list of ids.');
  if (
    properties !== null &&
    !(Array.isArray(properties) && properties.every((one): one is string => typeof one === 'string'))
  ) {
    throw invalidArguments('"properties" is a list of names.');
  }
  if (blobIds.length > LIMITS.maxObjectsInGet)
    throw new MethodError('requestTooLarge', `At most ${LIMITS.maxObjectsInGet} blobs.`);
  const wanted = wantedOf(args, properties ?? PARSE_PROPERTIES);
  const user = { tenant: account.tenant, account: account.id, actor: context.user.id, program: context.program };
  const parsed: Record<string, Record<string, unknown>> = {};
  const notParsable: string[] = [];
  const notFound: string[] = [];
  // One after the other: each may be 50 MB.
  for (const blobId of new Set(blobIds.map((one) => resolveId(one, context)))) {
    const blob = await openBlob(context, user, blobId);
    const large = blob !== null && blob.size > IN_MEMORY;
    const bytes = await blob?.read(large ? [0, IN_MEMORY] : undefined);
    if (!blob || !bytes) notFound.push(blobId);
    else if (headerFields(bytes).length === 0) notParsable.push(blobId);
    else {
      const { envelope, root, preview, hasAttachment } = large ? await parsePieces(blob.stream()) : parseMessage(bytes);
      parsed[blobId] = await emailObject(wanted, {
        blobId,
        size: blob.size,
        own: null,
        envelope,
        has_attachment: hasAttachment,
        preview,
        structure: root,
        bytes: large ? piecewise((range) => blob.read(range)) : heldBytes(bytes),
      });
    }
  }
  return {
    accountId: args['accountId'],
    parsed: Object.keys(parsed).length === 0 ? null : parsed,
    notParsable: notParsable.length === 0 ? null : notParsable,
    notFound: notFound.length === 0 ? null : notFound,
  };
};
