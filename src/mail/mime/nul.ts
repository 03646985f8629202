// NUL in a message: only a part in transfer encoding binary may have it, and no IMAP string but a literal8 may show it.

import type { Part } from '../message.ts';
import { encodeBase64 } from './encode.ts';

const ENCODING = /^content-transfer-encoding[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gim;

/**
 * The message with its binary parts that hold NUL in base64 (RFC 3516 §4.3 lets a server change the encoding of what is
 * appended): BODY[…] is then a literal as any other, and BINARY[…] the octets that came. The same Buffer where there are none.
 */
export function encodeNul(bytes: Buffer, root: Part): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { header, body } of withNul(bytes, root)) {
    const fields = bytes.toString('latin1', ...header).replace(ENCODING, 'Content-Transfer-Encoding: base64');
    pieces.push(bytes.subarray(at, header[0]), Buffer.from(fields, 'latin1'), encodeBase64(bytes.subarray(...body)));
    at = body[1];
  }
  return at === 0 ? bytes : Buffer.concat([...pieces, bytes.subarray(at)]);
}

/** In the order of the bytes. */
function withNul(bytes: Buffer, part: Part): Part[] {
  const inner = part.parts ?? (part.message ? [part.message.root] : null);
  if (inner) return inner.flatMap((child) => withNul(bytes, child));
  return part.encoding === 'binary' && bytes.subarray(...part.body).includes(0) ? [part] : [];
}
