// A signed HTML file: everything before its last line is signed, Ed25519, and the last line, a comment, is the signature.

import { createHash, sign, verify, type KeyObject } from 'node:crypto';

const LINE = /<!-- homing-signature: ed25519 ([\da-f]{32}) ([A-Za-z0-9+/]{86}==) -->\n?$/;

/** By which a public key is called: the first half of the SHA-256 of its SPKI, in hexadecimal. */
export function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 32);
}

/** `html` ends with a line break. */
export function signed(html: string, key: { privateKey: KeyObject; publicKey: KeyObject }): string {
  const signature = sign(null, Buffer.from(html), key.privateKey).toString('base64');
  return `${html}<!-- homing-signature: ed25519 ${keyId(key.publicKey)} ${signature} -->\n`;
}

export type SignatureVerdict =
  | { valid: true; keyId: string }
  | { valid: false; why: 'unsigned' | 'otherKey' | 'changed'; keyId: string | null };

/** Is the file as it was when the owner of this key signed it? */
export function verifySigned(bytes: Buffer, publicKey: KeyObject): SignatureVerdict {
  // Octet by octet: a file that is not UTF-8 any more has been changed, and must not be mended in the reading.
  const text = bytes.toString('latin1');
  const found = LINE.exec(text);
  if (!found) return { valid: false, why: 'unsigned', keyId: null };
  const [, id = '', signature = ''] = found;
  if (id !== keyId(publicKey)) return { valid: false, why: 'otherKey', keyId: id };
  const isValid = verify(null, bytes.subarray(0, found.index), publicKey, Buffer.from(signature, 'base64'));
  return isValid ? { valid: true, keyId: id } : { valid: false, why: 'changed', keyId: id };
}
