import assert from 'node:assert/strict';
import { createDecipheriv, createECDH, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import { areKeys, encryptPush, MAX_PLAINTEXT } from './web-push.ts';

// RFC 8291 Appendix A.
const EXAMPLE = {
  plaintext: 'When I grow up, I want to be a watermelon',
  ours: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  keys: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  message:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

test('the example of RFC 8291', () => {
  const own = createECDH('prime256v1');
  own.setPrivateKey(Buffer.from(EXAMPLE.ours, 'base64url'));
  const salt = Buffer.from(EXAMPLE.salt, 'base64url');
  const message = encryptPush(Buffer.from(EXAMPLE.plaintext), EXAMPLE.keys, own, salt);
  assert.equal(message.toString('base64url'), EXAMPLE.message);
});

test('a device reads it with its own key; no two messages are alike, and the longest fits', () => {
  const device = createECDH('prime256v1');
  device.generateKeys();
  const auth = Buffer.alloc(16, 7);
  const keys = { p256dh: device.getPublicKey('base64url'), auth: auth.toString('base64url') };
  const plaintext = Buffer.alloc(MAX_PLAINTEXT, 'a');
  const message = encryptPush(plaintext, keys);
  assert.equal(message.length, 4096);
  assert.notDeepEqual(encryptPush(plaintext, keys), message);
  const [salt, ours, record] = [message.subarray(0, 16), message.subarray(21, 86), message.subarray(86)];
  const about = Buffer.concat([Buffer.from('WebPush: info\0'), device.getPublicKey(), ours]);
  const secret = Buffer.from(hkdfSync('sha256', device.computeSecret(ours), auth, about, 32));
  const derive = (what: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, salt, `Content-Encoding: ${what}\0`, length));
  const decipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
  decipher.setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  assert.deepEqual([padded.subarray(0, -1), padded.at(-1)], [plaintext, 2]);
});

test('what is no key is seen before anything is encrypted with it', () => {
  assert.ok(areKeys(EXAMPLE.keys));
  const point = Buffer.from(EXAMPLE.keys.p256dh, 'base64url');
  point[40] = (point[40] ?? 0) ^ 1;
  assert.equal(areKeys({ ...EXAMPLE.keys, p256dh: point.toString('base64url') }), false, 'not on the curve');
  assert.equal(areKeys({ ...EXAMPLE.keys, auth: 'abcd' }), false);
  assert.equal(areKeys({ ...EXAMPLE.keys, p256dh: 'AAAA' }), false);
  assert.equal(areKeys({ p256dh: 3, auth: null }), false);
});
