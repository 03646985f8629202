// Who a request is from: Basic authentication (RFC 7617) over loopback or TLS, or the cookie of a sign-in.

import { createHash, randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Account, Directory } from '../directory/directory.ts';
import type { Store } from '../store/postgres.ts';

export const COOKIE = 'homing_session';

const SESSION_MS = 12 * 3600 * 1000;
const SESSIONS = 100_000;

export interface SignIn {
  /** A token for the cookie; null: wrong address or password. */
  open(address: string, password: string): Promise<string | null>;
  close(token: string): void;
  /** Null: nobody. */
  userOf(request: FastifyRequest): Promise<Account | null>;
}

export function createSignIn(deps: { store: Store; directory: Directory; clock: () => Date }): SignIn {
  const { directory, clock } = deps;
  // A changed password or a removed account ends what was signed in with it: sessions prove themselves anew then.
  const sessions = new Map<string, { address: string; password: string; until: number }>();
  const key = (token: string): string => createHash('sha256').update(token).digest('base64');

  return {
    async open(address, password) {
      if (!(await directory.authenticate(address, password))) return null;
      const token = randomBytes(32).toString('base64url');
      for (const oldest of sessions.keys()) {
        if (sessions.size < SESSIONS) break;
        sessions.delete(oldest);
      }
      sessions.set(key(token), { address, password, until: clock().getTime() + SESSION_MS });
      return token;
    },
    close: (token) => void sessions.delete(key(token)),
    async userOf(request) {
      const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '')?.[1];
      if (basic !== undefined) {
        if (!isLoopback(request.ip) && request.protocol !== 'https') return null;
        const [, address = '', password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic, 'base64').toString('utf8')) ?? [];
        return directory.authenticate(address, password);
      }
      const token = request.cookies[COOKIE];
      if (token === undefined || !sameSite(request)) return null;
      const session = sessions.get(key(token));
      if (!session || session.until < clock().getTime()) return null;
      return directory.authenticate(session.address, session.password);
    },
  };
}

function isLoopback(ip: string): boolean {
  return ip === '::1' || ip.startsWith('127.') || ip.startsWith('::ffff:127.');
}

/** A cookie goes along by itself; another site's page must not use that. */
function sameSite(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `${request.protocol}://${request.headers.host}`) return false;
  return request.method === 'GET' || /^application\/json\b/i.test(request.headers['content-type'] ?? '') || request.url.startsWith('/jmap/upload/');
}
