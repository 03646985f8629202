// The HTTP face: JMAP, sign-in, health. The web client's files come with their own issue.

import cookie from '@fastify/cookie';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { Unavailable } from '../mail/errors.ts';
import type { Account } from '../directory/directory.ts';
import { downloadBlob, uploadBlob } from '../jmap/blob.ts';
import { readRequest, runRequest } from '../jmap/dispatch.ts';
import { RequestError } from '../jmap/errors.ts';
import { LIMITS } from '../jmap/limits.ts';
import { createPush } from '../jmap/push.ts';
import type { JmapServices } from '../jmap/services.ts';
import { accountsOf, sessionObject, sessionState } from '../jmap/session.ts';
import { eventSource } from './event-source.ts';
import { COOKIE, createSignIn } from './sign-in.ts';

export interface HttpDeps {
  services: JmapServices;
  host: string;
  port: number;
  /** Try mode: what left, to be looked at. */
  outside?: { received(): readonly { at: Date; from: string; to: readonly string[]; subject: string | null; size: number }[] };
}

export interface HttpFace {
  port: number;
  close(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyRequest {
    user: Account | null;
  }
}

export async function startHttp(deps: HttpDeps): Promise<HttpFace> {
  const { services } = deps;
  const push = createPush(services);
  const signIn = createSignIn(services);
  const app = fastify({ bodyLimit: LIMITS.maxSizeRequest, forceCloseConnections: true, requestTimeout: 120_000, logger: false });
  await app.register(cookie);
  app.decorateRequest('user', null);
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  app.setErrorHandler((error, _request, reply) => void sendError(services, error, reply));
  app.setNotFoundHandler((_request, reply) => void problem(reply, 404, 'about:blank', 'There is nothing here.'));
  openRoutes(app, deps, signIn);
  await app.register(async (inside) => {
    inside.addHook('onRequest', async (request, reply) => {
      request.user = await signIn.userOf(request);
      if (!request.user) {
        // A browser that has a sign-in page shows no dialog of its own.
        if (request.headers['x-requested-with'] === undefined) reply.header('www-authenticate', 'Basic realm="Homing", charset="UTF-8"');
        await problem(reply, 401, 'about:blank', 'Sign in first.');
      }
    });
    jmapRoutes(inside, services);
    inside.get('/jmap/eventsource/', (request, reply) => eventSource(request, reply, { push, directory: services.directory }));
    inside.get('/jmap/eventsource', (request, reply) => eventSource(request, reply, { push, directory: services.directory }));
  });
  try {
    await app.listen({ host: deps.host, port: deps.port });
  } catch (error) {
    throw Object.assign(error as Error, { face: 'http', port: deps.port });
  }
  return {
    port: (app.server.address() as { port: number }).port,
    close: async () => {
      push.close();
      await app.close();
    },
  };
}

function openRoutes(app: FastifyInstance, deps: HttpDeps, signIn: ReturnType<typeof createSignIn>): void {
  const { services, outside } = deps;
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    await services.store.row('SELECT 1 AS ok');
    return { status: 'ok' };
  });
  app.post<{ Body: { email?: unknown; password?: unknown } | null }>('/auth/sign-in', async (request, reply) => {
    const { email, password } = request.body ?? {};
    if (typeof email !== 'string' || typeof password !== 'string') return problem(reply, 400, 'about:blank', 'An email and a password are needed.');
    const token = await signIn.open(email, password);
    if (token === null) return problem(reply, 401, 'about:blank', 'Wrong address or password.');
    reply.setCookie(COOKIE, token, { httpOnly: true, sameSite: 'strict', path: '/', secure: request.protocol === 'https', maxAge: 12 * 3600 });
    return reply.send({ signedIn: true });
  });
  app.post('/auth/sign-out', (request, reply) => {
    const token = request.cookies[COOKIE];
    if (token) signIn.close(token);
    void reply.clearCookie(COOKIE, { path: '/' }).send({ signedIn: false });
  });
  if (outside) {
    app.get('/outside', () => outside.received().map(({ at, from, to, subject, size }) => ({ at, from, to, subject, size })));
  }
}

function jmapRoutes(app: FastifyInstance, services: JmapServices): void {
  const busy = new Map<string, number>();

  /** RFC 8620 §2 maxConcurrentRequests, maxConcurrentUpload. */
  const limited = async <T>(key: string, limit: number, name: string, work: () => Promise<T>): Promise<T> => {
    const running = busy.get(key) ?? 0;
    if (running >= limit) throw new RequestError('limit', `At most ${limit} at a time.`, { limit: name }, 429);
    busy.set(key, running + 1);
    try {
      return await work();
    } finally {
      const left = (busy.get(key) ?? 1) - 1;
      if (left === 0) busy.delete(key);
      else busy.set(key, left);
    }
  };

  app.get('/.well-known/jmap', (request) => sessionObject(services.directory, userOf(request), `${request.protocol}://${request.headers.host}`));

  // The body is read as it is and parsed here, so that what is wrong with it is told as JMAP has it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LIMITS.maxSizeUpload }, (_request, body, done) => done(null, body));

  const api = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const user = userOf(request);
    const body = (request.body ?? Buffer.alloc(0)) as Buffer;
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw new RequestError('notJSON', 'The content type is not application/json.');
    if (body.length > LIMITS.maxSizeRequest) throw new RequestError('limit', `A request may have ${LIMITS.maxSizeRequest} octets.`, { limit: 'maxSizeRequest' });
    const accounts = await accountsOf(services.directory, user);
    const context = { ...services, user, accounts, createdIds: new Map<string, string>(), program: programOf(request) };
    const run = (): ReturnType<typeof runRequest> => runRequest(readRequest(parseJson(body)), context, sessionState(accounts));
    const response = await limited(`${user.id}`, LIMITS.maxConcurrentRequests, 'maxConcurrentRequests', run);
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(response));
  };
  app.post('/jmap/', api);
  app.post('/jmap', api);

  const upload = async (request: FastifyRequest<{ Params: { accountId: string } }>, reply: FastifyReply): Promise<unknown> => {
    const user = userOf(request);
    const account = (await accountsOf(services.directory, user)).get(request.params.accountId);
    if (!account) return problem(reply, 404, 'about:blank', 'There is no such account.');
    const type = request.headers['content-type'] ?? 'application/octet-stream';
    const store = (): ReturnType<typeof uploadBlob> =>
      uploadBlob(services, { tenant: account.tenant, account: account.id, actor: user.id }, (request.body ?? Buffer.alloc(0)) as Buffer, type);
    const uploaded = await limited(`${user.id} upload`, LIMITS.maxConcurrentUpload, 'maxConcurrentUpload', store);
    return reply.code(201).send({ accountId: request.params.accountId, ...uploaded });
  };
  app.post('/jmap/upload/:accountId/', { bodyLimit: LIMITS.maxSizeUpload }, upload);
  app.post('/jmap/upload/:accountId', { bodyLimit: LIMITS.maxSizeUpload }, upload);

  app.get<{ Params: { accountId: string; blobId: string; name: string }; Querystring: { type?: string } }>(
    '/jmap/download/:accountId/:blobId/:name',
    async (request, reply) => {
      const user = userOf(request);
      const account = (await accountsOf(services.directory, user)).get(request.params.accountId);
      const from = account && { tenant: account.tenant, account: account.id, actor: user.id, program: programOf(request) };
      const { blobId, name } = request.params;
      const found = from && (await downloadBlob(services, from, { blobId, name, type: request.query.type ?? 'application/octet-stream' }));
      if (!found) return problem(reply, 404, 'about:blank', 'There is no such blob.');
      return reply.headers(found.headers).send(Readable.from(found.body, { objectMode: false }));
    },
  );
}

function userOf(request: FastifyRequest): Account {
  if (!request.user) throw new Error('no user'); // the hook has answered 401
  return request.user;
}

/** The program's name as reports show it. */
function programOf(request: FastifyRequest): string {
  return (request.headers['user-agent'] ?? 'unknown').replace(/[^\x20-\x7e]/g, '').slice(0, 100) || 'unknown';
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new RequestError('notJSON', 'The body is not JSON in UTF-8.');
  }
}

/** RFC 8620 §3.6.1, RFC 7807. */
async function problem(reply: FastifyReply, status: number, type: string, detail: string, more: Record<string, unknown> = {}): Promise<FastifyReply> {
  return reply.code(status).type('application/problem+json').send(JSON.stringify({ type, status, detail, ...more }));
}

function sendError(services: JmapServices, error: unknown, reply: FastifyReply): Promise<FastifyReply> {
  if (error instanceof RequestError) return problem(reply, error.status, error.type, error.message, error.detail);
  if (error instanceof Unavailable) {
    reply.header('retry-after', '5');
    return problem(reply, 503, 'about:blank', error.message);
  }
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message: string };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return problem(reply, 413, 'urn:ietf:params:jmap:error:limit', 'That is too large.', { limit: 'maxSizeRequest' });
  }
  if (statusCode !== undefined && statusCode < 500) return problem(reply, statusCode, 'about:blank', message);
  services.log.error({ err: { message, stack: (error as Error).stack } }, 'a request failed');
  return problem(reply, 500, 'about:blank', 'An error of ours; it has been logged.');
}
