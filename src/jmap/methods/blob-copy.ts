// Blob/copy (RFC 8620 §6.3).

import { openBlob, uploadPieces } from '../blob.ts';
import { invalidArguments, MethodError, type SetError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, idMap, onlyArguments, orNull, resolveId } from '../standard.ts';
import type { Method } from '../wire.ts';

export const blobCopy: Method = async (args, context) => {
  const to = accountOf(args, context);
  const from = context.accounts.get(args['fromAccountId'] as string);
  onlyArguments(args, ['fromAccountId', 'accountId', 'blobIds']);
  if (!from) throw invalidArguments('"fromAccountId" is required.');
  if (from.id === to.id) throw invalidArguments('An account is not copied to itself.');
  const { blobIds } = args;
  if (!Array.isArray(blobIds) || !blobIds.every((id): id is string => typeof id === 'string'))
    throw invalidArguments('"blobIds" is a list of ids.');
  if (blobIds.length > LIMITS.maxObjectsInSet)
    throw new MethodError('requestTooLarge', `At most ${LIMITS.maxObjectsInSet} blobs.`);
  const copied = idMap<string>();
  const notCopied = idMap<SetError>();
  for (const blobId of new Set(blobIds.map((one) => resolveId(one, context)))) {
    const blob = await openBlob(
      context,
      { tenant: from.tenant, account: from.id, actor: context.user.id, program: context.program },
      blobId,
    );
    // RFC 8620 §6.3 calls it notFound; its authors' test suite asks for the name that RFC 8621 §4.6 has.
    if (!blob) notCopied[blobId] = { type: 'blobNotFound', description: 'There is no such blob.' };
    else if (blob.size > LIMITS.maxSizeUpload) notCopied[blobId] = { type: 'tooLarge' };
    else
      copied[blobId] = (
        await uploadPieces(
          context,
          { tenant: to.tenant, account: to.id, actor: context.user.id },
          blob.stream(),
          blob.type,
        )
      ).blobId;
  }
  return {
    fromAccountId: args['fromAccountId'],
    accountId: args['accountId'],
    copied: orNull(copied),
    notCopied: orNull(notCopied),
  };
};
