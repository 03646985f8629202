// Push messages encrypted for the device (RFC 8291) in the content coding aes128gcm (RFC 8188), in one record.

import { createCipheriv, createECDH, hkdfSync, randomBytes, type ECDH } from 'node:crypto';
import type { PushKeys } from '../store/push-subscriptions.ts';

const CURVE = 'prime256v1';

/** Octets of an uncompressed point of P-256; of an authentication secret (RFC 8291 §3.1, §3.2). */
const SIZE = { point: 65, auth: 16 };

/** One record holds all: RFC 8291 §4. */
const RECORD = 4096;

/** What fits into it: its header, the tag and the delimiter are the rest (RFC 8030 §7.2: 4096 octets in all). */
export const MAX_PLAINTEXT = RECORD - 16 - 1 - (16 + 4 + 1 + SIZE.point);

/** Are these keys that something can be encrypted with? */
export function areKeys(value: Record<string, unknown>): value is Record<string, unknown> & PushKeys {
  const { p256dh, auth } = value;
  if (typeof p256dh !== 'string' || typeof auth !== 'string') return false;
  const base64url = /^[A-Za-z0-9_-]+={0,2}$/;
  if (!base64url.test(p256dh) || !base64url.test(auth)) return false;
  const point = Buffer.from(p256dh, 'base64url');
  if (point.length !== SIZE.point || point[0] !== 4 || Buffer.from(auth, 'base64url').length !== SIZE.auth)
    return false;
  try {
    newKey().computeSecret(point);
    return true;
  } catch {
    return false; // a point that is not on the curve
  }
}

/** The body of the request, as `Content-Encoding: aes128gcm`. `plaintext` has at most MAX_PLAINTEXT octets. */
export function encryptPush(plaintext: Buffer, keys: PushKeys, own: ECDH = newKey(), salt = randomBytes(16)): Buffer {
  const theirs = Buffer.from(keys.p256dh, 'base64url');
  const ours = own.getPublicKey();
  // RFC 8291 §3.4.
  const about = Buffer.concat([Buffer.from('WebPush: info\0'), theirs, ours]);
  const secret = Buffer.from(
    hkdfSync('sha256', own.computeSecret(theirs), Buffer.from(keys.auth, 'base64url'), about, 32),
  );
  // RFC 8188 §2.2, §2.3.
  const key = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: aes128gcm\0', 16));
  const nonce = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: nonce\0', 12));
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const record = Buffer.concat([
    cipher.update(plaintext),
    cipher.update(Buffer.of(2)),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(RECORD);
  return Buffer.concat([salt, size, Buffer.of(ours.length), ours, record]);
}

function newKey(): ECDH {
  const ecdh = createECDH(CURVE);
  ecdh.generateKeys();
  return ecdh;
}
