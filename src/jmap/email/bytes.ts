// Pieces of a stored message, read once however often they are asked for.

import { headerFields, type HeaderField } from '../../mail/mime/headers.ts';
import { bodyText, type BodyText } from '../../mail/mime/body.ts';
import type { ByteRange, Part } from '../../mail/message.ts';
import type { Blobs } from '../../store/blobs.ts';

/** Up to this size a message is read whole: one read is quicker than several. */
const WHOLE = 1 << 20;

export interface MessageBytes {
  fields(part: Part): Promise<HeaderField[]>;
  text(part: Part, maxBytes: number): Promise<BodyText>;
}

/** Of a message in the store. */
export function storedBytes(
  blobs: Pick<Blobs, 'read'>,
  of: { tenant: number; blobId: number; size: number },
): MessageBytes {
  let whole: Promise<Buffer> | undefined;
  return piecewise(async ([start, end]) => {
    if (of.size > WHOLE) return blobs.read(of.tenant, of.blobId, [start, end]);
    return (await (whole ??= blobs.read(of.tenant, of.blobId))).subarray(start, end);
  });
}

/** Of a message at hand. */
export function heldBytes(bytes: Buffer): MessageBytes {
  return piecewise(async ([start, end]) => bytes.subarray(start, end));
}

/** Of one that is read a part at a time. */
export function piecewise(range: (of: ByteRange) => Promise<Buffer>): MessageBytes {
  return {
    fields: async (part) => headerFields(await range(part.header)),
    text: async (part, maxBytes) => bodyText(await range(part.body), alone(part), maxBytes),
  };
}

/** The part as it is when its body is all there is. */
function alone(part: Part): Part {
  return { ...part, body: [0, part.body[1] - part.body[0]] };
}
