// The HTTP face: JMAP, sign-in, the web client, health.

import cookie from '@fastify/cookie';
import fastify, { type FastifyInstance } from 'fastify';
import { maxHeaderSize } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Account } from '../directory/directory.ts';
import { parseJson } from '../jmap/json.ts';
import { createPush } from '../jmap/push.ts';
import { createTellings } from '../jmap/told.ts';
import type { JmapServices } from '../jmap/services.ts';
import { autoconfigRoutes, type MailPorts } from './autoconfig.ts';
import { createEventSources } from './event-source.ts';
import { jmapRoutes } from './jmap-routes.ts';
import { placeOf, withoutPlace } from './place.ts';
import { problem, sendError } from './problem.ts';
import { COOKIE, createSignIn, giveCookie, isOfOurPage, isPrivate, type SignIn } from './sign-in.ts';
import { tryRoutes, type TryMode } from './try-routes.ts';
import { watchRoutes, type Watch } from './watch-routes.ts';
import { webRoutes } from './web.ts';
import { createWebSockets } from './web-socket.ts';

export interface HttpDeps {
  services: JmapServices;
  host: string;
  port: number;
  /** Health, readiness and metrics; without it there are none. */
  watch?: Watch;
  /** Where the other faces are, for mail programs that ask (autoconfig.ts); without it they are not told. */
  mail?: { hostname: string; ports: MailPorts };
  /** Where the built client is; web/dist unless given. */
  web?: string;
  /** Try mode: what left, to be looked at. */
  outside?: {
    received(): readonly { at: Date; from: string; to: readonly string[]; subject: string | null; size: number }[];
  };
  /** Try mode: the page /try. */
  tryMode?: TryMode;
}

export interface HttpFace {
  port: number;
  /** Every route there is, as Fastify knows it: for a test that goes through all of them. */
  routes: readonly { method: string; url: string }[];
  /** How many are open. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null only until the hook has looked. */
    user: Account | null;
    /** What they signed in with: jmap/wire.ts. */
    credential: string;
  }
}

const WEB = fileURLToPath(new URL('../../web/dist', import.meta.url));

/** A slow line needs its time for a large upload. */
const REQUEST_TIMEOUT_MS = 5 * 60_000;

/** A sign-in is an address and a password. */
const SIGN_IN_LIMIT = 10_000;

export async function startHttp(deps: HttpDeps): Promise<HttpFace> {
  const { services } = deps;
  const signIn = createSignIn(services);
  const push = createPush(services);
  const tellings = createTellings(services);
  const eventSources = createEventSources({
    push,
    tellings,
    directory: services.directory,
    notifier: services.store.notifier,
    log: services.log,
    userOf: (request) => signIn.userOf(request),
  });
  const app = fastify({
    forceCloseConnections: true,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A HEAD would count as reading what it asks after.
    exposeHeadRoutes: false,
    frameworkErrors: (error, request, reply) => void sendError(services.log, error, request, reply),
    rewriteUrl: withoutPlace,
    // A file's name is as long as it is (RFC 8620 §6.2); Node takes no longer URL.
    routerOptions: { maxParamLength: maxHeaderSize },
    logger: false,
  });
  const routes: { method: string; url: string }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, url });
  });
  await app.register(cookie);
  app.decorateRequest('user', null);
  app.decorateRequest('credential', '');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    try {
      done(null, body.length === 0 ? {} : parseJson(body));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'none';
    services.meter.count('homing_http_requests_total', { method, route, code: String(reply.statusCode) });
    // An event source is open for as long as somebody listens.
    if (!route.startsWith('/jmap/eventsource'))
      services.meter.time('homing_http_request_duration_seconds', { route }, reply.elapsedTime / 1000);
    done();
  });
  app.setErrorHandler((error, request, reply) => sendError(services.log, error, request, reply));
  app.setNotFoundHandler((_request, reply) => problem(reply, 404, 'about:blank', 'There is nothing here.'));
  if (deps.watch) watchRoutes(app, deps.watch);
  outsideRoutes(app, deps.outside);
  signInRoutes(app, signIn);
  if (deps.mail) autoconfigRoutes(app, { directory: services.directory, ...deps.mail });
  if (deps.tryMode) tryRoutes(app, signIn, deps.tryMode);
  await webRoutes(app, { directory: deps.web ?? WEB, tryMode: deps.tryMode !== undefined });
  await app.register((inside, _options, done) => {
    inside.addHook('onRequest', async (request, reply) => {
      const signedIn = await signIn.userOf(request);
      if (signedIn) {
        request.user = signedIn.account;
        request.credential = signedIn.credential;
        return;
      }
      // A page of ours asks for a password itself; the browser's own dialog would stand in its way. An event source, or a
      // picture, cannot say that it is a page's: under /u/N/ they all are.
      if (request.headers['x-requested-with'] === undefined && placeOf(request) === '') {
        reply.header('www-authenticate', 'Basic realm="Homing", charset="UTF-8"');
      }
      await problem(reply, 401, 'about:blank', 'Sign in first.');
    });
    jmapRoutes(inside, services, { eventSources, tellings });
    done();
  });
  const webSockets = createWebSockets({
    services,
    tellings,
    push,
    userOf: (request) => signIn.userOf(request),
    parseCookie: (header) => app.parseCookie(header),
  });
  app.server.on('connection', (socket) => {
    const close = services.connections.open({ ip: socket.remoteAddress ?? '' });
    if (close) socket.on('close', close);
    else socket.destroy();
  });
  app.server.on('upgrade', (request, socket, head) => webSockets.upgrade(request, socket, head));
  try {
    await app.listen({ host: deps.host, port: deps.port });
  } catch (error) {
    throw Object.assign(error as Error, { face: 'http', port: deps.port });
  }
  return {
    port: (app.server.address() as { port: number }).port,
    routes,
    connections: () =>
      new Promise((resolve, reject) =>
        app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: async () => {
      eventSources.close();
      webSockets.close();
      push.close();
      await app.close();
    },
  };
}

function outsideRoutes(app: FastifyInstance, outside: HttpDeps['outside']): void {
  if (!outside) return;
  app.get('/outside', () =>
    outside.received().map(({ at, from, to, subject, size }) => ({ at, from, to, subject, size })),
  );
}

function signInRoutes(app: FastifyInstance, signIn: SignIn): void {
  const bodyLimit = SIGN_IN_LIMIT;
  app.post('/auth/sign-in', { bodyLimit }, async (request, reply) => {
    if (!isPrivate(request)) return problem(reply, 403, 'about:blank', 'A password is taken over TLS only.');
    if (!isOfOurPage(request)) return problem(reply, 403, 'about:blank', 'Sign in from a page of this server.');
    const { email, password } = (request.body ?? {}) as { email?: unknown; password?: unknown };
    if (typeof email !== 'string' || typeof password !== 'string') {
      return problem(reply, 400, 'about:blank', 'An email and a password are needed.');
    }
    const place = placeOf(request);
    const token = await signIn.open(request, email, password, place);
    if (token === null) return problem(reply, 401, 'about:blank', 'Wrong address or password.');
    giveCookie(request, reply, place, token);
    return reply.send({ signedIn: true });
  });
  app.post('/auth/sign-out', { bodyLimit }, (request, reply) => {
    const token = request.cookies[COOKIE];
    if (!isOfOurPage(request)) return problem(reply, 403, 'about:blank', 'Sign out from a page of this server.');
    if (token !== undefined) signIn.close(token);
    return reply.clearCookie(COOKIE, { path: `${placeOf(request)}/` }).send({ signedIn: false });
  });
}
