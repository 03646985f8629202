// Who a request is from: Basic authentication (RFC 7617) or an application password as Bearer token (RFC 6750), over loopback
// or TLS, or the cookie of a sign-in.

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Directory, SignedIn, SignInFrom } from '../directory/directory.ts';
import { placeOf } from './place.ts';

export const COOKIE = 'homing_session';

/** Seconds. */
const SESSION_SECONDS = 12 * 3600;

const SESSIONS = 100_000;

/** What of a request says whose it is: a WebSocket's handshake has it too. */
export type Asking = Pick<
  FastifyRequest,
  'headers' | 'cookies' | 'ip' | 'protocol' | 'method' | 'url' | 'originalUrl' | 'host'
>;

export interface SignIn {
  /** A token for the cookie of this place (place.ts); null: wrong address or password. */
  open(request: Asking, address: string, password: string, place: string): Promise<string | null>;
  close(token: string): void;
  /** Null: nobody. */
  userOf(request: Asking): Promise<SignedIn | null>;
}

interface Session {
  address: string;
  /** A cookie of / comes along to /u/0/ too, and is another person's there. */
  place: string;
  /**
   * The password, under a key that only the cookie holds. A session proves itself with it anew each time, so that it
   * ends with the password, in whichever process that was changed; and nothing here is of use to who reads it.
   */
  sealed: Buffer;
  /** Milliseconds since 1970. */
  until: number;
}

export function createSignIn(deps: { directory: Directory; clock: () => Date }): SignIn {
  const { directory, clock } = deps;
  const sessions = new Map<string, Session>();

  return {
    async open(request, address, password, place) {
      if (!(await directory.signIn(address, password, fromOf(request)))) return null;
      const token = randomBytes(32).toString('base64url');
      for (const oldest of sessions.keys()) {
        if (sessions.size < SESSIONS) break;
        sessions.delete(oldest);
      }
      sessions.set(nameOf(token), {
        address,
        place,
        sealed: seal(token, password),
        until: clock().getTime() + SESSION_SECONDS * 1000,
      });
      return token;
    },
    close: (token) => void sessions.delete(nameOf(token)),
    async userOf(request) {
      const { authorization } = request.headers;
      if (authorization !== undefined) {
        if (!isPrivate(request)) return null;
        const [, bearer] = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization) ?? [];
        if (bearer !== undefined) return directory.signInByToken(bearer, fromOf(request));
        const [, basic] = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
        if (basic === undefined) return null;
        const [, address, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(basic, 'base64').toString('utf8')) ?? [];
        if (address === undefined || password === undefined) return null;
        return directory.signIn(address, password, fromOf(request));
      }
      const token = request.cookies[COOKIE];
      if (token === undefined || !isOfOurPage(request)) return null;
      const name = nameOf(token);
      const session = sessions.get(name);
      if (!session || session.place !== placeOf(request)) return null;
      const isOpen = session.until > clock().getTime();
      const password = unseal(token, session.sealed);
      const user = isOpen ? await directory.signIn(session.address, password, fromOf(request)) : null;
      if (!user) sessions.delete(name);
      return user;
    },
  };
}

function fromOf({ ip }: Pick<Asking, 'ip'>): SignInFrom {
  return { face: 'http', ip };
}

function nameOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

function keyOf(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', 'homing session', 32));
}

/** AES-256-GCM; each token is used once, so the nonce may be constant. */
const NONCE = Buffer.alloc(12);
const TAG = 16;

function seal(token: string, password: string): Buffer {
  const cipher = createCipheriv('aes-256-gcm', keyOf(token), NONCE);
  return Buffer.concat([cipher.update(password, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function unseal(token: string, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(token), NONCE, { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(-TAG));
  return decipher.update(sealed.subarray(0, -TAG)).toString('utf8') + decipher.final('utf8');
}

/** The browser sends it back to this place only. */
export function giveCookie(request: FastifyRequest, reply: FastifyReply, place: string, token: string): void {
  const secure = request.protocol === 'https';
  const maxAge = SESSION_SECONDS;
  reply.setCookie(COOKIE, token, { httpOnly: true, sameSite: 'strict', path: `${place}/`, secure, maxAge });
}

/** A password may come this way: nobody on the network sees it. */
export function isPrivate({ ip, protocol }: Pick<FastifyRequest, 'ip' | 'protocol'>): boolean {
  return protocol === 'https' || ip === '::1' || ip.startsWith('127.') || ip.startsWith('::ffff:127.');
}

/**
 * A cookie goes along by itself; no other site's page may make use of that. What changes something is JSON, which such a
 * page cannot send, or an upload, which has to say where it comes from.
 */
export function isOfOurPage(request: Pick<Asking, 'headers' | 'host' | 'method' | 'url'>): boolean {
  const { origin, host, 'sec-fetch-site': site, 'content-type': type = '' } = request.headers;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  // The scheme may have been changed on the way, where TLS ends before us.
  if (origin !== undefined && hostOf(origin) !== host) return false;
  if (request.method === 'GET' || /^application\/json\s*(?:;|$)/i.test(type)) return true;
  return origin !== undefined && request.url.startsWith('/jmap/upload/');
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
