// One push message to one URL (RFC 8620 §7.2, RFC 8030 §5).

import { lookup } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { PushKeys } from '../store/push-subscriptions.ts';
import { isPublicAddress, pushUrl } from './push-url.ts';
import { encryptPush, MAX_PLAINTEXT } from './web-push.ts';

/** `again`: it may be tried later, after `afterMs` where the server says so. `never`: the subscription is to end. */
export type Posted =
  | { kind: 'done' }
  | { kind: 'again'; reason: string; afterMs?: number }
  | { kind: 'never'; reason: string };

export type Post = (url: string, keys: PushKeys | null, message: object) => Promise<Posted>;

const TIMEOUT_MS = 20_000;

/** Seconds that the push service may keep it (RFC 8030 §5.2). */
const TTL = 86_400;

export function createPost({ allowPrivate }: { allowPrivate: boolean }): Post {
  return async (given, keys, message) => {
    const url = pushUrl(given, allowPrivate);
    if (!url) return { kind: 'never', reason: 'nothing may be sent there' };
    const plain = Buffer.from(JSON.stringify(message));
    // Never in clear where keys were given, however much there is to tell.
    if (keys && plain.length > MAX_PLAINTEXT) return { kind: 'again', reason: 'too long to be encrypted' };
    const body = keys ? encryptPush(plain, keys) : plain;
    return send(url, body, keys !== null, allowPrivate);
  };
}

function send(url: URL, body: Buffer, encrypted: boolean, allowPrivate: boolean): Promise<Posted> {
  return new Promise((resolve) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: 'POST',
      // A connection of its own: none is kept that was made when the name led elsewhere.
      agent: false,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'content-type': 'application/json', // RFC 8620 §7.2, encrypted or not
        ...(encrypted ? { 'content-encoding': 'aes128gcm' } : {}),
        'content-length': body.length,
        ttl: TTL,
        urgency: 'normal',
        'user-agent': 'Homing',
      },
      ...(allowPrivate ? {} : { lookup: lookupPublic }),
    });
    request.on('response', (response) => {
      response.resume();
      resolve(judged(response.statusCode ?? 0, response.headers['retry-after']));
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ kind: error.code === NOT_PUBLIC ? 'never' : 'again', reason: error.message }),
    );
    request.end(body);
  });
}

/** RFC 8620 §7.2: a service that is busy or broken is asked again, after a while; one that says no is not. Redirects are not followed. */
function judged(status: number, retryAfter: string | undefined): Posted {
  if (status >= 200 && status < 300) return { kind: 'done' };
  const reason = `the push service said ${status}`;
  if (status < 500 && status !== 429 && status !== 408) return { kind: 'never', reason };
  return /^\d{1,6}$/.test(retryAfter ?? '')
    ? { kind: 'again', reason, afterMs: Number(retryAfter) * 1000 }
    : { kind: 'again', reason };
}

const NOT_PUBLIC = 'ENOTPUBLIC';

/** As dns.lookup, but for addresses that are not everybody's: what is connected to is what was looked at. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0);
    const refused = addresses.find(({ address }) => isIP(address) === 0 || !isPublicAddress(address));
    const [first] = addresses;
    if (refused || !first)
      return callback(Object.assign(new Error(`${hostname} is in a private network`), { code: NOT_PUBLIC }), '', 0);
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};
