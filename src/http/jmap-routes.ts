// JMAP's resources (RFC 8620 §2, §3, §6, §7.3), for somebody who is signed in.

import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import { Readable } from 'node:stream';
import type { Account } from '../directory/directory.ts';
import { downloadBlob, uploadPieces } from '../jmap/blob.ts';
import { readRequest, runRequest } from '../jmap/dispatch.ts';
import { RequestError } from '../jmap/errors.ts';
import { parseJson } from '../jmap/json.ts';
import { LIMITS } from '../jmap/limits.ts';
import type { JmapServices } from '../jmap/services.ts';
import type { JmapRequest, JmapResponse } from '../jmap/wire.ts';
import { accountsOf, sessionObject, sessionState } from '../jmap/session.ts';
import type { Tellings } from '../jmap/told.ts';
import type { EventSources } from './event-source.ts';
import { placeOf } from './place.ts';
import { problem } from './problem.ts';
import { programOf } from './program.ts';

export function jmapRoutes(
  app: FastifyInstance,
  services: JmapServices,
  { eventSources, tellings }: { eventSources: EventSources; tellings: Tellings },
): void {
  // Bodies are taken as they are: what is wrong with one is told as JMAP has it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.get('/.well-known/jmap', async (request, reply) => {
    const base = `${request.protocol}://${request.host}${placeOf(request)}`;
    const session = await sessionObject(services.directory, userOf(request), base);
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(session));
  });
  route(
    app,
    'POST',
    '/jmap',
    atOnce(LIMITS.maxConcurrentRequests, 'maxConcurrentRequests', LIMITS.maxSizeRequest),
    (request, reply) => api(services, tellings, request, reply),
  );
  void app.register((uploads, _options, done) => {
    // What is uploaded is taken as it comes.
    uploads.removeAllContentTypeParsers();
    uploads.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    route(
      uploads,
      'POST',
      '/jmap/upload/:accountId',
      atOnce(LIMITS.maxConcurrentUpload, 'maxConcurrentUpload', LIMITS.maxSizeUpload),
      (request, reply) => upload(services, request, reply),
    );
    done();
  });
  app.get('/jmap/download/:accountId/:blobId/:name', (request, reply) => download(services, request, reply));
  route(app, 'GET', '/jmap/eventsource', {}, (request, reply) => eventSources.open(request, reply, userOf(request)));
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** With and without the slash at its end. */
function route(
  app: FastifyInstance,
  method: 'GET' | 'POST',
  path: string,
  options: RouteShorthandOptions,
  handler: Handler,
): void {
  for (const url of [path, `${path}/`]) app.route({ ...options, method, url, handler });
}

/** At most `limit` of one person's at a time, from their first byte to the answer's last (RFC 8620 §2). */
function atOnce(limit: number, name: string, bodyLimit: number): RouteShorthandOptions {
  const running = new Map<number, number>();
  return {
    bodyLimit,
    onRequest: (request, reply, done) => {
      const { id } = userOf(request);
      const now = running.get(id) ?? 0;
      if (now >= limit) return done(new RequestError('limit', `At most ${limit} at a time.`, { limit: name }, 429));
      running.set(id, now + 1);
      reply.raw.once('close', () => {
        const left = (running.get(id) ?? 1) - 1;
        if (left === 0) running.delete(id);
        else running.set(id, left);
      });
      done();
    },
  };
}

async function api(
  services: JmapServices,
  tellings: Tellings,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const user = userOf(request);
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new RequestError('notJSON', 'The content type is not application/json.');
  }
  const asked = readRequest(parseJson(bodyOf(request)));
  const response = await answer(services, tellings, request, user, asked);
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(response));
}

/** Runs a request for somebody, however it came. */
export async function answer(
  services: JmapServices,
  tellings: Tellings,
  request: Pick<FastifyRequest, 'headers' | 'credential'>,
  user: Account,
  asked: JmapRequest,
): Promise<JmapResponse> {
  const accounts = await accountsOf(services.directory, user);
  const state = await sessionState(services.directory, user, accounts);
  const context = {
    ...services,
    user,
    accounts,
    credential: request.credential,
    using: asked.using,
    createdIds: new Map<string, string>(),
    program: programOf(request),
  };
  const response = await runRequest(asked, context, state);
  await tellings.answered(response.methodResponses, user.tenant, context.program);
  return response;
}

async function upload(services: JmapServices, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const user = userOf(request);
  const { accountId } = request.params as { accountId: string };
  const account = (await accountsOf(services.directory, user)).get(accountId);
  if (!account) return problem(reply, 404, 'about:blank', 'There is no such account.');
  const type = request.headers['content-type']?.slice(0, 255) ?? 'application/octet-stream';
  const owner = { tenant: account.tenant, account: account.id, actor: user.id };
  const uploaded = await uploadPieces(services, owner, piecesOf(request), type);
  return reply.code(201).send({ accountId, ...uploaded });
}

async function download(services: JmapServices, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const user = userOf(request);
  const { accountId, blobId, name } = request.params as Record<'accountId' | 'blobId' | 'name', string>;
  const { type } = request.query as { type?: unknown };
  const account = (await accountsOf(services.directory, user)).get(accountId);
  const from = account && {
    tenant: account.tenant,
    account: account.id,
    actor: user.id,
    program: programOf(request),
  };
  const wanted = { blobId, name, type: typeof type === 'string' ? type : 'application/octet-stream' };
  const found = from && (await downloadBlob(services, from, wanted));
  if (!found) return problem(reply, 404, 'about:blank', 'There is no such blob.');
  return reply.headers(found.headers).send(Readable.from(found.body, { objectMode: false }));
}

function userOf(request: FastifyRequest): Account {
  if (!request.user) throw new Error('no user'); // the hook has answered 401
  return request.user;
}

/** No more than may be uploaded. */
async function* piecesOf(request: FastifyRequest): AsyncGenerator<Buffer, void> {
  const tooLarge = (): RequestError => new RequestError('limit', 'That is too large.', { limit: 'maxSizeUpload' }, 413);
  if (Number(request.headers['content-length'] ?? 0) > LIMITS.maxSizeUpload) throw tooLarge();
  let size = 0;
  for await (const piece of (request.body ?? []) as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > LIMITS.maxSizeUpload) throw tooLarge();
    yield piece;
  }
}

function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}
